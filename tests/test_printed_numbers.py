"""Values that papers print and that are not parameters of a set: every set must reproduce them.

Numbers marked "evidence" were computed by another program when the derived sets were fitted; the others are printed.
"""

import math
import statistics
from dataclasses import replace

import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Infusion,
    Kinetics,
    Patient,
    Protamine,
    Regimen,
    Stop,
    Subcutaneous,
    aptt_range_for_anti_xa,
    metrics,
    published,
    simulate,
)
from heparin_pk.blood.response import anti_xa_u_per_ml, aptt_ratio, aptt_s
from heparin_pk.body.kinetics import State
from heparin_pk.engine import Run
from heparin_pk.published import reagents

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")

ADULT = Patient(weight_kg=75)
B, A, TRIPLE = published.UFH_B_DERIVED, published.UFH_A_DERIVED, published.UFH_TRIPLE_DERIVED
USUAL = (Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18))


def course(drug, *orders, hours, patient=ADULT):
    return simulate(patient, drug, Regimen(sorted(orders, key=lambda order: order.time_h)), hours=hours, engine="scipy")


def at(course_, *times_h):
    """Return the concentrations at these times, which must be points of the course."""
    kept = [np.flatnonzero(np.isclose(course_.time_h, t, atol=1e-9))[0] for t in times_h]
    return course_.concentration_u_per_ml[kept].tolist()


def half_lives_min(drug, *doses_u_per_kg):
    return [60 * metrics.half_life_h(course(drug, Bolus(time_h=0, dose_u_per_kg=dose), hours=8)) for dose in doses_u_per_kg]


def plateaus(drug, *rates_u_per_kg_per_h, patient=ADULT):
    kinetics = drug.individual(patient)
    return [kinetics.steady_state_u_per_ml(rate * patient.weight_kg) for rate in rates_u_per_kg_per_h]


