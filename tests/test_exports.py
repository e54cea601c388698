"""What leaves the package says what it is: version, seed, drug and units; and subgroups of one's own."""

import csv
import json
import pydoc
import re
from dataclasses import fields

import numpy as np
import pytest

from heparin_pk import (
    Course,
    Infusion,
    Nomogram,
    Patient,
    Regimen,
    Trial,
    __version__,
    cli,
    hospital,
    published,
    simulate,
    titrate,
)
from heparin_pk.base.units import unit_of
from heparin_pk.trials.catalogue import LEVELS, OUTCOMES
from heparin_pk.trials.estimate import Z_95
from heparin_pk.trials.metadata import IN_LEVEL_UNIT, beside, read_beside, read_frame

SECONDS, UNITS = "raschke-1993", "michigan-vte-anti-xa"
TRIAL = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(SECONDS), Nomogram.load(UNITS)], hours=26)


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    file = tmp_path_factory.mktemp("rows") / "rows.csv"
    outcomes = TRIAL.run(150, seed=3, csv_file=file, people_per_chunk=60, progress=False)
    return outcomes, file


def test_help_of_a_trial_fits_a_screen():
    lines = pydoc.plain(pydoc.render_doc(Trial)).splitlines()
    assert len(lines) <= 60
    text = "\n".join(lines)
    names = [field.name for field in fields(Trial)]
    for name in (*names, "run(", "course(", "sources", "groups"):
        assert name in text
    assert set(names) <= set(dir(TRIAL))  # completion of an instance has the fields
    assert "common random numbers" in pydoc.plain(pydoc.render_doc("heparin_pk.trials.trial"))


# Rows of a trial


def test_a_csv_file_of_rows_stays_a_plain_table_and_a_file_beside_it_says_what_it_holds(found):
    outcomes, file = found
    with file.open(encoding="utf-8", newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert len(rows) == 300
    assert not any(line.startswith("#") for line in file.read_text(encoding="utf-8").splitlines())
    beside_it = json.loads((file.parent / "rows.csv-metadata.json").read_text(encoding="utf-8"))
    assert beside_it["@context"][0] == "http://www.w3.org/ns/csvw"
    assert [one["name"] for one in beside_it["tableSchema"]["columns"]] == list(rows[0])
    said = read_beside(file)
    assert (said["heparin_pk"], said["seed"], said["n"], said["drug"]) == (__version__, 3, 150, published.UFH_DEFAULT.name)
    assert said["columns"]["weight_kg"] == {"label": "weight", "unit": "kg"}
    assert said["columns"]["peak_u_per_ml"]["unit"] == "U/mL"
    assert said["columns"]["in_range_at_6_h"]["unit"] == "1"
    assert said["arms"][UNITS]["range"] == "anti-Xa 0.3-0.7 U/mL"
    assert outcomes.to_frame().attrs == said


def test_every_outcome_has_its_unit(found):
    columns = found[0].to_frame().attrs["columns"]
    for key in found[0].keys:
        if key not in LEVELS:
            assert columns[key]["unit"] == (OUTCOMES[key].unit or "1"), key


def test_levels_of_two_assays_stand_beside_their_unit_and_are_not_subtracted(found):
    outcomes, file = found
    frame = read_frame(file)
    assert frame.attrs["columns"]["level_at_24_h"]["unit"] == IN_LEVEL_UNIT
    units = dict(zip(frame["arm"], frame["level_unit"], strict=True))
    assert units == {SECONDS: "s", UNITS: "U/mL"}
    assert dict(zip(frame["arm"], frame["level_assay"], strict=True)) == {SECONDS: "aptt_s", UNITS: "anti_xa_u_per_ml"}
    assert outcomes.difference(UNITS, "level_at_24_h") is None
    assert outcomes.difference(UNITS, "peak_u_per_ml") is not None
    by_arm = {row["arm"]: row["unit"] for row in outcomes.summary() if row["outcome"] == "level_at_24_h"}
    assert by_arm == units
    alike = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(SECONDS)], hours=12).run(5, progress=False)
    assert alike.to_frame().attrs["columns"]["level_at_12_h"]["unit"] == "s"


