"""The laws of the package for every published set, engine, nomogram and kind of controller.

The parameters below walk ``published.ALL``, ``nomogram.names()`` and ``ENGINES``: a new set, table or engine is tested too.
"""

from dataclasses import fields, is_dataclass, replace
from itertools import pairwise

import instances
import laws
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import heparin_pk
from heparin_pk import (
    Arm,
    Bag,
    Band,
    Bolus,
    ByHand,
    Charts,
    ClottingTime,
    Course,
    Covariate,
    Decision,
    Decisions,
    Drift,
    Drug,
    Ensemble,
    EnsembleMember,
    Entry,
    Fixed,
    Hold,
    Hospital,
    Infusion,
    Kinetics,
    Lab,
    Laboratory,
    Match,
    Nomogram,
    Notify,
    Parameter,
    Patient,
    Pause,
    Population,
    Protamine,
    Pump,
    Recheck,
    Regimen,
    Residual,
    Resume,
    Situation,
    Situations,
    Source,
    Start,
    Step,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    Trial,
    ValidityDomain,
    Value,
    Variability,
    WardErrors,
    metrics,
    nomogram,
    published,
    reagent_for,
    simulate,
    titrate,
)
from heparin_pk.blood.response import aptt_s
from heparin_pk.engine import ENGINES
from heparin_pk.ward.faults import CHECKS

# The laws are arithmetic: they hold outside the validity domain, too.
pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")

DRUGS = [pytest.param(drug, id=drug.name) for drug in laws.DRUGS]
WITH_THE_DEFAULT_QUICK = [
    pytest.param(d, id=d.name, marks=() if d is published.UFH_DEFAULT else pytest.mark.slow) for d in laws.DRUGS
]
SATURABLE = [pytest.param(d, id=d.name) for d in laws.DRUGS if not d.kinetics(laws.patient_for(d)).is_linear]
LINEAR = [pytest.param(d, id=d.name) for d in laws.DRUGS if d.kinetics(laws.patient_for(d)).is_linear]
NEUTRALISED = [pytest.param(d, id=d.name) for d in laws.DRUGS if d.kinetics(laws.patient_for(d)).can_neutralise]
ABSORBED = [pytest.param(d, id=d.name) for d in laws.DRUGS if d.kinetics(laws.patient_for(d)).can_absorb]
CLOSED_FORM = [pytest.param(d, id=d.name) for d in laws.DRUGS if laws.has_closed_form(d)]
# Compiling takes a few seconds, once.
EVERY_ENGINE = [pytest.param(e, marks=pytest.mark.slow) if e == "compiled" else pytest.param(e) for e in ENGINES]


def test_no_set_engine_or_table_is_missing():
    by_name = {name: value for name, value in vars(published).items() if isinstance(value, Drug) and name != "UFH_DEFAULT"}
    assert set(by_name) == {drug.name for drug in published.ALL}
    assert set(ENGINES) == {"stepper", "scipy", "compiled"}
    assert len(laws.NOMOGRAMS) >= 4
    assert SATURABLE
    assert LINEAR
    assert NEUTRALISED
    assert ABSORBED
    assert CLOSED_FORM


@pytest.mark.parametrize("drug", DRUGS)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
class TestEverySetOnEveryEngine:
    @pytest.mark.parametrize("baseline_aptt_s", [24.5, 30.0, 41.7])
    def test_01_no_heparin_no_effect(self, drug, engine, baseline_aptt_s):
        laws.no_heparin_no_effect(drug, engine, baseline_aptt_s)

    def test_02_a_dose_moves_the_response(self, drug, engine):
        laws.a_dose_moves_the_response(drug, engine)

    def test_04_splitting_an_order_changes_nothing(self, drug, engine):
        laws.splitting_an_order_changes_nothing(drug, engine)

    def test_06_mass_is_kept(self, drug, engine):
        laws.mass_is_kept(drug, engine)

    def test_07_weight_scaling(self, drug, engine):
        laws.same_curve_for_same_dose_per_kg(laws.made_to_scale(drug), engine)
        if laws.scales_with_weight(drug):
            laws.same_curve_for_same_dose_per_kg(drug, engine)

    def test_08_superposition_is_for_linear_sets(self, drug, engine):
        doubled, added = laws.superposition(drug, engine)
        if drug.kinetics(laws.patient_for(drug)).is_linear:
            assert max(doubled, added) < 2e-6
        else:
            assert doubled > 0.05
            assert added > 0.05

    def test_15_drawing_blood_changes_nothing(self, drug, engine):
        laws.drawing_blood_changes_nothing(drug, engine)