class TestDefault:
    """UFH-B at 75 kg: evidence, section 8 and the checks table."""

    def test_half_lives(self):
        assert half_lives_min(B, 25, 100, 400) == pytest.approx([31, 71, 139], rel=0.02)

    def test_half_lives_of_the_other_doses(self):
        assert half_lives_min(B, 50, 70, 75, 200) == pytest.approx([44, 56, 59, 107], rel=0.02)

    def test_the_printed_half_lives_it_was_fitted_to(self):
        """Table 30/60/150 min at 25/100/400 U/kg; Hirsh 1976: 63 +- 15 at 70; Teien 1977: 74 at 100. It is a compromise."""
        assert half_lives_min(B, 25, 100, 400) == pytest.approx([30, 60, 150], rel=0.20)
        assert half_lives_min(B, 70)[0] == pytest.approx(63, abs=15)
        assert half_lives_min(B, 100)[0] == pytest.approx(74, rel=0.05)

    def test_usual_treatment(self):
        usual = course(B, *USUAL, hours=24)
        assert at(usual, 1, 2, 4, 6, 24) == pytest.approx([1.11, 0.93, 0.70, 0.57, 0.45], rel=0.02)
        assert at(usual, 0.25, 12) == pytest.approx([1.32, 0.46], rel=0.02)
        assert metrics.peak_u_per_ml(usual) == pytest.approx(1.60, rel=0.005)

    def test_without_a_bolus_it_takes_hours(self):
        slow = course(B, USUAL[1], hours=24)
        assert at(slow, 2, 4, 6) == pytest.approx([0.27, 0.37, 0.41], rel=0.02)

    def test_plateaus(self):
        assert plateaus(B, 12, 15, 18, 22) == pytest.approx([0.222, 0.322, 0.448, 0.660], rel=0.01)
        assert plateaus(B, 10, 13.5, 16, 20, 25, 30) == pytest.approx([0.17, 0.27, 0.36, 0.55, 0.85, 1.21], rel=0.03)

    def test_clearance_falls_as_it_saturates(self):
        kinetics = B.individual(ADULT)
        found = [kinetics.clearance_at_ml_per_h(c) / 75 for c in (0.1, 0.3, 0.5, 0.7, 1, 2, 5, 8)]
        assert found == pytest.approx([69, 48, 38, 32, 27, 20, 14.5, 13], rel=0.025)

    def test_aptt_of_the_usual_treatment(self):
        """30 s, m 1.35: 65 s at 6 h and 55 s at 24 h (the guideline's reagent, with which these were calculated)."""
        usual = simulate(ADULT, B, Regimen(USUAL), hours=24, reagent=reagents.GUIDELINE)
        aptt = dict(zip(usual.time_h.tolist(), usual.aptt_s.tolist(), strict=True))
        assert usual.reagent.slope_ml_per_u == 1.35
        assert (aptt[6.0], aptt[24.0]) == pytest.approx((65, 55), abs=0.5)

    def test_after_stopping(self):
        """Section 8: 24 h of 80/18, then nothing; aPTT 55, 45, 39, 35, 32, 31 s (m 1.35)."""
        stopped = course(B, *USUAL, Stop(time_h=24), hours=27)
        levels = at(stopped, 24, 24.5, 25, 25.5, 26, 27)
        assert levels == pytest.approx([0.449, 0.296, 0.185, 0.107, 0.057, 0.013], rel=0.01, abs=5e-4)
        assert [aptt_s(c, ADULT, reagents.GUIDELINE) for c in levels] == pytest.approx([55, 45, 39, 35, 32, 31], abs=0.6)

    @pytest.mark.parametrize(
        ("patient", "dose", "peak_u_per_ml", "relative", "peak_h"),
        [
            # Brancazio, printed: 0.23 +- 0.036 U/mL at 222 +- 20 min after 143 U/kg; evidence for the set: 0.23 at 3.1 h.
            pytest.param(ADULT, {"dose_u_per_kg": 143}, 0.23, 0.01, 3.1, id="143 U/kg"),
            # Evidence "5000 U (71 U/kg): 0.10": 71 U/kg is a person of 70 kg, and it is 0.094 before rounding.
            pytest.param(Patient(weight_kg=70), {"dose_u": 5000}, 0.10, 0.07, 2.7, id="5000 U"),
            pytest.param(ADULT, {"dose_u_per_kg": 250}, 0.51, 0.01, 3.5, id="250 U/kg"),
            pytest.param(ADULT, {"dose_u_per_kg": 333}, 0.79, 0.01, 3.7, id="333 U/kg"),
        ],
    )
    def test_subcutaneous(self, patient, dose, peak_u_per_ml, relative, peak_h):
        under_the_skin = course(B, Subcutaneous(time_h=0, **dose), hours=24, patient=patient)
        peak = int(under_the_skin.concentration_u_per_ml.argmax())
        assert under_the_skin.concentration_u_per_ml[peak] == pytest.approx(peak_u_per_ml, rel=relative)
        assert under_the_skin.time_h[peak] == pytest.approx(peak_h, abs=0.1)
        assert 2.0 <= under_the_skin.time_h[peak] <= 4.0  # the label: "2 to 4 hours following subcutaneous"

    @pytest.mark.parametrize(("dose_mg", "u_per_ml"), [(0, 0.81), (20, 0.43), (30, 0.27), (40, 0.15), (50, 0.075)])
    def test_protamine(self, dose_mg, u_per_ml):
        """Section 7: the infusion stops at 2 h of 80/18 and protamine starts then, over 10 min; levels at 2.25 h."""
        reversal = [Protamine(time_h=2, dose_mg=dose_mg, over_min=10)] if dose_mg else []
        assert at(course(B, *USUAL, Stop(time_h=2), *reversal, hours=3), 2.25) == pytest.approx([u_per_ml], rel=0.02)

    def test_heparin_rebounds_after_protamine(self):
        """Protamine is eliminated in minutes. The set of Jia 2015 rebounds (deep compartment), the default does not."""
        reversed_ = course(B, *USUAL, Stop(time_h=2), Protamine(time_h=2, dose_mg=50), hours=6)
        late = reversed_.time_h >= 2.5
        assert reversed_.states[late, 5].max() < 0.05 * 5000
        rebound = course(
            published.JIA_2015_UFH, Bolus(time_h=0, dose_u_per_kg=375), Protamine(time_h=2, dose_mg=250), hours=12, patient=ADULT
        )
        after = rebound.concentration_u_per_ml[rebound.time_h > 2.2]
        assert after.max() > 1.05 * after[0]  # the deep compartment of Jia 2015 gives heparin back


def test_set_a():
    """Evidence 2b: 40/67/140 min and 0.24/0.32/0.40/0.52 U/mL, printed to two digits."""
    assert [round(t) for t in half_lives_min(A, 25, 100, 400)] == [40, 67, 140]
    assert [round(c, 2) for c in plateaus(A, 12, 15, 18, 22)] == [0.24, 0.32, 0.40, 0.52]