def test_parquet_and_xarray_say_it_too(found, tmp_path):
    pd = pytest.importorskip("pandas")
    outcomes, _ = found
    outcomes.to_parquet(tmp_path / "rows.parquet")
    assert pd.read_parquet(tmp_path / "rows.parquet").attrs == outcomes.to_frame().attrs
    data = outcomes.to_xarray()
    assert (data.attrs["heparin_pk"], data.attrs["seed"]) == (__version__, 3)
    assert data["weight_kg"].attrs == {"long_name": "weight", "units": "kg"}
    assert data["level_at_24_h"].attrs["units"] == IN_LEVEL_UNIT
    assert data["level_unit"].sel(arm=UNITS).item() == "U/mL"
    data.to_netcdf  # noqa: B018  every attribute is a number or a text, as NetCDF needs
    assert all(isinstance(value, str | int | float) for value in data.attrs.values())


def test_every_feature_that_is_drawn_stands_in_the_rows(found):
    frame = found[0].to_frame()
    drawn = {"sex" if one.feature == "female" else one.feature for one in hospital.THROMBOSIS_WARD.distributions}
    assert {"kidney_failure", "smoker"} <= drawn
    assert drawn <= set(frame.columns)
    first = frame[frame["arm"] == SECONDS]
    cohort = hospital.THROMBOSIS_WARD.cohort(TRIAL.drug, np.arange(150), seed=3)
    assert first["smoker"].tolist() == cohort.smoker.tolist()
    assert first["kidney_failure"].tolist() == cohort.kidney_failure.tolist()
    assert first["smoker"].any()


def test_a_file_beside_another_table_is_refused(found, tmp_path):
    _, file = found
    (tmp_path / "rows.csv").write_text("arm,peak\n")
    with pytest.raises(ValueError, match=r"rows\.csv-metadata\.json: cannot be read"):
        read_frame(tmp_path / "rows.csv")
    (tmp_path / "rows.csv-metadata.json").write_bytes((file.parent / "rows.csv-metadata.json").read_bytes())
    with pytest.raises(ValueError, match="belongs to another table"):
        read_frame(tmp_path / "rows.csv")
    (tmp_path / "rows.csv-metadata.json").write_text("{}")
    with pytest.raises(ValueError, match="does not say what rows of a trial hold"):
        read_frame(tmp_path / "rows.csv")
    assert beside("x.csv") == "x.csv-metadata.json"


@pytest.mark.parametrize(
    ("name", "amount_unit", "unit"),
    [
        ("rate_u_per_kg_per_h", "mg", "mg/kg/h"),
        ("anti_xa_u_per_ml", "mg", "U/mL"),
        ("auc_u_h_per_ml", "U", "U h/mL"),
        ("antithrombin_fraction", "mg", "1"),
        ("aptt_s", "mg", "s"),
        ("sex", "U", ""),
    ],
)
def test_the_unit_is_the_last_word_of_a_name(name, amount_unit, unit):
    assert unit_of(name, amount_unit) == unit


# Courses


def test_a_course_says_version_seed_and_units_and_reads_back(tmp_path):
    course = titrate(Patient(weight_kg=80), published.UFH_DEFAULT, Nomogram.load(SECONDS), hours=12, seed=5)
    frame = course.to_frame()
    assert (frame.attrs["heparin_pk"], frame.attrs["seed"], frame.attrs["drug"]) == (__version__, 5, course.drug.name)
    assert list(frame.attrs["units"]) == list(frame.columns)
    assert frame.attrs["units"]["aptt_s"] == "s"
    assert frame.attrs["units"]["pump_u_per_h"] == "U/h"
    assert "" not in frame.attrs["units"].values()
    file = tmp_path / "c.csv"
    course.to_csv(file)
    assert f'""heparin_pk"": ""{__version__}""' in file.read_text(encoding="utf-8")
    assert json.loads(course.to_json())["written_by"] == frame.attrs
    assert Course.from_csv(file) == Course.from_json(course.to_json()) == course
    older = json.loads(course.to_json())
    del older["written_by"]
    assert Course.from_json(json.dumps(older)) == course


