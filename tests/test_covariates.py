"""Covariate effects: each against the number it was read from, switched on and off; body sizes; patients who vary."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Cohort,
    Covariate,
    Infusion,
    Laboratory,
    OutsideValidityDomain,
    Patient,
    Regimen,
    Source,
    Value,
    aptt_range_for_anti_xa,
    dosing_weight_kg,
    hospital,
    metrics,
    needed_rate_u_per_kg_per_h,
    on_another_day,
    people,
    plot,
    published,
    simulate,
)
from heparin_pk.blood.response import ANTITHROMBIN_EFFECTS, level
from heparin_pk.body.bodysize import blood_volume_l, bmi, fat_free_mass_kg, ideal_body_weight_kg, lean_body_weight_kg
from heparin_pk.evidence.validation import ask as a
from heparin_pk.published.hypothesis import Hypothesis
from heparin_pk.trials.population import person

UFH = published.UFH_DEFAULT
UFH_EFFECTS = {effect.name: effect for effect in UFH.covariate_effects}
ADULT = Patient(weight_kg=75)
USUAL = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
SOURCE = Source(key="A_2020", citation="A 2020", where="Table 1", confidence="primary")
PATIENTS = {
    "age": replace(ADULT, age_y=85),
    "sex": replace(ADULT, sex="female"),
    "factor VIII": replace(ADULT, factor_viii_u_per_ml=3.0),
    "pregnancy": replace(ADULT, pregnant=True, sex="female"),
    "smoking": replace(ADULT, smoker=True),
    "factor Xa inhibitor": replace(ADULT, doac_anti_xa_u_per_ml=1.0),
    "antithrombin": replace(ADULT, antithrombin_fraction=0.4),
}
HYPOTHETICAL = {
    "acute thrombosis": replace(ADULT, acute_thrombosis=True),
    "cirrhosis": replace(ADULT, cirrhosis=True),
    "kidney failure": replace(ADULT, kidney_failure=True),
    "pregnancy kinetics": PATIENTS["pregnancy"],
    "time of day": replace(ADULT, clock_at_start_h=8.0),
    "slow factor Xa inhibitor": PATIENTS["factor Xa inhibitor"],
}
not_studied = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")


def slope(patient, drug=UFH):
    return np.log(float(level("aptt_s", 0.5, patient, drug.responses)) / patient.baseline_aptt_s) / 0.5


def test_every_covariate_effect_has_a_patient():
    assert set(PATIENTS) == {effect.name for effect in UFH.covariate_effects}


def test_a_typical_patient_is_untouched():
    """Bit for bit: with every covariate effect of the set and with none."""
    bare = replace(UFH, covariate_effects=())
    with_laws, without = (simulate(ADULT, drug, USUAL, hours=24) for drug in (UFH, bare))
    np.testing.assert_array_equal(with_laws.states, without.states)
    for assay in with_laws.assays:
        np.testing.assert_array_equal(with_laws.level(assay), without.level(assay))
    assert UFH.differences(ADULT) == ()
    assert UFH.in_the_patients_words(ADULT) == "Only my size counts in this model."


def test_what_was_stated_and_is_not_used_is_named():
    """Creatinine clearance acts in Green's enoxaparin, and in no set of heparin; the INR in Edrich's."""
    patient = Patient(weight_kg=80, creatinine_clearance_ml_per_min=20, inr=2.5, antithrombin_fraction=0.7)
    assert UFH.unused(patient) == ("creatinine clearance 20 mL/min", "INR 2.5")
    assert UFH.in_the_patients_words(patient).splitlines()[-1] == (
        "Stated, but not used by this model: creatinine clearance 20 mL/min, INR 2.5."
    )
    assert published.GREEN_2005_ENOXAPARIN.unused(patient) == ("INR 2.5",)
    assert published.EDRICH_2015_UFH.unused(patient) == ("antithrombin 0.7 of normal", "creatinine clearance 20 mL/min")
    assert UFH.unused(Patient(weight_kg=80, kidney_failure=True, clock_at_start_h=8.0)) == ()  # hypotheses have their own line
    assert published.UFH_A_DERIVED.unused(Patient(weight_kg=80, kidney_failure=True)) == ("kidney failure",)


def test_a_weight_says_what_it_does():
    """160 kg beside 75 kg: the volume grows in proportion, clearance and binding sites with the power 0.75."""
    said = UFH.in_the_patients_words(replace(ADULT, weight_kg=160.0))
    assert "Nothing about me" not in said
    assert "at 160 kg the same units per kilogram are 2.13 times the dose of 75 kg" in said
    heavy, usual = UFH.kinetics(replace(ADULT, weight_kg=160.0)), UFH.kinetics(ADULT)
    assert f"the volume {heavy.v1_ml / usual.v1_ml:.2f} times" in said
    assert f"the first-order clearance {heavy.clearance_ml_per_h / usual.clearance_ml_per_h:.2f} times" in said
    assert f"the binding sites {heavy.bmax_u / usual.bmax_u:.2f} times" in said


@not_studied
@pytest.mark.parametrize("name", PATIENTS)
def test_every_covariate_effect_does_something_says_so_and_can_be_switched_off(name):
    patient = PATIENTS[name]
    on, off = (simulate(patient, drug, USUAL, hours=30) for drug in (UFH, UFH.without(name)))
    moved = [
        float(np.max(np.abs(on.level(assay) - off.level(assay))[1:] / np.maximum(0.05, off.level(assay)[1:])))
        for assay in ("aptt_s", "anti_xa_u_per_ml")
    ]
    assert max(moved) > 0.03
    said = UFH.in_the_patients_words(patient)
    effects = [effect for effect in UFH.covariate_effects if effect.name == name and effect.applies_to(patient)]
    assert effects
    for effect in effects:
        assert effect.words in said
        assert effect.words.startswith(("I ", "My ", "The "))
        assert effect.effect.source.citation in {source.citation for source in on.sources}
    assert {source.citation for source in off.sources} <= {source.citation for source in on.sources}
    assert name not in {effect.name for effect in UFH.without(name).covariate_effects}


@not_studied
class TestHypotheses:
    """Effects that a paper contradicts: off, switched on by name, and said in words with the papers against them."""

    def test_each_has_a_patient(self):
        assert set(HYPOTHETICAL) == {one.name for one in UFH.hypotheses}

    @pytest.mark.parametrize("name", HYPOTHETICAL)
    def test_off_it_changes_nothing_and_is_said(self, name):
        (one,) = (one for one in UFH.hypotheses if one.name == name)
        patient = HYPOTHETICAL[name]
        bare = replace(UFH, hypotheses=())
        plain, without = (simulate(patient, drug, USUAL, hours=12) for drug in (UFH, bare))
        for assay in plain.assays:
            np.testing.assert_array_equal(plain.level(assay), without.level(assay))
        assert one.in_words() in UFH.in_the_patients_words(patient).splitlines()
        assert one.effect.words in one.in_words()
        for source in (*one.supporting, *one.against):
            assert source.key.replace("_", " ") in one.in_words()
        assert f"hypothesis, off: {name}" in str(UFH)

    @pytest.mark.parametrize("name", HYPOTHETICAL)
    def test_on_it_changes_the_course_and_cites_both_sides(self, name):
        (one,) = (one for one in UFH.hypotheses if one.name == name)
        patient, drug = HYPOTHETICAL[name], UFH.with_hypotheses(name)
        on, off = (simulate(patient, each, USUAL, hours=30) for each in (drug, UFH))
        moved = np.abs(on.level("anti_xa_u_per_ml") - off.level("anti_xa_u_per_ml"))[1:] / off.level("anti_xa_u_per_ml")[1:]
        assert moved.max() > 0.03
        assert one.effect.words in drug.in_the_patients_words(patient)
        assert "Not in this model" not in drug.in_the_patients_words(patient)
        assert f"hypothesis, off: {name}" not in str(drug)
        cited = {source.citation for source in on.sources}
        assert {source.citation for source in (one.effect.effect.source, *one.supporting, *one.against)} <= cited
        if name != "slow factor Xa inhibitor":  # that one took the place of the law of 12 hours
            assert drug.without(name) == UFH

    def test_names_are_checked(self):
        with pytest.raises(ValueError, match="a hypothesis to switch on must be one of .*; got 'gravity'"):
            UFH.with_hypotheses("gravity")
        with pytest.raises(ValueError, match="a hypothesis to switch on must be one of .*; got 'cirrhosis'"):
            UFH.with_hypotheses("cirrhosis").with_hypotheses("cirrhosis")
        with pytest.raises(ValueError, match="against must name one paper at least; got none"):
            Hypothesis(effect=UFH.covariate_effects[0], against=())
        with pytest.raises(ValueError, match="against must be a Source"):
            Hypothesis(effect=UFH.covariate_effects[0], against=("Smith 1990",))
        with pytest.raises(ValueError, match="supporting must be a Source"):
            Hypothesis(effect=UFH.covariate_effects[0], against=(SOURCE,), supporting=("Smith 1990",))
        with pytest.raises(ValueError, match="effect must be a Covariate"):
            Hypothesis(effect="age", against=(SOURCE,))
        with pytest.raises(ValueError, match="hypothes"):
            replace(UFH, hypotheses=(UFH.covariate_effects[0],))

    def test_half_life_in_cirrhosis_and_kidney_failure(self):
        """117.8 / 74.0 min (Teien) and 117 (Kandrotas, dialysis) / 74.0 min after 100 U/kg; 1 by default."""
        usual = a.half_life_min(UFH, dose_u_per_kg=100)
        for name, printed in (("cirrhosis", 117.8 / 74.0), ("kidney failure", 117 / 74.0)):
            found = a.half_life_min(UFH.with_hypotheses(name), HYPOTHETICAL[name], dose_u_per_kg=100)
            assert found / usual == pytest.approx(printed, rel=0.02)
            assert a.half_life_min(UFH, HYPOTHETICAL[name], dose_u_per_kg=100) == usual

    def test_fresh_clot(self):
        """A clot changes no dose (31 patients: 426, 507, 434 and 457 U/kg in 24 h); the hypothesis asks for 20.7 U/kg/h."""
        ward = hospital.THROMBOSIS_WARD.typical
        assert ward.acute_thrombosis
        needed = a.needed_u_per_kg_per_h("UFH_DEFAULT", 0.45, HYPOTHETICAL["acute thrombosis"])
        assert needed == a.needed_u_per_kg_per_h("UFH_DEFAULT", 0.45, ADULT)
        plateau = UFH.with_hypotheses("acute thrombosis").kinetics(HYPOTHETICAL["acute thrombosis"])
        assert plateau.steady_state_u_per_ml(20.7 * 75) == pytest.approx(0.45, abs=0.002)

    def test_the_area_in_pregnancy(self):
        """No significant difference of the area before and in any trimester (Ensom 2004); the hypothesis takes a third of it."""
        orders = Regimen((a.Subcutaneous(time_h=0, dose_u=10_000),))
        areas = [
            metrics.auc_u_h_per_ml(simulate(patient, drug, orders, hours=24))
            for drug, patient in (
                (UFH, ADULT),
                (UFH, PATIENTS["pregnancy"]),
                (UFH.with_hypotheses("pregnancy kinetics"), PATIENTS["pregnancy"]),
            )
        ]
        assert areas[1] == pytest.approx(areas[0])
        assert areas[2] < 0.7 * areas[0]

    def test_the_day_swings(self):
        """26 % of the mean between the highest and the lowest anti-Xa, lowest at 12 o'clock; printed with P > 0.05."""
        course = simulate(HYPOTHETICAL["time of day"], UFH.with_hypotheses("time of day"), USUAL, hours=72)
        late = course.time_h >= 48
        found = course.level("anti_xa_u_per_ml")[late]
        assert (found.max() - found.min()) / found.mean() == pytest.approx(0.26, abs=0.005)
        assert (8 + course.time_h[late][found.argmin()]) % 24 == pytest.approx(12, abs=0.1)
        assert np.ptp(course.concentration_u_per_ml[late]) < 1e-3  # the heparin itself does not swing
        unmoved = simulate(HYPOTHETICAL["time of day"], UFH, USUAL, hours=72).level("anti_xa_u_per_ml")[late]
        assert np.ptp(unmoved) < 1e-3

    def test_who_is_for_a_rhythm_of_the_day_and_who_against_its_hour(self):
        """Decousus 1985: 40 % between night and morning in the factor Xa assay, lowest in the morning. Krulder 1992: at night."""
        (rhythm,) = (one for one in UFH.hypotheses if one.name == "time of day")
        assert [source.key for source in rhythm.supporting] == ["Decousus_1985", "Krulder_1992"]
        assert "40 % in the factor Xa assay" in rhythm.supporting[0].where
        (hour,) = (source for source in rhythm.against if source.key == "Decousus_1985")
        assert "against the hour alone: lowest in the morning" in hour.where
        assert (
            "(a hypothesis, Circadian 1994, Decousus 1985, Krulder 1992; against it: Circadian 1994, Decou" in rhythm.in_words()
        )

    def test_how_long_a_factor_xa_inhibitor_is_seen(self):
        """6.0 days (quartiles 3.0 and 11.0) in suspected cases; the half-life of volunteers, 12 h, gives 1.6 days."""
        patient = replace(ADULT, doac_anti_xa_u_per_ml=0.92)
        days = []
        for drug in (UFH, UFH.with_hypotheses("slow factor Xa inhibitor")):
            course = simulate(patient, drug, Regimen(()), hours=11 * 24)
            days.append(course.time_h[course.level("anti_xa_u_per_ml") >= 0.1][-1] / 24)
        assert days == pytest.approx([1.6, 6.0], abs=0.05)


