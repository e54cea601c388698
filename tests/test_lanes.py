"""Many people at once are the same people: bit for bit the stepper, order for order the titration, whoever runs them."""

import math
import warnings
from dataclasses import dataclass, replace

import numpy as np
import pytest

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
    OutsideValidityDomain,
    Patient,
    Population,
    Protamine,
    Regimen,
    Step,
    Stop,
    Subcutaneous,
    TherapeuticRange,
    WardErrors,
    hospital,
    metrics,
    nomogram,
    published,
    titrate,
)
from heparin_pk.body.kinetics import Kinetics, Rates, State, derivatives
from heparin_pk.engine import Run, compiled, exact, stepper
from heparin_pk.engine.lanes import RUNNERS, Lanes
from heparin_pk.engine.zero import ZERO
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.conditions import responses_in
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.simulation.rules import EventKind
from heparin_pk.trials.observer import TrialObserver

DRUG = published.UFH_DEFAULT
EVERY_RUNNER = [pytest.param(r, marks=pytest.mark.slow) if r == "compiled" else pytest.param(r) for r in RUNNERS]
ERRING = WardErrors(
    late_draw_fraction=0.3,
    late_by_h=2.0,
    change_delay_h=0.6,
    missed_step_fraction=0.1,
    wrong_step_fraction=0.1,
    wrong_start_fraction=0.2,
    wrong_size_cv_fraction=0.5,
    omitted_bolus_fraction=0.2,
    weight_error_cv_fraction=0.1,
)
COUNTED = ("inside_h", "below_h", "first_h")
ORDER_OF = {
    EventKind.BOLUS: Bolus,
    EventKind.INFUSION: Infusion,
    EventKind.HOLD: Hold,
    EventKind.STOP: Stop,
    EventKind.SUBCUTANEOUS: Subcutaneous,
}
ORDER_OF[EventKind.PROTAMINE] = Protamine


@pytest.fixture(autouse=True)
def _outliers_are_meant():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)
        yield


class Chart(NoObserver):
    """A observer that writes down every order of everybody."""

    def __init__(self, number):
        self.orders = [[] for _ in range(number)]

    def ordered(self, lanes, at_h, what, amount):
        for lane, hour, x in zip(lanes.tolist(), at_h.tolist(), amount.tolist(), strict=True):
            self.orders[lane].append((hour, ORDER_OF[what], x))


def written(course):
    amounts = ("dose_u", "rate_u_per_h", "duration_min", "dose_mg")
    orders = course.regimen.resolved(course.patient.doses_by_kg).orders
    return [(o.time_h, type(o), next((getattr(o, a) for a in amounts if hasattr(o, a)), 0.0)) for o in orders]


def ward(number, drug=DRUG, first=0):
    return hospital.THROMBOSIS_WARD.cohort(drug, np.arange(first, first + number), seed=3)


def same(course, charts, orders, i):
    labs = [(lab.drawn_h, lab.value, lab.above_ceiling) for lab in course.labs]
    k = charts.n_results[i]
    found = zip(charts.drawn_h[:k, i], charts.values[:k, i], charts.above_ceiling[:k, i], strict=True)
    assert labs == list(found)
    assert written(course) == orders[i]
    np.testing.assert_array_equal(course.states[-1], charts.states[i])
    assert charts.given_u[i] == pytest.approx(metrics.heparin_given_u(course), rel=1e-9)
    assert charts.area_u_h_per_ml[i] == metrics.auc_u_h_per_ml(course)


def held_together(cohort, drug, controller, people, **settings):
    chart = Chart(len(cohort))
    charts = titrate_cohort(cohort, drug, controller, observer=chart, seed=11, subjects=np.arange(len(cohort)) + 100, **settings)
    settings.pop("runner", None)
    for i in people:
        same(titrate(cohort[i], drug, controller, seed=11, subject=100 + i, **settings), charts, chart.orders, i)
    return charts


# SymbolicZero