def test_the_exact_triple():
    """Evidence 2b: 30/60/150 min and 0.45 U/mL, all four."""
    assert half_lives_min(TRIPLE, 25, 100, 400) == pytest.approx([30, 60, 150], rel=0.005)
    assert plateaus(TRIPLE, 18) == pytest.approx([0.45], rel=0.005)


def michaelis_menten_for_the_half_lives(v_ml_per_kg):
    """Evidence 2b: Vmax 62.3 U/kg/h, Km = 0.74 (40/V) U/mL and 0.080 /h are exact for any V."""
    return Kinetics(
        v1_ml=75 * v_ml_per_kg,
        vmax_u_per_h=75 * 62.3,
        km_u_per_ml=0.74 * 40 / v_ml_per_kg,
        clearance_ml_per_h=75 * v_ml_per_kg * 0.080,
    )


def half_life_min(kinetics, dose_u):
    run = Run(kinetics, "scipy")
    run.give(0.0, State(central_u=dose_u), rate_u_per_h=0.0)
    low, high = 0.0, 10.0
    for _ in range(40):
        halfway = 0.5 * (low + high)
        low, high = (halfway, high) if run.state_at(halfway).central_u > 0.5 * dose_u else (low, halfway)
    return 60 * low


@pytest.mark.parametrize(("v_ml_per_kg", "plateau_u_per_ml"), [(40, 0.28), (60, 0.19), (70, 0.16)])
def test_half_lives_and_infusion_contradict_each_other_in_one_compartment(v_ml_per_kg, plateau_u_per_ml):
    """Fitted to the three half-lives alone, 18 U/kg/h gives far less than the 0.3-0.7 U/mL it is given for."""
    kinetics = michaelis_menten_for_the_half_lives(v_ml_per_kg)
    assert [half_life_min(kinetics, 75 * dose) for dose in (25, 100, 400)] == pytest.approx([30, 60, 150], rel=0.01)
    assert kinetics.steady_state_u_per_ml(75 * 18) == pytest.approx(plateau_u_per_ml, abs=0.006)
    assert kinetics.steady_state_u_per_ml(75 * 18) < 0.3


def test_every_set_derived_from_the_half_lives_alone_has_that_contradiction():
    for drug in published.ALL:
        if "HALF_LIVES" in drug.name:
            assert half_lives_min(drug, 25, 100, 400) == pytest.approx([30, 60, 150], rel=0.02)
            assert plateaus(drug, 18)[0] < 0.3


class TestJia2015:
    PATIENT = Patient(weight_kg=66)  # the study's typical adult

    def test_alpha_half_life(self):
        """The paper says "about 90 min"; its typical values give 93."""
        kinetics = published.JIA_2015_UFH.individual(self.PATIENT)
        out, there, back = (
            kinetics.clearance_ml_per_h / kinetics.v1_ml,
            kinetics.q_ml_per_h / kinetics.v1_ml,
            kinetics.q_ml_per_h / kinetics.v2_ml,
        )
        half = 0.5 * (out + there + back)
        alpha = half + math.sqrt(half * half - out * back)
        assert 60 * math.log(2) / alpha == pytest.approx(93, abs=0.5)
        assert 60 * math.log(2) / alpha == pytest.approx(90, rel=0.05)
        assert half_lives_min(published.JIA_2015_UFH, 375)[0] == pytest.approx(93, abs=1)

    def test_end_of_bypass(self):
        """375 U/kg and 125 U/kg in the pump's prime, 2.04 h of bypass: 4.48 U/mL typical, 4.8 the printed median (+- 15 %).

        When the prime joins is not printed: with both at the start it is 4.40.
        """
        bypass = course(published.JIA_2015_UFH, Bolus(time_h=0, dose_u_per_kg=375 + 125), hours=2.04, patient=self.PATIENT)
        assert bypass.concentration_u_per_ml[-1] == pytest.approx(4.48, rel=0.025)
        assert bypass.concentration_u_per_ml[-1] == pytest.approx(4.8, rel=0.15)

    def test_over_predicts_the_ward(self):
        """Evidence 3: 1.08 U/mL at 6 h of 80/18 and 1.14 at the plateau: valid in its own range only."""
        assert at(course(published.JIA_2015_UFH, *USUAL, hours=6), 6) == pytest.approx([1.08], rel=0.01)
        assert plateaus(published.JIA_2015_UFH, 18) == pytest.approx([1.14], rel=0.01)