@pytest.mark.parametrize(
    ("condition", "word"), [("cirrhosis", "cirrhosis"), ("kidney_failure", "kidney failure"), ("pregnant", "pregnancy")]
)
def test_a_condition_that_was_not_studied_is_said(condition, word):
    patient = Patient(weight_kg=75, **{condition: True})
    words = f"was studied in patients without {word}; got one with it"
    with pytest.warns(OutsideValidityDomain, match=words):
        course = simulate(patient, UFH, USUAL, hours=1)
    assert course.outside == (words,)
    assert plot.outside_in_short(course) == "outside: condition"
    with pytest.warns(OutsideValidityDomain, match=words):
        UFH.individual(patient)
    assert simulate(replace(ADULT, acute_thrombosis=True, smoker=True), UFH, USUAL, hours=1).outside == ()
    with pytest.raises(ValueError, match="conditions_left_out must be one of"):
        published.drug.ValidityDomain(population="x", conditions_left_out=("luck",))


class TestPrintedRatios:
    def test_slopes(self):
        assert slope(PATIENTS["pregnancy"]) / slope(replace(ADULT, sex="female")) == pytest.approx(1.68 / 2.33, rel=1e-6)
        two, one = (replace(ADULT, factor_viii_u_per_ml=x) for x in (2.7, 1.2))
        assert slope(two) / slope(one) == pytest.approx(0.76 / 1.2, rel=0.01)
        assert slope(replace(ADULT, factor_viii_u_per_ml=0.3)) == slope(ADULT)  # never steeper than the reagent

    def test_antithrombin_shows_in_one_assay(self):
        half = replace(ADULT, antithrombin_fraction=0.5)
        both = [(level("aptt_s", 0.5, p, UFH.responses), level("anti_xa_u_per_ml", 0.5, p, UFH.responses)) for p in (ADULT, half)]
        assert both[0][0] == both[1][0]
        assert both[1][1] == 0.5 * both[0][1]

    def test_factor_viii_shows_in_the_other(self):
        high = replace(ADULT, factor_viii_u_per_ml=4.0)
        assert level("anti_xa_u_per_ml", 0.5, high, UFH.responses) == 0.5
        blunt = UFH.answers_with(published.reagents.GUIDELINE)  # 45 s are 1.5 times control, the low end with this reagent
        assert level("aptt_s", 0.5, high, blunt) < 45 < level("aptt_s", 0.5, ADULT, blunt)

    def test_factor_viii_alone_halves_the_aptt_in_the_test_tube(self):
        """Mitsuguro 2015: 6 U/mL of factor VIII added to plasma with 0.5 U/mL of heparin shorten the aPTT by about half."""
        added = replace(ADULT, factor_viii_u_per_ml=7.0)
        shortened = 1.0 - level("aptt_s", 0.5, added, UFH.responses) / level("aptt_s", 0.5, ADULT, UFH.responses)
        assert shortened == pytest.approx(0.5, abs=0.1)

    def test_a_size_that_is_assumed_is_said_to_be(self):
        for name, is_assumed in (("factor VIII", True), ("age", True), ("pregnancy", False)):
            (line,) = (one for one in UFH.in_the_patients_words(PATIENTS[name]).splitlines() if UFH_EFFECTS[name].words in one)
            assert line.endswith(", size assumed)") is is_assumed

    def test_a_factor_xa_inhibitor_fades(self):
        patient = PATIENTS["factor Xa inhibitor"]
        course = simulate(patient, UFH, Regimen(()), hours=24)
        assert course.level_at("anti_xa_u_per_ml", 0.0) == 1.0
        assert course.level_at("anti_xa_u_per_ml", 12.0) == pytest.approx(0.5)
        assert (course.aptt_s == patient.baseline_aptt_s).all()

    def test_obesity(self):
        """Class III against normal weight: 11.5 / 13.5 per kg."""
        target = published.ranges.ANTI_XA_TREATMENT
        heavy, usual = (needed_rate_u_per_kg_per_h(UFH, Patient(weight_kg=kg), target) for kg in (135, 70))
        assert heavy / usual == pytest.approx(11.5 / 13.5, rel=0.05)

    def test_units_of_before_2009(self):
        """The same number on the label, a tenth more heparin: as if every dose were 1.1 times as large."""
        old, today = UFH.labelled_before_2009(), UFH
        more = Regimen((Bolus(time_h=0, dose_u_per_kg=88), Infusion(time_h=0, rate_u_per_kg_per_h=19.8)))
        then, now = simulate(ADULT, old, USUAL, hours=24), simulate(ADULT, today, more, hours=24)
        np.testing.assert_allclose(then.concentration_u_per_ml, now.concentration_u_per_ml, rtol=1e-9)
        assert any("USP" in source.citation for source in then.sources)
        assert metrics.heparin_given_u(then) == pytest.approx(metrics.heparin_given_u(now) / 1.1)

    def test_blood_from_the_heparin_line(self):
        """20.5 s, the median from the port of the heparin in 66 patients, pump off and waste drawn (Dailey 2014)."""
        vein, line = (Laboratory(cv_fraction=0.0, drawn_from_heparin_line=spoilt) for spoilt in (False, True))
        values = [lab.report(0.4, ADULT, UFH.responses, 6.0, 1).value for lab in (vein, line)]
        assert values[1] - values[0] == pytest.approx(20.5, abs=0.51)
        anti_xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.0, drawn_from_heparin_line=True)
        assert anti_xa.report(0.4, ADULT, UFH.responses, 6.0, 1).value == 0.4


