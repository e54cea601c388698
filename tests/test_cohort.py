"""The loop over many patients: the orders, results and levels of each are the same as alone and in any cohort."""

from dataclasses import dataclass

import numpy as np
import pytest
from wards import COUNTED, DRUG, ERRING, EVERY_RUNNER, Chart, held_together, usual, ward

from heparin_pk import (
    Bolus,
    ByHand,
    Cohort,
    Decision,
    Decisions,
    Fixed,
    Hold,
    Infusion,
    Laboratory,
    Nomogram,
    Protamine,
    Regimen,
    Step,
    Stop,
    TherapeuticRange,
    hospital,
    nomogram,
    published,
    titrate,
)
from heparin_pk.engine.lanes import Lanes
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.trials.observer import TrialObserver

pytestmark = pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")  # outliers are meant


@pytest.mark.parametrize("name", nomogram.names())
@pytest.mark.parametrize(
    "ward_errors", [pytest.param(None, id="to the letter"), pytest.param(ERRING, id="erring", marks=pytest.mark.slow)]
)
def test_every_table_orders_the_same_for_one_and_for_many(name, ward_errors):
    charts = held_together(ward(24), DRUG, Nomogram.load(name), range(0, 24, 5), hours=48.0, ward_errors=ward_errors)
    assert charts.n_results.min() >= 2


@dataclass(frozen=True)
class Stubborn:
    """A controller that knows one patient at a time: it plans two boluses ahead and draws twice."""

    assay: str = "aptt_s"
    name: str = "stubborn"

    def decide(self, situation):
        now = situation.time_h
        if len(situation.labs) > 3:
            return Decision(next_draw_h=now + 5.5, why="enough")
        low = not situation.labs or situation.labs[-1].value < 60
        orders = (Infusion(time_h=now, rate_u_per_kg_per_h=15.0 + len(situation.labs)), Bolus(time_h=now + 0.3, dose_u_per_kg=10))
        return Decision(orders=orders if low else (Hold(time_h=now, duration_min=30),), next_draw_h=(now + 2.02, now + 4.0))


CONTROLLERS = [
    ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=(Step(hold_min=60, rate_u_per_kg_per_h=14), Step(bolus_u_per_kg=40))),
    Stubborn(),
    Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=1000), Stop(time_h=30))), draws_h=(6, 6.5, 40)),
    Fixed(regimen=Regimen(()), draws_h=()),
]


@pytest.mark.parametrize("controller", CONTROLLERS, ids=lambda one: type(one).__name__)
def test_every_kind_of_controller_decides_the_same(controller):
    laboratory = Laboratory(turnaround_h=0.8)
    held_together(ward(6), DRUG, controller, range(6), hours=41.3, laboratory=laboratory)


def test_results_at_once_and_at_the_very_end():
    quick = Laboratory(turnaround_h=0.0, cv_fraction=0.0)
    held_together(ward(8), DRUG, Nomogram.load("raschke-1993"), range(8), hours=13.0, laboratory=quick)
    held_together(ward(8), DRUG, Nomogram.load("raschke-1993"), range(8), hours=6.0, laboratory=quick)


def test_events_of_one_moment_keep_their_order():
    """A hold that ends, a draw and an order at one moment: the draw sees what ran during the hold."""
    plan = Regimen((Infusion(time_h=0, rate_u_per_h=1500), Hold(time_h=5, duration_min=60), Bolus(time_h=6, dose_u=5000)))
    cohort = ward(4)
    laboratory = Laboratory(cv_fraction=0.0, resolution=0.01)
    held_together(cohort, DRUG, Fixed(regimen=plan, draws_h=(6.0, 6.5)), range(4), hours=8.0, laboratory=laboratory)
    charts = titrate_cohort(
        cohort, DRUG, Fixed(regimen=plan, draws_h=(6.0, 6.5)), observer=Chart(4), hours=8.0, laboratory=laboratory
    )
    assert (charts.values[0] < charts.values[1]).all()


def test_other_patients_in_the_cohort_change_no_patient():
    """Patient i alone, in a small cohort, in a large one, in another order: the same bits."""
    table, subjects = Nomogram.load("durham-va-2009"), np.arange(60)

    def run(chosen):
        cohort = hospital.THROMBOSIS_WARD.cohort(DRUG, chosen, seed=3)
        observer = TrialObserver(cohort, DRUG.responses, (table.target, published.ranges.ANTI_XA_TREATMENT), 30.0)
        charts = titrate_cohort(cohort, DRUG, table, observer=observer, seed=5, subjects=chosen, hours=30.0, ward_errors=ERRING)
        observer.finish(30.0)
        return charts, observer

    charts, observer = run(subjects)
    for chosen in (np.array([17]), subjects[::-1].copy(), np.array([59, 17, 3])):
        other, counted = run(chosen)
        np.testing.assert_array_equal(charts.states[chosen], other.states)
        np.testing.assert_array_equal(charts.values[: len(other.values)][:, chosen], other.values)
        for one, two in zip(observer.ranges, counted.ranges, strict=True):
            for name in COUNTED:
                np.testing.assert_array_equal(getattr(one, name)[chosen], getattr(two, name))


