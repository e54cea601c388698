"""A table belongs to a reagent: what its range means in anti-Xa, the laboratory it runs in, and the words where that differs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from heparin_pk import (
    Arm,
    Course,
    Fixed,
    Infusion,
    Laboratory,
    Match,
    Nomogram,
    Patient,
    Population,
    Reagent,
    Regimen,
    TherapeuticRange,
    Trial,
    hospital,
    metrics,
    nomogram,
    published,
    reagent_for,
    titrate,
)
from heparin_pk.cli import main
from heparin_pk.published.reagents import MODERN, REAGENTS
from heparin_pk.simulation.matching import FITS_WITHIN_FRACTION, in_its_laboratory, match_of

UFH, ADULT = published.UFH_DEFAULT, Patient(weight_kg=82, baseline_aptt_s=31)
APTT = tuple(name for name in nomogram.names() if Nomogram.load(name).assay.startswith("aptt"))
SAID = {  # what was read: printed beside the seconds, or (derived) taken from the same hospital or the same indication
    "cruickshank-1991": (0.35, 0.67, "primary"),  # Levine 1994, the same group: 60-85 s
    "paediatric-aptt": (0.35, 0.7, "primary"),  # UpToDate graphic 114041: 60-85 s in most children
    "acs-fixed-step": (0.2, 0.5, "derived"),  # Cleveland: ACS, 60/12, 49-67 s
    "nsccm-higher-bleed": (0.39, 0.57, "derived"),  # the laboratory whose standard goal is 79-118 s
    "nsccm-postop": (0.32, 0.45, "derived"),
}
NOT_FITTING = "the laboratory does not fit the range"
pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")


def matched(name):
    table = Nomogram.load(name)
    return Match(target=table.target, reagent=reagent_for(table))


# What a table says


@pytest.mark.parametrize("name", APTT)
def test_what_was_printed_is_said_and_the_rest_is_marked_assumed(name):
    match, meant = matched(name), Nomogram.load(name).target.anti_xa
    if name not in SAID:
        assert match.is_assumed
        assert (match.meant.low, match.meant.high) == (0.3, 0.7)
        assert "(not printed: assumed)" in match.in_words()
        assert "its range in anti-Xa: not printed" in str(Nomogram.load(name))
        return
    low, high, confidence = SAID[name]
    assert (meant.low, meant.high, meant.source.confidence) == (low, high, confidence)
    assert "assumed" not in match.in_words()
    assert ("(derived)" in match.in_words()) == (confidence == "derived")
    assert f"its range is anti-Xa {low:g}-{high:g} U/mL ({confidence})" in str(Nomogram.load(name))


def test_an_anti_xa_table_needs_no_reagent():
    for name in set(nomogram.names()) - set(APTT):
        table = Nomogram.load(name)
        assert reagent_for(table) is None
        assert titrate(ADULT, UFH, table, hours=8).laboratory.reagent is None
        assert titrate(ADULT, UFH, table, hours=8).match is None


# The laboratory it runs in


@pytest.mark.parametrize("name", APTT)
def test_the_default_laboratory_gives_the_range_its_meaning(name):
    """The middle within 10 per cent, and who is in range is within the anti-Xa range: no end more than 0.16 U/mL inside it."""
    match = matched(name)
    (low, high), meant = match.found_u_per_ml, match.meant
    assert match.fits
    assert (low + high) / 2 == pytest.approx((meant.low + meant.high) / 2, rel=FITS_WITHIN_FRACTION)
    assert meant.low - 0.005 <= low <= meant.low + 0.16
    assert meant.high - 0.07 <= high <= meant.high + 0.005
    course = titrate(ADULT, UFH, Nomogram.load(name), hours=8)
    assert course.reagent == course.laboratory.reagent == match.reagent
    assert NOT_FITTING not in course.in_words()


def test_the_reagent_of_1993_stays_with_the_table_of_1993():
    assert reagent_for(Nomogram.load("raschke-1993")) == REAGENTS["raschke"]
    others = [name for name in APTT if reagent_for(Nomogram.load(name)) in REAGENTS.values()]
    assert others == ["raschke-1993"]


def test_three_goals_of_one_hospital_are_read_in_one_reagent():
    slopes = [reagent_for(Nomogram.load(f"nsccm-{name}")).slope_ml_per_u for name in ("standard", "higher-bleed", "postop")]
    assert max(slopes) / min(slopes) < 1.01


def test_by_hand():
    """60-85 s and 0.35-0.67 U/mL, 30 s: ln 2 and ln 2.83; (0.35 * 0.693 + 0.67 * 1.041) / (0.35^2 + 0.67^2) = 1.646 mL/U."""
    reagent = reagent_for(Nomogram.load("cruickshank-1991"))
    assert reagent.slope_ml_per_u == pytest.approx((0.35 * np.log(2.0) + 0.67 * np.log(85 / 30)) / (0.35**2 + 0.67**2))
    assert reagent.source.confidence == "derived"
    assert "DERIVED from aPTT 60-85 s = anti-Xa 0.35-0.67 U/mL, control 30 s (assumed)" in reagent.source.where
    with_control = replace(Nomogram.load("cruickshank-1991"), control_aptt_s=34.0)
    assert reagent_for(with_control).control_aptt_s == 34.0
    assert reagent_for(with_control).slope_ml_per_u < reagent.slope_ml_per_u


def test_the_modern_reagent_is_that_of_todays_ranges():
    """A laboratory's printed ranges for 0.3-0.7 U/mL, October 2021: 60-100 s, with the new lot 65-110 s (30 s assumed)."""
    lots = [
        Reagent.from_matched_range(
            name="lot", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(low / 30, high / 30), source=MODERN.source
        ).slope_ml_per_u
        for low, high in ((60, 100), (65, 110))
    ]
    assert lots == pytest.approx([1.81, 1.97], abs=0.006)
    assert MODERN.slope_ml_per_u == pytest.approx(lots[1], rel=0.01)
    sets = [drug for drug in published.UFH if isinstance(drug.reagent, Reagent)]
    assert len(sets) > 5
    assert all(drug.reagent == MODERN for drug in sets)


