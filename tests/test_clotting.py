"""Inside the tube: laws of any network first, then the values of the prototype, then what the pictures show."""

from __future__ import annotations

import ast
import importlib.util
import json
import math
import re
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp, trapezoid

import heparin_pk
from heparin_pk import cli, clotting, plot
from heparin_pk.blood import response
from heparin_pk.blood.clotting import network as tables
from heparin_pk.blood.clotting import solve as solver
from heparin_pk.blood.clotting.network import Network, Reaction
from heparin_pk.blood.clotting.panteleev import Panteleev
from heparin_pk.blood.clotting.solve import METHODS, SolverError, solve
from heparin_pk.blood.clotting.tube import DISSOCIATION, heparin_bound
from heparin_pk.cli.options import TUBE_FRACTIONS
from heparin_pk.published import reagents

DATA = Path(__file__).parent / "data"
REFERENCE = json.loads((DATA / "hepclot_reference_values.json").read_text(encoding="utf-8"))
CONSTANTS = json.loads((DATA / "hepclot_constants.json").read_text(encoding="utf-8"))
HEPCLOT = clotting.HEPCLOT.network
Plasma = clotting.Plasma

FRACTIONS = [name for name in Plasma.__dataclass_fields__ if name.endswith("_fraction")]
SCRIPT = importlib.util.spec_from_file_location("clotting_benchmark", Path(__file__).parents[1] / "benchmarks" / "clotting.py")
benchmark = importlib.util.module_from_spec(SCRIPT)
SCRIPT.loader.exec_module(benchmark)
random_plasma = benchmark.random_plasma

plasmas = st.integers(0, 2**32 - 1).map(lambda seed: random_plasma(np.random.default_rng(seed)))
states = st.integers(0, 2**32 - 1).map(lambda seed: 10.0 ** np.random.default_rng(seed).uniform(-3.0, 3.0, len(HEPCLOT.species)))


# The network: everything comes from the table


def test_it_has_the_species_and_the_constants_of_the_calibration():
    assert len(HEPCLOT.species) == 56
    found = {one.constant: one.value for one in HEPCLOT.reactions} | {"Km_fg": HEPCLOT.reactions[-1].half_nmol_per_l}
    (_, _, eps_v), (_, _, eps_viii) = clotting.HEPCLOT.activated_fraction
    found |= {"theta": clotting.HEPCLOT.heparin_nmol_per_u, "fib": clotting.HEPCLOT.clot_nmol_per_l / 3000.0}
    found |= {"epsV": eps_v, "eps8": eps_viii}
    assert found == pytest.approx({name: value for name, value in CONSTANTS.items() if name != "what"}, rel=1e-12)
    assert sum("re-calibrated" in one.source for one in HEPCLOT.reactions) == 27 - 4  # and the four of the recipe


def test_the_equilibrium_of_heparin_and_its_rate_constants_agree():
    assert CONSTANTS["koff_h"] / CONSTANTS["kon_h"] == CONSTANTS["koff_p"] / CONSTANTS["kon_p"] == DISSOCIATION.value


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(states)
def test_the_jacobian_is_that_of_the_derivatives(state):
    """Against central differences, column by column."""
    exact = HEPCLOT.jacobian(0.0, state)
    for j in range(len(state)):
        step = 1e-5 * state[j]
        up, down = state.copy(), state.copy()
        up[j] += step
        down[j] -= step
        numeric = (HEPCLOT.derivatives(0.0, up) - HEPCLOT.derivatives(0.0, down)) / (2.0 * step)
        rounding = 1e-9 * np.abs(HEPCLOT.stoichiometry) @ HEPCLOT.rates(state) / step * 1e-5
        assert np.all(np.abs(exact[:, j] - numeric) <= 1e-6 * np.abs(exact[:, j]) + rounding + 1e-9)


def test_two_of_one_species_and_a_saturated_rate_have_their_slopes():
    """2 A -> B at k A^2, and A + B -> C at v A B / (half + B): by hand."""
    pair = Reaction(name="1", reactants=("A", "A"), products=("B",), constant="k", value=3.0, unit="1/(nmol/L s)", source="x")
    capped = replace(pair, name="2", reactants=("A", "B"), products=("C",), saturates_in="B", half_nmol_per_l=2.0)
    network = Network(title="two", reactions=(pair, capped))
    assert list(network.rates(np.array([2.0, 4.0, 0.0]))) == [12.0, 3.0 * 2.0 * 4.0 / 6.0]
    slopes = network.jacobian(0.0, np.array([2.0, 4.0, 0.0]))
    assert slopes[2] == pytest.approx([3.0 * 4.0 / 6.0, 3.0 * 2.0 * 2.0 / 36.0, 0.0])
    assert slopes[1] == pytest.approx([12.0 - 2.0, -3.0 * 2.0 * 2.0 / 36.0, 0.0])