# Here and below: the default set stays in the quick loop, the others have their turn when there is a minute.
@pytest.mark.parametrize("kind", laws.CONTROLLERS)
@pytest.mark.parametrize("drug", WITH_THE_DEFAULT_QUICK)
def test_03_replay(drug, kind):
    for seed in (0, 7) if kind in laws.NOMOGRAMS else (0,):
        laws.replays(drug, "stepper", laws.CONTROLLERS[kind](drug), seed, hours=30.0)


@pytest.mark.parametrize("kind", laws.CONTROLLERS)
@pytest.mark.parametrize("drug", WITH_THE_DEFAULT_QUICK)
@pytest.mark.parametrize("engine", [e for e in EVERY_ENGINE if e.values != ("stepper",)])
def test_03_replay_on_the_other_engines(drug, engine, kind):
    laws.replays(drug, engine, laws.CONTROLLERS[kind](drug), seed=3, hours=24.0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_03_replay_of_many_whims(seed):
    drug = laws.DRUGS[seed % len(laws.DRUGS)]
    for engine in ENGINES:
        laws.replays(drug, engine, laws.Whim(100 + seed, drug, assay=drug.responses.assays[0]), seed, hours=72.0)


@pytest.mark.parametrize("drug", WITH_THE_DEFAULT_QUICK)
@pytest.mark.parametrize("rate_u_per_kg_per_h", laws.CLINICAL_RATES_U_PER_KG_PER_H)
def test_05_plateau(drug, rate_u_per_kg_per_h):
    laws.reaches_the_plateau(drug, "stepper", rate_u_per_kg_per_h)


@pytest.mark.parametrize("drug", DRUGS)
@pytest.mark.parametrize("engine", ["stepper", *(pytest.param(name, marks=pytest.mark.slow) for name in ("scipy", "compiled"))])
def test_05_plateau_on_the_other_engines(drug, engine):
    laws.reaches_the_plateau(drug, engine, 18.0)


@pytest.mark.parametrize("drug", ABSORBED)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_06_skin_gives_what_it_took(drug, engine):
    laws.skin_gives_what_it_took(drug, engine)


@pytest.mark.parametrize("drug", NEUTRALISED)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_06_protamine_and_heparin_go_one_to_one(drug, engine):
    laws.protamine_and_heparin_go_one_to_one(drug, engine)


@pytest.mark.parametrize("drug", DRUGS)
def test_07_parameters_follow_their_exponents(drug):
    laws.parameters_follow_their_exponents(drug)


@pytest.mark.parametrize("drug", SATURABLE)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_09_half_life_grows_with_the_dose(drug, engine):
    half_lives_h = laws.half_lives_h(drug, engine)
    assert all(longer > 1.05 * shorter for shorter, longer in pairwise(half_lives_h))


@pytest.mark.parametrize("drug", LINEAR)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_09_half_life_of_a_linear_set_does_not(drug, engine):
    half_lives_h = laws.half_lives_h(drug, engine)
    np.testing.assert_allclose(half_lives_h, half_lives_h[0], rtol=1e-6)
    kinetics = drug.kinetics(laws.patient_for(drug))
    if kinetics.q_ml_per_h == 0.0:
        np.testing.assert_allclose(half_lives_h, np.log(2.0) * kinetics.v1_ml / kinetics.clearance_ml_per_h, rtol=1e-6)


@pytest.mark.parametrize("drug", DRUGS)
class TestEnginesAgree:
    def test_10_stepper_and_scipy(self, drug):
        assert laws.worst_against(drug, laws.ward_day(drug, extras=False), "stepper", "scipy") < laws.STEPPER_RELATIVE
        assert laws.worst_against(drug, laws.plain(bolus_u_per_kg=400), "stepper", "scipy") < laws.STEPPER_RELATIVE

    def test_10_stepper_and_scipy_with_skin_and_protamine(self, drug):
        assert laws.worst_against(drug, laws.ward_day(drug), "stepper", "scipy") < laws.STEPPER_WITH_PROTAMINE_RELATIVE

    @pytest.mark.slow
    def test_10_compiled_is_the_stepper_bit_for_bit(self, drug):
        patient = laws.patient_for(drug)
        for regimen in (laws.ward_day(drug), laws.plain(bolus_u_per_kg=400, rate_u_per_kg_per_h=40)):
            one, two = (heparin_pk.simulate(patient, drug, regimen, hours=48, engine=e) for e in ("stepper", "compiled"))
            laws.same_truth(one, two)


@pytest.mark.parametrize("drug", CLOSED_FORM)
def test_10_scipy_and_the_closed_form(drug):
    assert laws.worst_against_closed_form(drug, "scipy") < laws.SCIPY_RELATIVE
    assert laws.worst_against_closed_form(drug, "stepper") < laws.STEPPER_RELATIVE


@pytest.mark.parametrize("name", laws.NOMOGRAMS)
def test_11_every_level_has_exactly_one_band(name):
    table = Nomogram.load(name)
    for level in laws.SWEEPS[table.assay]:
        assert table.band(level) is table.bands[laws.printed_band(table, level)], level


# 12: any orders a ward could write


@st.composite
def regimens(draw, protamine=True, skin=True):
    """Any list of orders within thirty hours, sorted, no two of one kind at one time."""
    time_h = st.one_of(st.floats(0, 30), st.integers(0, 360).map(lambda k: k / 12), st.sampled_from([0.0, 6.0, 6.0 + 1 / 3600]))
    kinds = [
        st.builds(Bolus, time_h=time_h, dose_u_per_kg=st.floats(0, 400), over_min=st.sampled_from([0.0, 0.5, 7.3, 60.0])),
        st.builds(Infusion, time_h=time_h, rate_u_per_kg_per_h=st.floats(0, 60)),
        st.builds(Infusion, time_h=time_h, rate_u_per_h=st.sampled_from([0.0, 1000.0])),
        st.builds(Hold, time_h=time_h, duration_min=st.floats(1, 600)),
        st.builds(Stop, time_h=time_h),
    ]
    if skin:
        kinds.append(st.builds(Subcutaneous, time_h=time_h, dose_u=st.floats(0, 30_000)))
    if protamine:
        kinds.append(st.builds(Protamine, time_h=time_h, dose_mg=st.floats(0, 500), over_min=st.sampled_from([0.5, 10.0, 120.0])))
    orders = draw(st.lists(st.one_of(kinds), max_size=12))
    kept = {(o.time_h, "rate" if isinstance(o, Infusion | Stop) else type(o).__name__): o for o in orders}
    return Regimen(sorted(kept.values(), key=lambda order: order.time_h))


def regimens_for(drug):
    kinetics = drug.kinetics(laws.patient_for(drug))
    return regimens(protamine=kinetics.can_neutralise, skin=kinetics.can_absorb)


QUICK = settings(max_examples=12)
LONG = settings(max_examples=150)
A_SET_AND_ITS_REGIMEN = st.sampled_from(laws.DRUGS).flatmap(lambda drug: st.tuples(st.just(drug), regimens_for(drug)))


@given(case=A_SET_AND_ITS_REGIMEN, engine=st.sampled_from(["stepper", "scipy"]))
@QUICK
def test_12_nothing_is_negative(case, engine):
    laws.nothing_is_negative(*case, engine, hours=31.0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("drug", DRUGS)
def test_12_nothing_is_negative_in_many_regimens(drug, engine):
    @given(regimen=regimens_for(drug))
    @LONG
    def nothing_is_negative(regimen):
        laws.nothing_is_negative(drug, regimen, engine, hours=31.0)

    nothing_is_negative()


@pytest.mark.slow
@pytest.mark.parametrize("engine", EVERY_ENGINE)
@pytest.mark.parametrize("drug", DRUGS)
@pytest.mark.parametrize("dose_u_per_kg", [2.229970679979515e-155, 20.0, 56.0, 64.0, 85.0])
def test_12_nothing_is_negative_two_months_after_a_dose(dose_u_per_kg, drug, engine):
    laws.nothing_is_negative(drug, laws.plain(bolus_u_per_kg=dose_u_per_kg), engine, hours=1440.0)


@pytest.mark.parametrize("drug", WITH_THE_DEFAULT_QUICK)
@pytest.mark.parametrize("engine", EVERY_ENGINE)
def test_13_more_drug_never_lowers_the_response(drug, engine):
    usual = laws.ward_day(drug)
    laws.more_drug_never_lowers_the_response(drug, usual, laws.ward_day(drug, scale=1.3), engine)
    laws.more_drug_never_lowers_the_response(drug, usual, laws.ward_day(drug, extra_bolus_u_per_kg=5), engine)
    laws.more_drug_never_lowers_the_response(drug, Regimen(()), usual, engine)
    few, many = (laws.plain(bolus_u_per_kg=dose, rate_u_per_kg_per_h=5) for dose in (80, 400))
    laws.more_drug_never_lowers_the_response(drug, few, many, engine)


@given(
    reagent=st.sampled_from(tuple(published.reagents.REAGENTS.values())),
    levels=st.tuples(st.floats(0, 10), st.floats(0, 10)).map(sorted),
    baseline_aptt_s=st.floats(15, 150),
)
def test_13_for_every_reagent(reagent, levels, baseline_aptt_s):
    patient = Patient(weight_kg=75, baseline_aptt_s=baseline_aptt_s)
    shorter, longer = (aptt_s(level, patient, reagent) for level in levels)
    assert baseline_aptt_s <= shorter <= longer


# 14: what is shown can be pasted back

SOURCE = Source(
    key="A_2020", citation="A 'quoted' \"title\"; with\nlines", where="Table 1, x ≤ 3 µg", confidence="derived", doi="1/2"
)
EXAMPLES = [
    SOURCE,
    heparin_pk.Fault(kind="tenfold", chance_fraction=1.0, from_h=5.5),
    next(iter(CHECKS.values())),
    next(iter(CHECKS.values())).catches[0],
    heparin_pk.exposure(instances.course_of_every_order(), instances.RANGE),
    Ensemble.of(published.UFH_DEFAULT, 1, seed=1),
    EnsembleMember(name="m", drug=published.UFH_DEFAULT, weight_ratio=1 / 3, is_draw=True),
    Value(0.1 + 0.2, SOURCE),
    Parameter(name="v1_ml_per_kg", value=Value(1e-7, SOURCE), exponent=0.75),
    ValidityDomain(population="p", weight_kg=(40, 100.5), age_y=(18, 90), concentration_u_per_ml=(0, float("inf"))),
    Patient(weight_kg=82, age_y=71, baseline_aptt_s=31.4, antithrombin_fraction=0.55),
    Patient(weight_kg=200 / 3),
    Patient(
        weight_kg=61, height_cm=164.5, sex="female", pregnant=True, smoker=True, clock_at_start_h=8, factors=(("bmax_u", 1.2),)
    ),
    Covariate(
        name="c", feature="age_y", on=("bmax_u",), form="per unit above", reference=60, effect=Value(-0.1, SOURCE), words="w"
    ),
    Variability(name="slope_ml_per_u", cv_fraction=Value(0.25, SOURCE)),
    Residual(name="aptt_sd_s", value=Value(3, SOURCE)),
    ClottingTime(name="act", assay="act_s", baseline_s=116, most_s=600, half_at_u_per_ml=3.49, source=SOURCE),
    published.UFH_DEFAULT.responses,
    *published.UFH_DEFAULT.hypotheses,
    Kinetics(v1_ml=3000, vmax_u_per_h=12.5, km_u_per_ml=1 / 3, transits=1, lag_h=0.5),
    *published.reagents.REAGENTS.values(),
    TherapeuticRange(assay="aptt_s", low=46, high=70),
    *published.ranges.RANGES,
    *laws.DRUGS,
    Bag(units_u=20_000, volume_ml=500),
    Pump(bag=Bag(units_u=20_000, volume_ml=500), resolution_ml_per_h=0.5),
    Pump(),
    Bolus(time_h=0.1, dose_u_per_kg=80, most_u=10_000),
    Bolus(time_h=1 / 3, dose_u=4321.5, over_min=10),
    Infusion(time_h=0, rate_ml_per_h=13.3, bag=Bag(units_u=25_000, volume_ml=500), most_u_per_h=1800),
    Infusion(time_h=0, rate_u_per_kg_per_h=18),
    Hold(time_h=6, duration_min=60),
    Pause(time_h=6, until_below=100),
    Resume(time_h=7),
    Notify(time_h=7, whom="pharmacist"),
    Stop(time_h=7),
    Subcutaneous(time_h=8, dose_u=5000),
    Protamine(time_h=9, dose_mg=25, over_min=15),
    Regimen(()),
    Regimen((Stop(time_h=0),)),
    laws.ward_day(laws.DRUGS[0]),
    Lab(drawn_h=6, reported_h=7, assay="aptt_s", value=150, above_ceiling=True),
    Entry(time_h=7, lab=Lab(drawn_h=6, reported_h=7, assay="aptt_ratio", value=2.1), orders=(Stop(time_h=7),), why='"why"'),
    Situation(time_h=0, weight_kg=70, rate_u_per_h=0.0, labs=(), pump=Pump()),
    Decision(orders=(Stop(time_h=1),), next_draw_h=6, why="because"),
    Step(hold_min=60, rate_u_per_kg_per_h=14),
    laws.by_hand(),
    ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18),
    Fixed(regimen=laws.ward_day(laws.DRUGS[0]), draws_h=(6, 12)),
    Laboratory(),
    Laboratory(assay="anti_xa_u_per_ml", reagent=published.reagents.ACTIN_FS, ceiling=2, resolution=0.1),
    Start(first_check_h=6, bolus_u=5000, rate_u_per_h=1000, rate_max_u_per_h=1400),
    Recheck(hours=6, settled_after=2, settled_hours=24),
    Band(below=35, label="<35 s", bolus_u_per_kg=80, change_percent=-10),
    Band(below=float("inf"), label=">90 s", hold_min=60),
    *(Nomogram.load(name) for name in laws.NOMOGRAMS),
    WardErrors(name="late", late_draw_fraction=0.5, late_by_h=1.5),
    Drift(sensitivity_sd_fraction=0.1 + 0.2, baseline_sd_fraction=0.06, time_constant_h=30, seed=2**64 - 1, subject=17),
    Patient(weight_kg=80, drift=Drift(sensitivity_sd_fraction=0.27)),
    Hospital(name="one of our own", between_days=True),
    *heparin_pk.hospital.HOSPITALS.values(),
    heparin_pk.trials.hospital.REAL_WARD,
    heparin_pk.trials.hospital.WEIGHT_WOMEN,
    *heparin_pk.trials.hospital.POPULATIONS.values(),
    Population.from_table({"weight_kg": [60, 82.5], "sex": ["female", "male"], "smoker": [True, False]}),
    Arm(controller=Nomogram.load("raschke-1993"), laboratory=Laboratory(turnaround_h=0.5), hospital=heparin_pk.hospital.REAL),
    Trial(population=heparin_pk.trials.hospital.THROMBOSIS_WARD, arms={"one": Nomogram.load("raschke-1993")}, hours=24),
    Nomogram.load("cruickshank-1991"),
    Match(target=Nomogram.load("cruickshank-1991").target, reagent=reagent_for(Nomogram.load("cruickshank-1991"))),
]


@pytest.mark.parametrize("noun", EXAMPLES, ids=lambda noun: type(noun).__name__)
def test_14_what_is_shown_can_be_pasted_back(noun):
    again = eval(repr(noun), vars(heparin_pk).copy())
    assert again == noun
    assert type(again) is type(noun)
    assert repr(again) == repr(noun)


def test_14_every_noun_was_tried():
    nouns = {thing for thing in vars(heparin_pk).values() if isinstance(thing, type) and is_dataclass(thing)}
    found_by_a_run = {Charts, Course, Situations, Decisions, heparin_pk.NormalAgain, heparin_pk.PlateletSeries}
    assert nouns - {type(example) for example in EXAMPLES} == found_by_a_run


@given(
    st.builds(
        Patient,
        weight_kg=st.floats(0.4, 400),
        age_y=st.none() | st.floats(0, 120),
        baseline_aptt_s=st.floats(15, 150),
        antithrombin_fraction=st.floats(0, 2),
        height_cm=st.none() | st.floats(20, 250),
        sex=st.sampled_from([None, "female", "male"]),
        smoker=st.booleans(),
        kidney_failure=st.booleans(),
        clock_at_start_h=st.none() | st.floats(0, 24),
        dosing_weight_kg=st.none() | st.floats(0.4, 400),
        factors=st.lists(st.tuples(st.sampled_from(["v1_ml", "bmax_u"]), st.floats(0.01, 100)), max_size=1).map(tuple),
    ),
    regimens(),
)
@settings(max_examples=60)
def test_14_for_any_patient_and_any_regimen(patient, regimen):
    assert eval(repr((patient, regimen)), vars(heparin_pk).copy()) == (patient, regimen)


@pytest.mark.parametrize("noun", EXAMPLES, ids=lambda noun: type(noun).__name__)
def test_14_nouns_are_frozen(noun):
    first = fields(noun)[0].name
    with pytest.raises(AttributeError):
        setattr(noun, first, getattr(noun, first))
    assert replace(noun) == noun


# 15: the laboratory's error has an address


def test_15_a_seed_is_a_course():
    def course(seed):
        return titrate(Patient(weight_kg=82), published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=48, seed=seed)

    assert course(5) == course(5)
    assert course(5).labs != course(6).labs
    assert course(np.random.default_rng(1)) == course(np.random.default_rng(1))
    assert course(np.random.default_rng(1)).labs != course(np.random.default_rng(2)).labs


def test_15_noise_does_not_depend_on_other_draws():
    patient, regimen = Patient(weight_kg=82), laws.plain(bolus_u_per_kg=80, rate_u_per_kg_per_h=18)

    def results(draws_h, seed=3):
        plan = Fixed(regimen=regimen, draws_h=draws_h)
        course = titrate(patient, published.UFH_DEFAULT, plan, hours=48, seed=seed, laboratory=Laboratory(turnaround_h=0.2))
        return {lab.drawn_h: lab for lab in course.labs}

    few, many = results((6.0, 24.0, 30.5)), results(tuple(np.arange(1, 95) / 2.0))
    assert {time_h: many[time_h] for time_h in few} == few
    assert results((6.0, 24.0, 30.5), seed=4) != few


def test_15_noise_is_noise():
    """Standard normal, unbiased, and of the stated size; nothing at all when the assay is perfect."""
    patient = Patient(weight_kg=75)
    fine = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.05, resolution=1e-4)
    seen = [np.log(fine.report(0.5, patient, published.reagents.GUIDELINE, t / 10, 11).value / 0.5) for t in range(4000)]
    assert abs(np.mean(seen)) < 4 * 0.05 / np.sqrt(4000)
    assert np.std(seen) == pytest.approx(0.05, rel=0.05)
    assert abs(np.corrcoef(seen[:-1], seen[1:])[0, 1]) < 0.06
    perfect = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.0, resolution=1e-4)
    assert perfect.report(0.5, patient, published.reagents.GUIDELINE, 6.0, 11).value == 0.5