def test_a_laboratory_that_names_no_reagent_keeps_all_else():
    table, said = Nomogram.load("durham-va-2009"), Laboratory(turnaround_h=0.5, cv_fraction=0.02, ceiling=200)
    course = titrate(ADULT, UFH, table, laboratory=said, hours=8)
    assert course.laboratory == replace(said, reagent=reagent_for(table))


def test_only_tables_bring_a_reagent_and_only_for_drugs_that_have_one():
    plan = Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),)), draws_h=(6,))
    assert titrate(ADULT, UFH, plan, hours=8).reagent == MODERN
    table, laboratory = Nomogram.load("raschke-1993"), Laboratory()
    for drug in (published.SWAN_ARGATROBAN_DERIVED, published.SCHOEMAKER_1996_DALTEPARIN_DERIVED):
        assert in_its_laboratory(table, drug, laboratory) == laboratory  # their aPTT is a law of their own
    assert match_of(table.target, published.SWAN_ARGATROBAN_DERIVED.reagent) is None
    with pytest.raises(ValueError, match="about which nothing was published with EDRICH"):
        titrate(ADULT, published.EDRICH_2015_UFH, table)


# One patient and many


@pytest.mark.parametrize("name", ["raschke-1993", "durham-va-2009", "uk-aptt-ratio", "michigan-vte-anti-xa", "acs-fixed-step"])
@pytest.mark.parametrize("where", [hospital.IDEAL, hospital.REAL])
def test_titrate_finds_the_row_of_the_trial(name, where):
    """Without a word about laboratories on either side, each patient's course is that patient's row."""
    table = Nomogram.load(name)
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[table], hospital=where)
    rows = trial.chunk(20, 9, seed=3).rows[name]
    for subject in range(20, 29):
        patient = trial.population_of(name).person(UFH, subject, seed=3)
        laboratory = Laboratory(assay=table.assay, residual=where.residual)
        course = titrate(patient, UFH, table, laboratory=laboratory, seed=3, subject=subject, ward_errors=where.ward_errors)
        assert course.reagent == trial.course(name, subject, seed=3).reagent
        row = {key: values[subject - 20] for key, values in rows.items()}
        assert row["time_in_range_fraction"] == pytest.approx(metrics.time_in_range_fraction(course, table.target), abs=1e-3)
        assert row["blood_draws"] == len(course.labs)
        for key in ("fraction_of_tests_in_range", "rosendaal_fraction"):
            assert row[key] == pytest.approx(getattr(metrics, key)(course, table.target), nan_ok=True)
        assert row["heparin_given_u"] == pytest.approx(metrics.summary(course, table.target)["heparin_given_u"])


