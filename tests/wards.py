"""Cohorts of the thrombosis ward for tests, and the comparison of a cohort with its patients titrated one by one."""

import numpy as np
import pytest

from heparin_pk import (
    Bolus,
    Fixed,
    Hold,
    Infusion,
    Notify,
    Pause,
    Protamine,
    Regimen,
    Resume,
    Stop,
    Subcutaneous,
    WardErrors,
    hospital,
    metrics,
    published,
    titrate,
)
from heparin_pk.engine.lanes import RUNNERS
from heparin_pk.simulation.cohort import titrate_cohort
from heparin_pk.simulation.observer import NoObserver
from heparin_pk.simulation.rules import EventKind

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
    EventKind.PROTAMINE: Protamine,
    EventKind.PAUSE: Pause,
    EventKind.RESUME: Resume,
    EventKind.NOTIFY: Notify,
}


class Chart(NoObserver):
    """An observer that writes down every order of every patient."""

    def __init__(self, number):
        self.orders = [[] for _ in range(number)]

    def ordered(self, lanes, at_h, kind, amount):
        for lane, hour, x in zip(lanes.tolist(), at_h.tolist(), amount.tolist(), strict=True):
            self.orders[lane].append((hour, ORDER_OF[kind], x))


def written(course):
    amounts = ("dose_u", "rate_u_per_h", "duration_min", "dose_mg", "until_below")
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


def held_together(cohort, drug, controller, lanes, **settings):
    chart = Chart(len(cohort))
    charts = titrate_cohort(cohort, drug, controller, observer=chart, seed=11, subjects=np.arange(len(cohort)) + 100, **settings)
    settings.pop("runner", None)
    for i in lanes:
        same(titrate(cohort[i], drug, controller, seed=11, subject=100 + i, **settings), charts, chart.orders, i)
    return charts


def usual(drug):
    return Fixed(
        regimen=Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18))),
        assay=drug.responses.assays[0],
    )
