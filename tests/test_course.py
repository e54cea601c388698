"""A course: equality, frames, words, and JSON and CSV files written, read and damaged."""

import json
from dataclasses import replace

import numpy as np
import pytest
from instances import ADULT, RASCHKE, UFH, course_of_every_order

from heparin_pk import (
    Bolus,
    Course,
    Hold,
    Infusion,
    Patient,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    published,
    simulate,
    titrate,
)
from heparin_pk.body.kinetics import State
from heparin_pk.engine import Run, exact


@pytest.fixture(scope="module")
def titrated():
    return course_of_every_order()


def nomogram_course(**more):
    return titrate(Patient(weight_kg=82), UFH, RASCHKE, **{"hours": 48, "seed": 3} | more)


def test_round_trips(tmp_path, titrated):
    plain = simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u=5000),)), hours=2, reagent=published.reagents.SILIMAT)
    for number, course in enumerate((titrated, nomogram_course(), plain)):
        assert Course.from_json(course.to_json()) == course
        json_file, csv_file = tmp_path / f"{number}.json", tmp_path / f"{number}.csv"
        assert course.to_json(json_file) == json_file.read_text(encoding="utf-8")
        assert course.to_csv(csv_file) == csv_file.read_text(encoding="utf-8")
        assert Course.from_json(json_file) == Course.from_json(str(json_file)) == course
        assert Course.from_csv(csv_file) == course
        assert Course.from_json(course.to_json()).in_words() == course.in_words()
        assert json.loads(course.to_json())["heparin_pk"] == "course"


def test_a_course_is_not_another_one(titrated):
    assert titrated == replace(titrated)
    assert titrated != replace(titrated, seed=10)
    assert titrated != replace(titrated, states=titrated.states + 1e-12)
    assert titrated != "course"
    with pytest.raises(TypeError, match="unhashable"):
        hash(titrated)
    assert "82 kg" in repr(titrated)
    assert "3 results" in repr(titrated)
    with pytest.raises(ValueError, match="read-only"):
        titrated.states[0, 0] = 1.0


def test_a_course_checks_its_arrays(titrated):
    with pytest.raises(ValueError, match="states must be 2-dimensional, finite and as long as time_h"):
        replace(titrated, states=titrated.states[:-1])
    with pytest.raises(ValueError, match="pump_u_per_h must be 1-dimensional"):
        replace(titrated, pump_u_per_h=np.full(len(titrated.time_h), np.nan))


def test_to_frame(titrated):
    frame = titrated.to_frame()
    assert list(frame.columns) == [
        "time_h",
        "pump_u_per_h",
        "concentration_u_per_ml",
        "aptt_s",
        "aptt_ratio",
        "anti_xa_u_per_ml",
        *State._fields,
    ]
    assert len(frame) == len(titrated.time_h)
    np.testing.assert_array_equal(frame["aptt_s"], titrated.aptt_s)
    np.testing.assert_array_equal(frame["central_u"], titrated.states[:, 0])


def test_in_words(titrated):
    text = titrated.in_words()
    *lines, bag = text.splitlines()
    assert bag.strip() == "(mL/h of a bag with 100 U/mL)"
    assert len(lines) == len(titrated.chart())
    times_h = [float(line.split()[0]) for line in lines]
    assert times_h == sorted(times_h)
    assert {entry.time_h for entry in titrated.entries} <= set(times_h)
    for words in (
        "bolus 6,560 U over 5 min",
        "rate 1,480 U/h (18.0 U/kg/h, pump 14.8 mL/h)",
        "hold 30 min",
        "subcutaneous 5,000 U",
        "stop the infusion",
        "protamine 12.5 mg over 10 min",
        "20.5 h",
        "as planned",
    ):
        assert words in text
    (second,) = (line for line in lines if line.split()[0] == "7")
    assert second.split() == ["7", "h", *titrated.labs[0].in_words().split(), "(drawn", "6", "h)", "no", "change"]
    (third,) = (line for line in lines if "14.25 h" in line)
    assert "drawn 13.25 h" in third


def test_in_words_of_a_nomogram():
    course = nomogram_course()
    *lines, bag = course.in_words().splitlines()
    assert "100 U/mL" in bag
    assert len(lines) == len(course.entries)
    assert RASCHKE.start.in_words() in lines[0]
    for line, entry in zip(lines[1:], course.entries[1:], strict=True):
        assert entry.lab.in_words() in line
        assert RASCHKE.band(entry.lab.value, entry.lab.above_ceiling).label.partition(" (")[0] in line
        for order in entry.orders:
            if isinstance(order, Infusion):
                assert f"pump {order.rate_u_per_h / 100:.4g} mL/h" in line
        if not entry.orders:
            assert "no change" in line
    assert Course.from_json(course.to_json()).in_words() == course.in_words()