def test_each_arm_runs_in_the_laboratory_of_its_table():
    arms = [Nomogram.load(name) for name in ("raschke-1993", "durham-va-2009", "michigan-vte-anti-xa")]
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=arms)
    assert {name: match.reagent for name, match in trial.matches.items()} == {t.name: reagent_for(t) for t in arms[:2]}
    assert NOT_FITTING not in trial.run(20, seed=1, progress=False).in_words()
    assert {"Raschke_1993", "Durham_VA_2009"} <= {source.key for source in trial.sources}  # a derived reagent is its table's


# Another reagent is an experiment, and is called one


@given(st.sampled_from(APTT), st.floats(0.2, 8.0))
def test_a_laboratory_that_does_not_fit_always_says_so(name, slope_ml_per_u):
    table, found = Nomogram.load(name), matched(name)
    reagent = replace(MODERN, name="other", slope_ml_per_u=slope_ml_per_u)
    assume(abs(found.off_fraction) < 1)
    off = (1 + found.off_fraction) * found.reagent.slope_ml_per_u / slope_ml_per_u - 1  # the middle moves against the slope
    assume(abs(abs(off) - FITS_WITHIN_FRACTION) > 1e-9)
    match = Match(target=table.target, reagent=reagent)
    assert match.off_fraction == pytest.approx(off)
    assert match.fits == (abs(off) <= FITS_WITHIN_FRACTION)
    assert match.in_words().startswith(NOT_FITTING) == (not match.fits)
    assert "\n" not in match.in_words()
    assert table.target.in_words() in match.in_words()
    course = titrate(ADULT, UFH, table, laboratory=Laboratory(assay=table.assay, reagent=reagent), hours=2)
    assert course.in_words().endswith(match.in_words()) == (not match.fits)


@pytest.mark.parametrize(("off", "fits"), [(-0.101, False), (-0.099, True), (0.099, True), (0.101, False)])
def test_ten_per_cent_are_borne(off, fits):
    """Two lots of one reagent, 60-100 and 65-110 s for the same 0.3-0.7 U/mL, are 9 per cent apart: no more is passed over."""
    target = Nomogram.load("hull-1992").target
    slope = (np.log(55 / 30) + np.log(85 / 30)) / (0.3 + 0.7) / (1 + off)
    match = Match(target=target, reagent=replace(MODERN, slope_ml_per_u=slope))
    assert match.off_fraction == pytest.approx(off)
    assert match.fits == fits