@pytest.mark.parametrize("drug", WITH_THE_DEFAULT_QUICK)
@pytest.mark.parametrize("name", laws.NOMOGRAMS)
def test_15_a_controller_sees_only_what_the_ward_sees(drug, name):
    table = Nomogram.load(name)
    if table.assay not in drug.responses.assays:
        return  # refused, as the law of the replay holds
    for turnaround_h in (0.0, 1.37):
        laboratory = Laboratory(assay=table.assay, turnaround_h=turnaround_h, ceiling=None if table.assay == "aptt_s" else 30.0)
        laws.sees_only_what_the_ward_sees(drug, table, laboratory, seed=2)


@pytest.mark.parametrize("drug", NEUTRALISED)
def test_protamine_stress(drug):
    """5000 U-equivalents within ten minutes on 80 U/kg: the stiffest thing a ward can do to the equations."""
    (time_h, reference), (_, stepped) = laws.protamine_stress(drug, "scipy"), laws.protamine_stress(drug, "stepper")
    v1_ml = drug.kinetics(laws.patient_for(drug)).v1_ml
    assert laws.relative_difference(stepped[:, 0] / v1_ml, reference[:, 0] / v1_ml) < laws.STEPPER_WITH_PROTAMINE_RELATIVE
    assert stepped.min() >= 0.0
    before, after = np.searchsorted(time_h, [0.5, 0.75])
    assert reference[after, 0] < 0.25 * reference[before, 0]


