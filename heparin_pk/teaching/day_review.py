"""A day at the bedside reviewed: each decision beside the table's, and what could be learned. Every sentence is computed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heparin_pk.base.checks import check_is, shown
from heparin_pk.base.rounding import round_to
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Lab
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course, Entry
from heparin_pk.simulation.rules import dosed_by_kg
from heparin_pk.ward.by_hand import ByHand
from heparin_pk.ward.controller import Situation
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.orders import Bolus, Hold, Infusion, Order
from heparin_pk.ward.pump import Pump

SAME_RATE_U_PER_KG_PER_H = 0.5
"""Two changes of rate this close count as one. Chosen: a step of the slider."""
SOON_RATIO, LATE_RATIO = 2.0 / 3.0, 1.5
"""A sample this much sooner or later than the table's is remarked on. Chosen, not found."""
MISLED_FRACTION = 0.07
"""A result further from the true level than this, and on another side of a limit, is said to have misled. Chosen, not found."""
LARGER, SMALLER = "a larger step than the table's", "a smaller step than the table's"
WORTH_A_WORD_H = 1.0
"""Hours above or below the range that are worth a sentence. Chosen, not found."""


def side(lab: Lab, target: TherapeuticRange) -> str:
    """Return where a result lies: "below", "in range" or "above"."""
    if lab.above_ceiling or lab.value > target.high:
        return "above"
    return "in range" if lab.value in target else "below"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Action:
    """What was ordered on one result, by weight.

    ``bolus_u_per_kg``: re-bolus, U/kg (0: none).
    ``hold_min``: pause of the infusion, min (0: none).
    ``before_u_per_kg_per_h``: the rate until then, U/kg/h.
    ``after_u_per_kg_per_h``: the rate from then on, U/kg/h.
    ``recheck_h``: hours to the next draw as ordered, from the end of the hold.
    """

    bolus_u_per_kg: float
    hold_min: float
    before_u_per_kg_per_h: float
    after_u_per_kg_per_h: float
    recheck_h: float

    __repr__ = shown

    @property
    def change_u_per_kg_per_h(self) -> float:
        """The change of rate, U/kg/h."""
        return self.after_u_per_kg_per_h - self.before_u_per_kg_per_h

    @property
    def is_nothing(self) -> bool:
        """True when nothing was given, held or changed."""
        return not (self.bolus_u_per_kg or self.hold_min) and abs(self.change_u_per_kg_per_h) < 0.05

    @property
    def direction(self) -> int:
        """1 for more heparin, -1 for less, 0 for neither."""
        if abs(self.change_u_per_kg_per_h) >= 0.05:
            return 1 if self.change_u_per_kg_per_h > 0.0 else -1
        return bool(self.bolus_u_per_kg) - bool(self.hold_min)

    def in_words(self) -> str:
        """Return the orders in words, by weight."""
        parts = [f"bolus {self.bolus_u_per_kg:.0f} U/kg"] if self.bolus_u_per_kg else []
        parts += [f"hold {self.hold_min:.0f} min"] if self.hold_min else []
        if abs(self.change_u_per_kg_per_h) >= 0.05:
            parts.append(f"rate {self.before_u_per_kg_per_h:.1f} → {self.after_u_per_kg_per_h:.1f} U/kg/h")
        return ", ".join(parts) or "no change"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Line:
    """One result of the learner's day, and three answers to it.

    ``number``: of the result, from 1.
    ``lab``: the result, ``side``: where it lies.
    ``yours``: what the learner ordered.
    ``on_it``: what the table orders on this very result, with the rate that ran.
    ``judged``: the two compared, in words.
    ``in_its_course``: the table's result of the same number in its own course, and what it ordered; empty without one.
    """

    number: int
    lab: Lab
    side: str
    yours: Action
    on_it: Action
    judged: str
    in_its_course: str

    __repr__ = shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Review:
    """A day reviewed.

    ``lines``: the decisions, result by result.
    ``first``: who kept the patient in range for longer.
    ``outside``: what the hours outside the range mean.
    ``lessons``: what could be learned, one sentence each.
    """

    lines: tuple[Line, ...]
    first: str
    outside: str
    lessons: tuple[str, ...]

    __repr__ = shown