def test_the_line_says_both_ranges(capsys):
    """3.30 mL/U: 0.3-0.7 U/mL is 81 s to beyond 150 s; 46-70 s is 0.13-0.26 U/mL."""
    line = (
        "the laboratory does not fit the range: aPTT 46-70 s is aimed at, but with its reagent (Pathromtin SL, 3.30 mL/U) "
        "anti-Xa 0.3-0.7 U/mL (not printed: assumed) is aPTT 81 to > 150 s; what is aimed at is anti-Xa 0.13-0.26 U/mL here"
    )
    table, laboratory = Nomogram.load("raschke-1993"), Laboratory(reagent=REAGENTS["pathromtin-sl"])
    course = titrate(ADULT, UFH, table, laboratory=laboratory)
    assert course.in_words().splitlines()[-1] == line
    arms = {"own": table, "other": Arm(controller=table, laboratory=laboratory)}
    found = Trial(population=hospital.THROMBOSIS_WARD, arms=arms).run(20, seed=1, progress=False)
    assert f"other: {line}" in found.in_words().splitlines()
    assert found.in_words().count(NOT_FITTING) == 1
    asked = ("titrate", "raschke-1993", "--weight", "82", "--reagent", "pathromtin-sl")
    assert main([*asked]) == 0
    assert line in capsys.readouterr().out.splitlines()
    assert main([*asked, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)["laboratory"]
    assert (said["fits"], said["in_words"], said["reagent"]) == (False, line, "pathromtin-sl")
    assert said["here_anti_xa_u_per_ml"] == pytest.approx([0.1297, 0.2571], abs=1e-4)


def test_the_command_line_of_a_trial_says_it(capsys):
    asked = ("trial", "raschke-1993", "durham-va-2009", "-n", "20", "--quiet")
    assert main([*asked]) == 0
    out = capsys.readouterr().out
    assert "Raschke 1993: aPTT 46-70 s stands for anti-Xa 0.3-0.7 U/mL (not printed: assumed)" in out
    assert NOT_FITTING not in out
    assert main([*asked, "--reagent", "guideline", "--json"]) == 0
    laboratories = json.loads(capsys.readouterr().out)["laboratories"]
    assert [laboratories[name]["fits"] for name in ("raschke-1993", "durham-va-2009")] == [True, False]


def test_a_table_and_a_model_are_shown_with_their_reagent(capsys):
    assert main(["nomograms", "durham-va-2009"]) == 0
    out = capsys.readouterr().out
    assert "its range in anti-Xa: not printed; its reagent: not named" in out
    assert "(matched to its range, 1.81 mL/U) it is anti-Xa 0.45-0.64 U/mL: the middles agree" in out
    assert main(["nomograms", "--json"]) == 0
    rows = {row["name"]: row["laboratory"] for row in json.loads(capsys.readouterr().out)}
    assert {name for name, row in rows.items() if row is not None and name in nomogram.names()} == set(APTT)
    assert rows["raschke-1993"]["reagent"] == "raschke"
    assert main(["models", "UFH_DEFAULT"]) == 0
    assert f"aPTT slope ({MODERN.label}), mL/U" in capsys.readouterr().out


def test_a_course_keeps_what_its_range_means(tmp_path):
    course = titrate(ADULT, UFH, Nomogram.load("paediatric-aptt"), laboratory=Laboratory(reagent=REAGENTS["silimat"]), hours=12)
    course.to_csv(tmp_path / "course.csv")
    for again in (Course.from_json(course.to_json()), Course.from_csv(tmp_path / "course.csv")):
        assert again == course
        assert again.match == course.match
        assert again.in_words() == course.in_words()
    assert (course.match.meant.low, course.match.fits) == (0.35, False)


# Tables of one's own

OWN = """
title = "Ours"
assay = "aptt_s"
round_to = 1
target = [50, 70]
{more}
[source]
key = "Ours"
citation = "Ours"
where = "page 1"
confidence = "primary"
{source}
[start]
rate_u_per_kg_per_h = 16
first_check_h = 6
[recheck]
hours = 6
[[bands]]
label = "<50 s"
below = 50
change_u_per_kg_per_h = 2
[[bands]]
label = "50-70 s"
below = 71
[[bands]]
label = ">70 s"
below = inf
change_u_per_kg_per_h = -2
"""


def own(tmp_path, more="", source=""):
    file = tmp_path / "ours.toml"
    file.write_text(OWN.format(more=more, source=source))
    return Nomogram.load(file)


def test_a_table_of_ones_own_says_what_its_range_means(tmp_path):
    assert own(tmp_path).target.anti_xa is None
    low = own(tmp_path, "anti_xa_u_per_ml = [0.2, 0.37]")  # a stroke range: 50-65 s, 0.2-0.37 U/mL at UC Irvine
    assert low.target.anti_xa == TherapeuticRange(assay="anti_xa_u_per_ml", low=0.2, high=0.37, source=low.source)
    assert reagent_for(low).slope_ml_per_u > reagent_for(own(tmp_path)).slope_ml_per_u
    named = own(tmp_path, 'anti_xa_u_per_ml = [0.3, 0.46]\nreagent = "manual-il"\ncontrol_aptt_s = 31.5')
    assert reagent_for(named) == REAGENTS["manual-il"]
    other = own(tmp_path, 'reagent = "pathromtin-sl"')  # a name whose seconds mean something else: the range decides
    assert reagent_for(other) == reagent_for(own(tmp_path))
    source = '[anti_xa_source]\nkey = "L"\ncitation = "The laboratory"\nwhere = "notice"\nconfidence = "primary"'
    assert own(tmp_path, "anti_xa_u_per_ml = [0.3, 0.7]", source).target.anti_xa.source.citation == "The laboratory"


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("anti_xa_u_per_ml = 0.3", r"line 6: anti_xa_u_per_ml must be \[low, high\]; got 0.3"),
        ("anti_xa_u_per_ml = [0.7, 0.3]", "line 6: anti_xa_u_per_ml: a range needs 0 < low < high; got low 0.7"),
        ("anti_xa_u_per_ml = [0.3, 70]", "line 6: anti_xa must lie between 0.01 and 10; got 70"),
        ("anti_xa_per_ml = [0.3, 0.7]", r"line 6: unknown key 'anti_xa_per_ml' .*\(anti_xa_u_per_ml\?\)"),
        ("anti_xa_source = 3", "anti_xa_source needs anti_xa_u_per_ml"),
        ("control_aptt_s = 3", "line 6: .*control_aptt_s must lie between 15 and 60; got 3"),
        ("reagent = 3", "line 6: .*reagent must be a text .*; got 3"),
    ],
)
def test_a_misprint_is_named_with_its_line(tmp_path, more, words):
    with pytest.raises(ValueError, match=words):
        own(tmp_path, more)