# Body sizes


def test_formulas():
    man, woman = (Patient(weight_kg=70, height_cm=175, sex=sex) for sex in ("male", "female"))
    assert blood_volume_l(man) == pytest.approx(4.823, abs=0.001)  # worked on the page it was read from
    assert blood_volume_l(woman) < blood_volume_l(man)
    assert bmi(man) == pytest.approx(70 / 1.75**2)
    assert ideal_body_weight_kg(Patient(weight_kg=70, height_cm=152.4, sex="female")) == 45.5
    assert ideal_body_weight_kg(Patient(weight_kg=70, height_cm=177.8, sex="male")) == pytest.approx(73.0)
    assert 50 < lean_body_weight_kg(woman) < lean_body_weight_kg(man) < 70
    assert 45 < fat_free_mass_kg(woman) < fat_free_mass_kg(man) < 62
    for more, printed in (
        ((70, 170, 35, "male"), 54.47521),
        ((120, 170, 50, "male"), 71.08506),
        ((70, 170, 50, "female"), 44.17 * 1.0115),
    ):
        one = Patient(weight_kg=more[0], height_cm=more[1], age_y=more[2], sex=more[3])
        assert fat_free_mass_kg(one) == pytest.approx(printed, rel=1e-4)  # worked out by another program from the same formulas
    boy = Patient(weight_kg=20, height_cm=115, sex="male", age_y=6)
    assert fat_free_mass_kg(boy) < fat_free_mass_kg(replace(boy, age_y=None))  # boys grow into the adult formula
    assert fat_free_mass_kg(replace(boy, age_y=40)) == pytest.approx(fat_free_mass_kg(replace(boy, age_y=None)), rel=0.01)