def test_nothing_is_a_zero_that_is_never_computed():
    x = np.array([1.5, -2.0])
    assert (ZERO + x) is x
    assert (x + ZERO) is x
    assert (x - ZERO) is x
    np.testing.assert_array_equal(ZERO - x, -x)
    for nothing in (ZERO * x, x * ZERO, ZERO / x, 1.0 / ZERO, -ZERO, abs(ZERO), 3.0 * ZERO):
        assert nothing is ZERO
    assert not ZERO > 0.0
    assert ZERO > -1.0


def test_a_switched_off_term_changes_no_bit():
    rates = tuple(DRUG.kinetics(Patient(weight_kg=75)).rates())
    state = (3000.0, 0.0, 400.0, 0.0, 0.0, 0.0, 0.0, 1.0)
    full = derivatives(*state, 1350.0, 0.0, *rates)
    spare = derivatives(
        *(ZERO if i in (1, 3, 4, 5, 6) else x for i, x in enumerate(state)),
        1350.0,
        ZERO,
        *(ZERO if x == 0.0 or name in ("ktr_per_h", "kr_ml_per_u_per_h", "protamine_loss_per_h", "km_u_per_ml") else x
          for name, x in zip(Rates._fields, rates, strict=True)),
    )  # fmt: skip
    assert [x for x in spare if x is not ZERO] == [full[i] for i in (0, 2, 7)]


def test_the_rule_for_the_steps_is_the_same_on_arrays():
    on_floats, on_arrays = stepper.build(), stepper.build(arithmetic=stepper.ARRAYS)
    rng = np.random.default_rng(5)
    n = 400
    state = [rng.uniform(0, 9000, n), 0 * rng.random(n), rng.uniform(0, 900, n), *(rng.uniform(0, 50, n) for _ in range(2))]
    state += [rng.choice([0.0, 4000.0], n), np.zeros(n), rng.random(n)]
    rates = [np.full(n, x) for x in DRUG.kinetics(Patient(weight_kg=75)).rates()]
    hours, inputs = rng.uniform(0.001, 1 / 12, n), [rng.uniform(0, 2000, n), rng.choice([0.0, 9000.0], n)]
    now = on_arrays.slope(*state, *inputs, *rates)
    new, bend = on_arrays.rk4_step(state, hours, inputs, rates, now)
    error_indicators = on_arrays.error_indicators(state, new, hours, inputs, rates, now, bend)
    many, sure = on_arrays.substeps(error_indicators), on_arrays.accept_step(error_indicators)
    for i in range(n):
        mine, fed, who = (tuple(float(x[i]) for x in group) for group in (state, inputs, rates))
        slopes = on_floats.slope(*mine, *fed, *who)
        stepped, bent = on_floats.rk4_step(mine, float(hours[i]), fed, who, slopes)
        own = on_floats.error_indicators(mine, stepped, float(hours[i]), fed, who, slopes, bent)
        assert own == tuple(x[i] for x in error_indicators)
        assert (on_floats.substeps(own), on_floats.accept_step(own)) == (many[i], sure[i])
    assert len(set(many.tolist())) > 5
    assert (many == 1.0).any()
    np.testing.assert_array_equal(sure, many == 1.0)


def test_one_step_is_promised_only_where_the_rule_says_one():
    """At the threshold too: the rule looks away from the last billionth, so the promise and the rule cannot differ."""
    rule = stepper.build()
    rng = np.random.default_rng(6)
    for plasma in rng.uniform(1e-30, 1e3, 2000):
        swift, bent = plasma * (1.0 + rng.integers(-3, 4, 2) * 2.0**-52)
        if rule.accept_step((swift, bent, plasma)):
            assert rule.substeps((swift, bent, plasma)) == 1.0
    assert not rule.accept_step((0.5, 1.1, 1.0))
    assert rule.substeps((0.5, 1.1, 1.0)) == 2.0
    assert not rule.accept_step((1.1, 0.5, 1.0))
    assert rule.substeps((1.1, 0.5, 1.0)) == 2.0