def test_what_cannot_be_matched_is_refused(tmp_path):
    table = own(tmp_path, 'reagent = "actinfs"')
    with pytest.raises(ValueError, match="no reagent 'actinfs'; there are manual-boehringer"):
        titrate(ADULT, UFH, table)
    with pytest.raises(ValueError, match="arm ours: ours: no reagent 'actinfs'"):
        Trial(population=hospital.THROMBOSIS_WARD, arms=[table])
    titrate(ADULT, UFH, table, laboratory=Laboratory(reagent=MODERN), hours=2)
    with pytest.raises(ValueError, match="no reagent makes aPTT 50-70 s = anti-Xa 0.3-0.7 U/mL .assumed., control 55 s"):
        reagent_for(own(tmp_path, "control_aptt_s = 55"))
    anti_xa = Nomogram.load("michigan-vte-anti-xa")
    for field, value in (("reagent", "raschke"), ("control_aptt_s", 30.0)):
        with pytest.raises(ValueError, match=f"{field} belongs to a table that reads the aPTT; got {value!r}"):
            replace(anti_xa, **{field: value})
    with pytest.raises(ValueError, match="anti_xa must be the anti-Xa range of an aPTT range"):
        TherapeuticRange(assay="act_s", low=250, high=300, anti_xa=anti_xa.target)
    with pytest.raises(ValueError, match="anti_xa must be the anti-Xa range of an aPTT range"):
        TherapeuticRange(assay="aptt_s", low=46, high=70, anti_xa=Nomogram.load("raschke-1993").target)
    with pytest.raises(ValueError, match="the assay of the target must be one of aptt_s, aptt_ratio"):
        Match(target=anti_xa.target, reagent=MODERN)


# What a baseline, a common range, other outcomes and a name would change without a word