def test_dosing_weights():
    heavy = Patient(weight_kg=150, height_cm=170, sex="female")
    weights = {rule: dosing_weight_kg(heavy, rule) for rule in ("actual", "ideal", "adjusted", "capped")}
    assert weights["ideal"] < weights["adjusted"] < weights["capped"] < weights["actual"]
    assert dosing_weight_kg(heavy, "adjusted", share_fraction=0.3) < weights["adjusted"]
    assert dosing_weight_kg(Patient(weight_kg=50, height_cm=170, sex="female"), "adjusted") == 50
    with pytest.raises(ValueError, match="rule must be one of actual, ideal, adjusted, capped; got 'lean'"):
        dosing_weight_kg(heavy, "lean")
    with pytest.raises(ValueError, match="ideal body weight needs height_cm and sex"):
        dosing_weight_kg(ADULT, "ideal")


def test_doses_follow_the_dosing_weight_and_kinetics_the_true_one():
    heavy = Patient(weight_kg=150, dosing_weight_kg=100)
    course = simulate(heavy, UFH, USUAL, hours=6)
    assert metrics.heparin_given_u(course) == pytest.approx(80 * 100 + 18 * 100 * 6)
    assert course.drug_volume_ml == UFH.kinetics(Patient(weight_kg=150)).v1_ml
    assert "8,000 U" in course.in_words()
    assert "(18.0 U/kg/h" in course.in_words()