def test_what_is_conserved_is_what_a_biochemist_expects():
    sums = HEPCLOT.moieties_in_words()
    assert np.all(HEPCLOT.moieties @ HEPCLOT.stoichiometry == 0.0)
    assert len(sums) == 56 - np.linalg.matrix_rank(HEPCLOT.stoichiometry)
    assert {"V + Va + Xa_Va + Xa_Va_II", "H + HAT + HP", "Fg + Fn", "HBP + HP"} <= set(sums)
    assert not any(line.startswith("XI ") for line in sums), "XIa is lost to inhibitors that are no species"


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(plasmas)
def test_no_mass_is_lost_and_no_concentration_is_negative(plasma):
    for tube in (clotting.contact_activation(plasma), clotting.thrombin_generation(plasma, watched_min=20.0).tube):
        sums = HEPCLOT.moieties @ tube.state_nmol_per_l
        size = np.abs(HEPCLOT.moieties) @ tube.state_nmol_per_l[:, :1]
        assert np.all(np.abs(sums - sums[:, :1]) <= 1e-6 * size + 1e-9)
        assert tube.state_nmol_per_l.min() > -1e-6  # nothing is cut off at 0: what is below is the solver's tolerance
        assert np.all(np.diff(tube.fibrin_nmol_per_l) >= -1e-6), "there is no lysis in this tube"


def test_no_mass_is_lost_in_normal_plasma_with_heparin():
    tube = clotting.contact_activation(Plasma(heparin_u_per_ml=0.5))
    sums = HEPCLOT.moieties @ tube.state_nmol_per_l
    assert sums == pytest.approx(np.repeat(sums[:, :1], sums.shape[1], axis=1), rel=1e-6, abs=1e-9)


def test_the_balance_would_see_a_leak():
    """Against a network in which the inactivation of thrombin loses its product."""
    leaky = [replace(one, products=()) if one.constant == "k41" else one for one in HEPCLOT.reactions]
    network = Network(title="leaky", reactions=tuple(leaky))
    recipe = replace(clotting.HEPCLOT, network=network)
    tube = clotting.contact_activation(Plasma(), recipe=recipe)
    weights = dict(zip(HEPCLOT.species, HEPCLOT.moieties[3], strict=True))
    sums = np.array([weights[name] for name in network.species]) @ tube.state_nmol_per_l
    assert abs(sums[-1] / sums[0] - 1.0) > 1e-3


# Tubes: laws


def test_without_a_trigger_nothing_clots():
    assert clotting.contact_activation(Plasma(), surface_fraction=0.0).clotted_s is None
    quiet = clotting.thrombin_generation(Plasma(), tissue_factor_pmol_per_l=0.0)
    assert (quiet.lag_min, quiet.time_to_peak_min, quiet.tube.clotted_s) == (None, None, None)
    assert quiet.peak_nmol_per_l < 1e-6
    assert clotting.thrombin_generation(Plasma(), tissue_factor_pmol_per_l=5.0).tube.clotted_s is not None


def test_without_fibrinogen_nothing_clots():
    assert clotting.aptt_s(Plasma(fibrinogen_fraction=0.0)) == math.inf


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(plasmas)
def test_more_heparin_is_a_longer_aptt_and_less_thrombin(plasma):
    seconds, areas = [], []
    for heparin in (0.0, 0.2, 0.5, 1.0):
        sample = replace(plasma, heparin_u_per_ml=heparin)
        seconds.append(clotting.aptt_s(sample))
        areas.append(clotting.thrombin_generation(sample, watched_min=30.0).etp_nmol_min_per_l)
    finite = [one for one in seconds if one < math.inf]
    assert finite == sorted(finite)
    assert seconds[: len(finite)] == finite
    assert areas == sorted(areas, reverse=True)


@pytest.mark.parametrize(
    "name", ["antithrombin_fraction", "fibrinogen_fraction", "factor_viii_fraction", "heparin_binding_fraction"]
)
def test_each_resistance_pulls_the_way_it_should(name):
    """Antithrombin lengthens the aPTT under heparin; fibrinogen, factor VIII and binding proteins shorten it."""
    seconds = [clotting.aptt_s(Plasma(heparin_u_per_ml=0.5, **{name: level})) for level in (0.25, 0.5, 1.0, 2.0)]
    assert seconds == sorted(seconds, reverse=name != "antithrombin_fraction")
    assert len(set(seconds)) == 4


def test_without_antithrombin_heparin_does_nothing():
    without = [clotting.aptt_s(Plasma(heparin_u_per_ml=heparin, antithrombin_fraction=0.0)) for heparin in (0.0, 1.0)]
    assert without[1] == pytest.approx(without[0], rel=1e-5)