@pytest.mark.parametrize("arithmetic", [stepper.FLOATS, stepper.ARRAYS])
@pytest.mark.parametrize("beyond", [math.inf, -math.inf, math.nan])
def test_a_step_that_was_far_too_long_is_cut_as_finely_as_any(arithmetic, beyond):
    """It may overflow: the rule must not believe what came of it, and how stiff things are it knows without."""
    rule = stepper.build(arithmetic=arithmetic)

    def each(values):
        return tuple(np.array([x]) if arithmetic is stepper.ARRAYS else x for x in values)

    rates = each(DRUG.kinetics(Patient(weight_kg=75)).rates())
    state, inputs, hours = each((6000.0, 0.0, 400.0, 0.0, 0.0, 0.0, 0.0, 0.0)), each((1350.0, 0.0)), 1.0 / 12.0
    now = rule.slope(*state, *inputs, *rates)
    new, bend = rule.rk4_step(state, hours, inputs, rates, now)
    well = rule.error_indicators(state, new, hours, inputs, rates, now, bend)
    assert 1.0 < rule.substeps(well) < 10.0
    for overflowed in ((each([beyond]) + new[1:], each([beyond]) + bend[1:]), (new, each([beyond]) + bend[1:])):
        with np.errstate(invalid="ignore"):
            error_indicators = rule.error_indicators(state, overflowed[0], hours, inputs, rates, now, overflowed[1])
        assert not rule.accept_step(error_indicators)
        assert rule.substeps(error_indicators) == 40.0
    stiff = each((*(x for x in DRUG.kinetics(Patient(weight_kg=75)).rates()[:8]), 6000.0, 0.0, 0.0, 0.0, 0.0))
    with np.errstate(invalid="ignore"):
        error_indicators = rule.error_indicators(state, each([math.nan]) + new[1:], hours, inputs, stiff, now, bend)
    assert rule.substeps(error_indicators) == math.ceil(float(np.ravel(error_indicators[0] / error_indicators[2])[0])) > 250


def test_an_error_does_not_grow_over_twenty_halvings():
    """Of a level that falls for hours each halving adds its error: against the formula, not the reference."""
    for clearance in (700.0, 2800.0, 14_000.0):
        rates = Kinetics(v1_ml=4000.0, clearance_ml_per_h=clearance).rates()
        lanes, one = Lanes(Rates(*map(np.atleast_1d, rates)), 24.0), np.zeros(1, dtype=np.int64)
        rate_per_h = clearance / 4000.0
        hours = min(24.0, 20.0 * math.log(2.0) / rate_per_h)
        lanes.add(one, "central_u", np.array([8000.0]))
        lanes.go(one, np.array([hours]), NoObserver())
        here = lanes.concentration_u_per_ml(one)[0]
        assert here == pytest.approx(2.0 * math.exp(-rate_per_h * lanes.time_h[0]), rel=1e-6)


def test_protamine_that_fades_is_followed_too():
    """It holds the plasma down while it lasts; with these rates a rule that looked at the plasma alone would miss by 4e-6."""
    kinetics = Kinetics(
        v1_ml=2477.3,
        clearance_ml_per_h=2843.3,
        q_ml_per_h=2820.9,
        v2_ml=3664.0,
        kr_ml_per_u_per_h=14.82,
        protamine_loss_per_h=4.23,
    )
    found = []
    for engine in ("stepper", "scipy"):
        run = Run(kinetics, engine)
        run.give(0.0, State(central_u=2000.0), rate_u_per_h=200.0)
        run.give(1.0, rate_u_per_h=200.0, protamine_u_per_h=12_000.0)
        run.give(1.0 + 1 / 6, rate_u_per_h=200.0)
        run.give(4.0, rate_u_per_h=0.0)
        found.append(run.trajectory(10.0)[1][:, 0])
    np.testing.assert_allclose(found[0], found[1], rtol=2e-6, atol=1e-3)


# The same bits


