"""The patients of a ward: distributions, tables of one's own, and draws that have an address."""

import math

import numpy as np
import pytest

from heparin_pk import Distribution, Patient, Population, Value, WardErrors, hospital, people, published
from heparin_pk.base.randomness import standard_normal, standard_normals, uniform, uniforms
from heparin_pk.base.source import Source
from heparin_pk.base.streams import Stream
from heparin_pk.trials.population import on_another_day, person

DRUG = published.UFH_DEFAULT
PLACE = Source(key="here", citation="a test", where="here", confidence="assumed")


def value(number):
    return Value(number, PLACE)


# Addresses


def test_many_draws_are_the_single_ones():
    subjects = np.array([0, 1, 5, 17, 2**31, 2**40])
    moments = np.array([0.0, 6.0, 6.1, 7.35, 48.0, 1439.9])
    alone = [uniform(123, Stream.STEP, t, int(i)) for t, i in zip(moments, subjects, strict=True)]
    np.testing.assert_array_equal(uniforms(123, Stream.STEP, moments, subjects), alone)
    jittered = np.random.default_rng(1).random(300) * 48
    near = np.arange(300) + 7
    alone = [standard_normal(9, Stream.STEP, float(t), int(i)) for t, i in zip(jittered, near, strict=True)]
    np.testing.assert_array_equal(standard_normals(9, Stream.STEP, jittered, near), alone)


def test_draws_do_not_know_each_other():
    n = 20_000
    z = [standard_normals(seed, stream, hour, np.arange(n)) for seed, stream, hour in
         ((1, Stream.STEP, 0.0), (2, Stream.STEP, 0.0), (1, Stream.START, 0.0), (1, Stream.STEP, 6.0))]  # fmt: skip
    correlations = np.corrcoef(z)[np.triu_indices(4, 1)]
    assert np.abs(correlations).max() < 4 / math.sqrt(n)
    for one in z:
        assert abs(one.mean()) < 4 / math.sqrt(n)
        assert one.std() == pytest.approx(1.0, abs=0.02)
        assert abs(np.corrcoef(one[:-1], one[1:])[0, 1]) < 4 / math.sqrt(n)


# Patients


def test_person_17_is_the_same_in_a_cohort_of_20_or_20000():
    ward = hospital.THROMBOSIS_WARD
    alone = ward.person(DRUG, 17, seed=5)
    assert ward.cohort(DRUG, np.arange(20), seed=5)[17] == alone
    assert ward.cohort(DRUG, np.arange(20_000), seed=5)[17] == alone
    assert ward.cohort(DRUG, np.array([90_000, 17]), seed=5)[1] == alone
    assert ward.cohort(DRUG, np.arange(20), seed=6)[17] != alone
    assert list(people(DRUG, Patient(weight_kg=75), 30, seed=5))[17] == person(DRUG, Patient(weight_kg=75), 17, seed=5)


def test_the_thrombosis_ward_is_as_its_papers_say():
    cohort = hospital.THROMBOSIS_WARD.cohort(DRUG, np.arange(40_000), seed=1)
    assert cohort.weight_kg.mean() == pytest.approx(80.1, abs=1.0)  # Davydov 2000, which the weights were not taken from
    assert cohort.weight_kg.std() == pytest.approx(20.6, abs=1.0)
    assert cohort.female.mean() == pytest.approx(0.615, abs=0.01)
    assert (cohort.antithrombin_fraction < 0.8).mean() == pytest.approx(0.27, abs=0.01)  # what the mean and SD stand for
    bmi = cohort.weight_kg / (cohort.height_cm / 100) ** 2
    assert (bmi > 30).mean() == pytest.approx(0.42, abs=0.03)  # NHANES, 50 years and more: 24.1 + 10.8 + 7.0 %
    men = ~cohort.female
    for who, r in ((men, 0.514), (cohort.female, 0.330)):
        assert np.corrcoef(np.log(cohort.weight_kg[who]), np.log(cohort.height_cm[who]))[0, 1] == pytest.approx(r, abs=0.02)
    assert (cohort.age_y >= 18).all()
    assert len(np.unique(cohort.age_y)) == 40_000, "no patient was moved to a limit"