def test_a_drug_in_micrograms_has_its_columns_in_them():
    drug = next(one for one in published.ALL if one.amount_unit == "µg")
    patient = Patient(weight_kg=75, age_y=50, height_cm=175, sex="male", creatinine_clearance_ml_per_min=100)
    course = simulate(patient, drug, Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=120),)), hours=2)
    assert course.to_frame().attrs["units"]["concentration_u_per_ml"] == "µg/mL"


# Subgroups of one's own


def test_a_subgroup_of_ones_own_is_estimated_as_those_that_are_there(found):
    outcomes, _ = found
    women = outcomes.columns(SECONDS)["sex"] == "female"
    for who in (women, lambda people: people["sex"] == "female"):
        more = outcomes.with_group("mine", who)
        for key in outcomes.keys:
            assert more.estimate(UNITS, key, "mine") == outcomes.estimate(UNITS, key, "women")
            assert more.difference(UNITS, key, "mine") == outcomes.difference(UNITS, key, "women")
    assert "mine" not in outcomes.groups
    heavy = outcomes.with_group("heavy", lambda people: people["weight_kg"] > 90)
    rows = outcomes.columns(SECONDS)
    values = rows["heparin_given_u"][rows["weight_kg"] > 90]
    one = heavy.estimate(SECONDS, "heparin_given_u", "heavy")
    assert one.mean == pytest.approx(values.mean(), rel=1e-9)
    assert one.high - one.mean == pytest.approx(Z_95 * values.std(ddof=1) / np.sqrt(len(values)), rel=1e-6)
    words = heavy.in_words("heavy").splitlines()
    assert words[0].startswith(f"{len(values)} of 150 patients (heavy)")
    assert "of twenty groups looked at" in words[1]


def test_cut_points_make_groups_that_leave_nobody_out(found):
    more = found[0].with_groups_cut_at("weight_kg", [70, 90])
    names = ("weight_kg under 70", "weight_kg 70 to under 90", "weight_kg 90 and more")
    assert more.groups == (*found[0].groups, *names)
    assert sum(more.estimate(SECONDS, "blood_draws", name).n for name in names) == 150


@pytest.mark.parametrize(
    ("name", "who", "message"),
    [
        ("women", np.ones(150, dtype=bool), "name must be a new one; got 'women'"),
        ("", np.ones(150, dtype=bool), "name must be a text"),
        ("mine", np.ones(150), "who must be 150 booleans, one for each patient; got float64"),
        ("mine", np.ones(149, dtype=bool), r"who must be 150 booleans, one for each patient; got bool of shape \(149,\)"),
        ("mine", np.zeros(150, dtype=bool), "the group 'mine' has no patient"),
    ],
)
def test_a_wrong_subgroup_is_refused(found, name, who, message):
    with pytest.raises(ValueError, match=message):
        found[0].with_group(name, who)


@pytest.mark.parametrize(
    ("column", "cuts", "message"),
    [
        ("weight", [60], "column must be one of weight_kg"),
        ("sex", [60], "column must hold numbers"),
        ("weight_kg", [], "cuts must be one number or more, rising"),
        ("weight_kg", [90, 60], "cuts must be one number or more, rising"),
        ("weight_kg", ["60"], "cuts must be a number between"),
        ("weight_kg", [5], "the group 'weight_kg under 5' has no patient"),
    ],
)
def test_wrong_cut_points_are_refused(found, column, cuts, message):
    with pytest.raises(ValueError, match=message):
        found[0].with_groups_cut_at(column, cuts)


def test_without_rows_there_is_no_subgroup_of_ones_own():
    lean = TRIAL.run(10, keep_rows=False, progress=False)
    with pytest.raises(ValueError, match="rows were not kept"):
        lean.with_group("mine", np.ones(10, dtype=bool))