def _action(orders: tuple[Order, ...], weight_kg: float, before_u_per_h: float, recheck_h: float = 0.0) -> Action:
    rates = [order.rate_u_per_h or 0.0 for order in orders if isinstance(order, Infusion)]
    return Action(
        bolus_u_per_kg=sum(order.dose_u or 0.0 for order in orders if isinstance(order, Bolus)) / weight_kg,
        hold_min=sum(order.duration_min for order in orders if isinstance(order, Hold)),
        before_u_per_kg_per_h=before_u_per_h / weight_kg,
        after_u_per_kg_per_h=(rates[-1] if rates else before_u_per_h) / weight_kg,
        recheck_h=recheck_h,
    )


def _answered(course: Course) -> list[tuple[Entry, Lab, float]]:
    """Return the entries on results that could still be answered: entry, result, and the rate until then, U/h."""
    rate, found = 0.0, []
    for entry in course.entries:
        if entry.lab is not None and entry.time_h < course.hours:
            found.append((entry, entry.lab, rate))
        rate = next((o.rate_u_per_h or 0.0 for o in reversed(entry.orders) if isinstance(o, Infusion)), rate)
    return found


def action_of_the_table(course: Course, table: Nomogram, index: int) -> Action:
    """Return what the table orders on one result of a course, with the rate that runs there.

    ``index``: which result, from 0.
    """
    entry, _, rate = _answered(course)[index]
    weight_kg, pump = float(dosed_by_kg(table, course.patient)), course.pump or Pump()
    seen = tuple(lab for lab in course.labs if lab.reported_h <= entry.time_h)
    situation = Situation(time_h=entry.time_h, weight_kg=weight_kg, rate_u_per_h=rate, labs=seen, pump=pump)
    decision = table.decide(situation)
    orders = tuple(order.resolved(weight_kg) for order in decision.orders)
    wait_h = decision.draws_h[0] - entry.time_h
    found = _action(orders, course.patient.doses_by_kg, rate)
    return replace(found, recheck_h=wait_h - found.hold_min / 60.0)


def judged(yours: Action, table: Action) -> str:
    """Return how a decision compares with the table's on the same result, in words."""
    if yours.is_nothing or table.is_nothing:
        if yours.is_nothing and table.is_nothing:
            return "as the table"
        return "the table would have acted" if yours.is_nothing else "the table would have waited"
    if yours.direction * table.direction < 0:
        return "the other way"
    difference = abs(yours.change_u_per_kg_per_h) - abs(table.change_u_per_kg_per_h)
    extra = [name for name, mine, its in _pairs(yours, table) if mine and not its]
    missing = [name for name, mine, its in _pairs(yours, table) if its and not mine]
    beside = " and ".join([f"with a {name} more" for name in extra] + [f"without its {name}" for name in missing])
    if abs(difference) > SAME_RATE_U_PER_KG_PER_H + 1e-6:
        step = LARGER if difference > 0.0 else SMALLER
        return f"{step}, {beside}" if beside else step
    return beside or "as the table"


def _pairs(yours: Action, table: Action) -> tuple[tuple[str, float, float], ...]:
    return (("bolus", yours.bolus_u_per_kg, table.bolus_u_per_kg), ("hold", yours.hold_min, table.hold_min))