# Patients and days


def test_person_seventeen_is_the_same_in_any_cohort():
    small, large = list(people(UFH, ADULT, 20, seed=4)), list(people(UFH, ADULT, 300, seed=4))
    assert small == large[:20]
    assert large[17] == person(UFH, ADULT, 17, seed=4)
    assert small != list(people(UFH, ADULT, 20, seed=5))


def test_patients_vary_as_the_set_says():
    drawn = list(people(UFH, ADULT, 4000, seed=1))
    for one in UFH.variability:
        if one.name == "baseline_aptt_s":
            values = np.array([p.baseline_aptt_s / 30 for p in drawn])
        else:
            values = np.array([p.factor(one.name) for p in drawn])
        assert np.std(values) / np.mean(values) == pytest.approx(one.cv_fraction.value, rel=0.06)
        assert np.median(values) == pytest.approx(1.0, abs=0.02)
    slopes, baselines = (
        np.log([f(p) for p in drawn]) for f in (lambda p: p.factor("slope_ml_per_u"), lambda p: p.baseline_aptt_s)
    )
    assert np.corrcoef(slopes, baselines)[0, 1] == pytest.approx(0.5, abs=0.04)


def test_another_day_is_another_day():
    days = [on_another_day(UFH, ADULT, day, seed=1) for day in range(200)]
    assert days[3] == on_another_day(UFH, ADULT, 3, seed=1)
    capacity = np.array([one.factor("bmax_u") for one in days])
    assert np.std(capacity) == pytest.approx(0.15, rel=0.15)
    assert on_another_day(published.JIA_2015_UFH, ADULT, 3, seed=1) == ADULT