class TestKandrotas1989:
    def test_half_life(self):
        """Printed: 117 min, beside 68 mL/kg and 28 mL/min, all three means over patients whose weights are not printed."""
        half_life_min = half_lives_min(published.KANDROTAS_1989_UFH, 70)[0]  # of the usual 75 kg, here without any adjusting
        assert half_life_min == pytest.approx(math.log(2) * 68 * 75 / 28, rel=1e-6)
        assert half_life_min == pytest.approx(117, rel=0.10)

    def test_over_predicts_the_ward(self):
        """Evidence 3: 0.86 U/mL at 6 h, 0.80 at the plateau."""
        assert at(course(published.KANDROTAS_1989_UFH, *USUAL, hours=6), 6) == pytest.approx([0.86], rel=0.015)
        assert plateaus(published.KANDROTAS_1989_UFH, 18) == pytest.approx([0.80], rel=0.01)


class TestSalem2022:
    """Its simulation put 15.3, 14.6, 36.9 and 45.1 % (under 1, 1-6, 6-12, 12-19 years) into 0.3-0.7 IU/mL.

    The rates were 28, 20, 20 and 20 U/kg/h. The abstract prints neither weights nor a spread: here bodies weigh 3.5-10, 10-20,
    20-40 and 40-70 kg, evenly, and the spread of the plateau is 50 %, that of the clearance of other children (Al-Sallami 2016).
    All of that is assumed.
    """

    PRINTED = (0.153, 0.146, 0.369, 0.451)
    AGES = (((3.5, 10), 28), ((10, 20), 20), ((20, 40), 20), ((40, 70), 20))

    def plateaus(self, drug=published.SALEM_2022_UFH):
        """Return the plateaus of typical children, U/mL, one array an age group."""
        return [
            np.array([drug.kinetics(Patient(weight_kg=kg)).steady_state_u_per_ml(rate * kg) for kg in np.linspace(*weights, 60)])
            for weights, rate in self.AGES
        ]

    def attained(self, drug=published.SALEM_2022_UFH, cv_fraction=0.5):
        """Return the shares of each age group between 0.3 and 0.7 U/mL."""
        spread = math.sqrt(math.log1p(cv_fraction**2))
        steps = spread * np.array([statistics.NormalDist().inv_cdf((i + 0.5) / 400) for i in range(400)])
        levels = [np.multiply.outer(plateau, np.exp(steps)) for plateau in self.plateaus(drug)]
        return [float(np.mean((group >= 0.3) & (group <= 0.7))) for group in levels]

    def test_the_youngest_typical_children_are_below_the_range(self):
        """As printed: fewer than half of each age group in range, so that the median child of three groups is below it."""
        medians = [np.median(group) for group in self.plateaus()]
        assert max(medians[:3]) < 0.3 < medians[3] < 0.33

    def test_attainment(self):
        """Within 6 points of the last two; the first two twice as high as printed, and not explained."""
        found = self.attained()
        assert found[2:] == pytest.approx(self.PRINTED[2:], abs=0.06)
        for share, printed in zip(found[:2], self.PRINTED[:2], strict=True):
            assert 1.5 * printed < share < 2.4 * printed
        assert np.argsort(found[1:]).tolist() == [0, 1, 2] == np.argsort(self.PRINTED[1:]).tolist()

    def test_proportional_to_weight_it_would_reach_far_more(self):
        one, *rest = published.SALEM_2022_UFH.parameters
        assert one.exponent == 0.75
        proportional = replace(published.SALEM_2022_UFH, parameters=(replace(one, exponent=1.0), *rest))
        assert self.attained(proportional)[0] > 4 * self.PRINTED[0]

    def test_a_trial_is_told_that_no_spread_is_printed(self):
        assert published.SALEM_2022_UFH.variability == ()
        assert "No variability between patients" in published.SALEM_2022_UFH.departures


# The response


@pytest.mark.parametrize(
    ("reagent", "slope_ml_per_u"),
    [
        ("raschke", 1.21),
        ("actin-fs", 1.97),
        ("actin-fsl", 2.02),
        ("pathromtin-sl", 3.30),
        ("automated-aptt", 1.98),
        ("silimat", 2.37),
        ("korea", 1.86),
        ("manual-boehringer", 1.00),
        ("manual-il", 1.67),
    ],
)
def test_slopes_through_the_origin(reagent, slope_ml_per_u):
    assert round(reagents.REAGENTS[reagent].slope_ml_per_u, 2) == slope_ml_per_u