def review(course: Course, by_table: Course, table: Nomogram, hand: ByHand) -> Review:
    """Return a day reviewed: decisions beside the table's, hours outside the range, and what could be learned.

    ``course``: the day under the learner's orders, ``hand``; ``by_table``: the same patient and errors under the table.

    Raises ``ValueError`` for something else than two courses of the same patient.
    """
    for given in (course, by_table):
        check_is("a course", given, Course, "a Course")
    if course.patient != by_table.patient:
        raise ValueError("both courses must be of the same patient; got two")
    target, its = table.target, _answered(by_table)
    lines = []
    waits_h = [step.recheck_h for step in hand.steps] or [hand.first_check_h]
    for index, (entry, lab, rate) in enumerate(_answered(course)):
        yours = _action(entry.orders, course.patient.doses_by_kg, rate, waits_h[min(index, len(waits_h) - 1)])
        on_it, own = action_of_the_table(course, table, index), ""
        if index < len(its):
            its_entry, its_lab, its_rate = its[index]
            own = f"{its_lab.in_words()}: {_action(its_entry.orders, by_table.patient.doses_by_kg, its_rate).in_words()}"
        lines.append(
            Line(
                number=index + 1,
                lab=lab,
                side=side(lab, target),
                yours=yours,
                on_it=on_it,
                judged=judged(yours, on_it),
                in_its_course=own,
            )
        )
    shares = [metrics.summary(one, target)["time_in_range_fraction"] or 0.0 for one in (course, by_table)]
    return Review(
        lines=tuple(lines),
        first=_first(shares[0], shares[1], course.hours),
        outside=outside_in_words(course, target),
        lessons=_lessons(course, by_table, target, lines, better=shares[0] > shares[1] + 0.005),
    )


def _first(yours: float, table: float, hours: float) -> str:
    said = f"The true level was in range for {yours:.0%} of {hours:g} h under your orders, for {table:.0%} under the table's."
    if abs(yours - table) < 0.02:
        return f"{said} A draw."
    return f"{said} {'You did better.' if yours > table else 'The table did better.'}"


def outside_in_words(course: Course, target: TherapeuticRange) -> str:
    """Return what the hours below and above the range mean in this course."""
    found = metrics.summary(course, target)
    below_h, above_h = (course.hours * (found[f"time_{where}_fraction"] or 0.0) for where in ("below", "above"))
    parts = []
    if below_h >= WORTH_A_WORD_H:
        parts.append(f"{below_h:.0f} h too little: in these hours the clot may grow.")
    if above_h >= WORTH_A_WORD_H:
        parts.append(f"{above_h:.0f} h too much: in these hours a bleed is more likely, and stops less easily.")
    return " ".join(parts) or "Hardly any time outside the range: neither too little nor too much."


def _numbers(lines: list[Line]) -> str:
    words = [str(line.number) for line in lines]
    return f"result {words[0]}" if len(words) == 1 else f"results {', '.join(words[:-1])} and {words[-1]}"


def _truth(course: Course, target: TherapeuticRange, lab: Lab) -> Lab:
    """Return the true level where the blood of a result was drawn, as a result without error."""
    true = round_to(course.level_at(target.assay, lab.drawn_h), ASSAYS[target.assay].resolution)
    return Lab(drawn_h=0.0, reported_h=0.0, assay=target.assay, value=true)


def _first_on_the_other_side(line: Line, lines: list[Line], true_sides: dict[int, str]) -> Line | None:
    """Return the first result on the other side of the range before the orders were changed again; ``None`` without one.

    A result that misled shows nothing of an order: where the true level was elsewhere, there is none.
    """
    other = {"below": "above", "above": "below"}.get(line.side)
    for later in lines[line.number :]:
        if later.side == other:
            return later if true_sides[later.number] == other else None
        if not later.yours.is_nothing:
            return None
    return None