@pytest.mark.parametrize(
    ("distribution", "mean", "sd"),
    [
        (Distribution(feature="age_y", form="normal", mean=value(50), sd=value(10)), 50, 10),
        (
            Distribution(feature="weight_kg", form="log-normal", median=value(80), sd=value(0.25)),
            80 * math.exp(0.25**2 / 2),
            20.9,
        ),
        (Distribution(feature="clock_at_start_h", form="uniform", lowest=value(0), highest=value(24)), 12, 24 / math.sqrt(12)),
        (
            Distribution(feature="age_y", form="normal", mean=value(50), sd=value(10), low=50),
            50 + 10 * math.sqrt(2 / math.pi),
            6.03,
        ),
    ],
)
def test_a_distribution_has_the_mean_and_sd_it_says(distribution, mean, sd):
    cohort = Population(distributions=(distribution,)).cohort(DRUG, np.arange(30_000), seed=2)
    column = getattr(cohort, distribution.feature)
    assert column.mean() == pytest.approx(mean, rel=0.01)
    assert column.std() == pytest.approx(sd, rel=0.02)


def test_another_day_is_the_same_person_otherwise():
    ward = hospital.THROMBOSIS_WARD
    first, second = (
        Population(typical=ward.typical, distributions=ward.distributions, day=day).cohort(DRUG, np.arange(4000), seed=3)
        for day in (1, 2)
    )
    np.testing.assert_array_equal(first.weight_kg, second.weight_kg)
    change = np.log(second.factors["bmax_u"] / first.factors["bmax_u"])
    assert change.std() == pytest.approx(math.sqrt(2) * 0.15, rel=0.05)
    one = Population(typical=Patient(weight_kg=75), varies=False, day=2).person(DRUG, 0, seed=3)
    assert one == on_another_day(DRUG, Patient(weight_kg=75), 2, seed=3)


def test_patients_differ_only_where_asked():
    flat = Population(typical=Patient(weight_kg=90), varies=False).cohort(DRUG, np.arange(5), seed=1)
    assert {flat[i] for i in range(5)} == {Patient(weight_kg=90)}


def test_doses_by_another_weight():
    adjusted = Population(distributions=hospital.THROMBOSIS_WARD.distributions, dosing_weight="adjusted")
    cohort = adjusted.cohort(DRUG, np.arange(300), seed=1)
    assert (cohort.doses_by_kg <= cohort.weight_kg).all()
    assert (cohort.doses_by_kg < cohort.weight_kg - 5).any()
    assert cohort[3].dosing_weight_kg == cohort.doses_by_kg[3]


# A table of one's own


