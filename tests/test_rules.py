"""One set of rules for one patient and for many: what one loop refuses, the other refuses with the same words."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from heparin_pk import (
    Bag,
    Bolus,
    Cohort,
    Decision,
    Decisions,
    Fixed,
    Hold,
    Infusion,
    Laboratory,
    Nomogram,
    Patient,
    Protamine,
    Pump,
    Regimen,
    Situation,
    Situations,
    Stop,
    Subcutaneous,
    WardErrors,
    nomogram,
    published,
    simulate,
    titrate,
    titrate_cohort,
)
from heparin_pk.simulation.metrics import heparin_given_u

PATIENT = Patient(weight_kg=80)
COHORT = Cohort(3, {"weight_kg": np.array([60.0, 80.0, 100.0])})
UFH = published.UFH_DEFAULT
START = (Bolus(time_h=0, dose_u=5000), Infusion(time_h=0, rate_u_per_h=1200))


@dataclass(frozen=True)
class OneByOne:
    """A controller for one patient at a time: a start, then the answer it was given."""

    answer: Decision
    assay: str = "aptt_s"
    name: str = "one by one"

    def decide(self, situation: Situation) -> Decision:
        return self.answer if situation.labs else Decision(orders=START, next_draw_h=6.0)


@dataclass(frozen=True)
class ForMany:
    """A controller for many at once: a usual start, then the numbers it was given."""

    changes: dict = field(default_factory=dict)
    at_start: bool = False
    looks_back: int = 1
    assay: str = "aptt_s"
    name: str = "for many"

    def decide(self, situation: Situation) -> Decision:
        return Decision(why="as for many")

    def decide_many(self, situations: Situations) -> Decisions:
        full = np.ones(len(situations.time_h))
        made = {
            "bolus_u": 5000.0 * full * (situations.n_results == 0),
            "bolus_over_min": 0.0 * full,
            "hold_min": 0.0 * full,
            "rate_u_per_h": 1200.0 * full,
            "next_draw_h": situations.time_h + 6.0,
        }
        if self.at_start or (situations.n_results > 0).all():
            made |= {name: value(situations) if callable(value) else value * full for name, value in self.changes.items()}
        return Decisions(**made)


def said_by(run):
    with pytest.raises(ValueError) as caught:
        run()
    return str(caught.value)


def at(*orders, draw_h=12.0):
    return Decision(orders=orders, next_draw_h=draw_h)


REFUSED_ONE_BY_ONE = {
    "order in the past": (lambda: at(Stop(time_h=6.5)), "an order must not lie in the past"),
    "draw in the past": (lambda: at(draw_h=5.0), "next_draw_h must lie between 7 and 100000; got 5.0"),
    "draw never": (lambda: at(draw_h=math.inf), "next_draw_h must lie between 7 and 100000; got inf"),
    "draw of nan": (lambda: at(draw_h=math.nan), "next_draw_h must lie between 7 and 100000; got nan"),
    "two boluses at one time": (lambda: at(Bolus(time_h=8, dose_u=1), Bolus(time_h=8, dose_u=2)), "bolus at 8 h was ordered"),
    "a stop and a rate": (lambda: at(Stop(time_h=8), Infusion(time_h=8, rate_u_per_h=9)), "rate at 8 h was ordered before"),
    "two holds": (lambda: at(Hold(time_h=8, duration_min=9), Hold(time_h=8, duration_min=5)), "hold at 8 h was ordered before"),
    "no order": (lambda: Decision(orders=("bolus",)), "an order must be an order; got 'bolus'"),
    "no decision": (lambda: "go on", "what a controller decides must be a Decision; got 'go on'"),
}


@pytest.mark.parametrize(("answer", "words"), REFUSED_ONE_BY_ONE.values(), ids=REFUSED_ONE_BY_ONE)
def test_both_loops_refuse_the_same_decision_with_the_same_words(answer, words):
    controller = OneByOne(answer())
    alone = said_by(lambda: titrate(PATIENT, UFH, controller, hours=12))
    assert words in alone
    assert said_by(lambda: titrate_cohort(COHORT, UFH, controller, hours=12)) == alone


@pytest.mark.parametrize("draw_h", [6.0, 3.0])
def test_a_draw_that_is_not_after_the_last_one_never_loops(draw_h):
    """With no turnaround a result is read at the moment of its draw: the next draw must come later."""
    controller, at_once = OneByOne(at(draw_h=draw_h)), Laboratory(assay="aptt_s", turnaround_h=0.0)
    alone = said_by(lambda: titrate(PATIENT, UFH, controller, hours=12, laboratory=at_once))
    assert "next_draw_h must" in alone
    assert said_by(lambda: titrate_cohort(COHORT, UFH, controller, hours=12, laboratory=at_once)) == alone
    many = ForMany({"next_draw_h": draw_h})
    assert said_by(lambda: titrate_cohort(COHORT, UFH, many, hours=12, laboratory=at_once)) == alone


REFUSED_FOR_MANY = {
    "a bolus beyond any": ({"bolus_u": 300_000.0}, "bolus_u must lie between 0 and 200000; got 300000.0"),
    "a bolus below zero": ({"bolus_u": -1.0}, "bolus_u must lie between 0 and 200000; got -1.0"),
    "no bolus at all": ({"bolus_u": math.nan}, "bolus_u must lie between 0 and 200000; got nan"),
    "an endless bolus": ({"bolus_over_min": 601.0}, "bolus_over_min must lie between 0 and 600; got 601.0"),
    "half a minute of hold": ({"hold_min": 0.5}, "hold_min must lie between 1 and 2880; got 0.5"),
    "a hold below zero": ({"hold_min": -5.0}, "hold_min must lie between 0 and 2880; got -5.0"),
    "a hold of nan": ({"hold_min": math.nan}, "hold_min must lie between 0 and 2880; got nan"),
    "an infinite rate": ({"rate_u_per_h": math.inf}, "rate_u_per_h must lie between 0 and 500000; got inf"),
    "a rate below zero": ({"rate_u_per_h": -10.0}, "rate_u_per_h must lie between 0 and 500000; got -10.0"),
    "a draw in the past": ({"next_draw_h": 5.0}, "next_draw_h must lie between 7 and 100000; got 5.0"),
    "a draw never": ({"next_draw_h": math.inf}, "next_draw_h must lie between 7 and 100000; got inf"),
    "done in the past": ({"at_h": 6.0}, "at_h must lie between 7 and 1440; got 6.0"),
    "done at nan": ({"at_h": math.nan}, "at_h must lie between 7 and 1440; got nan"),
    "a bolus that ends before it starts": ({"bolus_over_min": -1.0}, "bolus_over_min must lie between 0 and 600; got -1.0"),
    "an endless hold": ({"hold_min": 3000.0}, "hold_min must lie between 0 and 2880; got 3000.0"),
    "a rate beyond any": ({"rate_u_per_h": 500_001.0}, "rate_u_per_h must lie between 0 and 500000; got 500001.0"),
    "done after any run": ({"at_h": 1441.0}, "at_h must lie between 7 and 1440; got 1441.0"),
    "another shape of times": (
        {"at_h": lambda _: np.zeros(7)},
        "at_h must have one value for each of 3 patients; got shape (7,)",
    ),
    "another shape": ({"bolus_u": lambda _: np.zeros(7)}, "bolus_u must have one value for each of 3 patients; got shape (7,)"),
}


@pytest.mark.parametrize(("changes", "words"), REFUSED_FOR_MANY.values(), ids=REFUSED_FOR_MANY)
@pytest.mark.parametrize("runner", ["numpy", "python"])
def test_many_refuse_what_one_refuses(changes, words, runner):
    assert said_by(lambda: titrate_cohort(COHORT, UFH, ForMany(changes), hours=12, runner=runner)) == words


NOT_BY_THE_WARD = {
    name: case for name, case in REFUSED_FOR_MANY.items() if set(case[0]) <= {"bolus_u", "hold_min", "bolus_over_min"}
}


@pytest.mark.parametrize(("changes", "words"), NOT_BY_THE_WARD.values(), ids=NOT_BY_THE_WARD)
def test_one_patient_on_an_erring_ward_refuses_the_same(changes, words):
    """Ward errors act on the decisions for many, also in the loop of one patient."""
    alone = said_by(lambda: titrate(PATIENT, UFH, ForMany(changes), hours=12, ward_errors=WardErrors()))
    assert alone == words.replace("each of 3", "each of 1")


def test_one_wrong_patient_among_many_is_found():
    def one_of_them(situations):
        return np.where(situations.weight_kg == 80.0, 300_000.0, 0.0)

    assert "got 300000.0" in said_by(lambda: titrate_cohort(COHORT, UFH, ForMany({"bolus_u": one_of_them}), hours=12))


def test_many_refuse_two_boluses_at_one_time():
    """Two results decide on a bolus that is given at the same later moment."""
    later = ForMany({"bolus_u": 1000.0, "at_h": lambda _: np.full(3, 20.0), "next_draw_h": lambda s: s.time_h + 1.0})
    assert "bolus at 20 h was ordered before" in said_by(lambda: titrate_cohort(COHORT, UFH, later, hours=24))


def test_many_refuse_two_boluses_at_one_time_whatever_was_ordered_between():
    moments_h = np.array([20.0, 30.0, 20.0])  # of the first, second and third result
    one = Cohort(1, {"weight_kg": np.array([80.0])})
    later = ForMany({"bolus_u": 1000.0, "at_h": lambda s: moments_h[s.n_results - 1], "next_draw_h": lambda s: s.time_h + 1.0})
    assert "bolus at 20 h was ordered before" in said_by(lambda: titrate_cohort(one, UFH, later, hours=36))


def test_orders_that_go_back_in_time_are_given_where_they_do_not_contradict():
    moments_h = np.array([20.0, 30.0, 19.0])  # of the first, second and third result
    one = Cohort(1, {"weight_kg": np.array([80.0])})
    later = ForMany({
        "bolus_u": 1000.0,
        "at_h": lambda s: moments_h[s.n_results - 1],
        "next_draw_h": lambda s: np.where(s.n_results < 3, s.time_h + 1.0, np.nan),
    })  # fmt: skip
    charts = titrate_cohort(one, UFH, later, hours=36)
    assert charts.n_results.tolist() == [3]
    assert charts.given_u[0] == pytest.approx(5000 + 3 * 1000 + 36 * 1200)


NO_PROTAMINE, NO_DEPOT = published.KANDROTAS_1989_UFH, published.UFH_A_DERIVED
WITHOUT = {
    "protamine": (Protamine(time_h=8, dose_mg=10), NO_PROTAMINE, "does not say how protamine neutralises"),
    "under the skin": (Subcutaneous(time_h=8, dose_u=5000), NO_DEPOT, "does not say how a subcutaneous dose is absorbed"),
}


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.parametrize(("order", "drug", "words"), WITHOUT.values(), ids=WITHOUT)
def test_both_loops_refuse_what_the_drug_cannot_receive(order, drug, words):
    assay = drug.responses.assays[-1]
    controller = OneByOne(at(order), assay=assay)
    alone = said_by(lambda: titrate(PATIENT, drug, controller, hours=12))
    assert words in alone
    assert said_by(lambda: titrate_cohort(COHORT, drug, controller, hours=12)) == alone
    plan = Fixed(regimen=Regimen((order,)), assay=assay)
    assert said_by(lambda: titrate_cohort(COHORT, drug, plan, hours=12)) == alone
    assert said_by(lambda: simulate(PATIENT, drug, Regimen((order,)), hours=12)) == alone


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.parametrize(("order", "drug", "words"), WITHOUT.values(), ids=WITHOUT)
def test_what_lies_beyond_the_end_is_not_asked_for(order, drug, words):
    """An order after the last hour is not given, so the drug need not be able to receive it."""
    late = OneByOne(at(order), assay=drug.responses.assays[-1])
    assert len(titrate(PATIENT, drug, late, hours=7.5).labs) == 1
    assert titrate_cohort(COHORT, drug, late, hours=7.5).n_results.tolist() == [1, 1, 1]


def test_the_rules_change_no_table():
    """A published table goes through both loops with the same orders and levels."""
    table = Nomogram.load("raschke-1993")
    charts = titrate_cohort(COHORT, UFH, table, hours=30, seed=4)
    for i in range(3):
        course = titrate(COHORT[i], UFH, table, hours=30, seed=4, subject=i)
        assert [lab.value for lab in course.labs] == charts.values[: charts.n_results[i], i].tolist()
        assert (course.states[-1] == charts.states[i]).all()


# Limits that are the same everywhere

CHILD, CHILDREN = Patient(weight_kg=0.4), Cohort(2, {"weight_kg": np.array([0.4, 0.4])})
TOO_FAST = "rate_u_per_h must lie between 0 and 1200 (at most 3000 U/kg/h); got 500000.0"


@dataclass(frozen=True)
class AtOnce:
    """A controller for one patient at a time that decides once, at the start."""

    decision: Decision
    assay: str = "aptt_s"

    def decide(self, situation: Situation) -> Decision:
        return Decision() if situation.labs else self.decision


VERY_FAST = Infusion(time_h=0, rate_u_per_h=500_000)


@pytest.mark.parametrize("controller", [Fixed(regimen=Regimen((VERY_FAST,))), AtOnce(Decision(orders=(VERY_FAST,)))])
def test_no_loop_gives_more_than_3000_units_per_kg_and_hour(controller):
    """A child of 0.4 kg at 500,000 U/h took seconds a day; one limit per kilogram for every way to order."""
    alone = said_by(lambda: titrate(CHILD, UFH, controller, hours=12))
    assert alone == TOO_FAST
    assert said_by(lambda: titrate_cohort(CHILDREN, UFH, controller, hours=12)) == TOO_FAST
    assert said_by(lambda: simulate(CHILD, UFH, Regimen((VERY_FAST,)))) == TOO_FAST
    many = ForMany({"rate_u_per_h": 500_000.0}, at_start=True)
    assert said_by(lambda: titrate_cohort(CHILDREN, UFH, many, hours=12)) == TOO_FAST
    assert said_by(lambda: titrate(CHILD, UFH, many, hours=12, ward_errors=WardErrors())) == TOO_FAST


@pytest.mark.parametrize("over_min", [1e-13, 1e-12, 0.4])
def test_a_bolus_over_minutes_takes_half_a_minute_at_least(over_min):
    many = ForMany({"bolus_over_min": over_min}, at_start=True)
    assert "bolus_over_min must lie between 0.5 and 600" in said_by(lambda: titrate_cohort(COHORT, UFH, many, hours=12))


@pytest.mark.parametrize("name", [name for name in nomogram.names() if Nomogram.load(name).assay == "anti_xa_u_per_ml"])
@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
@pytest.mark.slow
def test_without_antithrombin_no_table_goes_on_for_ever(name):
    """An anti-Xa that stays 0 asks for more for ever: both loops end with the same refusal, or at the end of the run."""
    table, cohort = Nomogram.load(name), Cohort(2, {"weight_kg": np.array([20.0, 20.0]), "antithrombin_fraction": 0.0})
    ends = []
    for run in (lambda: titrate(cohort[0], UFH, table, hours=480), lambda: titrate_cohort(cohort, UFH, table, hours=480)):
        try:
            run()
            ends.append("the end of the run")
        except ValueError as error:
            ends.append(str(error).partition(";")[0])
    assert ends[0] == ends[1]


# What the last moment holds, and what a rule may not do to the loop

SLOW = {
    "hold": (Hold(time_h=46, duration_min=120),),
    "bolus": (Bolus(time_h=47, dose_u=3000, over_min=60),),
    "protamine": (Protamine(time_h=47.5, dose_mg=20, over_min=30),),
}


@pytest.mark.parametrize("runner", ["numpy", "python", "compiled"])
@pytest.mark.parametrize("ending", SLOW)
def test_blood_is_drawn_though_something_ends_with_the_run(ending, runner):
    if runner == "compiled":
        pytest.importorskip("numba")
    plan = Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=1200), *SLOW[ending])), draws_h=(6.0, 47.0, 48.0))
    alone = titrate(PATIENT, UFH, plan, hours=48, laboratory=Laboratory(assay="aptt_s", turnaround_h=0.0), subject=1)
    many = titrate_cohort(COHORT, UFH, plan, hours=48, laboratory=Laboratory(assay="aptt_s", turnaround_h=0.0), runner=runner)
    assert many.n_results.tolist() == [len(alone.labs)] * 3 == [3, 3, 3]
    assert many.values[:, 1].tolist() == [lab.value for lab in alone.labs]
    assert many.states[1].tolist() == alone.states[-1].tolist()


@pytest.mark.filterwarnings("ignore::heparin_pk.published.drug.OutsideValidityDomain")
def test_a_late_change_at_the_end_of_the_longest_run_is_not_given():
    table, late = Nomogram.load("raschke-1993"), WardErrors(change_delay_h=12.0)
    alone = titrate(PATIENT, UFH, table, hours=1440.0, ward_errors=late, subject=1)
    many = titrate_cohort(COHORT, UFH, table, hours=1440.0, ward_errors=late)
    assert many.n_results[1] == len(alone.labs) > 20
    assert many.given_u[1] == pytest.approx(heparin_given_u(alone), rel=1e-12)


HEAVY = Cohort(2, {"weight_kg": np.array([80.0, 400.0])})
TOO_MUCH = {
    "a bolus": Bolus(time_h=0, dose_u_per_kg=1000),
    "a bolus after the end": Bolus(time_h=50, dose_u_per_kg=1000),
    "under the skin": Subcutaneous(time_h=0, dose_u_per_kg=1000),
    "a rate": Infusion(time_h=0, rate_u_per_kg_per_h=3000),
}


@pytest.mark.parametrize("order", TOO_MUCH)
def test_a_dose_per_kg_that_is_too_much_for_the_heaviest(order):
    plan, said = Fixed(regimen=Regimen((TOO_MUCH[order],))), []
    for run in (lambda: titrate(HEAVY[1], UFH, plan), lambda: titrate_cohort(HEAVY, UFH, plan)):
        with pytest.raises(ValueError, match="must lie between 0 and") as caught:
            run()
        said.append(str(caught.value).replace("1200000.0", "1.2e+06"))
    assert said[0] == said[1]


def test_a_pump_does_not_round_beyond_the_highest_rate():
    pump = Pump(bag=Bag(units_u=700, volume_ml=100), resolution_ml_per_h=10)
    for controller in (
        Fixed(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=499_999.9),))),
        ForMany({"rate_u_per_h": 499_999.9}),
    ):
        with pytest.raises(ValueError, match="rate_u_per_h must lie between 0 and 500000; got 500010"):
            titrate_cohort(Cohort(1, {"weight_kg": np.array([400.0])}), UFH, controller, pump=pump)


@dataclass(frozen=True)
class Halved(Fixed):
    """A plan whose owner decides otherwise."""

    def decide(self, situation):
        return Decision(
            orders=(Infusion(time_h=situation.time_h, rate_u_per_h=500),) if not situation.labs else (), next_draw_h=None
        )


def test_a_controller_made_from_a_plan_decides_itself():
    plan = Halved(regimen=Regimen((Infusion(time_h=0, rate_u_per_h=1000),)))
    assert heparin_given_u(titrate(PATIENT, UFH, plan)) == titrate_cohort(COHORT, UFH, plan).given_u[1] == 500 * 48


@dataclass(frozen=True)
class WritesInPlace(ForMany):
    def decide_many(self, situations):
        situations.time_h[:] += 3.0
        return super().decide_many(situations)


@pytest.mark.parametrize("errors", [None, WardErrors()])
def test_a_rule_cannot_shift_the_clock(errors):
    with pytest.raises(ValueError, match="read-only"):
        titrate_cohort(COHORT, UFH, WritesInPlace(), ward_errors=errors)
    if errors is not None:
        with pytest.raises(ValueError, match="read-only"):
            titrate(PATIENT, UFH, WritesInPlace(), ward_errors=errors)


@dataclass(frozen=True)
class Returns(ForMany):
    """A rule that returns something for the bolus, or in place of all."""

    value: object = None
    whole: bool = False

    def decide_many(self, situations):
        return self.value if self.whole else replace(super().decide_many(situations), bolus_u=self.value)


@pytest.mark.parametrize("errors", [None, WardErrors()])
@pytest.mark.parametrize(
    ("value", "whole", "words"),
    [
        ([0.0, 0.0, 0.0], False, "bolus_u must be an array of numbers, one for each of 3 patients"),
        (0.0, False, "bolus_u must be an array of numbers"),
        (None, False, "bolus_u must be an array of numbers"),
        (np.zeros(3, dtype=object), False, "bolus_u must be an array of numbers"),
        (np.zeros(3, dtype=complex), False, "bolus_u must be an array of numbers"),
        (np.zeros(3, dtype=np.float16), False, "bolus_u must be an array of numbers"),
        (np.zeros(3, dtype=bool), False, "bolus_u must be an array of numbers"),
        (np.zeros((3, 1)), False, "bolus_u must have one value for each of 3 patients"),
        (None, True, "what a controller decides for many must be a Decisions"),
        (Decision(), True, "what a controller decides for many must be a Decisions"),
        ({}, True, "what a controller decides for many must be a Decisions"),
    ],
)
def test_decisions_of_another_type_are_refused(value, whole, words, errors):
    with pytest.raises(ValueError, match=words):
        titrate_cohort(COHORT, UFH, Returns(value=value, whole=whole), ward_errors=errors)


@pytest.mark.parametrize("orders", [None, Stop(time_h=0)])
def test_orders_that_are_no_list_are_refused(orders):
    for run in (lambda c: titrate(PATIENT, UFH, c), lambda c: titrate_cohort(COHORT, UFH, c)):
        with pytest.raises(ValueError, match="orders must be a list of orders"):
            run(OneByOne(Decision(orders=orders)))


@pytest.mark.parametrize("looks_back", [-1, True, 1.5, 10**6])
def test_how_far_a_rule_looks_back(looks_back):
    with pytest.raises(ValueError, match="looks_back must"):
        titrate_cohort(COHORT, UFH, ForMany(looks_back=looks_back))
    with pytest.raises(ValueError, match="looks_back must"):
        titrate(PATIENT, UFH, ForMany(looks_back=looks_back))


@pytest.mark.parametrize("seed", [1.5, True, "7", -1, 2**64, None])
def test_the_seed_of_a_cohort(seed):
    with pytest.raises(ValueError, match="seed must be an integer"):
        titrate_cohort(COHORT, UFH, ForMany(), seed=seed)


@pytest.mark.parametrize("subjects", [np.array([-1, 0, 1]), np.array([0.0, 1.0, np.nan]), np.arange(2), [0, 1, 2]])
def test_the_numbers_of_patients(subjects):
    with pytest.raises(ValueError, match="subjects must be an array of 3 whole numbers"):
        titrate_cohort(COHORT, UFH, ForMany(), subjects=subjects)


# What each loop does with an order, order by order


@dataclass(frozen=True)
class Planned:
    """A controller for one patient at a time: orders and draws by how many results there are."""

    answers: tuple = ()
    assay: str = "anti_xa_u_per_ml"
    name: str = "planned"

    def decide(self, situation: Situation) -> Decision:
        return self.answers[min(len(situation.labs), len(self.answers) - 1)]


def alike(controller, drug=UFH, hours=18.0):
    """Return what both loops gave one patient: the levels at full hours and the rate ordered last, which must be the same."""
    course = titrate(PATIENT, drug, controller, hours=hours)
    charts = titrate_cohort(Cohort(1, {"weight_kg": np.array([80.0])}), drug, controller, hours=hours, trajectories=True)
    kept = charts.trajectories_u_per_ml[0]
    alone = [course.level_at("anti_xa_u_per_ml", i / 12.0) for i in range(len(kept))]
    assert kept == pytest.approx(alone, rel=1e-9, abs=1e-12)
    assert charts.given_u[0] == pytest.approx(heparin_given_u(course), rel=1e-12)
    return course, charts


def test_two_orders_for_one_purpose_are_found_whatever_kind_they_are():
    """A stop and a rate at one later moment contradict each other, also when other orders were given between them."""
    first = at(*START, Stop(time_h=14), Infusion(time_h=15, rate_u_per_h=900), draw_h=6)
    for again in (Infusion(time_h=14, rate_u_per_h=700), Stop(time_h=15)):
        controller = Planned((first, at(again, draw_h=20.0)))
        alone = said_by(lambda c=controller: titrate(PATIENT, UFH, c, hours=18))
        assert f"rate at {again.time_h:g} h was ordered before" in alone
        assert said_by(lambda c=controller: titrate_cohort(COHORT, UFH, c, hours=18)) == alone
    alike(Planned((first, at(Bolus(time_h=14, dose_u=700), draw_h=20.0))))  # another purpose: no contradiction


def test_the_rate_at_the_start_is_an_order_also_when_it_is_zero():
    """At the start a rate of zero is written down (a plan says so); later an unchanged rate is none."""
    zero = Planned((at(Infusion(time_h=0, rate_u_per_h=0), draw_h=6), at(Infusion(time_h=7, rate_u_per_h=0), draw_h=20.0)))
    course, _ = alike(zero)
    assert [len(entry.orders) for entry in course.entries] == [1, 0]

    seen = []

    class Counts:
        def passed(self, *_):
            """Nothing to note."""

        given = passed

        def ordered(self, lanes, at_h, kind, amount):
            seen.append((at_h.tolist(), amount.tolist()))

        def thresholds(self, lanes):
            return np.empty((0, len(lanes)))

    titrate_cohort(Cohort(1, {"weight_kg": np.array([80.0])}), UFH, zero, hours=18, observer=Counts())
    assert seen == [([0.0], [0.0])]


def test_a_dose_under_the_skin_waits_for_its_lag_in_both_loops():
    absorbed = published.UFH_DEFAULT
    lag = published.drug.Parameter(name="lag_h", value=replace(absorbed.parameters[0].value, value=1.75))
    plan = Fixed(regimen=Regimen(orders=(Subcutaneous(time_h=0, dose_u=4000),)), assay="anti_xa_u_per_ml")
    course, _ = alike(plan, drug=replace(absorbed, parameters=(*absorbed.parameters, lag)))
    assert course.level_at("anti_xa_u_per_ml", 1.7) == 0.0 < course.level_at("anti_xa_u_per_ml", 1.8)
