"""How orders are carried out, and what a model leaves unexplained: each error with an address, switched on by name."""

import math

import numpy as np
import pytest

from heparin_pk import (
    Course,
    Decision,
    Laboratory,
    Nomogram,
    Patient,
    Situations,
    WardErrors,
    hospital,
    metrics,
    print_citations,
    published,
    simulate,
    titrate,
)
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.laboratory import Residual
from heparin_pk.ward.pump import Pump

TABLE, DRUG, PATIENT = Nomogram.load("raschke-1993"), published.UFH_DEFAULT, Patient(weight_kg=82, baseline_aptt_s=31)
N = 20_000


def seen(n_results=1, level=60.0, rate=1400.0, m=N):
    full = np.ones(m)
    levels, above = np.full((TABLE.looks_back, m), level), np.zeros((TABLE.looks_back, m), dtype=bool)
    return Situations(
        time_h=7.0 * full,
        weight_kg=80.0 * full,
        rate_u_per_h=rate * full,
        n_results=(n_results * full).astype(int),
        levels=levels,
        above_ceiling=above,
        pump=Pump(),
    )


def done(ward_errors, **known):
    return ward_errors.decide(TABLE, seen(**known), 3, np.arange(N))


def test_a_ward_without_errors_does_what_is_decided():
    meant = TABLE.decide_many(seen(level=30.0))
    found = done(WardErrors(), level=30.0)
    for name in ("bolus_u", "hold_min", "rate_u_per_h", "next_draw_h"):
        np.testing.assert_array_equal(getattr(found, name), getattr(meant, name))
    one = titrate(PATIENT, DRUG, TABLE, seed=1, ward_errors=WardErrors())
    two = titrate(PATIENT, DRUG, TABLE, seed=1)
    assert one.regimen == two.regimen
    np.testing.assert_array_equal(one.states, two.states)


def test_shares_are_as_often_as_they_say():
    meant = TABLE.decide_many(seen(level=100.0))
    missed = done(WardErrors(missed_step_fraction=0.2), level=100.0)
    gone = np.isnan(missed.rate_u_per_h)
    assert gone.mean() == pytest.approx(0.2, abs=0.01)
    assert (missed.hold_min[gone] == 0).all()
    assert (missed.hold_min[~gone] == 60).all()
    wrong = done(WardErrors(wrong_step_fraction=0.3, wrong_size_cv_fraction=0.4), level=100.0)
    off = wrong.rate_u_per_h != meant.rate_u_per_h
    assert off.mean() == pytest.approx(0.3, abs=0.01)
    steps = (wrong.rate_u_per_h[off] - 1400) / (meant.rate_u_per_h[off] - 1400)
    assert np.log(steps).std() == pytest.approx(math.sqrt(math.log1p(0.16)), rel=0.03)
    start = done(WardErrors(omitted_bolus_fraction=0.14, wrong_start_fraction=0.19, wrong_size_cv_fraction=0.3), n_results=0)
    assert (start.bolus_u == 0).mean() == pytest.approx(0.14, abs=0.01)
    assert (start.rate_u_per_h != 1440).mean() == pytest.approx(0.19, abs=0.01)
    late = done(WardErrors(late_draw_fraction=0.25, late_by_h=2.0))
    by = late.next_draw_h - TABLE.decide_many(seen()).next_draw_h
    assert (by > 0).mean() == pytest.approx(0.25, abs=0.01)
    assert by[by > 0].mean() == pytest.approx(2.0, abs=0.1)
    assert by.max() <= 12.0
    guessed = WardErrors(weight_error_cv_fraction=0.1).weights_kg(np.full(N, 80.0), 3, np.arange(N))
    assert guessed.std() == pytest.approx(8.0, rel=0.03)