def test_a_table_of_ones_own(tmp_path):
    file = tmp_path / "mine.csv"
    file.write_text("weight_kg,sex,smoker,baseline_aptt_s\n60,female,yes,28\n95.5,male,0,33\n", encoding="utf-8")
    mine = Population.from_csv(file)
    assert mine.size == 2
    cohort = mine.cohort(DRUG, np.arange(2), seed=1)
    assert cohort.sex.tolist() == ["female", "male"]
    assert cohort[0].smoker
    assert not cohort[1].smoker
    assert cohort[1].weight_kg == 95.5
    assert cohort[1].baseline_aptt_s != 33, "the model's own variability is on top"
    again = mine.resampled(500, seed=4)
    assert again.size == 500
    assert 0.4 < np.mean(again.cohort(DRUG, np.arange(500), seed=1).weight_kg == 60) < 0.6
    assert eval(repr(mine)) == mine


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("weight_kg\n60\nheavy\n", "line 3: weight_kg must be a number; got 'heavy'"),
        ("weight_kg\n60\n4000\n", "line 3: weight_kg must lie between 0.4 and 400; got 4000.0"),
        ("weight_kg,smoker\n60,perhaps\n", "line 2: smoker must be yes or no; got 'perhaps'"),
        ("weight_kg,mood\n60,5\n", "line 1: a column must be one of weight_kg, .*; got 'mood': rename it or leave it out"),
        ("weight_kg,age_y\n60\n", "line 2: must have 2 fields"),
        ("weight_kg,age_y\n60,\n", "line 2: age_y must be known of every patient or be left out; got ''"),
        ("weight_kg,age_y\n60,NA\n70,50\n80,-\n", "line 2: age_y must be known .*; got 'NA'; 2 have none: lines 2, 4"),
        ("weight_kg,age_y,weight_kg\n60,50,90\n", "line 1: column 'weight_kg' stands there twice"),
        (",weight_kg\n0,60\n", "line 1: column 1 must have a name"),
        ("weight_kg;age_y,sex\n60;50,male\n", "the header must have one separator; got a comma and a semicolon"),
        ("weight_kg,age_y\n72,5,50\n", "line 2: must have 2 fields; got 3; with a decimal comma the fields are separated by ;"),
        ("weight_kg;age_y\n72,5;50.5\n", "line 2: weight_kg must have one decimal mark .*; got '72,5' here and '50.5' in age_y"),
        ("weight_kg;height_cm\n72;1,712\n", "line 2: height_cm must be clear; '1,712' may be 1.712 or 1712"),
        ("weight_kg\n\n60\n\n7_5\n", "line 5: weight_kg must be a number; got '7_5'"),
        ("weight_kg\n６０\n", "line 2: weight_kg must be a number; got '６０'"),
        ("weight_kg\ninf\n", "line 2: weight_kg must be a number; got 'inf'"),
        ("weight_kg\n1e999\n", "line 2: weight_kg must be finite; got '1e999'"),
        ('weight_kg,"sex\n"\n"60\n",male\n70,both\n', "line 5: sex must be female or male; got 'both'"),
        ('weight_kg\n"60\n', "line 2: is not a row of a CSV table"),
        ("weight_kg,sex\n60,H\n70,M\n", "line 3: sex must be clear; got 'M' in a column with 'h'"),
        ("weight_kg,smoker\n60,1\n70,O\n", "line 3: smoker must be clear; got 'O' in a column with '1'"),
        ("weight_kg,sex,pregnant\n60,f,yes\n70,m,yes\n", "line 3: pregnant must be False for sex 'male'"),
        ("id,weight_kg\na,60\nb,70\na,80\n", "line 4: id must name one patient only; got 'a' in line 2 too"),
        ("id,weight_kg\na,60\n,70\n", "line 3: id is missing; got ''"),
        ("weight_kg\n", "has no people in it"),
        ("age_y\n60\n", "line 1: weight_kg is needed of every patient; got no such column"),
        ("", "has no people in it"),
    ],
)
def test_a_wrong_table_names_the_file_and_the_line(tmp_path, text, message):
    file = tmp_path / "mine.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message) as caught:
        Population.from_csv(file)
    assert str(file) in str(caught.value)


def test_a_frame_will_do():
    import pandas as pd

    mine = Population.from_table(pd.DataFrame({"weight_kg": [60, 80], "acute_thrombosis": [True, False]}))
    assert mine.cohort(DRUG, np.array([1]), seed=0)[0].weight_kg == 80
    with pytest.raises(ValueError, match="row 1: age_y must be known of every patient or be left out; got nan"):
        Population.from_table({"weight_kg": [60, 80], "age_y": [50, math.nan]})
    with pytest.raises(ValueError, match="the table has 2 people; got person 2"):
        mine.cohort(DRUG, np.array([2]), seed=0)
    with pytest.raises(ValueError, match="only a table can be resampled"):
        Population().resampled(3, seed=1)