def _lessons(course: Course, by_table: Course, target: TherapeuticRange, lines: list[Line], *, better: bool) -> tuple[str, ...]:
    following = list(zip(lines, [*lines[1:], None], strict=True))
    true_sides = {line.number: side(_truth(course, target, line.lab), target) for line in lines}
    misled = {line.number for line in lines if true_sides[line.number] != line.side}
    found: list[str] = []
    for line, after in following:
        if after is None:
            continue
        over = _first_on_the_other_side(line, lines, true_sides) if line.judged.startswith(LARGER) else None
        if over is not None:
            found.append(
                f"Over-correction: on result {line.number}, {line.side} the range, you ordered {line.yours.in_words()}, the "
                f"table {line.on_it.in_words()}; result {over.number} then lay {over.side}."
            )
        elif {line.number, after.number} & misled:
            continue  # neither shows what the order did
        elif better and line.judged not in ("as the table", "the table would have acted") and after.side == "in range":
            found.append(
                f"Result {line.number} was answered well: {line.yours.in_words()}, where the table orders "
                f"{line.on_it.in_words()}; result {after.number} lay in range."
            )
        elif line.judged.startswith(SMALLER) and line.side == after.side != "in range":
            found.append(
                f"On result {line.number}, {line.side} the range, your step was smaller than the table's, and result "
                f"{after.number} still lay {after.side}."
            )
        if line.yours.bolus_u_per_kg and line.side == "below" and after.side == "above":
            found.append(
                f"The re-bolus on result {line.number} carried the level over the range: result {after.number} lay above."
            )
    slow = [
        line
        for line, after in following
        if after is not None
        and line.side == after.side == "below"
        and not {line.number, after.number} & misled
        and line.on_it.bolus_u_per_kg
        and not (line.yours.bolus_u_per_kg or line.yours.is_nothing)
    ]
    if slow:
        found.append(
            f"On {_numbers(slow)}, below the range, you gave no bolus where the table gives one, and the next result still lay "
            "below: a rate alone raises the level over hours."
        )
    wrong = [line for line in lines if line.yours.bolus_u_per_kg and line.side != "below"]
    if wrong:
        found.append(f"You gave another bolus on {_numbers(wrong)}, not below the range: a bolus only adds there.")
    other = [line for line in lines if line.judged == "the other way"]
    if other:
        found.append(f"On {_numbers(other)} you went the other way than the table: look at the range once more.")
    missed = [line for line in lines if line.judged == "the table would have acted"]
    if missed:
        found.append(f"You changed nothing on {_numbers(missed)}, where the table acts: outside the range waiting costs hours.")
    restless = [line for line in lines if line.judged == "the table would have waited"]
    if restless:
        found.append(f"You changed the orders on {_numbers(restless)}, in range, where the table waits.")
    soon = [
        line
        for line, after in following
        if after is not None
        and after.side != "in range"
        and not line.yours.is_nothing
        and line.yours.recheck_h < SOON_RATIO * line.on_it.recheck_h
    ]
    if soon:
        found.append(
            f"After {_numbers(soon)} you drew blood sooner than the table ({soon[0].on_it.recheck_h:.0f} h): "
            "the level was still on its way, and the next result showed less than the whole effect."
        )
    late = [line for line in lines if line.side != "in range" and line.yours.recheck_h > LATE_RATIO * line.on_it.recheck_h]
    if late:
        found.append(f"After {_numbers(late)}, out of range, you waited longer for the next sample than the table does.")
    found += _of_the_laboratory(course, target, lines)
    found += _of_the_start(course, by_table, target)
    if found:
        return tuple(found)
    if all(line.judged == "as the table" for line in lines):
        return ("You ordered what the table orders, result by result.",)
    return ("You did not order all that the table orders, but no single result shows what that changed.",)


def _of_the_laboratory(course: Course, target: TherapeuticRange, lines: list[Line]) -> list[str]:
    """Return a sentence on the result that was furthest from the truth, if it lay on another side of a limit."""
    worst: tuple[float, str] = (MISLED_FRACTION, "")
    for line in lines:
        truth = _truth(course, target, line.lab)
        error = abs(line.lab.value - truth.value) / max(truth.value, line.lab.value)
        if side(truth, target) != line.side and error > worst[0]:
            said = (
                f"Result {line.number} misled: {line.lab.in_words()} ({line.side}) was reported, the true level was "
                f"{truth.in_words()} ({side(truth, target)}). One result alone is no trend."
            )
            worst = (error, said)
    return [worst[1]] if worst[1] else []


def _of_the_start(course: Course, by_table: Course, target: TherapeuticRange) -> list[str]:
    """Return a sentence on a first hour in range that came much later than the table's."""
    yours, table = (metrics.summary(one, target)["time_to_therapeutic_h"] for one in (course, by_table))
    if table is not None and (yours is None or yours > table + 6.0):
        came = "never came into range" if yours is None else f"first came into range after {yours:.0f} h"
        return [f"Your patient {came}; under the table it was after {table:.0f} h."]
    return []