# Damaged files

WRONG_JSON = {
    "not JSON": (lambda text: text[:200] + "}{", r"wrong\.json, line 1: is not JSON: "),
    "another JSON": (lambda text: '{"a": 1}', r"wrong\.json: is not a heparin_pk course"),
    "a list": (lambda text: "[1]", r"wrong\.json: is not a heparin_pk course"),
    "a missing array": (lambda text: text.replace('"states"', '"stadia"'), r"wrong\.json: missing states"),
    "an unknown noun": (
        lambda text: text.replace('"is": "Patient"', '"is": "Ship"'),
        r"wrong\.json: unknown kind of record: 'Ship'",
    ),
    "an unknown field": (
        lambda text: text.replace('"weight_kg": 82.0', '"weight_lb": 82.0'),
        r"wrong\.json: Patient: .*weight_lb",
    ),
    "a bad value": (
        lambda text: text.replace('"weight_kg": 82.0', '"weight_kg": 82000'),
        r"wrong\.json: weight_kg must lie .* got 82000",
    ),
    "text for a number": (
        lambda text: text.replace('"weight_kg": 82.0', '"weight_kg": "x"'),
        r"wrong\.json: weight_kg must be a number",
    ),
    "not a number": (lambda text: text.replace('"states": [[0.0', '"states": [[NaN'), r"wrong\.json: states must be"),
    "nothing": (lambda text: "", r"wrong\.json, line 1: is not JSON"),
}


WRONG_CSV = {
    "a missing column": (lambda t: t.replace("bound_u", "bond", 1), r"wrong\.csv, line 1: missing column bound_u"),
    "two missing columns": (lambda t: t.replace("record,", "rec,", 1).replace("detail", "x", 1), "missing column record, detail"),
    "another table": (lambda t: "a,b\n1,2\n", r"wrong\.csv, line 1: missing column record, time_h"),
    "nothing": (lambda t: "", r"wrong\.csv, line 1: missing column"),
    "a bad number": (
        lambda t: t.replace("\ntruth,0.0,", "\ntruth,zero,", 1),
        r"wrong\.csv, line \d+: time_h must be a number; got 'zero'",
    ),
    "a short row": (lambda t: t + "truth,24.0\n", r"wrong\.csv, line \d+: "),
    "an unknown record": (
        lambda t: t.replace("\ntruth,", "\nlie,", 1),
        r"line \d+: record must be cause, chart or truth; got 'lie'",
    ),
    "broken JSON in a cause": (lambda t: t.replace('"{""patient""', '"{""patient', 1), r"wrong\.csv, line 2: "),
    "no patient": (lambda t: "\n".join(line for line in t.splitlines() if '"{""patient""' not in line), r"wrong\.csv: .*patient"),
    "a bad patient": (lambda t: t.replace('""weight_kg"": 82.0', '""weight_kg"": 0.1'), r"wrong\.csv: weight_kg must lie"),
}


def _without(text, first, last):
    """Return a text without these lines of it, counted from 0."""
    lines = text.splitlines(keepends=True)
    del lines[first:last]
    return "".join(lines)


def _without_line(text, what):
    """Return a text without its last line that begins so."""
    line = [line for line in text.splitlines(keepends=True) if line.startswith(what)][-1]
    return text.replace(line, "", 1)


def _without_the_start(text):
    first = text.splitlines().index(next(line for line in text.splitlines() if line.startswith("truth,")))
    return _without(text, first, first + 10)