@pytest.mark.parametrize("runner", EVERY_RUNNER)
@pytest.mark.parametrize("drug", published.ALL, ids=lambda drug: drug.name)
def test_every_set_is_the_stepper_bit_for_bit(drug, runner):
    one = drug.kinetics(Patient(weight_kg=75, height_cm=170, sex="male", creatinine_clearance_ml_per_min=80))
    orders = [Bolus(time_h=0, dose_u_per_kg=60), Infusion(time_h=0, rate_u_per_kg_per_h=14), Hold(time_h=7.013, duration_min=50)]
    orders += [Bolus(time_h=9.2, dose_u_per_kg=20, over_min=10), Infusion(time_h=11.71, rate_u_per_kg_per_h=9)]
    if one.can_absorb:
        orders.append(Subcutaneous(time_h=12.1, dose_u_per_kg=100))
    if one.can_neutralise:
        orders.append(Protamine(time_h=15.0, dose_mg=20))
    orders.append(Stop(time_h=17.03))
    assay = drug.responses.assays[0]
    plan = Fixed(regimen=Regimen(tuple(orders)), draws_h=(0.4, 6.0, 12.1, 16.37), assay=assay)
    cohort = replace(hospital.THROMBOSIS_WARD, typical=Patient(weight_kg=75, creatinine_clearance_ml_per_min=80)).cohort(
        drug, np.arange(6), seed=2
    )
    number = range(3) if runner == "python" else range(6)
    held_together(cohort, drug, plan, number, hours=18.4, runner=runner)


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
def test_whoever_decides_decides_the_same(controller):
    laboratory = Laboratory(turnaround_h=0.8)
    held_together(ward(6), DRUG, controller, range(6), hours=41.3, laboratory=laboratory)


def test_results_at_once_and_at_the_very_end():
    quick = Laboratory(turnaround_h=0.0, cv_fraction=0.0)
    held_together(ward(8), DRUG, Nomogram.load("raschke-1993"), range(8), hours=13.0, laboratory=quick)
    held_together(ward(8), DRUG, Nomogram.load("raschke-1993"), range(8), hours=6.0, laboratory=quick)


@pytest.mark.parametrize("runner", ["python", pytest.param("compiled", marks=pytest.mark.slow)])
@pytest.mark.parametrize("ward_errors", [None, ERRING], ids=["on time", "erring"])
def test_runners_agree_bit_for_bit_in_closed_loop(runner, ward_errors):
    """Many enough for blocks, of which the compiled runner puts those together that need equally many steps."""
    table = Nomogram.load("raschke-1993" if ward_errors is None else "michigan-vte-anti-xa")
    ranges = (table.target, published.ranges.ANTI_XA_TREATMENT)
    by_the_clock = hospital.THROMBOSIS_WARD.with_distributions(hospital.TIME_OF_DAY, hospital.FACTOR_VIII)

    def run(who, trajectories):
        people = by_the_clock if trajectories else hospital.THROMBOSIS_WARD  # whose range moves is told of every interval
        cohort = people.cohort(DRUG, np.arange(100), seed=3)
        observer = TrialObserver(cohort, DRUG.responses, ranges)
        assert (observer.thresholds(np.arange(100)) is None) == trajectories
        settings = {"seed": 1, "hours": 26.0, "ward_errors": ward_errors, "trajectories": trajectories}
        charts = titrate_cohort(cohort, DRUG, table, observer=observer, runner=who, **settings)
        observer.finish(26.0)
        names = ("n_results", "drawn_h", "values", "above_ceiling", "given_u", "rate_u_per_h", "states", "hourly_u_per_ml")
        names += ("trajectories_u_per_ml", "area_u_h_per_ml")
        counted = {f"{name} {i}": getattr(one, name) for i, one in enumerate(observer.ranges) for name in COUNTED}
        return {name: getattr(charts, name) for name in names} | counted | {"peak": observer.peak_u_per_ml}

    for trajectories in (False, True):
        one, other = run("numpy", trajectories), run(runner, trajectories)
        assert one["first_h 0"].min() < 26.0
        for name, values in one.items():
            np.testing.assert_array_equal(values, other[name], err_msg=f"{name}, {trajectories=}")