# The same from the command line


def run(capsys, *arguments):
    code = cli.main(arguments)
    out = capsys.readouterr()
    return code, out.out, out.err


def test_a_trial_of_a_file_of_people_runs_as_many_as_there_are(capsys, tmp_path):
    people, rows = tmp_path / "ours.csv", tmp_path / "rows.csv"
    people.write_text("weight_kg;age_y;sex;smoker\n80,5;60;w;ja\n60,0;70;m;nein\n90;50;m;ja\n", encoding="utf-8")
    arguments = ("trial", SECONDS, "--people", str(people), "--hours", "12", "--quiet")
    code, out, _ = run(capsys, *arguments, "--csv", str(rows), "--json")
    answer = json.loads(out)
    assert (code, answer["n"], answer["heparin_pk"], answer["drug"]) == (0, 3, __version__, published.UFH_DEFAULT.name)
    assert read_frame(rows)["smoker"].tolist() == [True, False, True]
    code, _, err = run(capsys, *arguments, "-n", "4")
    assert code == 2
    assert "at most 3" in err


def test_a_rule_of_ones_own_is_printed_as_a_group(capsys):
    arguments = ("trial", SECONDS, "-n", "60", "--hours", "12", "--seed", "1", "--quiet")
    code, out, _ = run(capsys, *arguments, "--group", "weight_kg < 60")
    assert code == 0
    assert re.search(r"^\d of 60 patients \(weight_kg < 60\), the same in every arm", out, re.MULTILINE)
    for rule, message in (
        ("weight < 60", "no column 'weight' of these patients for --group; there are weight_kg"),
        ("smoker > yes", "smoker is compared by = with yes or no; got smoker > yes"),
        ("sex = w", "sex is compared by = with female or male; got sex = w"),
        ("weight_kg < 6O", "weight_kg must be a number; got '6O'"),
        ("weight_kg << 60", "a rule of --group reads 'COLUMN < NUMBER'"),
        ("weight_kg < 6", "the group 'weight_kg < 6' has no patient"),
        ("girls", "no group 'girls' among these patients; there are all, women"),
    ):
        code, _, err = run(capsys, *arguments, "--group", rule)
        assert (code, message in err) == (2, True), err
    code, _, err = run(capsys, *arguments, "--group", "weight_kg < 60", "--ensemble", "1")
    assert code == 2
    assert "--group must be one of its named groups" in err


def test_what_belongs_to_another_table_is_refused(tmp_path):
    """Rows of another number of patients beside it, and a table that would be overwritten or cannot be told of."""
    table = tmp_path / "rows.csv"
    assert cli.main(["trial", "raschke-1993", "-n", "3", "--hours", "8", "--quiet", "--csv", str(table)]) == 0
    whole = table.read_text(encoding="utf-8")
    table.write_text("\n".join(whole.splitlines()[:-1]) + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match="belongs to another table: it tells of 3 patients"):
        read_frame(table)


def test_a_table_that_cannot_be_told_of_is_refused_before_the_run(tmp_path, capsys):
    (tmp_path / "x.csv-metadata.json").mkdir()
    assert cli.main(["trial", "raschke-1993", "-n", "3", "--hours", "8", "--quiet", "--csv", str(tmp_path / "x.csv")]) == 2
    assert "x.csv-metadata.json: cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "x.csv").exists()


def test_the_people_of_a_trial_are_not_overwritten(tmp_path, capsys):
    people = tmp_path / "p.csv"
    people.write_text("weight_kg\n60\n82\n", encoding="utf-8")
    assert cli.main(["trial", "raschke-1993", "--hours", "8", "--quiet", "--people", str(people), "--csv", str(people)]) == 2
    assert "--csv would overwrite the people it is run with" in capsys.readouterr().err
    assert people.read_text(encoding="utf-8") == "weight_kg\n60\n82\n"