SHORT = {
    "80 U/kg over 1 min": (Bolus(time_h=0, dose_u_per_kg=80, over_min=1),),
    "80 U/kg over 3 min": (Bolus(time_h=0, dose_u_per_kg=80, over_min=3),),
    "500 U/kg over half a minute": (Bolus(time_h=0, dose_u_per_kg=500, over_min=0.5),),
    "400 U/kg over 2 min onto an infusion": (
        Infusion(time_h=0, rate_u_per_kg_per_h=18),
        Bolus(time_h=6, dose_u_per_kg=400, over_min=2),
    ),
    "5,000 U under the skin": (Subcutaneous(time_h=0, dose_u=5000),),
    "17,500 U under the skin off the grid": (Subcutaneous(time_h=0.37, dose_u=17500),),
    "a little protamine on an infusion": (Infusion(time_h=0, rate_u_per_kg_per_h=18), Protamine(time_h=6, dose_mg=10)),
}


def can_receive(drug: Drug, orders: tuple) -> bool:
    kinetics = drug.kinetics(laws.patient_for(drug))
    return (kinetics.can_absorb or not any(isinstance(order, Subcutaneous) for order in orders)) and (
        kinetics.can_neutralise or not any(isinstance(order, Protamine) for order in orders)
    )


@pytest.mark.parametrize(
    ("drug", "orders"),
    [
        pytest.param(drug, orders, id=f"{drug.name}-{name}")
        for drug in published.ALL
        for name, orders in SHORT.items()
        if can_receive(drug, orders)
    ],
)
def test_10_the_stepper_holds_where_things_change_fast(drug, orders):
    assert laws.worst_against(drug, Regimen(orders), "stepper", "scipy") < laws.STEPPER_RELATIVE


def test_the_numbers_of_a_course_survive_its_replay():
    for name in nomogram.names()[:6]:
        table = Nomogram.load(name)
        patient = Patient(weight_kg=75)
        course = titrate(patient, published.UFH_DEFAULT, table, laboratory=Laboratory(assay=table.assay), seed=3)
        again = metrics.summary(
            simulate(
                patient, published.UFH_DEFAULT, course.regimen, reagent=course.reagent if table.assay[:4] == "aptt" else None
            ),
            table.target,
        )
        seen_only = {"rosendaal_fraction", "fraction_of_tests_in_range", "time_to_therapeutic_result_h", "blood_draws"}
        once = metrics.summary(course, table.target)
        assert {key: again[key] for key in again if key not in seen_only} == {k: once[k] for k in once if k not in seen_only}