@given(st.floats(0.0, 5e3), st.floats(0.0, 2e4), st.floats(0.0, 2e4))
def test_heparin_is_shared_out_in_equilibrium(heparin, antithrombin, proteins):
    found = heparin_bound({"AT": antithrombin, "HBP": proteins}, heparin)
    assert min(found.values()) >= 0.0
    assert found["H"] + found["HAT"] + found["HP"] == pytest.approx(heparin)
    assert found["HAT"] + found["AT"] == pytest.approx(antithrombin)
    for free, bound in (("AT", "HAT"), ("HBP", "HP")):
        assert found["H"] * found[free] == pytest.approx(DISSOCIATION.value * found[bound], rel=1e-6, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("heparin", [0.0, 0.5])
def test_the_methods_agree(heparin):
    plasma = Plasma(heparin_u_per_ml=heparin)
    by_method = [clotting.contact_activation(plasma, methods=(method,)) for method in METHODS]
    assert [tube.method for tube in by_method] == list(METHODS)
    seconds = [tube.clotted_s for tube in by_method]
    assert seconds == pytest.approx([seconds[0]] * 3, rel=1e-4)


# The solver ends


def test_where_a_method_fails_another_takes_over(monkeypatch):
    """A method that returns what is no number, as LSODA can without saying so."""
    from scipy import integrate

    class Broken(integrate.LSODA):
        def step(self):
            said = super().step()
            self.y = self.y * math.nan
            return said

    expected = clotting.aptt_s(Plasma())
    monkeypatch.setattr(integrate, "LSODA", Broken)
    tube = clotting.contact_activation(Plasma(), stop_at_clot=True)
    assert tube.method == "BDF"
    assert tube.clotted_s == pytest.approx(expected, rel=1e-4)
    with pytest.raises(SolverError, match="LSODA: a concentration that is no number at"):
        clotting.contact_activation(Plasma(), methods=("LSODA",))


def test_a_solver_that_does_not_arrive_is_stopped_and_says_where(monkeypatch):
    monkeypatch.setattr(solver, "MOST_STEPS", 20)
    with pytest.raises(SolverError, match=r"no method reached 180 s \(LSODA: 20 steps and only at .* BDF: 20 .* Radau: 20"):
        clotting.aptt_s(Plasma())


def test_first_order_decay_and_its_crossing_are_exact():
    """A -> B at 0.1/s: B reaches half of it at ln(2) / 0.1 s."""
    decay = Reaction(name="1", reactants=("A",), products=("B",), constant="k", value=0.1, unit="1/s", source="x")
    network = Network(title="decay", reactions=(decay,))
    found = solve(network, np.array([8.0, 0.0]), 60.0, wait_for="B", wait_for_nmol_per_l=4.0, stop=False)
    assert found.reached_s == pytest.approx(math.log(2.0) / 0.1, rel=1e-5)
    assert found.state[0] == pytest.approx(8.0 * np.exp(-0.1 * found.time_s), rel=1e-4)


@pytest.mark.slow
def test_no_failure_in_random_plasmas():
    """300 here; ``benchmarks/clotting.py`` runs ten thousand."""
    rng = np.random.default_rng(2)
    for _ in range(300):
        plasma = random_plasma(rng)
        assert [fault for fault in benchmark.faults(plasma) if not fault.startswith("solved by")] == [], plasma


# Values of the prototype


def aptt_cases():
    """Yield each plasma of the prototype with its aPTT."""
    kinds = {
        "aptt_hep": {},
        "aptt_AT50": {"antithrombin_fraction": 0.5},
        "aptt_AT25": {"antithrombin_fraction": 0.25},
        "aptt_VIII200": {"factor_viii_fraction": 2.0},
        "aptt_VIII300": {"factor_viii_fraction": 3.0},
        "aptt_hbp2": {"heparin_binding_fraction": 2.0},
    }
    for kind, fields in kinds.items():
        for heparin, seconds in REFERENCE[kind].items():
            yield Plasma(heparin_u_per_ml=float(heparin), **fields), seconds
    for percent in (1, 30):
        for factor, seconds in REFERENCE[f"aptt_factor_{percent}pct"].items():
            yield Plasma(**{f"factor_{factor.lower()}_fraction": percent / 100}), seconds


@pytest.mark.parametrize(("plasma", "seconds"), list(aptt_cases()), ids=str)
def test_the_aptt_is_that_of_the_prototype(plasma, seconds):
    assert clotting.aptt_s(plasma) == pytest.approx(seconds, rel=0.001)  # asked for: 1 %


@pytest.mark.parametrize("case", REFERENCE["cat"])
def test_thrombin_generation_is_that_of_the_prototype(case):
    trigger, heparin = case.split("pM_hep")
    found = clotting.thrombin_generation(Plasma(heparin_u_per_ml=float(heparin)), tissue_factor_pmol_per_l=float(trigger))
    printed = REFERENCE["cat"][case]
    assert found.lag_min == pytest.approx(printed["lag"], rel=0.005)
    assert found.peak_nmol_per_l == pytest.approx(printed["peak"], rel=0.001)
    assert found.time_to_peak_min == pytest.approx(printed["ttp"], abs=0.05)
    assert found.etp_nmol_min_per_l == pytest.approx(printed["etp"], rel=0.001)


SWITCHED_OFF = [
    (("factor-xa", "factor-ixa"), 38.3),
    (("thrombin", "factor-ixa"), 36.6),
    (("thrombin", "factor-xa"), 35.3),
    (("thrombin",), 43.1),
    (("factor-xa",), 45.0),
]


@pytest.mark.parametrize(("spares", "seconds"), SWITCHED_OFF)
def test_heparin_without_one_enzyme_is_that_of_the_prototype(spares, seconds):
    """At 0.5 U/mL, which is 62.8 s with all of them and 31.0 s without heparin: more than the sum of the parts."""
    assert clotting.aptt_s(Plasma(heparin_u_per_ml=0.5, heparin_spares=spares)) == pytest.approx(seconds, abs=0.06)


@pytest.mark.parametrize(("antithrombin", "seconds"), [(1.0, 63), (0.5, 61), (0.27, 59), (0.1, 52), (0.05, 44)])
def test_the_tight_partition_is_that_of_the_prototype(antithrombin, seconds):
    plasma = Plasma(heparin_u_per_ml=0.5, antithrombin_fraction=antithrombin, partition="tight")
    assert clotting.aptt_s(plasma) == pytest.approx(seconds, abs=0.5)


@pytest.mark.slow
def test_a_more_sensitive_reagent_is_that_of_the_prototype():
    """aPTT at 0.4 U/mL for 0.8, 1, 1.5, 2 and 2.2 times the sensitivity: 48, 54, 73, 101, 115 s; the baseline stays."""
    for ratio, seconds in ((0.8, 48), (1.0, 54), (1.5, 73), (2.0, 101), (2.2, 115)):
        assert clotting.aptt_s(Plasma(heparin_u_per_ml=0.4), sensitivity_ratio=ratio) == pytest.approx(seconds, abs=0.6)
        assert clotting.aptt_s(Plasma(), sensitivity_ratio=ratio) == clotting.aptt_s(Plasma())


def test_spared_enzymes_change_nothing_without_heparin():
    for enzyme in clotting.ENZYMES:
        assert clotting.aptt_s(Plasma(heparin_spares=(enzyme,))) == pytest.approx(clotting.aptt_s(Plasma()), rel=1e-6)


# Beside the law that doses are chosen by


def test_ln_aptt_is_linear_in_heparin_beyond_the_levels_it_was_fitted_to():
    """Held out is the straightness above 0.6 U/mL; the slope below was a target of the calibration and explains nothing.

    Whitfield & Levy 1980 printed r2 > 0.987 over 0.05 to 0.8 U/mL, and slopes of 1.51 to 3.88 mL/U.
    """
    heparin = np.array([0.05, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2])
    logs = np.log([clotting.aptt_s(Plasma(heparin_u_per_ml=level)) for level in heparin])
    assert np.corrcoef(heparin, logs)[0, 1] ** 2 > 0.987
    slope, intercept = np.polyfit(heparin[:4], logs[:4], 1)
    beyond = np.exp(intercept + slope * 1.2)
    assert beyond == pytest.approx(np.exp(logs[-1]), rel=0.25)


def test_it_misses_what_the_text_says_it_misses():
    """Factor VIII deficiency raises the thrombin area here and lowers it in patients; the lag shortens with heparin."""
    normal, deficient = (clotting.thrombin_generation(Plasma(factor_viii_fraction=level)) for level in (1.0, 0.01))
    assert deficient.etp_nmol_min_per_l > normal.etp_nmol_min_per_l
    assert clotting.thrombin_generation(Plasma(heparin_u_per_ml=0.1)).lag_min < normal.lag_min
    assert "rises\nhere and falls in patients" in clotting.__doc__


def test_the_law_for_dosing_does_not_call_the_network():
    folder = Path(clotting.__file__).parent
    imported = {
        name
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [])
        if name.startswith("heparin_pk.")
    }
    assert {name.split(".")[1] for name in imported} <= {"base", "blood"}
    assert "blood.clotting" not in Path(response.__file__).read_text(encoding="utf-8")
    for words in ("must not be used for: dosing", "new, unpublished"):
        assert words in clotting.__doc__
    assert heparin_pk.clotting is clotting