def test_a_delayed_change_comes_later():
    course = titrate(
        PATIENT, DRUG, TABLE, seed=9, ward_errors=WardErrors(change_delay_h=0.5), laboratory=Laboratory(cv_fraction=0.4)
    )
    changes = [order.time_h for entry in course.entries[1:] for order in entry.orders]
    results = [entry.time_h for entry in course.entries[1:] if entry.orders]
    assert changes
    assert {round(min(t - r for r in results if r <= t), 6) for t in changes} == {0.5}
    again = simulate(PATIENT, DRUG, course.regimen)
    np.testing.assert_array_equal(again.states, course.states)
    assert Course.from_json(course.to_json()) == course
    assert course.entries[1].why.startswith("meant: ")


def test_errors_have_an_address():
    """The same ward errs in the same way with the same patient; another patient meets other errors."""
    one, again, other = (titrate(PATIENT, DRUG, TABLE, seed=4, subject=s, ward_errors=hospital.REAL_WARD) for s in (17, 17, 18))
    assert one == again
    assert one.regimen != other.regimen
    assert one.labs[0].value != titrate(PATIENT, DRUG, TABLE, seed=4, subject=18).labs[0].value


def test_the_papers_of_a_ward_are_cited(capsys):
    titrate(PATIENT, DRUG, TABLE, ward_errors=hospital.REAL_WARD)
    print_citations(bibtex=False)
    assert "Pharand" in capsys.readouterr().out


class OneAtATime:
    """A controller that decides for one patient at a time."""

    name, assay = "hand", "aptt_s"

    def decide(self, situation):
        return Decision()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WardErrors(missed_step_fraction=1.2), "missed_step_fraction must lie between 0 and 1; got 1.2"),
        (lambda: WardErrors(late_by_h=13), "late_by_h must lie between 0 and 12; got 13"),
        (lambda: WardErrors(name=""), "name must be a text"),
        (lambda: WardErrors(sources=("x",)), "sources must be a Source"),
        (lambda: titrate(PATIENT, DRUG, TABLE, ward_errors="sloppy"), "ward_errors must be a WardErrors or None"),
        (lambda: titrate(PATIENT, DRUG, TABLE, subject=-1), "subject must lie between 0"),
        (
            lambda: titrate(PATIENT, DRUG, OneAtATime(), ward_errors=hospital.REAL_WARD),
            "controller must be one with decide_many",
        ),
    ],
)
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


# What a model leaves unexplained


def test_what_is_unexplained_blurs_what_it_belongs_to():
    place = Source(key="here", citation="a test", where="here", confidence="assumed")
    residual = (
        Residual(name="concentration_cv_fraction", value=Value(0.3, place)),
        Residual(name="aptt_sd_s", value=Value(8.0, place)),
    )
    level, hours, who = np.full(N, 0.4), np.full(N, 6.0), np.arange(N)
    xa = Laboratory(assay="anti_xa_u_per_ml", cv_fraction=0.0, resolution=1e-4, residual=residual)
    values, _ = xa.report_many(level, PATIENT, DRUG.responses, hours, 1, who)
    assert np.log(values).std() == pytest.approx(math.sqrt(math.log1p(0.09)), rel=0.03)
    aptt = Laboratory(cv_fraction=0.0, resolution=0.01, residual=residual)
    seconds, _ = aptt.report_many(level, PATIENT, DRUG.responses, hours, 1, who)
    assert seconds.std() == pytest.approx(8.0, rel=0.03)
    plain, _ = Laboratory(cv_fraction=0.0, resolution=0.01).report_many(level, PATIENT, DRUG.responses, hours, 1, who)
    assert np.ptp(plain) == 0.0
    one = aptt.report(0.4, PATIENT, DRUG.responses, 6.0, 1, subject=17)
    assert one.value == seconds[17]


def test_a_published_residual_can_be_switched_on():
    drug = published.JIA_2015_UFH
    course = titrate(PATIENT, DRUG, TABLE, seed=1, laboratory=Laboratory(residual=drug.residual))
    assert metrics.fraction_of_tests_in_range(course, TABLE.target) is not None
    with pytest.raises(ValueError, match="residual must be a Residual"):
        Laboratory(residual=("x",))