def test_the_korean_line_has_its_own_baseline():
    """66.6 and 127.9 s at 0.35 and 0.70 U/mL lie on a line of log aPTT that starts at 34.7 s."""
    patient = Patient(weight_kg=75, baseline_aptt_s=34.68)
    found = [aptt_s(level, patient, reagents.KOREA) for level in (0.35, 0.70)]
    assert found == pytest.approx([66.6, 127.9], rel=2e-4)


def test_slope_of_the_guideline_equivalence():
    """aPTT ratio 1.5-2.5 = anti-Xa 0.3-0.7: 1.32; the default's 1.35 is that, rounded up by the fit."""
    matched = published.reagents.GUIDELINE.from_matched_range(
        name="g", anti_xa_u_per_ml=(0.3, 0.7), aptt_ratio=(1.5, 2.5), source=reagents.GUIDELINE.source
    )
    assert round(matched.slope_ml_per_u, 2) == 1.32
    assert pytest.approx(matched.slope_ml_per_u, rel=0.03) == reagents.GUIDELINE.slope_ml_per_u


def test_slopes_lie_near_those_of_volunteers():
    """Whitfield & Levy 1980: 1.51 to 3.88 mL/U; Bjornsson 1.49 to 3.43. Older, blunter reagents lie just below."""
    for reagent in reagents.REAGENTS.values():
        assert 0.95 < reagent.slope_ml_per_u < 3.9


def test_reagents_stand_in_order_of_sensitivity():
    slopes = [reagent.slope_ml_per_u for reagent in reagents.REAGENTS.values()]
    assert slopes == sorted(slopes)


def test_raschke_range_is_an_anti_xa_range():
    """46-70 s of a control of about 30 s is 1.5-2.3 x and 0.3-0.7 U/mL: the line through the origin meets both within 5 %."""
    for level, ratio in ((0.3, 1.5), (0.7, 2.3)):
        assert aptt_ratio(level, ADULT, reagents.RASCHKE) == pytest.approx(ratio, rel=0.05)
    own = aptt_range_for_anti_xa(reagents.RASCHKE, Patient(weight_kg=75, baseline_aptt_s=30.5))
    assert (own.low, own.high) == pytest.approx((46, 70), abs=3)


def test_seconds_do_not_travel_between_hospitals():
    """The same anti-Xa 0.3-0.7 U/mL: 43-70 s with one reagent, 81-301 s with another (30 s, m 1.21 and 3.30)."""
    ranges = [aptt_range_for_anti_xa(reagents.REAGENTS[name], ADULT) for name in ("raschke", "pathromtin-sl")]
    assert [(r.low, r.high) for r in ranges] == [(43, 70), (81, 301)]


def values_of(drug):
    """Return every value of a set."""
    return [
        *(p.value for p in drug.parameters),
        *(v.cv_fraction for v in drug.variability),
        *(r.value for r in drug.residual),
        *(covariate.effect for covariate in drug.covariate_effects),
    ]


def test_every_number_of_every_set_has_its_place():
    for drug in published.ALL:
        for value in values_of(drug):
            assert value.source.where.strip()
        assert drug.cite().count("\n") == len(drug.sources) - 1
        for source in drug.sources:
            assert source.cite() in drug.cite()
        if any(parameter.value.source.confidence == "derived" for parameter in drug.parameters if parameter.field == "v1_ml"):
            assert drug.name.endswith("_DERIVED")
            assert "erived" in drug.departures + drug.title or "DERIVED" in drug.title
        text = str(drug)
        assert drug.name in text
        assert drug.studied.population in text


def test_a_set_without_variability_or_residual_error_says_so():
    for drug in published.ALL:
        if not drug.variability:
            assert "ariability" in drug.departures, drug.name
        if not drug.residual:
            assert "esidual error" in drug.departures, drug.name


def test_antithrombin_lowers_the_anti_xa_in_proportion_and_the_aptt_only_when_it_is_nearly_gone():
    reagent = published.UFH_DEFAULT.reagent
    usual = Patient(weight_kg=75)
    for share in (0.27, 0.4, 0.8, 1.0, 1.3):
        poor = Patient(weight_kg=75, antithrombin_fraction=share)
        assert aptt_s(0.5, poor, reagent) == aptt_s(0.5, usual, reagent)
        assert anti_xa_u_per_ml(0.5, poor) == pytest.approx(0.5 * min(1.0, share))
    none = Patient(weight_kg=75, antithrombin_fraction=0.0)
    assert aptt_s(1.0, none, reagent) == pytest.approx(aptt_s(0.5, usual, reagent))  # twice the heparin
    assert anti_xa_u_per_ml(0.5, none) == 0.0