# Heparin lyses nothing


def test_heparin_added_to_a_clotting_tube_stops_fibrin_and_removes_none():
    plain = clotting.contact_activation(Plasma())
    clotted_s = plain.clotted_s
    treated = clotting.heparin_into_a_clotting_tube(Plasma(), added_u_per_ml=5.0, added_s=clotted_s + 1.0)
    there = np.interp(clotted_s + 1.0, plain.time_s, plain.fibrin_nmol_per_l)
    assert treated.clotted_s == pytest.approx(clotted_s, rel=1e-4)
    assert np.all(np.diff(treated.fibrin_nmol_per_l) >= -1e-6)
    assert there * 0.999 <= treated.fibrin_nmol_per_l[-1]
    within = [np.interp(clotted_s + 11.0, tube.time_s, tube.fibrin_nmol_per_l) - there for tube in (plain, treated)]
    assert within[1] < 0.7 * within[0], "fibrin forms more slowly with heparin"
    early = clotting.heparin_into_a_clotting_tube(Plasma(), added_u_per_ml=0.5, added_s=0.0)
    assert early.clotted_s == pytest.approx(clotting.aptt_s(Plasma(heparin_u_per_ml=0.5)), rel=0.01)


# Bad input


@pytest.mark.parametrize("name", [*FRACTIONS, "heparin_u_per_ml"])
@pytest.mark.parametrize("value", [-0.01, 5.01, math.nan, math.inf, "1", True])
def test_a_level_outside_its_limits_is_refused(name, value):
    high = "10" if name == "heparin_u_per_ml" else "5"
    if value == 5.01 and high == "10":
        value = 10.01
    with pytest.raises(ValueError, match=rf"{name} must .*between 0 and {high}; got"):
        Plasma(**{name: value})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Plasma(partition="loose"), "partition must be one of competitive, tight; got 'loose'"),
        (lambda: Plasma(heparin_spares=("plasmin",)), "heparin_spares must be one of thrombin, factor-xa, factor-ixa"),
        (lambda: Plasma(heparin_spares="thrombin"), "heparin_spares must be a list of"),
        (lambda: clotting.aptt_s(0.5), "plasma must be a Plasma; got 0.5"),
        (lambda: clotting.aptt_s(Plasma(), sensitivity_ratio=9), "sensitivity_ratio must lie between 0.2 and 5; got 9"),
        (lambda: clotting.contact_activation(Plasma(), surface_fraction=-1), "surface_fraction must lie between 0 and 5"),
        (lambda: clotting.thrombin_generation(Plasma(), tissue_factor_pmol_per_l=-1), "between 0 and 1000; got -1"),
        (lambda: clotting.contact_activation(Plasma()).of("XIV"), "name must be one of .*got 'XIV'"),
        (lambda: HEPCLOT.with_constants({"k999": 1.0}), "no rate constant k999"),
        (lambda: HEPCLOT.state({"XIV": 1.0}), "no species 'XIV'"),
        (lambda: Network(title="x", reactions=()), "needs reactions; got none"),
        (lambda: replace(HEPCLOT.reactions[0], value=-1.0), "value must lie between 0"),
        (lambda: replace(HEPCLOT.reactions[0], saturates_in="Fg"), "saturates_in must be a reactant"),
        (
            lambda: clotting.heparin_into_a_clotting_tube(Plasma(heparin_u_per_ml=1), added_u_per_ml=1, added_s=1),
            "heparin_u_per_ml must be 0 before heparin is added; got 1",
        ),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_every_table_reads_and_every_constant_has_a_source():
    for name in ("chatterjee_2010", "hepclot", "hockin_mann_2002", "nayak_2015", "wajima_2009"):
        network = tables.read(name, name)
        assert all(one.source for one in network.reactions)
        assert np.all(network.moieties @ network.stoichiometry == 0.0)