def test_patients_whose_baseline_is_not_the_control_are_not_said_to_fit():
    """A control of 40 s with patients of 30 s: the same seconds are another level, and the trial says so."""
    raschke = Nomogram.load("raschke-1993")
    for factor in (0.75, 4.0 / 3.0):
        target = replace(raschke.target, low=46.0 * factor, high=70.0 * factor)
        reagent = replace(REAGENTS["raschke"], control_aptt_s=30.0 * factor)
        match = Match(target=target, reagent=reagent)
        other = replace(match, baseline_aptt_s=30.0)
        assert match.fits
        assert match.found_u_per_ml == pytest.approx(Match(target=raschke.target, reagent=REAGENTS["raschke"]).found_u_per_ml)
        assert not other.fits
        assert f"without heparin {30.0 * factor:g} s" in match.in_words()
        low, high = other.found_u_per_ml
        assert 30.0 * np.exp(reagent.slope_ml_per_u * np.array([low, high])) == pytest.approx([target.low, target.high])
    patients = Population(name="long baselines", typical=Patient(weight_kg=80, baseline_aptt_s=42))
    trial = Trial(population=patients, arms=[raschke])
    assert not trial.matches["raschke-1993"].fits
    assert "does not fit" in trial.run(3, seed=1, progress=False).in_words()
    assert trial.matches["raschke-1993"].to_plain()["without_heparin_s"] == 42
    with pytest.raises(ValueError, match="baseline_aptt_s must lie between 10 and 200; got 5"):
        Match(target=raschke.target, reagent=MODERN, baseline_aptt_s=5)


def test_a_ratio_is_read_over_the_control_of_its_reagent():
    reagent = replace(MODERN, control_aptt_s=27.0)
    ratio = Match(target=Nomogram.load("uk-aptt-ratio").target, reagent=reagent)
    found = [np.log(end) / reagent.slope_ml_per_u for end in (ratio.target.low, ratio.target.high)]
    assert ratio.found_u_per_ml == pytest.approx(found)
    shifted = replace(ratio, baseline_aptt_s=30.0)
    assert shifted.found_u_per_ml == pytest.approx([one - np.log(30.0 / 27.0) / reagent.slope_ml_per_u for one in found])


def test_a_common_range_in_seconds_needs_one_reagent():
    arms = [Nomogram.load("raschke-1993"), Nomogram.load("durham-va-2009")]
    seconds = published.ranges.APTT_RASCHKE
    with pytest.raises(ValueError, match="means another level in each arm"):
        Trial(population=Population(), arms=arms, common_range=seconds)
    one = Trial(population=Population(), arms=arms, common_range=seconds, laboratory=Laboratory(reagent=MODERN))
    assert one.common_range == seconds


def test_each_reagent_fits_the_ranges_it_was_read_from():
    """Korea: 66.6-127.9 s are anti-Xa 0.35-0.70, with the 34.7 s without heparin of that line."""
    anti_xa = TherapeuticRange(assay="anti_xa_u_per_ml", low=0.35, high=0.70)
    target = TherapeuticRange(assay="aptt_s", low=66.6, high=127.9, anti_xa=anti_xa)
    match = Match(target=target, reagent=REAGENTS["korea"])
    assert match.found_u_per_ml == pytest.approx((0.35, 0.70), rel=1e-9)


def test_no_name_of_a_reagent_can_come_to_mean_another():
    with pytest.raises(TypeError):
        REAGENTS["mine"] = MODERN


def test_rows_and_words_name_the_reagent(tmp_path, capsys):
    for reagent in ((), ("--reagent", "silimat")):
        file = tmp_path / "rows.csv"
        main(["trial", "raschke-1993", "-n", "5", "--seed", "1", "--hospital", "ideal", "--csv", str(file), "--quiet", *reagent])
        head, first = file.read_text(encoding="utf-8").splitlines()[:2]
        row = dict(zip(head.split(","), first.split(","), strict=True))
        assert (row["hospital"], row["reagent"]) == ("ideal", reagent[1] if reagent else "raschke")
    capsys.readouterr()


def test_the_turnaround_of_the_command_line_is_the_laboratory_s(capsys):
    found = []
    for hours in ("1", "4"):
        main(["trial", "raschke-1993", "-n", "20", "--seed", "1", "--hospital", "ideal", "--turnaround", hours, "--json"])
        summary = json.loads(capsys.readouterr().out)["summary"]
        found.append(next(row["mean"] for row in summary if row["outcome"] == "blood_draws"))
    laboratory = Laboratory(turnaround_h=4)
    raschke = Nomogram.load("raschke-1993")
    trial = Trial(population=hospital.THROMBOSIS_WARD, arms=[raschke], laboratory=laboratory)
    assert found[1] == trial.run(20, seed=1, progress=False).estimate("raschke-1993", "blood_draws").mean
    assert found[0] != found[1]
