"""The README is true: its code runs, its pictures exist, its commands are commands, its numbers are ours."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Ensemble,
    Infusion,
    Laboratory,
    Nomogram,
    OutsideValidityDomain,
    Patient,
    Regimen,
    TherapeuticRange,
    Trial,
    calibration,
    datasets,
    hospital,
    indications,
    metrics,
    nomogram,
    plot,
    published,
    run_ensemble,
    simulate,
    validation,
)
from heparin_pk.cli.output import PLAINLY
from heparin_pk.cli.parser import parser

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_ten_lines_run_and_print_what_they_say(capsys):
    matplotlib.use("Agg")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    names: dict = {}
    exec(code, names)
    printed = capsys.readouterr().out
    promised = re.search(r'# "(.*?)"', code)[1]
    assert promised in re.sub(r" {2,}", "  ", printed)
    assert 0.5 < names["metrics"].time_in_range_fraction(names["course"], names["nomogram"].target) < 1.0
    again = simulate(names["patient"], names["heparin"], names["course"].regimen)
    assert (again.states == names["course"].states).all()


def test_every_picture_exists_and_says_in_words_what_it_shows():
    pictures = re.findall(r"!\[(.*?)\]\((.*?)\)", README)
    assert len(pictures) >= 5
    for words, file in pictures:
        assert (ROOT / file).is_file()
        assert len(words) > 40
        assert (ROOT / file).with_suffix(".svg").is_file()


def test_every_link_leads_somewhere():
    for file in re.findall(r"(?<!!)\[[^\]]*\]\(([^)#]+)\)", README):
        assert (ROOT / file).exists(), file


def test_the_command_lines_parse():
    block = re.search(r"## On the command line\n\n```\n(.*?)```", README, re.S)[1]
    for line in block.splitlines():
        words = re.sub(r"\s{2,}#.*", "", line).replace('"24 stop"', "24_stop").split()[1:]
        for command in "".join(words).split("|") if "|" in words else [None]:
            options = parser().parse_args([command] if command else [word.replace("_", " ") for word in words])
            assert callable(options.run)


def test_the_sentence_that_matters_stands_once():
    assert README.count("not for the care of patients") == 1
    assert parser().format_help().replace("\n", " ").count("not for the care of patients") == 1
    assert "not for the care of patients" in PLAINLY


def test_the_table_of_checks_is_ours():
    person = Patient(weight_kg=75)
    halves = [60 * metrics.half_life_h(plot.after_bolus(published.UFH_DEFAULT, person, dose)) for dose in (25, 100, 400)]
    assert " / ".join(f"{half:.0f}" for half in halves) + " min" in README
    plateau = published.UFH_DEFAULT.individual(person).steady_state_u_per_ml(18 * 75)
    assert f"{plateau:.2f} U/mL" in README
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
    course = simulate(person, published.UFH_DEFAULT, regimen, hours=24, reagent=published.reagents.GUIDELINE)  # 1.5-2.5 x is its
    early, late = (course.level_at("aptt_s", hour) for hour in (6, 24))
    assert f"{early:.0f} s ({early / 30:.1f} ×) and {late:.0f} s ({late / 30:.1f} ×)" in README


def figures():
    """Return the script that draws the figures, as a module."""
    sys.path.insert(0, str(ROOT / "figures"))
    try:
        import make_figures
    finally:
        sys.path.pop(0)
    return make_figures


def test_the_picture_on_top_says_what_its_caption_says():
    course = figures().hero()
    assert f"anti-Xa\nof {course.level_at('anti_xa_u_per_ml', 48):.2f} U/mL" in README
    slope, baseline_s = course.reagent.slope_ml_per_u, course.patient.baseline_aptt_s
    low, high = (np.log(end / baseline_s) / slope for end in (46.0, 70.0))
    assert f"46–70 s are anti-Xa {low:.2f}–{high:.2f} U/mL in\nthis patient" in README
    assert "108 s" in README
    assert course.labs[0].value == 108
    assert f"settles at {course.level_at('aptt_s', 48):.0f} s" in README


FOLDERS = {path.name for path in (ROOT / "heparin_pk").iterdir() if (path / "__init__.py").exists()}
IMPORTS = re.search(r"```\n(base → .*?)```", README, re.S)[1]


def test_the_table_of_folders_names_every_folder_and_things_that_are_there():
    table = re.search(r"\| folder \| what lives there.*?\n\n", README, re.S)[0]
    assert set(re.findall(r"`(\w+)/`", table)) - {"docs"} == FOLDERS
    for row in table.strip().splitlines()[2:]:
        folders, example = re.findall(r"`(\w+)/`", row.split("|")[1]), row.split("|")[3]
        files = [file for folder in folders for file in (ROOT / "heparin_pk" / folder).rglob("*.py")]
        texts = "".join(file.read_text(encoding="utf-8") + file.stem + "\n" for file in files)
        names = [name.rpartition(".")[2] for name in re.findall(r"`([\w.]+)`", example)]
        assert names
        assert [name for name in names if not re.search(rf"\b{name}\b", texts)] == []


def test_the_picture_of_imports_is_the_one_that_is_tested():
    """Each folder stands to the right of all it may import; the house test reads the imports themselves."""
    from test_house import FLOORS

    places = {name: IMPORTS.index(name) for name in re.findall(r"[a-z]+", IMPORTS)}
    order = re.findall(r"\w+", IMPORTS.replace("body → engine", ""))
    order.insert(order.index("blood") + 1, "engine")
    assert set(order) == FOLDERS == set(places)
    floors = [FLOORS[name] for name in order if name != "engine"]
    assert floors == sorted(floors)
    assert FLOORS["body"] < FLOORS["engine"] < FLOORS["simulation"]


ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
NUMBERS = {word: number for number, word in enumerate(ONES + TEENS)} | {word: 20 + 10 * i for i, word in enumerate(TENS)}
NUMBERS |= {f"{ten}-{one}": NUMBERS[ten] + NUMBERS[one] for ten in TENS for one in ONES[1:10]}


def counted(pattern):
    """Return the number word (or digits) that README prints where the pattern says."""
    word = re.search(pattern, README)[1].lower()
    return NUMBERS[word] if word in NUMBERS else int(word)


def test_the_counts_it_prints_are_counted():
    tables = sorted((ROOT / "heparin_pk" / "ward" / "nomograms").glob("*.toml"))
    incomplete = list((ROOT / "heparin_pk" / "ward" / "nomograms" / "incomplete").glob("*.toml"))
    assert counted(r"([\w-]+) published tables load by name") == len(nomogram.names()) == len(tables)
    assert counted(r"([\w-]+) more could only be read in\npart") == len(incomplete)
    assert counted(r"Four of the ([\w-]+):") == len(tables)
    assert counted(r"`published.ALL` holds ([\w-]+) sets") == len(published.ALL)
    assert len(re.findall(r"^\d+\. \[", README, re.M)) == len(list((ROOT / "notebooks").glob("[01][0-9]-*.ipynb"))) - 1 == 11
    drawn = [drug for drug in published.UFH_BEYOND_NEWBORNS if "anti_xa_u_per_ml" in drug.responses.assays]  # it is in anti-Xa
    left_out = set(published.UFH) - set(published.UFH_BEYOND_NEWBORNS)
    assert {drug.name.partition("_1981")[0] for drug in left_out} == {"MCDONALD"}
    assert counted(r"contradict each other in a textbook's model, and (\w+) models of one drug") == len(drawn)
    assert counted(r"!\[(\w+) models for one patient") == len(drawn)
    assert counted(r"(\w+) effects that a paper\ncontradicts are hypotheses") == len(published.UFH_DEFAULT.hypotheses)


def test_the_models_lie_where_their_caption_says():
    courses = [course for course in figures().one_patient_in_many_models() if "anti_xa_u_per_ml" in course.assays]
    ends = [course.level_at("anti_xa_u_per_ml", 24) for course in courses]
    assert f"they lie between {min(ends):.2f} and {max(ends):.1f} U/mL" in README
    thick = [end for end, course in zip(ends, courses, strict=True) if not course.outside]
    lowest, *others = sorted(thick)  # the lowest is the one that shows the contradiction
    assert f"are thick and end between {min(others):.2f} and {max(others):.2f} U/mL, but for the one" in README
    assert f"fitted to the half-lives alone ({lowest:.2f})" in README
    by_name = {course.drug.name: end for end, course in zip(ends, courses, strict=True)}
    assert by_name["UFH_A_HALF_LIVES_DERIVED"] == lowest


def test_the_replayed_patient_says_what_its_caption_says():
    chart = datasets.load_icu_course("M3D-027")
    text, ends = " ".join(README.split()), []
    for reagent in (published.reagents.MODERN, published.reagents.GUIDELINE):
        course = datasets.replay(chart, published.UFH_DEFAULT, reagent=reagent)
        errors = [row["error_percent"] for row in metrics.prediction_errors(course, chart.labs) if row["drawn_h"] > 24]
        ends.append((round(-min(errors)), round(max(errors))))
    assert published.UFH_DEFAULT.reagent == published.reagents.MODERN
    assert f"lies between {ends[0][0]} per cent below and {ends[0][1]} per cent above the measured one" in text
    assert f"is from {ends[0][0]} % too low to {ends[0][1]} % too high after the first day" in text
    assert f"it is up to {ends[1][0]} % too low" in text


def test_the_median_errors_of_the_courses_are_the_ones_it_says():
    found = []
    for reagent in (published.reagents.MODERN, published.reagents.REAGENTS["silimat"]):
        errors, n = [], 0
        for name in datasets.icu_course_ids():
            chart = datasets.load_icu_course(name)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", OutsideValidityDomain)
                course = datasets.replay(chart, published.UFH_DEFAULT, reagent=reagent)
            one = [row["error_percent"] for row in metrics.prediction_errors(course, chart.labs) if "error_percent" in row]
            errors, n = errors + one, n + bool(one)
        assert n == 13
        found.append(np.median(errors))
    text = " ".join(README.split())
    assert (
        f"Over all thirteen courses the median error is {found[0]:.0f} % with the modern reagent, and {found[1]:.0f} % with"
        in text
    )


def test_every_block_of_code_runs(capsys):
    """The three blocks beside the ten lines, with a tenth of the patients."""
    blocks = re.findall(r"```\n(from heparin_pk.*?)```", README, re.S)
    assert len(blocks) == 2
    matplotlib.use("Agg")
    for block in blocks:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OutsideValidityDomain)
            exec(block.replace("4000", "400"), {})
    assert "patients, the same in every arm" in capsys.readouterr().out


@pytest.mark.slow
def test_the_figures_can_be_made_again(tmp_path):
    result = subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "figures" / "make_figures.py"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    made = {path.name for path in tmp_path.iterdir()}
    committed = {path.name for path in (ROOT / "figures").iterdir() if path.suffix in (".png", ".svg")}
    assert made == committed


def test_the_four_nomograms_are_all_there():
    assert {"raschke-1993", "durham-va-2009", "michigan-vte-anti-xa", "uk-aptt-ratio"} <= set(nomogram.names())


@pytest.mark.slow
def test_the_score_it_prints_is_the_score():
    """All of it: what proves nothing and why, both kinds of uncertainty, the misses whose cause was tested, the trials."""
    found = validation.rows()
    numbers = validation.score(found)
    text = " ".join(README.split())
    assert f"prints {numbers['rows']} rows of numbers" in text
    assert f"{numbers['used_to_build']} of them were used to build" in text
    assert f"{numbers['own_paper']} ask a set or a reagent for its own paper" in text
    assert f"and {numbers['asked_again']} ask again for a number" in text
    inside, outside = numbers["proving_inside"], numbers["proving_outside"]
    assert f"Of the other {numbers['proving']}, {inside} lie inside and {outside} outside" in text
    printed, ours = (f"{numbers[f'{kind}_inside']} of {numbers[kind]}" for kind in ("printed", "ours"))
    assert f"{printed} inside where the paper prints an uncertainty, {ours} where the tolerance is ours" in text
    assert "More than a hundred and fifty rows of printed numbers" in text
    assert 150 < numbers["rows"] < 200
    misses = [row for row in found if row.claim.proves and not row.inside]
    causes = {word: sum(word in row.why for row in misses) for word in ("reagent", "drift", "chains", "unexplained")}
    assert sum(causes.values()) == len(misses)
    assert f"the reagent explains {causes['reagent']}, drift and residual error {causes['drift']}" in text
    assert f"long and short chains {causes['chains']}, and {causes['unexplained']} are unexplained" in text
    trials = [row for row in found if row.claim.group == "virtual trials" and row.claim.proves]
    assert f"virtual patients ({len(trials)} of the {numbers['proving']}, {sum(row.inside for row in trials)} inside)" in text
    of_then = ("Raschke_1993_trial", "Raschke_Reilly_1995", "Cruickshank_1991_trial")
    old = [row for row in trials if row.claim.source.key in of_then]
    assert f"{sum(row.inside for row in old)} of {len(old)} numbers of the trials of 1991 and 1993 are met" in text
    of_today = {"Brigham_compliance", "Ifergan_2025"}
    wards = [row for row in trials if row.claim.source.key in of_today and row.claim.model.startswith("UFH_DEFAULT")]
    assert [row.inside for row in wards] == [True, False]
    assert "one of two numbers of such wards is met" in text
    in_view = [row for row in found if row.claim.source.key in ("Ting_2018", "Prucnal_2020") and not row.claim.asks_again]
    met = sum(row.inside for row in in_view)
    assert all(row.claim.used_to_build for row in in_view)
    assert (met, len(in_view)) == (9, 10)
    assert f"with them it would be {inside + met} of {numbers['proving'] + len(in_view)}" in text
    missed = next(row for row in in_view if not row.inside)
    assert missed.claim.quantity.startswith("time in range by Rosendaal")
    assert f"{100 * missed.ours:.0f} per cent by Rosendaal where {100 * missed.claim.printed:.0f} were counted" in text
    coronary = [row for row in trials if row.claim.source.key == "ACS_nomogram_trial"]
    early = [row.inside for row in coronary if " at 6 h" in row.claim.quantity or " at 12 h" in row.claim.quantity]
    assert early == [False] * 4
    infants = [row for row in found if row.claim.group == "children" and "adult default model" in row.claim.quantity]
    more = sorted(round(100 * (row.ours / row.claim.printed - 1)) for row in infants)
    assert f"the default asks for {more[0]} to {more[-1]} % more than infants needed" in text
    assert inside + outside == numbers["proving"]


def test_dialysis_is_as_far_off_as_it_says():
    session, person = indications.named("haemodialysis"), Patient(weight_kg=75, kidney_failure=True)
    plain, slow = published.UFH_DEFAULT, published.UFH_DEFAULT.with_hypotheses("kidney failure")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)
        off, on = (session.course(person, drug=drug).level_at("anti_xa_u_per_ml", 4) for drug in (plain, slow))
    text = " ".join(README.split())
    assert f"too low ({off:.2f} U/mL one hour after the stop, where 0.25 was measured; {on:.2f} with the hypothesis" in text


def test_the_pictures_say_what_their_captions_say():
    ill = calibration.FACTOR_VIII_AFTER_SURGERY.value
    tubes = calibration.samples(published.UFH_DEFAULT, published.reagents.GUIDELINE, 600, seed=3, factor_viii_u_per_ml=ill)
    found = calibration.agreement(tubes, TherapeuticRange(assay="aptt_s", low=45, high=75))
    shares = (found.in_fraction, found.below_fraction, found.above_fraction)
    percent = [round(100 * share) for share in shares]
    assert f"{percent[0]} per cent have an aPTT in range, {percent[1]} below and {percent[2]} above" in README
    assert f"rank correlation {found.rank_correlation_ratio:.2f}" in README


RASCHKE, DURHAM = "raschke-1993", "durham-va-2009"
REAL = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(RASCHKE), Nomogram.load(DURHAM)], hospital=hospital.REAL)
OWN, COMMON = "time_in_range_fraction", "common_range_in_range_fraction"


@pytest.mark.slow
def test_the_hospital_says_what_its_captions_say():
    """README and notebook: 4,000 patients, seed 7, in a real hospital, in an ideal one, and in one whose ward alone errs."""
    text = " ".join(README.split())
    ideal = replace(REAL, hospital=hospital.IDEAL)
    trials = (REAL, ideal, replace(ideal, ward_errors=hospital.REAL_WARD))
    real, best, on_a_ward = (trial.run(4000, seed=7, progress=False) for trial in trials)
    by_48_h = [f"{100 * real.curve(arm, 'in_range_result_h')[1][-1]:.0f}" for arm in real.arms]
    assert f"{' and '.join(by_48_h)} per cent by 48 hours" in text
    own, common = (real.difference(DURHAM, key) for key in (OWN, COMMON))
    assert f"{-100 * own.mean:.0f} points less of the time in its own range" in text
    interval = f"{100 * common.mean:.1f} points (95 % interval by chance {100 * common.low:.1f} to {100 * common.high:.1f})"
    assert f"is not known: the difference is {interval}" in text
    ends = [f"{low:.2f}-{high:.2f}" for low, high in (real.matches[arm].found_u_per_ml for arm in (DURHAM, RASCHKE))]
    assert f"its range is narrower (anti-Xa {ends[0]} U/mL, and {ends[1]})" in text
    one = replace(REAL, laboratory=Laboratory(reagent=published.reagents.MODERN)).run(4000, seed=7, progress=False)
    more = -100 * one.difference(DURHAM, "common_range_below_fraction").mean
    assert f"holds people {more:.0f} points more of the time below the common range" in text
    assert not one.matches[RASCHKE].fits
    assert all(match.fits for match in real.matches.values())
    shares = {arm: [100 * one.estimate(arm, OWN).mean for one in (real, best, on_a_ward)] for arm in (DURHAM, RASCHKE)}
    first, second = ([f"{share:.0f}" for share in shares[arm]] for arm in (DURHAM, RASCHKE))
    assert (
        f"{first[0]} per cent in range in the real hospital and {first[1]} in the ideal one, and {' and '.join(second[:2])} u"
        in text
    )
    assert (
        f"could do: {first[1]} per cent of the time in range under the table of 68-95 s, {second[1]} under that of 46-70 s"
        in text
    )
    lost = [f"{one[1] - one[0]:.0f}" for one in shares.values()]
    assert f"a real hospital loses {' and '.join(lost)} points" in text
    by_errors = [f"{one[1] - one[2]:.0f}" for one in shares.values()]
    assert f"Of that, {' and '.join(by_errors)} points are the errors of the ward" in text
    for key, measured, words in (
        (
            "period_to_48_h_in_range",
            "in range at 48 h, pulmonary embolism",
            "per cent of those with a result from 42 to 48 hours (here",
        ),
        ("fraction_of_tests_in_range", "share of results in range", "per cent of all results in range (here"),
    ):
        here = [f"{100 * real.estimate(arm, key).mean:.0f}" for arm in (DURHAM, RASCHKE)]
        assert f"{100 * hospital.MEASURED_ON_WARDS[measured].value:.0f} {words} {' and '.join(here)})" in text


@pytest.mark.slow
def test_what_it_says_of_two_tables_holds_under_every_model():
    """The sentence names an interval of the models, and what it says of the tables is true of each model."""
    runner = "compiled" if find_spec("numba") else "numpy"
    found = run_ensemble(REAL, Ensemble.of(REAL.drug, 200, seed=7), 4000, seed=7, runner=runner, progress=False)
    text = " ".join(README.split())
    common = found.difference(DURHAM, COMMON).models
    assert (
        f"under the {common.n} other models that the same papers allow it is {100 * common.low:.1f} to {100 * common.high:+.1f}"
        in text
    )
    assert common.low < 0 < common.high
    few = run_ensemble(
        REAL, Ensemble.of(REAL.drug, 20, seed=7), 4000, seed=7, runner=runner, outcomes=found.outcomes, progress=False
    )
    assert f"with 20 the upper end is {100 * few.difference(DURHAM, COMMON).models.high:+.1f}" in text
    apart = replace(REAL, drug=published.UFH_LONG_SHORT_DERIVED).run(4000, seed=7, runner=runner, progress=False)
    assert f"with it the difference is {100 * apart.difference(DURHAM, COMMON).mean:.1f}." in text
    for model in found.by_member.values():
        assert model.difference(DURHAM, OWN).mean < -0.1


def test_the_seventh_notebook_says_what_it_says_of_two_hundred_draws():
    """One interval in two places: the notebook draws ten, and quotes the interval of two hundred from here."""
    notebook = (ROOT / "notebooks" / "07-which-nomogram-for-whom.ipynb").read_text(encoding="utf-8")
    of_two_hundred = re.search(
        r"models that the same papers allow it is (-[0-9.]+ to \+[0-9.]+), chance", " ".join(README.split())
    )[1]
    whole = re.sub(r'\\"\\n",\s*"\s*\\"', "", notebook)  # a sentence of the code goes over two lines
    assert (
        f"With 200 draws and 4,000 patients the difference in the common range is {of_two_hundred} points; one of the ten"
        in whole
    )
    assert "Ensemble.of(trial.drug, 10, seed=7)" in notebook
    assert "The next cell draws ten sets of parameters." in notebook


def test_the_changelog_has_dates_and_says_where_numbers_change():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", changelog, re.M)
    dates = [re.match(r"(\d{4}-\d{2}-\d{2})(?: to \d{4}-\d{2}-\d{2})?: \w", heading)[1] for heading in headings]
    assert dates == sorted(dates, reverse=True)
    assert changelog.count("- **Numbers change**") >= 5