# Levels kept on the way


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_what_is_kept_on_the_way_is_the_course(runner):
    """Trajectories and full hours: the numbers of the course, before the doses of that moment."""
    cohort, table = ward(5), Nomogram.load("raschke-1993")
    ward_errors = ERRING if runner == "numpy" else None
    charts = titrate_cohort(cohort, DRUG, table, seed=4, hours=25.5, ward_errors=ward_errors, runner=runner, trajectories=True)
    assert charts.trajectories_u_per_ml.shape == (5, 25.5 * 12 + 1)
    np.testing.assert_array_equal(charts.hourly_u_per_ml, charts.trajectories_u_per_ml[:, ::12])
    if ward_errors is not None:
        return
    for i in range(5):
        course = titrate(cohort[i], DRUG, table, seed=4, subject=i, hours=25.5)
        grid = np.searchsorted(course.time_h, np.arange(307) / 12)
        np.testing.assert_array_equal(charts.trajectories_u_per_ml[i, 1:], course.concentration_u_per_ml[grid][1:])
    less = titrate_cohort(cohort, DRUG, table, seed=4, hours=25.5, runner=runner)
    assert less.trajectories_u_per_ml.size == 0
    np.testing.assert_array_equal(less.hourly_u_per_ml, charts.hourly_u_per_ml)


@pytest.mark.parametrize("points", [1, 7, 11, 97, 331])
def test_trajectories_end_with_the_last_point_of_the_grid(points):
    for hours in (points / 12, np.nextafter(points / 12, 99.0), np.nextafter(points / 12, 0.0)):
        kept = titrate_cohort(ward(2), DRUG, usual(DRUG), hours=float(hours), trajectories=True).trajectories_u_per_ml
        assert kept.shape == (2, points + (hours >= points / 12))
        assert (kept[:, 1:] > 0.0).all()


# A rule of one's own needs no compiler

FIFTY_TO_EIGHTY = TherapeuticRange(assay="aptt_s", low=50, high=80)


@dataclass(frozen=True)
class Gentle:
    """A rule of one's own for thousands of patients: one and a half units more below 50 s, one less above 80 s."""

    name: str = "gentle"
    assay: str = "aptt_s"
    looks_back: int = 1
    target: TherapeuticRange = FIFTY_TO_EIGHTY

    def decide(self, situation):
        raise AssertionError("thousands are asked at once")

    def decide_many(self, seen):
        change = np.where(seen.levels[0] < 50, 1.5, np.where(seen.levels[0] > 80, -1.0, 0.0)) * seen.weight_kg
        rate = np.where(seen.n_results == 0, 15.0 * seen.weight_kg, seen.rate_u_per_h + change)
        none = np.zeros(len(rate))
        return Decisions(bolus_u=none, bolus_over_min=none, hold_min=none, rate_u_per_h=rate, next_draw_h=seen.time_h + 6)


def test_a_rule_of_ones_own_runs_at_the_speed_of_arrays():
    cohort = ward(50)
    charts = titrate_cohort(cohort, DRUG, Gentle(), observer=Chart(50), hours=48.0)
    assert (charts.rate_u_per_h / cohort.weight_kg).std() > 0.5
    assert set(charts.n_results.tolist()) == {6}


# What is refused


def test_what_cannot_be_is_refused():
    cohort = ward(3)
    with pytest.raises(ValueError, match="runner must be one of numpy, python, compiled"):
        Lanes(DRUG.kinetics_of_all(cohort).rates(), 48.0, runner="gpu")
    lanes = Lanes(DRUG.kinetics_of_all(cohort).rates(), 48.0)
    with pytest.raises(ValueError, match="until_h must stay within 48 h; got 49"):
        lanes.go(np.arange(3), np.array([1.0, 49.0, 2.0]), NoObserver())
    with pytest.raises(ValueError, match="this controller reads aptt_s, but the laboratory reports anti_xa"):
        titrate_cohort(cohort, DRUG, usual(DRUG), observer=Chart(3), laboratory=Laboratory(assay="anti_xa_u_per_ml"))
    with pytest.raises(ValueError, match="one with decide_many"):
        titrate_cohort(cohort, DRUG, usual(DRUG), observer=Chart(3), ward_errors=ERRING)
    plan = Fixed(regimen=Regimen((Protamine(time_h=0, dose_mg=10),)))
    with pytest.raises(ValueError, match="does not say how protamine neutralises"):
        titrate_cohort(cohort, published.KANDROTAS_1989_UFH, plan, observer=Chart(3))
    with pytest.raises(ValueError, match=r"weight_kg must lie between 0.4 and 400; got 4000.0 \(person 1\)"):
        Cohort(2, {"weight_kg": np.array([70.0, 4000.0])})
    two, factors = {"weight_kg": np.array([75.0, 75.0])}, {"kon_ml_per_u_per_h": np.array([1.0, 80.0])}
    with pytest.raises(ValueError, match="must stay below 1000 /h"):
        DRUG.kinetics_of_all(Cohort(2, two, factors | {"v1_ml": np.array([1.0, 0.02])}))