# The command and the pictures


def test_the_command_prints_the_numbers_of_the_network(capsys):
    command = ["tube", "--heparin", "0.5", "--antithrombin", "0.5", "--factor-viii", "3"]
    assert cli.main([*command, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    plasma = Plasma(heparin_u_per_ml=0.5, antithrombin_fraction=0.5, factor_viii_fraction=3.0)
    assert found["aptt_s"] == pytest.approx(clotting.aptt_s(plasma), rel=1e-6)
    assert found["thrombin_generation"]["peak_nmol_per_l"] == clotting.thrombin_generation(plasma).peak_nmol_per_l
    assert found["aptt_without_heparin_s"] == pytest.approx(clotting.aptt_s(replace(plasma, heparin_u_per_ml=0.0)), rel=1e-6)
    assert set(found["aptt_if_heparin_spares_s"]) == set(clotting.ENZYMES)
    assert "new, unpublished" in found["network"]
    assert cli.main(command) == 0
    words = capsys.readouterr().out
    assert re.search(rf"this plasma +{found['aptt_s']:.1f}\n", words)
    assert "heparin lyses no clot" in words
    assert words.count("not for the care of patients") == 1


def test_every_option_of_the_command_reaches_its_field(capsys):
    for option, field in TUBE_FRACTIONS.items():
        assert cli.main(["tube", f"--{option}", "5.5"]) == 2
        assert f"{field} must lie between 0 and 5; got 5.5" in capsys.readouterr().err
    assert set(TUBE_FRACTIONS.values()) == set(FRACTIONS)
    assert cli.main(["tube", "--spare", "plasmin"]) == 2
    assert "heparin_spares must be one of" in capsys.readouterr().err


def test_what_never_clots_is_null_and_longer_than_300_s(capsys):
    assert cli.main(["tube", "--fibrinogen", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["aptt_s"] is None
    assert cli.main(["tube", "--fibrinogen", "0"]) == 0
    assert re.search(r"this plasma +> 300\n", capsys.readouterr().out)


def test_a_solver_that_fails_is_one_line(capsys, monkeypatch):
    monkeypatch.setattr(solver, "MOST_STEPS", 20)
    assert cli.main(["tube"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no method reached 180 s" in error


def test_the_picture_of_a_tube_draws_what_the_report_holds():
    found = clotting.report(Plasma(heparin_u_per_ml=0.5))
    fibrin, thrombin, bars, generation = plot.tube(found)
    assert np.array_equal(fibrin.lines[2].get_ydata(), found.tube.fibrin_nmol_per_l)
    assert np.array_equal(thrombin.lines[0].get_ydata(), found.without.thrombin_nmol_per_l)
    drawn = [patch.get_width() for patch in bars.patches]
    assert drawn == [one.clotted_s for one in (found.without, found.tube, *found.spared.values())]
    assert np.array_equal(generation.lines[1].get_ydata(), found.generation.thrombin_nmol_per_l)
    assert all("(" in ax.get_xlabel() for ax in (fibrin, thrombin, bars, generation))
    assert "unpublished" in fibrin.figure.get_suptitle()
    plt.close("all")


def test_the_law_for_dosing_and_the_network_stand_in_one_picture():
    """Both forms: the law is exactly baseline * exp(slope * heparin), the network is not, and lies between the reagents."""
    several = [reagents.MANUAL_BOEHRINGER, reagents.PATHROMTIN_SL]
    ax = plot.law_and_network(several, highest_u_per_ml=0.7)
    *law, network = (line.get_ydata() for line in ax.lines)
    heparin = ax.lines[0].get_xdata()
    for line, reagent in zip(law, several, strict=True):
        assert np.log(line / 30.0) == pytest.approx(reagent.slope_ml_per_u * heparin)
    assert network[-1] == pytest.approx(REFERENCE["aptt_hep"]["0.7"], rel=0.001)
    assert law[0][-1] < network[-1] < law[1][-1]
    assert (ax.get_yscale(), ax.get_ylabel()) == ("log", "aPTT (s), logarithmic")
    plt.close("all")


# The plate: published networks give what an independent program gave with the same tables

NAYAK, HOCKIN_MANN, CHATTERJEE = clotting.plate.nayak(), clotting.plate.hockin_mann(), clotting.plate.chatterjee()


@pytest.mark.parametrize(("fraction", "seconds"), [(1.0, 61.6), (0.01, 149), (0.2, 87), (3.0, 49)])
def test_nayak_gives_the_aptts_of_the_prototype(fraction, seconds):
    assert clotting.aptt_s(Plasma(factor_viii_fraction=fraction), recipe=NAYAK) == pytest.approx(seconds, abs=0.6)


def test_nayak_gives_the_thrombin_generation_of_the_prototype():
    """1 pmol/L at 2/3: lag 6.7 min, peak 166 nmol/L at 13.5 min, 2372 nmol min/L."""
    found = clotting.thrombin_generation(Plasma(), tissue_factor_pmol_per_l=1.0, recipe=NAYAK)
    assert found.lag_min == pytest.approx(6.7, abs=0.05)
    assert found.peak_nmol_per_l == pytest.approx(166, abs=0.6)
    assert found.time_to_peak_min == pytest.approx(13.5, abs=0.1)
    assert found.etp_nmol_min_per_l == pytest.approx(2372, abs=1.0)


@pytest.mark.parametrize(("fraction", "seconds"), [(1.0, 34.4), (0.01, 72.7), (0.1, 49.9), (0.5, 38.4), (2.0, 30.9), (3.0, 29.1)])
def test_wajima_gives_the_aptts_of_the_prototype(fraction, seconds):
    assert clotting.plate.wajima_aptt_s(0.0, fraction) == pytest.approx(seconds, abs=0.1)


@pytest.mark.parametrize(("complex_nmol_per_l", "seconds"), [(100, 36.9), (300, 42.4), (500, 48.3), (1000, 65.6), (3000, 169)])
def test_wajima_under_heparin_gives_the_aptts_of_the_prototype(complex_nmol_per_l, seconds):
    heparin = complex_nmol_per_l / clotting.plate.ACTIVE_NMOL_PER_U.value
    assert clotting.plate.wajima_aptt_s(heparin) == pytest.approx(seconds, rel=0.01 if complex_nmol_per_l < 3000 else 0.02)


def test_hockin_mann_has_the_size_its_paper_states():
    """34 differential equations with 42 rate constants (the abstract); heparin and its proteins are added here."""
    bare = tables.read("hockin_mann_2002", "Hockin-Mann 2002")
    assert len(bare.species) == 34
    assert len({one.constant for one in bare.reactions}) == 42
    with pytest.raises(ValueError, match="has no contact activation, so no aPTT"):
        clotting.aptt_s(Plasma(), recipe=HOCKIN_MANN)


def test_chatterjee_has_the_size_its_abstract_states():
    """57 reactions; of 105 kinetic parameters one is the rate of the platelet term, which is held at 1 here."""
    bare = tables.read("chatterjee_2010", "Chatterjee 2010")
    assert {re.match(r"\d+", one.name)[0] for one in bare.reactions} == {str(number) for number in range(1, 58)}
    assert len({one.constant for one in bare.reactions}) == 104
    assert sum("epsilon" in one.source for one in bare.reactions) == 14


def test_chatterjee_gives_the_thrombin_generation_of_an_independent_program():
    """Owen's transcription with its platelet term at 1, no contact factors, plasma at 2/3: 784.5 nmol/L at 6.45 min, 1257.1."""
    found = clotting.thrombin_generation(Plasma(), recipe=CHATTERJEE)
    assert found.peak_nmol_per_l == pytest.approx(784.49, rel=1e-3)
    assert found.time_to_peak_min == pytest.approx(6.45, abs=0.05)
    assert found.etp_nmol_min_per_l == pytest.approx(1257.08, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("share", "factor_xi_by_xia", "minutes"),
    [(1.0, True, 5.951), (1.0 / 3.0, True, 16.368), (1.0, False, 48.303), (1.0 / 3.0, False, 142.14)],
)
def test_chatterjee_misses_the_start_that_its_abstract_prints(share, factor_xi_by_xia, minutes):
    """Printed: 1 to 2 h for resting blood with an inhibitor of factor XIIa and no tissue factor.

    Owen's equations give 6 min, and 16 min at a third; without the activation of factor XI by factor XIa 48 and 142 min.

    With the platelet term: epsilon rises from 0.01 at 0.005 1/s towards a Hill function of the highest thrombin so far.
    """
    bare = tables.read("chatterjee_2010", "Chatterjee 2010")
    bare = bare if factor_xi_by_xia else bare.with_constants({"k40": 0.0})
    on_platelets = np.array(["epsilon" in one.source for one in bare.reactions])
    iia, highest = bare.species.index("IIa"), [0.0]

    def change(_, state):
        highest[0] = max(highest[0], state[iia])
        hill = highest[0] ** 1.6123 / (highest[0] ** 1.6123 + 2.4279**1.6123)
        rates = bare.rates(state[:-1]) / np.where(on_platelets, state[-1], 1.0)
        return np.append(bare.stoichiometry @ rates, 0.005 * (0.01 + 0.99 * hill - state[-1]))

    plasma = Plasma().levels_nmol_per_l(0.0) | dict(CHATTERJEE.further_nmol_per_l)
    levels = {name: share * level for name, level in plasma.items() if name in bare.species}
    start = np.append(bare.state(levels | {"CTI": 4200.0, "substrate": 10_000.0}), 0.01)
    found = solve_ivp(change, (0.0, 72.0 * minutes), start, method="BDF", rtol=1e-6, atol=1e-10)
    seen = found.y[bare.species.index("AMC")]
    assert np.interp(0.05 * 10_000.0, seen, found.t) / 60.0 == pytest.approx(minutes, rel=0.005)


PANTELEEV = Panteleev(dilution_ratio=1.0, heparin_per_s={one.constant: one.value for one in clotting.plate.HEPARIN_ADDED})
PANTELEEV_PLASMA = {
    "TF": 0.005, "VII": 10.0, "VIIa": 0.1, "VIII": 0.7, "IX": 90.0, "X": 170.0, "II": 1400.0, "V": 20.0, "XI": 30.0, "AT": 3400.0,
    "TFPI": 2.5, "Fg": 7600.0, "PC": 60.0,
}  # fmt: skip


def test_panteleev_gives_the_thrombin_of_an_independent_program():
    """Owen's transcription with the inhibitors of the BioModels file, 5 pmol/L: 307.03 nmol/L at 9.95 min, 1665.97 nmol min/L."""
    times_s = np.linspace(0.0, 1800.0, 601)[1:]
    found = solve(PANTELEEV, PANTELEEV.state(PANTELEEV_PLASMA), 1800.0, times_s=times_s)
    thrombin = found.state[PANTELEEV.species.index("IIa")]
    assert thrombin.max() == pytest.approx(307.025, rel=1e-5)
    assert found.time_s[np.argmax(thrombin)] / 60.0 == pytest.approx(9.95, abs=0.05)
    assert trapezoid(thrombin, found.time_s / 60.0) == pytest.approx(1665.97, rel=1e-5)
    fibrin = found.state[PANTELEEV.species.index("Fn")]
    assert np.interp(3800.0, fibrin, found.time_s) / 60.0 == pytest.approx(3.368, rel=0.01)


def test_panteleev_keeps_heparin_and_fibrinogen_and_has_its_jacobian():
    state = 10.0 ** np.random.default_rng(4).uniform(-1.0, 2.0, len(PANTELEEV.species))
    at = PANTELEEV.species.index
    changes = PANTELEEV.derivatives(0.0, state)
    for kept in (("H", "HAT", "HP"), ("HBP", "HP"), ("Fg", "Fn")):
        assert sum(changes[at(name)] for name in kept) == pytest.approx(0.0, abs=1e-9)
    change = np.random.default_rng(5).normal(size=len(state)) * state
    numeric = (PANTELEEV.derivatives(0.0, state + 1e-6 * change) - PANTELEEV.derivatives(0.0, state - 1e-6 * change)) / 2e-6
    assert PANTELEEV.jacobian(0.0, state) @ change == pytest.approx(numeric, rel=1e-5, abs=1e-6 * np.abs(numeric).max())


def test_heparin_and_antithrombin_act_in_panteleev():
    peaks = [
        clotting.plate.panteleev_generation(Plasma(heparin_u_per_ml=heparin, antithrombin_fraction=antithrombin)).peak_nmol_per_l
        for heparin, antithrombin in ((0.0, 1.0), (0.05, 1.0), (0.1, 1.0), (0.1, 0.5))
    ]
    assert peaks[0] > peaks[1] > peaks[2]
    assert peaks[3] > peaks[2]


def test_the_networks_disagree_and_the_table_and_the_picture_say_so():
    hepclot, nayak, chatterjee, hockin_mann, panteleev, wajima = found = clotting.plate.answers()
    assert hepclot.aptt_s[3] == pytest.approx(REFERENCE["aptt_hep"]["0.5"], rel=0.001)
    assert wajima.aptt_s[-1] / wajima.aptt_s[0] < 1.3  # at 1 U/mL, where laboratories measure about four times
    assert hepclot.slope_ml_per_u / wajima.slope_ml_per_u > 5.0
    assert hockin_mann.peaks_nmol_per_l[1] / hockin_mann.peaks_nmol_per_l[0] < 0.01  # 0.1 U/mL abolishes its thrombin
    assert chatterjee.peaks_nmol_per_l[1] / chatterjee.peaks_nmol_per_l[0] > 1.0  # and leaves the whole peak of this one
    assert (hockin_mann.aptt_s, panteleev.aptt_s, wajima.half_antithrombin_s) == (None, None, None)
    assert chatterjee.aptt_s[0] > 2.0 * nayak.aptt_s[0] > 2.0 * hepclot.aptt_s[0]
    for one in (hepclot, nayak, chatterjee):
        assert max(one.half_antithrombin_s, one.triple_factor_viii_s) < one.aptt_s[3]
    words = clotting.plate.in_words()
    assert all(one.name in words and one.cannot in words for one in found)
    aptt, thrombin = plot.plate()
    assert [line.get_label() for line in aptt.lines if not line.get_label().startswith("_")] == [
        one.name for one in (hepclot, nayak, chatterjee, wajima)
    ]
    asked = (hepclot, nayak, chatterjee, hockin_mann, panteleev)
    left = [100.0 * one.peaks_nmol_per_l[1] / one.peaks_nmol_per_l[0] for one in asked]
    assert [bar.get_width() for bar in thrombin.patches] == pytest.approx(left)
    assert thrombin.get_xlim()[1] > max(left)
    assert aptt.lines[0].get_ydata()[3] == hepclot.aptt_s[3] / hepclot.aptt_s[0]
    plt.close("all")


def test_the_equations_of_the_other_networks_have_their_jacobians():
    rng = np.random.default_rng(3)
    for network in (NAYAK.network, HOCKIN_MANN.network, CHATTERJEE.network, tables.read("wajima_2009", "Wajima 2009")):
        state = 10.0 ** rng.uniform(-1.0, 2.0, len(network.species))
        change = rng.normal(size=len(state)) * state
        step = 1e-6
        numeric = (network.derivatives(0.0, state + step * change) - network.derivatives(0.0, state - step * change)) / (2 * step)
        assert network.jacobian(0.0, state) @ change == pytest.approx(numeric, rel=1e-5, abs=1e-4 * np.abs(numeric).max())


# The page and the calibration


def test_the_page_prints_the_numbers_of_the_plate_and_its_program_runs(capsys):
    page = (Path(__file__).parents[1] / "docs" / "inside-the-tube.md").read_text(encoding="utf-8")
    for one in clotting.plate.answers():
        row = next(line for line in page.splitlines() if line.startswith(f"| {one.name} |"))
        for number, digits in ((one.slope_ml_per_u, 2), (one.half_antithrombin_s, 0), (one.triple_factor_viii_s, 0)):
            assert number is None or f"| {number:.{digits}f} |" in row
        if one.aptt_s is not None:
            seconds = dict(zip(clotting.plate.HEPARIN_U_PER_ML, one.aptt_s, strict=True))
            shown = [f"{seconds[level]:.0f}" if seconds[level] < math.inf else "> 300" for level in (0.0, 0.3, 0.5, 1.0)]
            assert " / ".join(shown) in row
        if one.peaks_nmol_per_l is not None:
            left = 100.0 * one.peaks_nmol_per_l[1] / one.peaks_nmol_per_l[0]
            assert f"{left:.0f} %" in row or f"{left:.1f} %" in row
    (program,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    exec(compile(program, "inside-the-tube.md", "exec"), {})
    assert "if heparin spared thrombin" in capsys.readouterr().out
    plt.close("all")


@pytest.mark.slow
def test_the_calibration_knows_every_calibrated_constant_and_answers_every_target(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
    derive = importlib.import_module("derive_clotting")
    calibrated = {one.constant for one in HEPCLOT.reactions if "re-calibrated" in one.source}
    assert set(derive.PRIORS) == calibrated | {"theta", "clot", "epsV", "eps8"}
    assert len(derive.PRIORS) == 27
    answers = dict(zip((target.name for target in derive.targets()), derive.answers(derive.shipped()), strict=True))
    assert answers["aPTT, normal"] == pytest.approx(REFERENCE["aptt_hep"]["0"], rel=0.001)
    for heparin, share in ((0.5, 0.51), (0.7, 0.45)):  # the prototype's own answers to 6 U/mL more factor VIII
        assert answers[f"aPTT with 6 U/mL more factor VIII at {heparin:g} U/mL, share"] == pytest.approx(share, abs=0.006)
    moved = {name: value * (2.0 if name == "h_iia" else 1.0) for name, value in derive.shipped().items()}
    assert derive.answers(moved)[6] > 1.1 * answers["aPTT ratio at 0.6 U/mL"]


def test_what_nothing_can_make_stays_exactly_zero():
    """Without a contact activator factor XIIa multiplies itself: the rounding error of a solver grew to -79 nmol/L here."""
    plasma = Plasma(
        heparin_u_per_ml=0.6754396710653143,
        antithrombin_fraction=1.415657212646985,
        factor_ii_fraction=0.519088197168569,
        factor_v_fraction=1.4399531434261434,
        factor_vii_fraction=1.642791600299735,
        factor_viii_fraction=1.2175566145577408,
        factor_ix_fraction=1.1999354002127611,
        factor_x_fraction=1.2886612331554095,
        factor_xi_fraction=0.9053309589505064,
        factor_xii_fraction=0.5978975373125999,
        prekallikrein_fraction=0.7164525740391733,
        fibrinogen_fraction=0.40149344876154375,
        tfpi_fraction=0.7358815848569801,
        heparin_binding_fraction=1.423358437541444,
    )
    tube = clotting.thrombin_generation(plasma).tube
    network = clotting.HEPCLOT.network
    state = tube.state_nmol_per_l
    assert state.min() >= -1e-6
    assert not state[network.species.index("XIIa")].any()
    for there, found in ((("II",), {"II"}), (("II", "Xa"), {"II", "Xa", "IIa"})):
        start = network.state(dict.fromkeys(there, 1.0))
        assert {network.species[i] for i in np.flatnonzero(network.within_reach(start))} == found
    contact = clotting.contact_activation(plasma, stop_at_clot=True).state_nmol_per_l
    assert contact[network.species.index("XIIa")].max() > 1.0