@pytest.mark.slow
def test_a_company_and_who_comes_after_it_stay_themselves():
    """More people than are put in order together."""
    cohort, table = ward(compiled.SORTED_TOGETHER + 70), Nomogram.load("raschke-1993")
    one, other = (titrate_cohort(cohort, DRUG, table, seed=1, hours=9.0, runner=runner) for runner in ("numpy", "compiled"))
    for name in ("values", "states", "hourly_u_per_ml"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_what_is_kept_on_the_way_is_the_course(runner):
    """Trajectories and full hours: the very numbers of the course, before what is given at that moment."""
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


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_whoever_is_exactly_on_an_edge_is_in_range(runner):
    """Rising to the very number of the lower limit, falling to the very number of the upper one."""
    plan = Fixed(
        regimen=Regimen((Infusion(time_h=0, rate_u_per_kg_per_h=18), Stop(time_h=12))), assay="anti_xa_u_per_ml", draws_h=()
    )
    cohort = Cohort(1, {"weight_kg": np.array([75.0])})
    on_the_way = titrate_cohort(cohort, DRUG, plan, hours=24.0, trajectories=True).trajectories_u_per_ml[0]
    up, down = 40, 150  # minutes / 5: while the infusion runs, and after it
    for low, high, first, last in ((on_the_way[up], 10.0, up, None), (1e-6, on_the_way[down], None, down)):
        observer = TrialObserver(
            cohort, DRUG.responses, (TherapeuticRange(assay="anti_xa_u_per_ml", low=float(low), high=float(high)),)
        )
        titrate_cohort(cohort, DRUG, plan, observer=observer, hours=24.0, runner=runner)
        observer.finish(24.0)
        if first is not None:
            assert observer.ranges[0].first_h[0] == pytest.approx(first / 12, abs=1e-12)
        else:
            above = observer.ranges[0]
            inside_h = above.inside_h[0] + above.below_h[0]
            there = np.flatnonzero(on_the_way > high)
            before = there[0] - (on_the_way[there[0]] - high) / (on_the_way[there[0]] - on_the_way[there[0] - 1])
            assert 24.0 - inside_h == pytest.approx((last - before) / 12, abs=1e-9)


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_an_edge_crossed_just_before_something_is_given_is_seen(runner):
    """Between the last point of the grid and an order that does not wait for the next."""
    orders = (Infusion(time_h=0, rate_u_per_kg_per_h=18), Infusion(time_h=7.04, rate_u_per_kg_per_h=20))
    plan = Fixed(regimen=Regimen(orders), assay="anti_xa_u_per_ml", draws_h=())
    cohort = Cohort(1, {"weight_kg": np.array([75.0])})
    low = titrate(cohort[0], DRUG, plan, hours=12.0).concentration_at_u_per_ml(7.02)
    observer = TrialObserver(cohort, DRUG.responses, (TherapeuticRange(assay="anti_xa_u_per_ml", low=float(low), high=10.0),))
    titrate_cohort(cohort, DRUG, plan, observer=observer, hours=12.0, runner=runner)
    observer.finish(12.0)
    assert observer.ranges[0].first_h[0] == pytest.approx(7.02, abs=1e-5)
    assert observer.ranges[0].below_h[0] == pytest.approx(7.02, abs=1e-5)


def test_company_changes_nobody():
    """Person i alone, in a small room, in a large one, in another order: the same bits."""
    table, subjects = Nomogram.load("durham-va-2009"), np.arange(60)

    def run(who):
        cohort = hospital.THROMBOSIS_WARD.cohort(DRUG, who, seed=3)
        observer = TrialObserver(cohort, DRUG.responses, (table.target, published.ranges.ANTI_XA_TREATMENT))
        charts = titrate_cohort(cohort, DRUG, table, observer=observer, seed=5, subjects=who, hours=30.0, ward_errors=ERRING)
        observer.finish(30.0)
        return charts, observer

    charts, observer = run(subjects)
    for who in (np.array([17]), subjects[::-1].copy(), np.array([59, 17, 3])):
        other, counted = run(who)
        np.testing.assert_array_equal(charts.states[who], other.states)
        np.testing.assert_array_equal(charts.values[: len(other.values)][:, who], other.values)
        for one, two in zip(observer.ranges, counted.ranges, strict=True):
            for name in COUNTED:
                np.testing.assert_array_equal(getattr(one, name)[who], getattr(two, name))


# Against the reference and the closed form


def usual(drug):
    return Fixed(
        regimen=Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18))),
        assay=drug.responses.assays[0],
    )


