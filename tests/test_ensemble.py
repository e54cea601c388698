"""An ensemble: models that the same data allow, drawn as uncertain as the fit says, on the same patients."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from instances import SOURCE

from heparin_pk import Laboratory, Nomogram, Parameter, Patient, Population, Trial, Value, hospital, published
from heparin_pk.cli.entry import main
from heparin_pk.published.heparin_default_draws import COLUMNS, draws
from heparin_pk.trials.ensemble import Ensemble, EnsembleInterrupted, EnsembleMember, run_ensemble

UFH = published.UFH_DEFAULT
RASCHKE, DURHAM = Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")
TRIAL = Trial(population=hospital.THROMBOSIS_WARD, arms=[RASCHKE, DURHAM], hours=7.0)
NUMBER = 20
KEY = "common_range_in_range_fraction"


# The models


def test_the_structures_share_the_weight_by_how_they_fit():
    members = Ensemble.of(UFH, 5, seed=3).members
    shares = {one.name: one.weight_ratio for one in members if not one.is_draw}
    assert sum(one.weight_ratio for one in members) == pytest.approx(1.0, abs=0.01)
    assert shares == {
        "UFH_A_DERIVED": pytest.approx(0.33, abs=0.005),  # (4.38 + 2 x 4) beside (1.48 + 2 x 5)
        "UFH_TRIPLE_DERIVED": pytest.approx(0.15, abs=0.005),
    }  # that of the half-lives alone contradicts the infusion dose


def test_a_draw_depends_on_its_seed_alone():
    few, many = Ensemble.of(UFH, 3, seed=3).members[:3], Ensemble.of(UFH, 8, seed=3).members[:3]
    assert [one.drug for one in few] == [one.drug for one in many]
    others = Ensemble.of(UFH, 3, seed=4).members[:3]
    assert {one.drug.parameters for one in few}.isdisjoint({one.drug.parameters for one in others})
    everyone = Ensemble.of(UFH, 200, seed=5).members[:200]
    assert len({one.drug.parameters for one in everyone}) == 200
    assert sorted(tuple(row.values()) for row in draws()) == sorted(
        tuple(next(p.value.value for p in one.drug.parameters if p.name == name) for name in COLUMNS[:-1]) for one in everyone
    )


def test_members_keep_how_patients_differ():
    """A set without a pool: age, thrombosis and smoking act on its greatest rate as they do on the capacity of the pool."""
    members = {one.name: one.drug for one in Ensemble.of(UFH, 1, seed=1).members}
    plain, ill = Patient(weight_kg=75), Patient(weight_kg=75, acute_thrombosis=True)
    for name, field in (("draw 1", "bmax_u"), ("UFH_TRIPLE_DERIVED", "bmax_u"), ("UFH_A_DERIVED", "vmax_u_per_h")):
        drug = members[name]
        one, other = (getattr(drug.kinetics(who), field) for who in (plain, ill))
        assert other / one == pytest.approx(UFH.kinetics(ill).bmax_u / UFH.kinetics(plain).bmax_u), name
        assert [v.cv_fraction for v in drug.variability] == [v.cv_fraction for v in UFH.variability]
        assert field in [v.name for v in drug.variability]
        assert drug.residual == UFH.residual
        assert drug.kinetics(plain).bioavailability_fraction == 0.5
    own = published.UFH_A_DERIVED.kinetics(plain)
    assert members["UFH_A_DERIVED"].kinetics(plain) == replace(own, ktr_per_h=0.60, bioavailability_fraction=0.50)


def loosely_known(rse):
    """Return the default with this uncertainty printed of its clearance and capacity, and of nothing else."""
    known = {"clearance_ml_per_kg_per_h", "bmax_u_per_kg"}
    parameters = [
        replace(one, value=Value(one.value.value * 1.001, SOURCE, rse if one.name in known else None)) for one in UFH.parameters
    ]
    return replace(UFH, parameters=tuple(parameters))


def test_another_set_is_drawn_from_its_printed_uncertainties():
    drug = loosely_known(0.3)
    members = Ensemble.of(drug, 200, seed=2).members
    assert all(one.is_draw for one in members)
    drawn = {p.name: np.log([one.drug.parameters[i].value.value for one in members]) for i, p in enumerate(drug.parameters)}
    for name in ("clearance_ml_per_kg_per_h", "bmax_u_per_kg"):
        assert drawn.pop(name).std() == pytest.approx(0.3, rel=0.12)
    assert all(len(set(values)) == 1 for values in drawn.values())
    with pytest.raises(ValueError, match="KANDROTAS_1989_UFH has no parameter with a printed uncertainty"):
        Ensemble.of(published.KANDROTAS_1989_UFH, 3)


def test_a_draw_that_no_drug_could_have_is_drawn_again():
    parameters = [p for p in UFH.parameters if p.name != "bioavailability_fraction"]
    share = Parameter(name="bioavailability_fraction", value=Value(0.95, SOURCE, 0.5))
    drug = replace(UFH, parameters=(*parameters, share))
    shares = [one.drug.parameters[-1].value.value for one in Ensemble.of(drug, 40, seed=1).members]
    assert max(shares) <= 1.0
    assert len(set(shares)) == 40


@pytest.mark.parametrize("n_draws", [0, 201, 2.5, True, "20"])
def test_a_wrong_number_of_draws_is_refused(n_draws):
    with pytest.raises(ValueError, match="n_draws must"):
        Ensemble.of(UFH, n_draws)


def test_wrong_members_are_refused():
    with pytest.raises(ValueError, match="members with different names; got none"):
        Ensemble(members=())
    one = EnsembleMember(name="a", drug=UFH)
    with pytest.raises(ValueError, match="members with different names; got a, a"):
        Ensemble(members=(one, one))
    with pytest.raises(ValueError, match="the weight of a must lie between"):
        EnsembleMember(name="a", drug=UFH, weight_ratio=0.0)


# What comes out


@pytest.fixture(scope="module")
def found():
    return run_ensemble(TRIAL, Ensemble.of(UFH, 3, seed=1), NUMBER, seed=7, progress=False)


def test_the_default_alone_gives_the_numbers_of_the_trial():
    alone = Ensemble(members=(EnsembleMember(name="itself", drug=UFH),))
    plain = TRIAL.run(NUMBER, seed=7, progress=False)
    found = run_ensemble(TRIAL, alone, NUMBER, seed=7, progress=False)
    assert found.outcomes.summary() == found.by_member["itself"].summary() == plain.summary()
    spread, one = found.difference("durham-va-2009", KEY), plain.difference("durham-va-2009", KEY)
    assert spread.models == (one.mean, one.mean, one.mean, 0.0, 1)
    assert (spread.monte_carlo, spread.parameters, spread.between_structures_fraction) == (one, None, None)


def test_each_member_gives_the_numbers_of_its_own_trial(found):
    for member in found.ensemble.members:
        alone = replace(TRIAL, drug=member.drug).run(NUMBER, seed=7, progress=False)
        assert found.by_member[member.name].summary() == alone.summary()


def test_chunks_do_not_matter(found):
    parts = run_ensemble(TRIAL, found.ensemble, NUMBER, seed=7, people_per_chunk=11, outcomes=found.outcomes, progress=False)
    assert parts.summary() == found.summary()


@pytest.mark.slow
def test_workers_do_not_matter(found):
    for workers in (2, 7):
        again = run_ensemble(TRIAL, found.ensemble, NUMBER, seed=7, workers=workers, progress=False)
        assert again.in_words() == found.in_words()
        assert json.dumps(again.summary()) == json.dumps(found.summary())


def test_more_uncertainty_gives_a_wider_interval():
    widths = []
    trial = replace(TRIAL, arms=[RASCHKE])
    itself = trial.run(NUMBER, seed=7, progress=False)
    for rse in (0.1, 0.4):
        ensemble = Ensemble.of(loosely_known(rse), 4, seed=1)
        spread = run_ensemble(trial, ensemble, NUMBER, seed=7, outcomes=itself, progress=False).estimate("raschke-1993", KEY)
        widths.append(spread.models.high - spread.models.low)
    assert 0.0 < widths[0] < 0.6 * widths[1]  # a quarter of the uncertainty; a share of time cannot widen in proportion


def test_the_spread_is_that_of_the_members_by_weight(found):
    spread = found.difference("durham-va-2009", KEY)
    means = {name: one.difference("durham-va-2009", KEY).mean for name, one in found.by_member.items()}
    weights = np.array([one.weight_ratio for one in found.ensemble.members])
    values = np.array([means[one.name] for one in found.ensemble.members])
    variance = np.average((values - np.average(values, weights=weights)) ** 2, weights=weights)
    within = np.var(values[:3]) * weights[:3].sum() / weights.sum()
    assert spread.models.sd**2 == pytest.approx(variance)
    assert spread.between_structures_fraction == pytest.approx(1.0 - within / variance)
    assert 0.0 < spread.between_structures_fraction < 1.0
    assert spread.structures == {name: means[name] for name in ("UFH_A_DERIVED", "UFH_TRIPLE_DERIVED")}
    assert min(values) <= spread.models.low < spread.models.median < spread.models.high <= max(values)
    assert spread.parameters == pytest.approx((np.median(values[:3]), *np.sort(values[:3])[[0, 2]], np.std(values[:3]), 3))
    order = np.argsort(values)
    middles = (np.cumsum(weights[order]) - 0.5 * weights[order]) / weights.sum()
    assert spread.models.median == pytest.approx(np.interp(0.5, middles, values[order]))


def test_words_show_both_intervals(found):
    words = found.in_words()
    spread = found.difference("durham-va-2009", KEY)
    one = spread.monte_carlo
    itself = f"{100 * one.mean:+.1f} points ({100 * one.low:+.1f} to {100 * one.high:+.1f})"
    line = next(line for line in words[words.index(" minus ") :].splitlines() if "in the common range" in line)
    assert itself in line
    assert f"{100 * spread.models.low:+.1f} to {100 * spread.models.high:+.1f}" in line
    assert f"{100 * spread.structures['UFH_A_DERIVED']:+.1f}" in line
    assert "3 draws of its parameters (52%), one compartment (compromise) (33%), binding pool (tuned) (15%)" in words


def test_a_stopped_ensemble_keeps_what_is_finished(found, monkeypatch):
    run_chunk, began = Trial.chunk, []

    def chunk(trial, first, n, **how):
        if len(began) == 3:
            raise KeyboardInterrupt
        began.append(first)
        return run_chunk(trial, first, n, **how)

    monkeypatch.setattr(Trial, "chunk", chunk)
    with pytest.raises(EnsembleInterrupted, match="stopped by hand with 1 of 5 models done") as stopped:
        run_ensemble(TRIAL, found.ensemble, NUMBER, seed=7, people_per_chunk=11, outcomes=found.outcomes, progress=False)
    kept = stopped.value.outcomes
    assert list(kept.by_member) == ["draw 1"]
    assert kept.by_member["draw 1"].summary() == found.by_member["draw 1"].summary()
    assert kept.difference("durham-va-2009", KEY).models.n == 1
    assert "1 of them are finished" in kept.in_words()


def test_outcomes_of_another_trial_are_refused(found):
    with pytest.raises(ValueError, match="outcomes must be those of this trial, 20 patients and seed 8"):
        run_ensemble(TRIAL, found.ensemble, NUMBER, seed=8, outcomes=found.outcomes, progress=False)


# The command line

COMMAND = ["trial", "raschke-1993", "durham-va-2009", "-n", "20", "--hours", "7", "--seed", "7", "--quiet", "--hospital", "ideal"]


def test_the_command_line_prints_it_beside(capsys):
    assert main([*COMMAND, "--ensemble", "1"]) == 0
    words = capsys.readouterr().out
    ensemble = Ensemble.of(UFH, 1, seed=7)
    found = run_ensemble(TRIAL, ensemble, NUMBER, seed=7, progress=False)
    assert found.in_words() in words
    assert found.outcomes.in_words() in words
    assert main([*COMMAND, "--ensemble", "1", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["models"]["summary"] == json.loads(json.dumps(found.summary()))
    assert [one["name"] for one in answer["models"]["members"]] == [one.name for one in ensemble.members]
    assert math.isclose(sum(one["share"] for one in answer["models"]["members"]), 1.0)


def test_without_it_nothing_is_added(capsys):
    assert main([*COMMAND, "--json"]) == 0
    assert "models" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("value", ["0", "201", "-1"])
def test_the_command_line_refuses_a_wrong_number(capsys, value):
    assert main([*COMMAND, f"--ensemble={value}"]) == 2
    assert f"--ensemble must lie between 1 and 200; got {value}" in capsys.readouterr().err


def test_a_stopped_command_prints_what_is_finished_and_says_so(capsys, monkeypatch):
    run_chunk, began = Trial.chunk, []

    def chunk(trial, first, n, **how):
        if len(began) == 3:  # the trial itself and two models
            raise KeyboardInterrupt
        began.append(first)
        return run_chunk(trial, first, n, **how)

    monkeypatch.setattr(Trial, "chunk", chunk)
    assert main([*COMMAND, "--ensemble", "2"]) == 130
    out, err = capsys.readouterr()
    assert "2 of them are finished" in out
    assert err == "heparin-pk: stopped by hand with 2 of 4 models done\n"


def test_outcomes_of_a_trial_that_looks_alike_are_refused():
    """Another reagent, hospital, table under the same name, drug or common range is another trial."""
    raschke = Nomogram.load("raschke-1993")
    trial = Trial(population=Population(), arms={"a": raschke}, hours=12.0)
    outcomes, ensemble = trial.run(10, seed=1, progress=False), Ensemble.of(UFH, 1, seed=1)
    run_ensemble(trial, ensemble, 10, seed=1, outcomes=outcomes, progress=False)
    others = [
        replace(trial, laboratory=Laboratory(reagent=published.reagents.SILIMAT)),
        replace(trial, hospital=hospital.REAL),
        replace(trial, arms={"a": Nomogram.load("durham-va-2009")}),
        replace(trial, drug=published.UFH_A_DERIVED),
        replace(trial, common_range=replace(trial.common_range, high=0.6)),
    ]
    for other in others:
        with pytest.raises(ValueError, match="outcomes must be those of this trial"):
            run_ensemble(other, ensemble, 10, seed=1, outcomes=outcomes, progress=False)
    for wrong, message in (
        ({"workers": 0}, "workers"),
        ({"runner": "x"}, "runner"),
        ({"people_per_chunk": -3}, "people_per_chunk"),
    ):
        with pytest.raises(ValueError, match=message):
            run_ensemble(trial, ensemble, 10, seed=1, outcomes=outcomes, progress=False, **wrong)


def test_members_are_in_the_hospital_of_the_trial():
    """A member that is the model itself finds the same as the trial, in a real hospital too."""
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load("raschke-1993")], hours=24.0, hospital=hospital.REAL)
    ensemble = Ensemble(members=(EnsembleMember(name="itself", drug=trial.drug),))
    found = run_ensemble(trial, ensemble, 30, seed=7, progress=False)
    one, itself = (
        outcomes.estimate("raschke-1993", "time_in_range_fraction") for outcomes in (found.outcomes, found.by_member["itself"])
    )
    assert itself.mean == one.mean