def test_a_column_of_words_is_not_a_column_of_truths():
    """The example of the issue: "no" made a smoker, because a text that is not empty counts as True."""
    import pandas as pd

    columns = {"weight_kg": [60, 80, 90], "acute_thrombosis": ["no", "yes", "No "]}
    for table in (columns, pd.DataFrame(columns), pd.DataFrame(columns).astype("category")):
        mine = Population.from_table(table)
        assert mine.cohort(DRUG, np.arange(3), seed=1).acute_thrombosis.tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("column", "cells", "meant"),
    [
        ("smoker", [True, False], [True, False]),
        ("smoker", [np.True_, np.False_], [True, False]),
        ("smoker", [1, 0.0], [True, False]),
        ("smoker", ["ja", "Nein"], [True, False]),
        ("smoker", ["oui", "non"], [True, False]),
        ("smoker", ["O", "N"], [True, False]),
        ("smoker", ["sí", "no"], [True, False]),
        ("smoker", ["si\u0301", "no"], [True, False]),
        ("smoker", ["WAHR", "FALSCH"], [True, False]),
        ("sex", ["M", "F"], ["male", "female"]),
        ("sex", ["Male", "Female"], ["male", "female"]),
        ("sex", ["m", "w"], ["male", "female"]),
        ("sex", ["Homme", "femme"], ["male", "female"]),
        ("age_y", ["50", " 60.5 "], [50.0, 60.5]),
        ("age_y", ["50,5", "60"], [50.5, 60.0]),
        ("age_y", [np.int64(50), np.float32(60.5)], [50.0, 60.5]),
    ],
)
def test_words_and_numbers_are_understood_in_every_way_in(tmp_path, column, cells, meant):
    import pandas as pd

    columns = {"weight_kg": ["60", "80"], column: cells}
    file = tmp_path / "mine.csv"
    pd.DataFrame(columns).to_csv(file, index=False, sep=";")
    for mine in (Population.from_table(columns), Population.from_table(pd.DataFrame(columns)), Population.from_csv(file)):
        assert dict(mine.table)[column] == tuple(meant)
        assert eval(repr(mine)) == mine


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"smoker": ["maybe", "no"]}, "row 0: smoker must be yes or no; got 'maybe'"),
        ({"smoker": [1, 2]}, "row 1: smoker must be yes or no; got 2"),
        ({"smoker": ["no", None]}, "row 1: smoker must be known of every patient or be left out; got None"),
        ({"sex": ["male", 1]}, "row 1: sex must be female or male; got 1"),
        ({"age_y": [50, True]}, "row 1: age_y must be a number; got True"),
        ({"age_y": [50, math.inf]}, "row 1: age_y must be finite; got inf"),
        ({"age_y": [50, 10**400]}, "row 1: age_y must be finite"),
        ({"age_y": [50, "５０"]}, "row 1: age_y must be a number; got '５０'"),
        ({"age_y": [50, 500]}, "row 1: age_y must lie between 0 and 120; got 500.0"),
        ({"age_y": [50]}, "of one length"),
        ({"age_y": "50"}, "age_y must be a column of values; got '50'"),
        ({"mood": [1, 2]}, "a column must be one of .*; got 'mood'"),
        ({17: [1, 2]}, "column 2 must have a name; got 17"),
        ({" weight_kg": [1, 2]}, "column 'weight_kg' stands there twice"),
    ],
)
def test_a_wrong_cell_of_a_table_is_named_by_row_and_column(columns, message):
    with pytest.raises(ValueError, match=message):
        Population.from_table({"weight_kg": [60, 80]} | columns)