def test_factors_are_checked():
    with pytest.raises(ValueError, match=r"the factor on bmax_u must lie between 0\.01 and 100; got 0"):
        Patient(weight_kg=75, factors=(("bmax_u", 0),))
    with pytest.raises(ValueError, match="factors name a parameter twice"):
        Patient(weight_kg=75, factors=(("bmax_u", 1), ("bmax_u", 2)))
    with pytest.raises(ValueError, match="a factor of the patient must be one of .*; got 'shoe_size'"):
        simulate(Patient(weight_kg=75, factors=(("shoe_size", 1.2),)), UFH, USUAL)
    with pytest.raises(ValueError, match="pregnant must be False for sex 'male'"):
        Patient(weight_kg=75, sex="male", pregnant=True)
    with pytest.raises(ValueError, match="smoker must be True or False; got 'yes'"):
        Patient(weight_kg=75, smoker="yes")
    with pytest.raises(ValueError, match="subject must be an integer"):
        person(UFH, ADULT, -1, seed=1)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"feature": "shoe_size"}, "feature must be one of"),
        ({"on": ("shoe_size",)}, "on must be one of"),
        ({"form": "magic"}, "form must be one of"),
        ({"reference": 60.0}, "has no reference"),
        ({"form": "from"}, "needs a reference"),
        ({"form": "fades"}, "belongs to anti_xa_u_per_ml alone"),
        ({"words": ""}, "words must be a text"),
        ({"on": ()}, "on must name one parameter at least"),
        ({"effect": Value(-1.1, SOURCE)}, "the effect of n must lie between 0 and 100; got -1.1"),
    ],
)
def test_a_covariate_effect_that_cannot_be(more, message):
    given = {"name": "n", "feature": "smoker", "on": ("bmax_u",), "form": "times", "effect": Value(1.1, SOURCE), "words": "w"}
    with pytest.raises(ValueError, match=message):
        Covariate(**(given | more))