@pytest.mark.parametrize("drug", published.ALL, ids=lambda drug: drug.name)
def test_lanes_stay_within_2e_6_of_scipy(drug):
    typical = Patient(weight_kg=75, height_cm=170, sex="male", age_y=50, creatinine_clearance_ml_per_min=80)
    cohort = Population(typical=typical).cohort(drug, np.arange(3), seed=4)
    assay = drug.responses.assays[0]
    aim = TherapeuticRange(assay=assay, low=1e-3 if assay.startswith("anti") else 151.0, high=500.0)
    try:
        observer = TrialObserver(cohort, drug.responses, (aim,))
    except ValueError:  # an ACT that flattens has no inverse: no range is counted
        observer = TrialObserver(cohort, drug.responses, ())
    charts = titrate_cohort(cohort, drug, usual(drug), observer=observer, hours=24.0)
    for i in range(3):
        course = titrate(cohort[i], drug, usual(drug), hours=24.0, engine="scipy")
        for hour in (1, 2, 6, 12, 24):
            assert charts.hourly_u_per_ml[i, hour] == pytest.approx(course.concentration_at_u_per_ml(hour), rel=2e-6)


def test_the_closed_form_is_a_witness_of_level_area_and_time_in_range():
    """One compartment, saturable and linear loss: level, area and the moments at which thresholds are passed are known exactly."""
    drug, target = published.UFH_A_DERIVED, published.ranges.ANTI_XA_TREATMENT
    cohort = Population(typical=Patient(weight_kg=75)).cohort(drug, np.arange(20), seed=1)
    observer = TrialObserver(cohort, drug.responses, (target,))
    plan = Fixed(regimen=Regimen((Bolus(time_h=0, dose_u_per_kg=80),)), assay="anti_xa_u_per_ml")
    charts = titrate_cohort(cohort, drug, plan, observer=observer, hours=24.0)
    observer.finish(24.0)
    for i in range(20):
        one = drug.kinetics(cohort[i])
        amount = 80.0 * 75.0
        for hour in (1, 6, 24):
            after = exact.amount_after(one, amount, 0.0, hour) / one.v1_ml
            assert charts.hourly_u_per_ml[i, hour] == pytest.approx(after, rel=2e-6)
        assert charts.area_u_h_per_ml[i] == pytest.approx(exact.area_u_h_per_ml(one, amount, 0.0, 24.0), rel=2e-6)
        top, bottom = (exact.hours_until(one, amount, 0.0, threshold * one.v1_ml) for threshold in (target.high, target.low))
        assert observer.ranges[0].inside_h[i] == pytest.approx(bottom - top, abs=2e-3)
        assert observer.ranges[0].below_h[i] == pytest.approx(24.0 - bottom, abs=2e-3)
        assert observer.ranges[0].first_h[i] == pytest.approx(top, abs=2e-3)


@pytest.mark.parametrize("name", ["raschke-1993", "michigan-vte-anti-xa", "uk-aptt-ratio"])
@pytest.mark.parametrize("by_the_clock", [False, True])
def test_the_tally_counts_what_the_metrics_find(name, by_the_clock):
    table = Nomogram.load(name)
    people = hospital.THROMBOSIS_WARD
    if by_the_clock:
        people = people.with_distributions(hospital.TIME_OF_DAY, hospital.FACTOR_VIII)
    cohort = people.cohort(DRUG, np.arange(25), seed=8)
    ranges = (table.target, published.ranges.ANTI_XA_TREATMENT)
    observer = TrialObserver(cohort, responses_in(DRUG, None, Laboratory(assay=table.assay)), ranges)
    charts = titrate_cohort(cohort, DRUG, table, observer=observer, seed=2)
    observer.finish(48.0)
    for i in range(0, 25, 3):
        course = titrate(cohort[i], DRUG, table, seed=2, subject=i)
        for one, target in zip(observer.ranges, ranges, strict=True):
            assert one.inside_h[i] / 48 == pytest.approx(metrics.time_in_range_fraction(course, target), abs=1e-3)
            assert one.below_h[i] / 48 == pytest.approx(metrics.time_below_fraction(course, target), abs=1e-3)
            first = metrics.time_to_therapeutic_h(course, target)
            assert one.first_h[i] == (np.inf if first is None else pytest.approx(first, abs=0.05))
        assert observer.peak_u_per_ml[i] == metrics.peak_u_per_ml(course)
        counts = observer.adjustments[i], observer.holds[i], observer.reboluses[i]
        assert counts == (metrics.adjustments(course), metrics.holds(course), metrics.reboluses(course))
        assert charts.hourly_u_per_ml[i, 30] == course.concentration_at_u_per_ml(30)


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_the_peak_of_a_dose_under_the_skin_lies_on_the_way(runner):
    """Nothing is given or looked at when it is highest."""
    plan = Fixed(regimen=Regimen((Subcutaneous(time_h=0, dose_u_per_kg=200),)), draws_h=(12.0,))
    cohort = ward(3)
    observer = TrialObserver(cohort, DRUG.responses, ())
    charts = titrate_cohort(cohort, DRUG, plan, observer=observer, hours=20.0, runner=runner)
    for i in range(3):
        course = titrate(cohort[i], DRUG, plan, hours=20.0, subject=i)
        assert observer.peak_u_per_ml[i] == metrics.peak_u_per_ml(course) > 1.1 * charts.hourly_u_per_ml[i, 12]