WRONG_CSV |= {
    "the end of the file": (
        lambda t: _without(t, 40, None),
        r"wrong\.csv: a course must go from 0 h to its hours, 24; got 0 to ",
    ),
    "the last line": (lambda t: _without(t, -1, None), r"a course must go from 0 h .*: a part is lost"),
    "the start": (_without_the_start, r"a course must go from 0 h to its hours, 24; got [\d.]+ to 24 h"),
    "the middle": (lambda t: _without(t, 100, 140), r"time_h must not leave out five minutes"),
    "a line between": (lambda t: _without_line(t, "truth,0.0,"), r"records must be as many as were written, .*: a part is lost"),
    "a line of the chart": (lambda t: _without_line(t, "chart,"), r"records must be as many as were written"),
    "a cause": (lambda t: _without_line(t, 'cause,,,,,,,,,,,,,,,,"{""laboratory""'), r"wrong\.csv: missing laboratory"),
    "a cause twice": (lambda t: t + _without(_without(t, 2, None), 0, 1), r"line \d+: patient stands there twice"),
    "more hours than there are": (
        lambda t: t.replace('{""hours"": 24.0', '{""hours"": 1e4'),
        r"from 0 h to its hours, 10000; got",
    ),
    "an underscore": (lambda t: t.replace("\ntruth,0.0,", "\ntruth,0_0,", 1), r"line \d+: time_h must be a number; got '0_0'"),
}
WRONG_JSON |= {
    "more hours than there are": (
        lambda text: text.replace('"hours": 24.0', '"hours": 1e4'),
        r"to its hours, 10000; got 0 to 24 h",
    ),
    "a missing cause": (lambda text: text.replace('"seed": 9', '"sead": 9'), r"wrong\.json: missing seed"),
    "a name twice": (lambda text: text.replace('"seed": 9', '"seed": 9, "seed": 8'), r"wrong\.json: seed stands there twice"),
    "a number of 400 digits": (lambda text: text.replace('"time_h": [0.0', '"time_h": [1' + "0" * 400), r"wrong\.json: "),
    "a number of 5000 digits": (lambda text: text.replace('"time_h": [0.0', '"time_h": [1' + "0" * 5000), r"wrong\.json: "),
}


@pytest.mark.parametrize("what", WRONG_JSON)
def test_wrong_json(tmp_path, titrated, what):
    damage, message = WRONG_JSON[what]
    file = tmp_path / "wrong.json"
    file.write_text(damage(titrated.to_json()), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        Course.from_json(file)


def test_a_json_with_fewer_moments_is_refused(titrated):
    """The example of the issue: 50 of 578 moments loaded, and the time in range was another one."""
    for kept in (slice(50), slice(50, None), slice(None, None, 2)):
        plain = json.loads(titrated.to_json())
        for name in ("time_h", "states", "pump_u_per_h"):
            plain[name] = plain[name][kept]
        with pytest.raises(ValueError, match=r"the JSON text: (a course must go from 0 h|time_h must not leave out)"):
            Course.from_json(json.dumps(plain))
    plain = json.loads(titrated.to_json())
    plain["entries"].pop()
    with pytest.raises(ValueError, match="records must be as many as were written"):
        Course.from_json(json.dumps(plain))


def test_no_truncated_file_loads(tmp_path, titrated):
    """A file cut off anywhere, a line or a few characters from its end, is refused."""
    whole = titrated.to_csv()
    ends = [i for i, letter in enumerate(whole) if letter == "\n"]
    file = tmp_path / "short.csv"
    for end in [*ends[1:-1:29], *ends[-4:-1], len(whole) - 4]:
        file.write_text(whole[:end], encoding="utf-8")
        with pytest.raises(ValueError, match=r"short\.csv"):
            Course.from_csv(file)
    text = titrated.to_json()
    for end in range(1, len(text), 4999):
        with pytest.raises(ValueError, match="the JSON text|cannot be read"):
            Course.from_json(text[:end])


def test_a_course_from_before_records_were_counted_loads(titrated):
    plain = json.loads(titrated.to_json())
    del plain["records"]
    assert Course.from_json(json.dumps(plain)) == titrated


@pytest.mark.parametrize("what", WRONG_CSV)
def test_wrong_csv(tmp_path, titrated, what):
    damage, message = WRONG_CSV[what]
    whole = titrated.to_csv()
    file = tmp_path / "wrong.csv"
    file.write_text(damage(whole), encoding="utf-8")
    assert damage(whole) != whole
    with pytest.raises(ValueError, match=message):
        Course.from_csv(file)


def test_the_line_that_is_named_is_the_line(tmp_path, titrated):
    lines = titrated.to_csv().splitlines()
    number = next(i for i, line in enumerate(lines) if line.startswith("truth,")) + 10
    lines[number] = lines[number].replace("truth,", "truth,x", 1)
    file = tmp_path / "wrong.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(ValueError, match=rf"wrong\.csv, line {number + 1}: "):
        Course.from_csv(file)


def test_files_that_cannot_be_read_or_written(tmp_path, titrated):
    for read in (Course.from_json, Course.from_csv):
        with pytest.raises(ValueError, match="absent: cannot be read: No such file"):
            read(tmp_path / "absent")
        binary = tmp_path / "binary"
        binary.write_bytes(b"\xff\xfe\x00\x01")
        with pytest.raises(ValueError, match="binary: is not UTF-8 text"):
            read(binary)
    for write in (titrated.to_json, titrated.to_csv):
        with pytest.raises(ValueError, match="cannot be written"):
            write(tmp_path / "no such folder" / "x")


def test_a_spreadsheet_may_have_left_its_mark(tmp_path, titrated):
    """A byte order mark and Windows line ends are what a spreadsheet adds when it saves."""
    file = tmp_path / "from_windows.csv"
    file.write_bytes(b"\xef\xbb\xbf" + titrated.to_csv().replace("\n", "\r\n").encode())
    assert Course.from_csv(file) == titrated


def test_a_damaged_course_is_a_value_error(titrated, tmp_path):
    plain = json.loads(titrated.to_json())
    for key, damage in (("drug", {"is": "Drug"}), ("entries", [{"is": "Entry", "time_h": 0, "orders": None}]), ("seed", "x")):
        with pytest.raises(ValueError, match="the JSON text"):
            Course.from_json(json.dumps({**plain, key: damage}))
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"deep\.json"):
        Course.from_json(deep)