def test_the_needed_dose():
    target = published.ranges.ANTI_XA_TREATMENT
    rate = needed_rate_u_per_kg_per_h(UFH, ADULT, target)
    assert UFH.kinetics(ADULT).steady_state_u_per_ml(rate * 75) == pytest.approx(0.5, rel=1e-9)
    ratio = published.ranges.APTT_RATIO_TREATMENT
    by_aptt = needed_rate_u_per_kg_per_h(UFH, ADULT, ratio)
    plateau = UFH.kinetics(ADULT).steady_state_u_per_ml(by_aptt * 75)
    assert level("aptt_ratio", plateau, ADULT, UFH.responses) == pytest.approx((1.5 * 2.5) ** 0.5, rel=1e-9)
    with pytest.raises(ValueError, match=r"value must lie above 0 \(no drug\) and up to 0 in anti_xa_u_per_ml"):
        needed_rate_u_per_kg_per_h(UFH, replace(ADULT, antithrombin_fraction=0.0), target)


def test_pictures_of_patients(tmp_path):
    axes = plot.two_assays({"one": simulate(ADULT, UFH, USUAL), "other": simulate(PATIENTS["smoking"], UFH, USUAL)})
    assert [ax.get_ylabel() for ax in axes] == ["aPTT (s), reagent Automated APTT (default)", "anti-Xa (U/mL)"]
    shaded = [{round(float(line.get_ydata()[0]), 2) for line in ax.get_lines() if len(line.get_ydata()) == 2} for ax in axes]
    own = aptt_range_for_anti_xa(published.reagents.MODERN, Patient(weight_kg=75))  # what 0.3-0.7 U/mL is with this reagent
    assert shaded == [{own.low, own.high}, {0.3, 0.7}]
    given = (published.ranges.APTT_RATIO_TREATMENT, published.ranges.ANTI_XA_TREATMENT)
    axes = plot.two_assays({"one": simulate(ADULT, UFH, USUAL)}, targets=given)
    assert axes[0].get_ylabel() == "aPTT ratio (× control)"
    without_antithrombin = replace(ADULT, antithrombin_fraction=0.0)
    ax = plot.needed_doses(UFH, {"typical": ADULT, "no antithrombin": without_antithrombin}, published.ranges.ANTI_XA_TREATMENT)
    words = [text.get_text() for text in ax.texts]
    assert "19.1" in words
    assert "cannot be reached" in words
    assert ANTITHROMBIN_EFFECTS[0].form == "falls below"


def test_some_of_a_cohort_are_those_patients():
    """Fields are picked when they are first asked for: by name, by covariate effect, by copy, and by a choice of a choice."""
    cohort = Cohort(
        5,
        {
            "weight_kg": np.array([50.0, 60, 70, 80, 90]),
            "sex": np.array(["female", "male", "male", "female", "male"]),
            "age_y": 40.0,
        },
        {"clearance_ml_per_h": np.array([0.8, 0.9, 1.0, 1.1, 1.2])},
    )
    some = cohort.take(np.array([3, 1, 4]))
    assert [some[i] for i in range(3)] == [cohort[i] for i in (3, 1, 4)]
    again = some.take(np.array([2, 0]))
    assert [again[i] for i in range(2)] == [cohort[4], cohort[3]]
    assert again.female.tolist() == [False, True]
    assert again.male.tolist() == [True, False]
    assert cohort.take(np.array([0])).factor("clearance_ml_per_h").tolist() == [0.8]
    assert cohort.take(np.array([0])).factor("v1_ml") == 1.0
    assert cohort.take(np.array([1, 0])).factors["clearance_ml_per_h"].tolist() == [0.9, 0.8]
    copied = pickle.loads(pickle.dumps(cohort.take(np.array([3, 1, 4]))))
    assert [copied[i] for i in range(3)] == [cohort[i] for i in (3, 1, 4)]
    assert cohort.take(np.arange(5)) is cohort
    chosen = np.array([2, 3])
    these = cohort.take(chosen)
    chosen[:] = 0  # the caller may use the array again
    assert these.weight_kg.tolist() == [70.0, 80.0]
    with pytest.raises(AttributeError, match="no height"):
        _ = some.height