# A rule of one's own needs no compiler


FIFTY_TO_EIGHTY = TherapeuticRange(assay="aptt_s", low=50, high=80)


@dataclass(frozen=True)
class Gentle:
    """Your own rule for thousands: one and a half units more below 50 s, one less above 80 s."""

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


def test_kinetics_of_all_are_everybodys():
    cohort = ward(30)
    for drug in (published.UFH_DEFAULT, published.GREEN_2003_ENOXAPARIN, published.RXKINETICS_UFH):
        who = replace(hospital.THROMBOSIS_WARD, typical=Patient(weight_kg=75, creatinine_clearance_ml_per_min=70)).cohort(
            drug, np.arange(30), seed=3
        )
        every = drug.kinetics_of_all(who)
        for i in range(30):
            assert every[i] == drug.kinetics(who[i])
            assert isinstance(every[i], Kinetics)
    assert cohort.take(np.array([4, 2]))[0] == cohort[4]


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


@pytest.mark.parametrize("runner", EVERY_RUNNER)
def test_no_grid_point_is_lost_when_something_is_given_a_hair_before_it(runner):
    """Given at 2.9999999999999996 h, once or twice, the level at 3 h is the one just after it, for one and for many."""
    before_3_h = math.nextafter(3.0, 0.0)
    orders = [
        Infusion(time_h=0, rate_u_per_kg_per_h=18),
        Infusion(time_h=math.nextafter(before_3_h, 0.0), rate_u_per_kg_per_h=22),
        Bolus(time_h=before_3_h, dose_u_per_kg=40),
        Bolus(time_h=math.nextafter(4.5, 0.0), dose_u_per_kg=20),
        Bolus(time_h=5.0, dose_u_per_kg=30),
        Infusion(time_h=math.nextafter(6.0, 0.0), rate_u_per_kg_per_h=10),
    ]
    plan = Fixed(regimen=Regimen(tuple(orders)), draws_h=(3.0, 4.5))
    cohort = hospital.THROMBOSIS_WARD.cohort(DRUG, np.arange(3), seed=2)
    charts = titrate_cohort(cohort, DRUG, plan, hours=6.0, runner=runner, trajectories=True)
    assert np.isfinite(charts.trajectories_u_per_ml).all()
    for i in range(3):
        course = titrate(cohort[i], DRUG, plan, hours=6.0, engine="stepper", subject=i)
        for time_h in (3.0, 4.5, 6.0):
            here = np.flatnonzero(course.time_h == time_h)
            levels = course.concentration_u_per_ml[here]
            assert charts.trajectories_u_per_ml[i, round(12 * time_h)] in levels, (time_h, levels)
        np.testing.assert_array_equal(charts.hourly_u_per_ml[i], charts.trajectories_u_per_ml[i, ::12])
    assert (charts.hourly_u_per_ml[:, 3] > 1.5 * charts.trajectories_u_per_ml[:, 35]).all(), "the bolus is in it"
