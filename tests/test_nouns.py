"""What every noun refuses and with which words, what a course tells, and what is read off it."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from heparin_pk import (
    ASSAYS,
    Bag,
    Bolus,
    ByHand,
    Course,
    Decision,
    Entry,
    Fixed,
    Hold,
    Infusion,
    Kinetics,
    Lab,
    Laboratory,
    Nomogram,
    OutsideValidityDomain,
    Parameter,
    Patient,
    Protamine,
    Pump,
    Reagent,
    Regimen,
    Source,
    Step,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    Value,
    aptt_range_for_anti_xa,
    metrics,
    nomogram,
    published,
    simulate,
    titrate,
)
from heparin_pk.blood.response import level
from heparin_pk.body.kinetics import State
from heparin_pk.engine import Run, exact

SOURCE = Source(key="A_2020", citation="A", where="Table 1", confidence="derived")
NOT_NUMBERS = [math.nan, math.inf, -math.inf, "80", True, None, [80], 1 + 2j]
BAG = Bag(units_u=25_000, volume_ml=250)
REAGENT = {"name": "r", "slope_ml_per_u": 1.3, "source": SOURCE}


def fields_of(make, usual, **wrong):
    """Return (make, usual, field, values too wrong for it) rows; ``None`` in ``wrong`` allows None for that field."""
    return [pytest.param(make, usual, name, values, id=f"{make.__name__}.{name}") for name, values in wrong.items()]


LIMITS = [
    *fields_of(
        Patient,
        {"weight_kg": 80},
        weight_kg=(-80, 0, 0.39, 400.1, 82_000),
        age_y=(-1, 120.5),
        baseline_aptt_s=(14.9, 151, -30, 0),
        antithrombin_fraction=(-0.1, 2.1, 80),
    ),
    *fields_of(
        Bolus, {"time_h": 0, "dose_u": 5000}, time_h=(-0.1, 1441), dose_u=(-1, 200_001), over_min=(-1, 601), most_u=(-1, 2e6)
    ),
    *fields_of(Bolus, {"time_h": 0, "dose_u_per_kg": 80}, dose_u_per_kg=(-80, 1001)),
    *fields_of(
        Infusion, {"time_h": 0, "rate_u_per_h": 1000}, time_h=(-1, 1e9), rate_u_per_h=(-1, 500_001), most_u_per_h=(-1, 1e9)
    ),
    *fields_of(Infusion, {"time_h": 0, "rate_u_per_kg_per_h": 18}, rate_u_per_kg_per_h=(-18, 3001)),
    *fields_of(Infusion, {"time_h": 0, "rate_ml_per_h": 18, "bag": BAG}, rate_ml_per_h=(-18, 2001)),
    *fields_of(Hold, {"time_h": 0, "duration_min": 60}, time_h=(-1,), duration_min=(-60, 0, 0.9, 2881)),
    *fields_of(Stop, {"time_h": 0}, time_h=(-1, 1440.1)),
    *fields_of(Subcutaneous, {"time_h": 0, "dose_u": 5000}, time_h=(-1,), dose_u=(-1, 1e6)),
    *fields_of(Protamine, {"time_h": 0, "dose_mg": 50}, time_h=(-1,), dose_mg=(-1, 1001), over_min=(0, -10, 601)),
    *fields_of(Bag, {"units_u": 25_000, "volume_ml": 250}, units_u=(-1, 0, 1e7), volume_ml=(-1, 0, 1e6)),
    *fields_of(Pump, {}, resolution_ml_per_h=(-0.1, 0, 11)),
    *fields_of(Laboratory, {}, turnaround_h=(-1, 25), cv_fraction=(-0.05, 0.6, 5), ceiling=(-1, 0, 1e5), resolution=(-1, 0, 11)),
    *fields_of(Reagent, REAGENT, slope_ml_per_u=(-1, 0, 11), control_aptt_s=(14, 61, -30)),
    *fields_of(TherapeuticRange, {"assay": "aptt_s", "low": 46, "high": 70}, low=(-1, 1001), high=(-1, 1001)),
    *fields_of(Lab, {"drawn_h": 6, "reported_h": 7, "assay": "aptt_s", "value": 60}, value=(-1, 1e5), reported_h=(5.9, 1e6)),
    *fields_of(Step, {}, hold_min=(-1, 2881), bolus_u_per_kg=(-1, 501), rate_u_per_kg_per_h=(-1, 101), recheck_h=(0, 0.9, 73)),
    *fields_of(
        ByHand,
        {"bolus_u_per_kg": 80, "rate_u_per_kg_per_h": 18},
        bolus_u_per_kg=(-1, 501),
        rate_u_per_kg_per_h=(-1, 101),
        first_check_h=(0, 73),
    ),
    *fields_of(
        Kinetics,
        {"v1_ml": 3000},
        v1_ml=(-1, 0, 1e7),
        clearance_ml_per_h=(-1, 1e7),
        vmax_u_per_h=(-1, 1e7),
        km_u_per_ml=(-1, 0, 1e5),
        q_ml_per_h=(-1, 1e7),
        v2_ml=(-1, 0, 1e7),
        bmax_u=(-1, 1e7),
        kon_ml_per_u_per_h=(-1, 1e5),
        kint_per_h=(-1, 1e4),
        ktr_per_h=(-1, 1e4),
        bioavailability_fraction=(-0.1, 1.1, 50),
        lag_h=(-1, 49),
        kr_ml_per_u_per_h=(-1, 1e5),
        protamine_loss_per_h=(-1, 1e4),
        ke0_per_h=(-1, 1e4),
    ),
]


@pytest.mark.parametrize(("make", "usual", "name", "outside"), LIMITS)
def test_limits(make, usual, name, outside):
    """Name, limits and value in the message, for every number of every noun."""
    make(**usual)
    for value in outside:
        with pytest.raises(ValueError, match=rf"{name} must lie between \S+ and \S+; got {value!r}"):
            make(**usual | {name: value})
    optional = getattr(make(**usual), name) is None or name in {"dose_u", "dose_u_per_kg", "age_y"} or name.startswith("rate_")
    for value in NOT_NUMBERS:
        if value is None and optional:
            continue
        with pytest.raises(ValueError, match=rf"{name} must (lie|be a number) between \S+ and \S+; got ") as caught:
            make(**usual | {name: value})
        assert repr(value) in str(caught.value)


def test_ends_of_the_limits_are_inside():
    assert Patient(weight_kg=0.4, age_y=0, baseline_aptt_s=15, antithrombin_fraction=0).weight_kg == 0.4
    assert Patient(weight_kg=400, age_y=120, baseline_aptt_s=150, antithrombin_fraction=2).weight_kg == 400.0
    assert type(Patient(weight_kg=np.int64(80)).weight_kg) is float
    assert type(Patient(weight_kg=np.float32(80)).weight_kg) is float


@pytest.mark.parametrize(
    ("make", "message"),
    [
        # exactly one way to write an amount
        (lambda: Bolus(time_h=0), "Bolus needs exactly one of dose_u, dose_u_per_kg; got none of them"),
        (
            lambda: Bolus(time_h=0, dose_u=1, dose_u_per_kg=1),
            "exactly one of dose_u, dose_u_per_kg; got dose_u and dose_u_per_kg",
        ),
        (lambda: Subcutaneous(time_h=0), "Subcutaneous needs exactly one of"),
        (lambda: Infusion(time_h=0), "Infusion needs exactly one of rate_u_per_h, rate_u_per_kg_per_h, rate_ml_per_h; got none"),
        (lambda: Infusion(time_h=0, rate_u_per_h=1, rate_ml_per_h=1, bag=BAG), "got rate_u_per_h and rate_ml_per_h"),
        (lambda: Infusion(time_h=0, rate_ml_per_h=10), "millilitres mean nothing without the bag"),
        (lambda: Infusion(time_h=0, rate_u_per_h=10, bag=BAG), "rate_ml_per_h and bag belong together"),
        (
            lambda: Infusion(time_h=0, rate_u_per_kg_per_h=2000).resolved(400),
            "rate_u_per_h must lie between 0 and 500000; got 800000",
        ),
        # regimens
        (lambda: Regimen((Stop(time_h=2), Bolus(time_h=1, dose_u=1))), r"order 2 \(Bolus at 1 h\) comes after one at 2 h"),
        (
            lambda: Regimen((Bolus(time_h=1, dose_u=1), Bolus(time_h=1, dose_u=2))),
            r"two orders of one kind.*order 2 \(Bolus at 1 h\)",
        ),
        (
            lambda: Regimen((Infusion(time_h=1, rate_u_per_h=1), Stop(time_h=1))),
            r"two orders of one kind.*order 2 \(Stop at 1 h\)",
        ),
        (lambda: Regimen((Hold(time_h=1, duration_min=5), Hold(time_h=1, duration_min=9))), "two orders of one kind"),
        (lambda: Regimen(("80 U/kg",)), r"order 1 must be one of Bolus, Infusion, .*; got '80 U/kg'"),
        (lambda: Regimen(()).resolved(-1), "weight_kg must lie between"),
        # numbers and their papers
        (lambda: Value(28.0, "28 mL/min"), "a value needs a Source that says where it was read; got '28 mL/min'"),
        (lambda: Value(28.0, None), "a value needs a Source"),
        (lambda: Value(math.nan, SOURCE), "a value must be a finite number; got nan"),
        (lambda: Value("28", SOURCE), "a value must be a finite number; got '28'"),
        (lambda: Value(True, SOURCE), "a value must be a finite number; got True"),
        (
            lambda: Source(key="A", citation="A", where="", confidence="primary"),
            "a source needs where: a text that is not empty; got ''",
        ),
        (lambda: Source(key="A", citation=" ", where="x", confidence="primary"), "a source needs citation"),
        (lambda: Source(key=None, citation="A", where="x", confidence="primary"), "a source needs key"),
        (lambda: Source(key="A", citation="A", where="x", confidence="sure"), "confidence must be one of primary.*; got 'sure'"),
        (lambda: Parameter(name="volume", value=Value(1.0, SOURCE)), "name must be a field of Kinetics.*; got 'volume'"),
        (lambda: Parameter(name="v1_ml", value=3000), "v1_ml needs a Value with its Source; got 3000"),
        (
            lambda: Parameter(name="v1_ml", value=Value(1.0, SOURCE), exponent=3),
            "exponent must lie between -1 and 2; got 3",
        ),
        (
            lambda: replace(published.UFH_A_DERIVED, parameters=published.UFH_A_DERIVED.parameters[:1] * 2),
            "UFH_A_DERIVED: a parameter is given twice: v1_ml, v1_ml",
        ),
        (lambda: replace(published.UFH_A_DERIVED, reference_weight_kg=0), "reference_weight_kg must lie between"),
        # kinetics half described
        (lambda: Kinetics(v1_ml=3000, bmax_u=1000), "a binding pool needs kon_ml_per_u_per_h and kint_per_h above 0"),
        (lambda: Kinetics(v1_ml=3000, bmax_u=1000, kon_ml_per_u_per_h=1), "a binding pool needs"),
        (lambda: Kinetics(v1_ml=3000, transits=3), "transits must be one of 1, 2; got 3"),
        (
            lambda: Kinetics(v1_ml=3000, vmax_u_per_h=1000).steady_state_u_per_ml(1000),
            "rate_u_per_h must stay below 1000 U/h.*; got 1000",
        ),
        (lambda: Kinetics(v1_ml=3000).steady_state_u_per_ml(1), "must stay below 0 U/h"),
        (lambda: Kinetics(v1_ml=3000).steady_state_u_per_ml(-1), "rate_u_per_h must lie between"),
        # the laboratory and what it measures
        (lambda: Laboratory(assay="ptt"), "assay must be one of aptt_s, aptt_ratio, anti_xa_u_per_ml, act_s; got 'ptt'"),
        (lambda: Laboratory(reagent="actin-fs"), "reagent must be a Reagent or None; got 'actin-fs'"),
        (lambda: Reagent(name="r", slope_ml_per_u=1, source="paper"), "reagent 'r' needs a Source; got 'paper'"),
        (lambda: Reagent(name="", slope_ml_per_u=1, source=SOURCE), "name of a reagent must not be empty"),
        (
            lambda: Reagent.from_matched_range(name="r", anti_xa_u_per_ml=(0, 0.7), aptt_ratio=(1.5, 2.5), source=SOURCE),
            "two rising levels above 0 and two rising ratios above 1",
        ),
        (
            lambda: Reagent.from_matched_range(name="r", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(1.0, 2.5), source=SOURCE),
            "two rising levels above 0 and two rising ratios above 1",
        ),
        (lambda: TherapeuticRange(assay="x", low=1, high=2), "assay must be one of .*; got 'x'"),
        (lambda: TherapeuticRange(assay="aptt_s", low=70, high=46), r"0 < low < high; got low 70 and high 46"),
        (lambda: TherapeuticRange(assay="aptt_s", low=0, high=46), "0 < low < high"),
        (lambda: TherapeuticRange(assay="aptt_s", low=46, high=46), "0 < low < high"),
        (
            lambda: aptt_range_for_anti_xa(published.reagents.RASCHKE, Patient(weight_kg=70), (-0.3, 0.7)),
            "anti_xa_range must lie",
        ),
        (lambda: Lab(drawn_h=7, reported_h=6, assay="aptt_s", value=60), "reported_h must lie between 7 and 10000; got 6"),
        # controllers
        (lambda: Fixed(regimen=()), "regimen must be a Regimen; got ()"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(6, 5)), r"draws_h must rise; got \(6\.0, 5\.0\)"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(6, 6)), "draws_h must rise"),
        (lambda: Fixed(regimen=Regimen(()), draws_h=(-6,)), "draws_h must lie between 0 and 10000; got -6"),
        (lambda: Fixed(regimen=Regimen(()), assay="ptt"), "assay must be one of"),
        (lambda: ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(14,)), "steps must be Step objects; got 14"),
        (lambda: ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, assay="ptt"), "assay must be one of"),
        (lambda: published.named("ufh-a"), r"no model 'ufh-a'; there are UFH_B_DERIVED.*"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()


def test_names_of_sets_in_any_case():
    assert published.named("ufh-b-derived") is published.UFH_B_DERIVED
    assert published.named("UFH_DEFAULT") is published.UFH_DEFAULT


# Time passes


class Fickle:
    """A controller that answers with whatever it was given."""

    assay = "aptt_s"

    def __init__(self, *decisions):
        self.decisions = list(decisions)

    def decide(self, situation):
        return self.decisions.pop(0) if self.decisions else Decision()


ADULT, UFH = Patient(weight_kg=75), published.UFH_DEFAULT
RASCHKE = Nomogram.load("raschke-1993")


@pytest.mark.parametrize("hours", [0, -1, math.nan, math.inf, "48", True, 1441, 0.01])
def test_hours(hours):
    for run in (lambda: simulate(ADULT, UFH, Regimen(()), hours=hours), lambda: titrate(ADULT, UFH, RASCHKE, hours=hours)):
        with pytest.raises(ValueError, match=r"hours must (lie|be a number) between 0\.0166667 and 1440; got"):
            run()


@pytest.mark.parametrize("seed", [-1, 1.5, "1", True, None, 2**64])
def test_seeds(seed):
    with pytest.raises(ValueError, match=r"seed must be an integer from 0 to .* or a numpy Generator; got"):
        titrate(ADULT, UFH, RASCHKE, hours=1, seed=seed)


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (lambda: simulate(ADULT, UFH, ()), r"regimen must be a Regimen; got \(\)"),
        (
            lambda: simulate(ADULT, UFH, Regimen(()), engine="euler"),
            "engine must be one of stepper, scipy, compiled; got 'euler'",
        ),
        (lambda: titrate(ADULT, UFH, RASCHKE, engine="euler"), "engine must be one of"),
        (
            lambda: titrate(ADULT, UFH, "raschke-1993"),
            r"controller must be something with an assay and decide\(situation\); got 'raschke-1993'",
        ),
        (
            lambda: titrate(ADULT, UFH, RASCHKE, laboratory=Laboratory(assay="anti_xa_u_per_ml")),
            "this controller reads aptt_s, but the laboratory reports anti_xa_u_per_ml",
        ),
        (
            lambda: titrate(ADULT, UFH, Fickle(Decision(next_draw_h=6), Decision(orders=(Stop(time_h=6.5),))), hours=12),
            r"an order must not lie in the past: Stop\(time_h=6\.5\) was decided at 7 h",
        ),
        (
            lambda: titrate(ADULT, UFH, Fickle(Decision(next_draw_h=6), Decision(next_draw_h=6.5)), hours=12),
            r"next_draw_h must lie between 7 and 100000; got 6\.5",
        ),
    ],
)
def test_what_cannot_pass(run, message):
    with pytest.raises(ValueError, match=message):
        run()


def test_an_order_for_later_is_kept_although_its_rate_runs_now():
    """Stop now, in an hour back to the same rate: the second order must not be taken for no change."""
    again = Decision(orders=(Stop(time_h=7), Infusion(time_h=8, rate_u_per_h=1000)))
    start = Decision(orders=(Infusion(time_h=0, rate_u_per_h=1000),), next_draw_h=6)
    course = titrate(ADULT, UFH, Fickle(start, again), hours=12)
    assert course.regimen.orders[1:] == again.orders
    assert course.pump_u_per_h[-1] == 1000.0


def test_an_order_that_repeats_the_running_rate_is_no_order():
    same = Decision(orders=(Infusion(time_h=7, rate_u_per_h=1000.4),), next_draw_h=12)
    start = Decision(orders=(Infusion(time_h=0, rate_u_per_h=1000),), next_draw_h=6)
    course = titrate(ADULT, UFH, Fickle(start, same), hours=14)
    assert course.entries[1].orders == ()  # 1000.4 U/h is 10.0 mL/h, which the pump runs at
    assert metrics.adjustments(course) == 0


def test_outside_the_studied_range_warns():
    with pytest.warns(OutsideValidityDomain, match=r"UFH_B_DERIVED was studied at weight_kg 40 to 160; got 20"):
        simulate(Patient(weight_kg=20), UFH, Regimen(()), hours=1)
    with pytest.warns(OutsideValidityDomain, match="age_y 18 to 100"):
        simulate(Patient(weight_kg=75, age_y=12), UFH, Regimen(()), hours=1)
    with pytest.warns(OutsideValidityDomain, match=r"studied up to 10 U/mL; this course reaches 16"):
        simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=800),)), hours=1)


# The laboratory's report


def test_a_result_is_capped_at_the_ceiling():
    laboratory = Laboratory(cv_fraction=0.0)
    lab = laboratory.report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (lab.value, lab.above_ceiling, lab.in_words()) == (150.0, True, "aPTT > 150 s")
    assert lab.reported_h == 7.0
    ratio = Laboratory(assay="aptt_ratio", cv_fraction=0.0).report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (ratio.value, ratio.above_ceiling, ratio.in_words()) == (5.0, True, "aPTT ratio > 5.0")
    anti_xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.0).report(3.0, ADULT, published.reagents.GUIDELINE, 6.0, 0)
    assert (anti_xa.value, anti_xa.above_ceiling, anti_xa.in_words()) == (3.0, False, "anti-Xa 3.00 U/mL")


def test_results_are_written_as_the_chart_prints_them():
    for assay, value, text in (
        ("aptt_s", 63, "aPTT 63 s"),
        ("aptt_ratio", 2, "aPTT ratio 2.0"),
        ("anti_xa_u_per_ml", 0.5, "anti-Xa 0.50 U/mL"),
    ):
        assert Lab(drawn_h=6, reported_h=7, assay=assay, value=value).in_words() == text
        assert ASSAYS[assay].in_words(value) == text


def test_low_antithrombin_hides_heparin_from_the_anti_xa_assay():
    poor, rich = (Patient(weight_kg=75, antithrombin_fraction=f) for f in (0.5, 1.5))
    regimen = Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18),))
    for patient, share in ((poor, 0.5), (rich, 1.0)):
        course = simulate(patient, UFH, regimen, hours=6)
        np.testing.assert_array_equal(course.level("anti_xa_u_per_ml"), share * course.concentration_u_per_ml)


# The course: what it tells, out and in


@pytest.fixture(scope="module")
def titrated():
    regimen = Regimen(
        (
            Bolus(time_h=0, dose_u_per_kg=80, over_min=5),
            Infusion(time_h=0, rate_u_per_kg_per_h=18),
            Hold(time_h=3, duration_min=30),
            Subcutaneous(time_h=5, dose_u=5000),
            Stop(time_h=20),
            Protamine(time_h=20.5, dose_mg=12.5),
        )
    )
    return titrate(Patient(weight_kg=82, age_y=70), UFH, Fixed(regimen=regimen, draws_h=(6, 13.25, 21)), hours=24, seed=9)


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


@pytest.mark.parametrize("what", WRONG_JSON)
def test_wrong_json(tmp_path, titrated, what):
    damage, message = WRONG_JSON[what]
    file = tmp_path / "wrong.json"
    file.write_text(damage(titrated.to_json()), encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        Course.from_json(file)


WRONG_CSV = {
    "a missing column": (lambda t: t.replace("bound_u", "bond", 1), r"wrong\.csv, line 1: missing column bound_u"),
    "two missing columns": (lambda t: t.replace("record,", "rec,", 1).replace("detail", "x", 1), "missing column record, detail"),
    "another table": (lambda t: "a,b\n1,2\n", r"wrong\.csv, line 1: missing column record, time_h"),
    "nothing": (lambda t: "", r"wrong\.csv, line 1: missing column"),
    "a bad number": (
        lambda t: t.replace("\ntruth,0.0,", "\ntruth,zero,", 1),
        r"wrong\.csv, line \d+: could not convert .*'zero'",
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


# Readings, against courses made by hand and the closed form


def by_hand(values_aptt_s, times_h, labs=(), orders=()):
    """Return a course whose aPTT passes through these values (30 s baseline), straight in concentration between them."""
    concentration = np.log(np.array(values_aptt_s, float) / 30.0) / 1.35
    states = np.zeros((len(times_h), 8))
    states[:, 0] = concentration * 3750.0
    entries = [Entry(time_h=0.0, orders=tuple(orders)), *(Entry(time_h=lab.reported_h, lab=lab) for lab in labs)]
    return Course(
        patient=ADULT,
        drug=UFH,
        reagent=UFH.reagent,
        entries=tuple(entries),
        time_h=np.array(times_h, float),
        states=states,
        pump_u_per_h=np.zeros(len(times_h)),
        hours=float(times_h[-1]),
    )


RANGE = TherapeuticRange(assay="aptt_s", low=50, high=70)


def lab(drawn_h, value, above_ceiling=False, assay="aptt_s"):
    return Lab(drawn_h=drawn_h, reported_h=drawn_h + 1, assay=assay, value=value, above_ceiling=above_ceiling)


def test_true_time_in_range_by_hand():
    # 30 to 90 s within 6 h (in range for 2 h), flat at 60 s for 4 h, straight down to 40 s within 2 h (1 h of it in range),
    # then at 50.1 s for 1 h after a jump.
    times_h = [0, 6, 6, 10, 12, 12, 13]
    course = by_hand([30, 90, 60, 60, 40, 50.1, 50.1], times_h)
    inside = 2 + 4 + 1 + 1
    assert metrics.hours_between(course, "aptt_s", 50, 70) == pytest.approx(inside)
    assert metrics.time_in_range_fraction(course, RANGE) == pytest.approx(inside / 13)
    assert metrics.time_below_fraction(course, RANGE) == pytest.approx((2 + 1) / 13)
    assert metrics.time_above_fraction(course, RANGE) == pytest.approx(2 / 13)
    assert metrics.time_in_range_fraction(course, RANGE, start_h=3, end_h=8) == pytest.approx((1 + 2) / 5)
    assert metrics.time_to_therapeutic_h(course, RANGE) == pytest.approx(2.0)


def test_times_to_therapeutic_by_hand():
    assert metrics.time_to_therapeutic_h(by_hand([40, 40], [0, 5]), RANGE) is None
    assert metrics.time_to_therapeutic_h(by_hand([60, 40], [0, 5]), RANGE) == 0.0
    assert metrics.time_to_therapeutic_h(by_hand([100, 40], [0, 6]), RANGE) == pytest.approx(3.0)  # from above
    assert metrics.time_to_therapeutic_h(by_hand([30, 30, 60, 60], [0, 1, 1, 2]), RANGE) == 1.0  # by a bolus
    labs = (lab(6, 40), lab(12, 150, above_ceiling=True), lab(13, 60, assay="anti_xa_u_per_ml"), lab(18, 55), lab(24, 60))
    course = by_hand([40, 40], [0, 30], labs=labs)
    assert metrics.time_to_therapeutic_result_h(course, RANGE) == 18.0
    assert metrics.time_to_therapeutic_result_h(by_hand([60, 60], [0, 30]), RANGE) is None


def test_a_level_that_rushes_through_the_range_was_not_in_it():
    assert metrics.time_to_therapeutic_h(by_hand([40, 80], [0, 4]), RANGE) == pytest.approx(1.0)
    assert metrics.time_to_therapeutic_h(by_hand([40, 80], [0, 0.1]), RANGE) is None
    assert metrics.time_to_therapeutic_h(by_hand([40, 60, 80, 60, 60], [0, 0.05, 0.1, 3.1, 4.1]), RANGE) == pytest.approx(1.6)


def test_a_bolus_at_once_and_one_over_minutes_reach_the_range_together():
    start = Infusion(time_h=0, rate_u_per_kg_per_h=18)
    at_once, slow = (
        simulate(ADULT, UFH, Regimen((start, Bolus(time_h=0, dose_u_per_kg=80, over_min=minutes))), hours=24)
        for minutes in (0, 5)
    )
    reached = [metrics.time_to_therapeutic_h(course, RANGE) for course in (at_once, slow)]
    assert reached[0] > 3
    assert reached[1] == pytest.approx(reached[0], abs=0.1)


def test_rosendaal_by_hand():
    """2.0, 3.0, 4.0 in a range of 2-3 over 10 and 10 days is 50 %; the same in seconds and hours, with every special case."""
    assert metrics.rosendaal_fraction(
        by_hand([40, 40], [0, 40], labs=(lab(0, 50), lab(10, 70), lab(20, 90))), RANGE
    ) == pytest.approx(0.5)
    # 40 to 80 in 8 h: in range from 50 to 70, 4 h; 80 to 60 in 4 h: from 70 to 60, 2 h; 60 to 60 in 6 h: 6 h. 12 of 18 h.
    labs = (lab(2, 40), lab(10, 80), lab(14, 60), lab(20, 60))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 40], labs=labs), RANGE) == pytest.approx(12 / 18)
    # A gap of 30 h is not bridged unless allowed; outside it nothing is assumed.
    gap = (*labs, lab(50, 60))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=gap), RANGE) == pytest.approx(12 / 18)
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=gap), RANGE, largest_gap_h=30) == pytest.approx(42 / 48)
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=labs[:1]), RANGE) is None
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60]), RANGE) is None
    # "> 150 s" counts as 150: 50 to 150 in 10 h is in range until 70, 2 h.
    ceiling = (lab(0, 50), lab(10, 150, above_ceiling=True))
    assert metrics.rosendaal_fraction(by_hand([40, 40], [0, 60], labs=ceiling), RANGE) == pytest.approx(0.2)


def test_tests_in_range_by_hand():
    labs = (lab(6, 50), lab(12, 70), lab(18, 71), lab(24, 49), lab(30, 60, above_ceiling=True))
    assert metrics.fraction_of_tests_in_range(by_hand([40, 40], [0, 40], labs=labs), RANGE) == pytest.approx(2 / 5)
    assert metrics.fraction_of_tests_in_range(by_hand([40, 40], [0, 40]), RANGE) is None


@pytest.mark.parametrize("target", [RANGE, TherapeuticRange(assay="anti_xa_u_per_ml", low=0.3, high=0.7)])
def test_true_time_in_range_against_the_closed_form(target):
    """80/18 for 12 h in a one-compartment set, then nothing: crossings, plateau and area are known exactly."""
    drug = published.UFH_A_DERIVED
    kinetics, v1_ml = drug.individual(ADULT), drug.individual(ADULT).v1_ml
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12)))
    course = simulate(ADULT, drug, regimen, hours=18)

    def amount(level):
        return v1_ml * (level if target.assay == "anti_xa_u_per_ml" else math.log(level / 30.0) / 1.35)

    low_u, high_u, bolus_u, rate = amount(target.low), amount(target.high), 6000.0, 1350.0
    enters = exact.hours_until(kinetics, bolus_u, rate, high_u)
    leaves = exact.hours_until(kinetics, bolus_u, rate, low_u)
    at_stop = exact.amount_after(kinetics, bolus_u, rate, 12.0)
    after = exact.hours_until(kinetics, at_stop, 0.0, low_u) if at_stop > low_u else 0.0
    inside = min(leaves, 12.0) - enters + after
    assert inside > 3.0
    assert metrics.time_in_range_fraction(course, target) == pytest.approx(inside / 18.0, abs=1e-3 / 18.0)
    assert metrics.time_above_fraction(course, target) == pytest.approx(enters / 18.0, abs=1e-3 / 18.0)
    shares = (metrics.time_below_fraction, metrics.time_in_range_fraction, metrics.time_above_fraction)
    assert sum(share(course, target) for share in shares) == pytest.approx(1.0)
    assert metrics.time_to_therapeutic_h(course, target) == pytest.approx(enters, abs=1e-3)
    area = exact.area_u_h_per_ml(kinetics, bolus_u, rate, 12.0) + exact.area_u_h_per_ml(kinetics, at_stop, 0.0, 6.0)
    assert metrics.auc_u_h_per_ml(course) == pytest.approx(area, rel=1e-6)
    assert metrics.peak_u_per_ml(course) == pytest.approx(bolus_u / v1_ml)


def test_half_life_against_the_closed_form():
    kinetics = published.UFH_A_DERIVED.individual(ADULT)
    for dose_u in (1875.0, 7500.0, 30_000.0):
        course = simulate(ADULT, published.UFH_A_DERIVED, Regimen((Bolus(time_h=0, dose_u=dose_u),)), hours=12)
        exactly = exact.hours_until(kinetics, dose_u, 0.0, 0.5 * dose_u)
        assert metrics.half_life_h(course) == pytest.approx(exactly, abs=5e-4)
    assert metrics.half_life_h(simulate(ADULT, UFH, Regimen((Bolus(time_h=0, dose_u=7500),)), hours=0.5)) is None
    assert metrics.half_life_h(simulate(ADULT, UFH, Regimen(()), hours=1)) is None


def test_heparin_given(titrated):
    # 82 kg, 80 U/kg over 5 min, 1480 U/h for 20 h less half an hour of hold, 5000 U under the skin; protamine is no heparin.
    assert metrics.heparin_given_u(titrated) == pytest.approx(6560 + 1480 * 19.5 + 5000)
    cut = Regimen((Bolus(time_h=0, dose_u=600, over_min=60), Bolus(time_h=1, dose_u=100), Infusion(time_h=1, rate_u_per_h=1000)))
    assert metrics.heparin_given_u(simulate(ADULT, UFH, cut, hours=0.5)) == pytest.approx(300)
    assert metrics.heparin_given_u(simulate(ADULT, UFH, cut, hours=1.5)) == pytest.approx(600 + 100 + 500)
    assert metrics.heparin_given_u(simulate(ADULT, UFH, Regimen(()), hours=1)) == 0.0


def test_counts():
    start = Decision(orders=(Bolus(time_h=0, dose_u=5000), Infusion(time_h=0, rate_u_per_h=1000)), next_draw_h=6)
    up = Decision(orders=(Bolus(time_h=7, dose_u=2000), Infusion(time_h=7, rate_u_per_h=1100)), next_draw_h=12)
    pause = Decision(orders=(Hold(time_h=13, duration_min=60), Infusion(time_h=13, rate_u_per_h=900)), next_draw_h=20)
    course = titrate(ADULT, UFH, Fickle(start, up, pause, Decision(orders=(Stop(time_h=21),))), hours=24)
    assert (metrics.adjustments(course), metrics.holds(course), metrics.reboluses(course)) == (3, 1, 1)
    summary = metrics.summary(course, RANGE)
    assert summary["blood_draws"] == 3
    assert summary["adjustments"] == 3
    assert {
        name: getattr(metrics, name)(course, RANGE) for name in ("time_in_range_fraction", "rosendaal_fraction")
    }.items() <= summary.items()


def test_prediction_errors_by_hand():
    course = by_hand([30, 60, 90, 90], [0, 10, 10, 20])
    labs = (lab(5, 60), lab(10, 50), lab(15, 150, above_ceiling=True), lab(20, 100), lab(25, 60))
    rows = metrics.prediction_errors(course, labs)
    assert [row["drawn_h"] for row in rows] == [5, 10, 15, 20]  # the last one lies outside the course
    assert rows[0]["predicted"] == pytest.approx(30 * math.sqrt(2))  # straight in concentration
    assert rows[1]["error_percent"] == pytest.approx(100 * (60 - 50) / 50)  # just before what was given at 10 h
    assert "error_percent" not in rows[2]
    assert rows[3]["error_percent"] == pytest.approx(-10)
    errors = [row["error_percent"] for row in rows if "error_percent" in row]
    assert metrics.bias_and_inaccuracy_percent(rows) == pytest.approx((np.median(errors), np.median(np.abs(errors))))
    assert metrics.bias_and_inaccuracy_percent(rows[2:3]) is None


def test_a_measured_zero_has_no_percentage():
    course = simulate(ADULT, UFH, Regimen((Infusion(time_h=1, rate_u_per_h=1000),)), hours=12)
    rows = metrics.prediction_errors(course, (lab(0, 0.0, assay="anti_xa_u_per_ml"), lab(6, 0.3, assay="anti_xa_u_per_ml")))
    assert ["error_percent" in row for row in rows] == [False, True]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"start_h": -1}, "start_h must lie between 0 and 24; got -1"),
        ({"end_h": 25}, "end_h must lie between 0 and 24; got 25"),
        ({"start_h": 6, "end_h": 6}, "start_h must come before end_h; got 6 and 6"),
        ({"start_h": math.nan}, "start_h must lie between"),
    ],
)
def test_spans(titrated, more, message):
    with pytest.raises(ValueError, match=message):
        metrics.time_in_range_fraction(titrated, RANGE, **more)


def test_rosendaal_gap_has_limits(titrated):
    with pytest.raises(ValueError, match=r"largest_gap_h must lie between 0\.1 and 1000; got 0"):
        metrics.rosendaal_fraction(titrated, RANGE, largest_gap_h=0)


# A learner at the bedside


def test_by_hand_follows_its_steps():
    hand = ByHand(
        bolus_u_per_kg=80,
        rate_u_per_kg_per_h=20,
        first_check_h=5,
        steps=(Step(hold_min=90, rate_u_per_kg_per_h=10, recheck_h=4), Step(bolus_u_per_kg=20, recheck_h=8)),
    )
    course = titrate(ADULT, UFH, hand, hours=40)
    assert [entry.lab.drawn_h for entry in course.entries[1:]] == pytest.approx([5, 6 + 1.5 + 4, 12.5 + 8, 21.5 + 8, 30.5 + 8])
    assert course.entries[1].orders == (Hold(time_h=6, duration_min=90), Infusion(time_h=6, rate_u_per_h=750))
    assert course.entries[2].orders == (Bolus(time_h=12.5, dose_u=1500),)
    assert course.entries[3].orders == ()
    assert [entry.why for entry in course.entries] == ["start", "your step 1", "your step 2", *3 * ["left alone"]]


def test_a_plan_draws_when_it_says():
    plan = Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=1000),)), draws_h=(0, 6, 23, 30))
    course = titrate(ADULT, UFH, plan, hours=24)
    assert [result.drawn_h for result in course.labs] == [0.0, 6.0, 23.0]
    assert course.labs[0].value == pytest.approx(30, abs=5)
    assert course.controller == "Fixed"


# Edges

ADULT_30 = Patient(weight_kg=75)


def test_the_wrong_vial_for_a_newborn_is_no_overflow():
    with pytest.warns(OutsideValidityDomain):
        course = simulate(Patient(weight_kg=1), UFH, Regimen((Bolus(time_h=0, dose_u=5000),)), hours=4)
    assert np.isfinite(course.aptt_s).all()
    assert course.aptt_s.max() > 1e6
    assert course.level_at("aptt_s", 0.5) == course.aptt_s.max()
    assert math.isfinite(metrics.summary(course, RANGE)["time_above_fraction"])


def test_hours_between_stops_just_before_what_is_given_then():
    regimen = Regimen((Bolus(time_h=0, dose_u=3000), Bolus(time_h=6, dose_u=20_000)))
    course = simulate(ADULT, UFH, regimen, hours=12)
    assert metrics.hours_between(course, "aptt_s", 70, 1e9, start_h=1, end_h=6) == 0.0
    assert metrics.hours_between(course, "aptt_s", 70, 1e9, start_h=6, end_h=7) == pytest.approx(1.0)
    for low, high in ((math.nan, 70), (90, 70)):
        with pytest.raises(ValueError, match="low must lie below high"):
            metrics.hours_between(course, "aptt_s", low, high)


def test_a_result_above_a_ceiling_inside_the_range_is_not_in_range():
    labs = (lab(6, 70, above_ceiling=True), lab(12, 70, above_ceiling=True))
    course = by_hand([60, 60], [0, 24], labs=labs)
    assert metrics.rosendaal_fraction(course, RANGE) == pytest.approx(0.0)
    assert metrics.fraction_of_tests_in_range(course, RANGE) == 0.0


def test_open_loop_courses_count_their_orders():
    regimen = Regimen(
        (
            Infusion(time_h=0, rate_u_per_h=1000),
            Infusion(time_h=6, rate_u_per_h=1200),
            Bolus(time_h=8, dose_u=3000),
            Stop(time_h=20),
        )
    )
    course = simulate(ADULT, UFH, regimen, hours=24)
    assert (metrics.adjustments(course), metrics.reboluses(course), metrics.holds(course)) == (2, 1, 0)


@pytest.mark.parametrize(
    "too_fast",
    [
        {"v1_ml": 4000, "vmax_u_per_h": 2000, "km_u_per_ml": 1e-6},
        {"v1_ml": 1, "clearance_ml_per_h": 1e6},
        {"v1_ml": 4000, "bmax_u": 1e6, "kon_ml_per_u_per_h": 1e4, "kint_per_h": 1},
    ],
)
def test_kinetics_that_no_drug_has_are_refused(too_fast):
    with pytest.raises(ValueError, match="must stay below 1000 /h"):
        Kinetics(**too_fast)


def test_kinetics_at_the_limit_stay_positive():
    nearly = Kinetics(v1_ml=1000, vmax_u_per_h=9000, km_u_per_ml=0.01)
    for engine in ("stepper", "scipy"):
        run = Run(nearly, engine)
        run.give(0.0, State(central_u=2000.0), rate_u_per_h=3000.0)
        run.give(2.0, rate_u_per_h=0.0)
        assert run.trajectory(6.0)[1].min() >= 0.0


def test_an_anti_xa_range_knows_the_antithrombin():
    reagent, short = published.reagents.GUIDELINE, Patient(weight_kg=75, antithrombin_fraction=0.5)
    assert aptt_range_for_anti_xa(reagent, short, (0.15, 0.35)) == aptt_range_for_anti_xa(reagent, ADULT_30, (0.3, 0.7))
    with pytest.raises(ValueError, match="antithrombin_fraction must be above 0"):
        aptt_range_for_anti_xa(reagent, Patient(weight_kg=75, antithrombin_fraction=0.0))
    for ends in ((0.0, 0.7), (0.7, 0.3), (0.3, 0.5, 0.7)):
        with pytest.raises(ValueError, match="anti_xa_range must"):
            aptt_range_for_anti_xa(reagent, ADULT_30, ends)
    wide = aptt_range_for_anti_xa(published.reagents.PATHROMTIN_SL, ADULT_30)
    assert wide.in_words() == "aPTT 81 to > 150 s"


def test_levels_below_nothing_are_refused():
    for wrong in (-0.1, math.nan, np.array([0.1, -0.1])):
        with pytest.raises(ValueError, match="concentration_u_per_ml must be 0 or more"):
            level("aptt_s", wrong, ADULT_30, published.reagents.GUIDELINE)


def test_a_damaged_course_is_a_value_error(titrated, tmp_path):
    plain = json.loads(titrated.to_json())
    for key, damage in (("drug", {"is": "Drug"}), ("entries", [{"is": "Entry", "time_h": 0, "orders": None}]), ("seed", "x")):
        with pytest.raises(ValueError, match="the JSON text"):
            Course.from_json(json.dumps({**plain, key: damage}))
    deep = tmp_path / "deep.json"
    deep.write_text("[" * 100_000)
    with pytest.raises(ValueError, match=r"deep\.json"):
        Course.from_json(deep)


def test_a_nomogram_saved_with_a_byte_order_mark_loads(tmp_path):
    text = (Path(nomogram.__file__).parent / "nomograms" / "raschke-1993.toml").read_text(encoding="utf-8")
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8-sig")
    assert Nomogram.load(file).bands == RASCHKE.bands
    with pytest.raises(ValueError, match="cannot be read"):
        Nomogram.load("a\0.toml")