def test_frames_with_traps():
    import pandas as pd

    twice = pd.DataFrame([[60, 70], [80, 90]], columns=["weight_kg", "weight_kg"])
    with pytest.raises(ValueError, match="column 'weight_kg' stands there twice"):
        Population.from_table(twice)
    with pytest.raises(ValueError, match="row 1: smoker must be known of every patient"):
        Population.from_table(pd.DataFrame({"weight_kg": [60, 80], "smoker": pd.array([True, pd.NA], dtype="boolean")}))
    with pytest.raises(ValueError, match="must be columns by name"):
        Population.from_table([{"weight_kg": 60}])
    with pytest.raises(ValueError, match="smoker in a table must be True or False .*; got 'no'"):
        Population(table=(("weight_kg", (60.0,)), ("smoker", ("no",))))


def test_names_of_patients_are_checked_and_not_kept():
    with pytest.warns(UserWarning, match="column id is not kept: patients are counted from 0"):
        mine = Population.from_table({"id": ["a", "b"], "weight_kg": [60, 80]})
    assert [name for name, _ in mine.table] == ["weight_kg"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Distribution(feature="mood", form="normal", mean=value(1), sd=value(1)), "feature must be one of"),
        (lambda: Distribution(feature="age_y", form="cauchy", mean=value(1), sd=value(1)), "form must be one of"),
        (lambda: Distribution(feature="age_y", form="normal", mean=50, sd=value(1)), "mean must be a Value"),
        (lambda: Distribution(feature="age_y", form="normal", mean=value(50)), "sd must be a Value"),
        (lambda: Distribution(feature="smoker", form="normal", mean=value(1), sd=value(1)), "a share of people if and only if"),
        (lambda: Distribution(feature="smoker", form="share", share=value(1.2)), "share must lie between 0 and 1; got 1.2"),
        (
            lambda: Distribution(feature="age_y", form="normal", mean=value(50), sd=value(1), low=-5),
            "low must lie between 0 and 120",
        ),
        (lambda: Population(distributions=(hospital.WEIGHT_MEN,)), "weight_kg must come after height_cm"),
        (lambda: Population(distributions=(hospital.HEIGHT_MEN,)), "needs a spread of 'female' before it"),
        (lambda: Population(dosing_weight="guessed"), "dosing_weight must be one of"),
        (lambda: Population(day=-1), "day must lie between 0 and 10000"),
        (lambda: hospital.THROMBOSIS_WARD.cohort(DRUG, np.array([-1]), seed=1), "subject must be an integer of 0 or more"),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_every_number_of_the_hospital_has_a_place():
    for population in hospital.POPULATIONS.values():
        assert eval(repr(population)) == population
        assert all(source.where for source in population.sources)
        assert str(population)
    assert len(hospital.REAL_WARD.sources) == 9
    assert eval(repr(hospital.REAL_WARD)) == hospital.REAL_WARD
    with pytest.raises(ValueError, match="missed_step_fraction \\+ wrong_step_fraction must lie between 0 and 1"):
        WardErrors(missed_step_fraction=0.7, wrong_step_fraction=0.7)


def test_a_distribution_gives_back_its_quantiles():
    """At p a distribution is at its p-quantile: the share, the middle, and what one SD above it is."""
    sex = Distribution(feature="female", form="share", share=value(0.6))
    assert sex.of(np.array([0.1, 0.59, 0.61, 0.9])).tolist() == [True, True, False, False]
    hour = Distribution(feature="clock_at_start_h", form="uniform", lowest=value(6.0), highest=value(10.0))
    assert hour.of(np.array([0.0, 0.25, 1.0])) == pytest.approx([6.0, 7.0, 10.0])
    one_sd = 0.8413447460685429
    age = Distribution(feature="age_y", form="normal", mean=value(60.0), sd=value(10.0))
    assert age.of(np.array([0.5, one_sd])) == pytest.approx([60.0, 70.0])
    weight = Distribution(feature="weight_kg", form="log-normal", median=value(80.0), sd=value(0.2))
    assert weight.of(np.array([0.5, one_sd])) == pytest.approx([80.0, 80.0 * math.exp(0.2)])