ALL_ROUTES = Regimen(
    (
        Bolus(time_h=0, dose_u_per_kg=80, over_min=7),
        Infusion(time_h=0, rate_u_per_kg_per_h=18),
        Hold(time_h=3.01, duration_min=31),
        Subcutaneous(time_h=5.02, dose_u=5000),
        Bolus(time_h=6.23, dose_u=2500),
        Stop(time_h=9.04),
        Protamine(time_h=9.51, dose_mg=12.5, over_min=11),
        Protamine(time_h=9.6, dose_mg=5, over_min=7),
    )
)


@pytest.mark.parametrize("engine", ["stepper", "scipy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_state_between_kept_moments_is_the_engines_own(engine):
    """The same course in which blood was drawn at odd times: a level between is what was in the tube, bit for bit."""
    course = simulate(ADULT, UFH, ALL_ROUTES, hours=12, engine=engine)
    asked_h = np.random.default_rng(3).uniform(0.0, 12.0, 40 if engine == "scipy" else 300).tolist()
    asked_h += [0.0, 12.0, 3.01, 5.02, 6.23, 9.04, 9.51, 9.6, 9.65]
    drawn = _Drawn(asked_h, engine)
    for time_h in asked_h:
        found, true = course.state_at(time_h), drawn.states[time_h]
        if engine == "scipy":
            np.testing.assert_allclose(found, true, rtol=1e-8, atol=2e-6)
        else:
            assert found == true


class _Drawn:
    """What the run itself returns at these times while it is under way."""

    def __init__(self, asked_h, engine):
        self.states = {}
        bedside_give = Run.give

        def give(run, time_h, *jump, **rates):
            self.ask([hour for hour in asked_h if run._times_h[-1] <= hour <= time_h], run)
            bedside_give(run, time_h, *jump, **rates)

        def trajectory(run, until_h, bedside_trajectory=Run.trajectory):
            self.ask([hour for hour in asked_h if hour >= run._times_h[-1]], run)
            return bedside_trajectory(run, until_h)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Run, "give", give)
            patch.setattr(Run, "trajectory", trajectory)
            simulate(ADULT, UFH, ALL_ROUTES, hours=12, engine=engine)

    def ask(self, hours, run):
        for hour in hours:
            self.states.setdefault(hour, run.state_at(hour))


@pytest.mark.parametrize("engine", ["stepper", "scipy", pytest.param("compiled", marks=pytest.mark.slow)])
def test_a_level_off_the_grid_is_that_of_the_closed_form(engine):
    """After a bolus a straight line between five-minute points was up to 2.4 % off."""
    drug = published.UFH_A_DERIVED
    kinetics = drug.individual(ADULT)
    course = simulate(ADULT, drug, Regimen((Bolus(time_h=0, dose_u_per_kg=25),)), hours=4, engine=engine)
    for time_h in (0.001, 0.04, 0.125, 1.0 / 3.0, 0.7777, 2.5, 3.99):
        true = exact.amount_after(kinetics, 1875.0, 0.0, time_h) / kinetics.v1_ml
        assert course.concentration_at_u_per_ml(time_h) == pytest.approx(true, rel=2e-6)
        assert course.level_at("aptt_s", time_h) == pytest.approx(30.0 * np.exp(drug.reagent.slope_ml_per_u * true), rel=1e-5)


def test_a_level_off_the_grid_survives_a_file(titrated):
    again = Course.from_json(titrated.to_json())
    for time_h in (2.345, 5.678, 20.55, 20.6, 23.999):
        assert again.state_at(time_h) == titrated.state_at(time_h)
