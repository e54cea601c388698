"""A second look at orders before they are given: what no published table does, said as a question. Nothing is forbidden.

Each limit is the highest that a table of this package prints for adults, and the question names the table. What the US label
and studies of practice say of such a dose stands behind it, where a primary text was read.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from heparin_pk.base.checks import check_is
from heparin_pk.blood.laboratory import Lab
from heparin_pk.teaching import practice
from heparin_pk.teaching.indications import named
from heparin_pk.ward.by_hand import ByHand, Step
from heparin_pk.ward.nomogram import Nomogram, names

_FOR_CHILDREN = ("childrens-mercy-anti-xa", "paediatric-anti-xa", "paediatric-aptt")
_TWICE_RATIO = 2.0
"""A recheck this many times later than the table's, and a change of rate this many times as large as any printed, is questioned:
a good answer may well go further than a table, but hardly twice as far. Chosen, not found."""
_RESISTANCE_U_PER_DAY = 35_000.0
"""The dose from which heparin resistance is spoken of, as the statement on it prints."""


@lru_cache(maxsize=1)
def _tables() -> tuple[Nomogram, ...]:
    return tuple(Nomogram.load(name) for name in names() if name not in _FOR_CHILDREN)


@lru_cache(maxsize=16)
def _highest(what: str) -> tuple[float, str]:
    """Return the highest number of a kind that a table for adults prints, and the title of the table."""
    of: dict[str, Callable[[Nomogram], float]] = {
        "bolus_u": lambda table: table.start.bolus_max_u or table.bolus_max_u or 0.0,
        "bolus_u_per_kg": lambda table: table.start.bolus_u_per_kg,
        "rate_u_per_h": lambda table: table.start.rate_max_u_per_h or table.rate_max_u_per_h or 0.0,
        "rate_u_per_kg_per_h": lambda table: table.start.rate_u_per_kg_per_h,
        "first_check_h": lambda table: table.start.first_check_h,
        "rebolus_u_per_kg": lambda table: max(band.bolus_u_per_kg for band in table.bands),
        "hold_min": lambda table: max(band.hold_min for band in table.bands),
        "rise_u_per_kg_per_h": lambda table: max(band.change_u_per_kg_per_h for band in table.bands),
        "fall_u_per_kg_per_h": lambda table: max(-band.change_u_per_kg_per_h for band in table.bands),
    }
    table = max(_tables(), key=of[what])
    return of[what](table), table.title


def _beyond(what: str, value: float, asked: str, unit: str, digits: str = "g") -> list[str]:
    """Return the question about a number that is higher than any table prints; empty where it is not."""
    most, title = _highest(what)
    if value <= most + 1e-9:
        return []
    return [f"Do you really mean {asked}? Published tables stop at {most:{digits}} {unit} ({title})."]


def _label() -> str:
    """Return what the US label orders at the start, with its source."""
    source = named("vte-label").source
    return f"The US label: {source.where} ({source.citation})."


def _said_of_rate(rate_u_per_h: float) -> str:
    """Return what the US label orders, and what is said of so much in a day."""
    if 24.0 * rate_u_per_h <= _RESISTANCE_U_PER_DAY:
        return _label()
    one = next(one for one in practice.about("heparin-resistance") if one.source.confidence == "primary")
    said = f"{one.text} ({one.source.cite()}; {one.region}, {one.dated}; {one.strength})"
    return (
        f"{_label()} This is {24.0 * rate_u_per_h:,.0f} U a day. On heparin resistance, which tests show and no first order "
        f"answers: {said}."
    )


def _with(questions: list[str], said: str) -> list[str]:
    """Return questions with what else is said behind the last one."""
    return [*questions[:-1], f"{questions[-1]} {said}"] if questions else []


def at_the_start(start: ByHand, weight_kg: float) -> tuple[str, ...]:
    """Return the questions about the first orders for a patient of this weight, kg; none where tables order as much.

    The first bolus and rate are compared per kilogram and in all with the highest that a table for adults prints.
    """
    check_is("start", start, ByHand, "a ByHand")
    bolus, rate = start.bolus_u_per_kg, start.rate_u_per_kg_per_h
    dose_u, rate_u_per_h = bolus * weight_kg, rate * weight_kg
    boluses = _beyond("bolus_u_per_kg", bolus, f"a bolus of {bolus:g} U/kg ({dose_u:,.0f} U)", "U/kg")
    boluses += _beyond("bolus_u", dose_u, f"a bolus of {dose_u:,.0f} U", "U", ",.0f")
    rates = _beyond("rate_u_per_kg_per_h", rate, f"a first rate of {rate:g} U/kg/h", "U/kg/h")
    rates += _beyond("rate_u_per_h", rate_u_per_h, f"a first rate of {rate_u_per_h:,.0f} U/h", "U/h", ",.0f")
    found = [*_with(boluses, _label()), *_with(rates, _said_of_rate(rate_u_per_h))]
    late_h, title = _highest("first_check_h")
    if start.first_check_h > _TWICE_RATIO * late_h:
        found.append(
            f"Do you really mean to draw no blood for {start.first_check_h:g} h? Published tables check after {late_h:g} h "
            f"({title})."
        )
    return tuple(found)


def at_a_result(
    step: Step, lab: Lab, rate_u_per_kg_per_h: float, weight_kg: float, table: Nomogram, recheck_after_h: float
) -> tuple[str, ...]:
    """Return the questions about the orders on one result; none where the table's own would be like them.

    ``rate_u_per_kg_per_h``: the rate that runs, U/kg/h.
    ``recheck_after_h``: hours until the table would check again after this result.
    """
    check_is("step", step, Step, "a Step")
    band = table.band(lab.value, lab.above_ceiling)
    found = _wrong_way(step, lab, rate_u_per_kg_per_h, table, is_last=band is table.bands[-1])
    if step.bolus_u_per_kg:
        dose_u = step.bolus_u_per_kg * weight_kg
        asked = f"a re-bolus of {step.bolus_u_per_kg:g} U/kg ({dose_u:,.0f} U)"
        found += _beyond("rebolus_u_per_kg", step.bolus_u_per_kg, asked, "U/kg")
        found += _beyond("bolus_u", dose_u, asked, "U", ",.0f")
    found += _beyond("hold_min", step.hold_min, f"a hold of {step.hold_min:g} min", "min")
    if step.rate_u_per_kg_per_h is not None:
        change = step.rate_u_per_kg_per_h - rate_u_per_kg_per_h
        to = f"from {rate_u_per_kg_per_h:.1f} to {step.rate_u_per_kg_per_h:.1f} U/kg/h"
        most, title = _highest("rise_u_per_kg_per_h" if change > 0.0 else "fall_u_per_kg_per_h")
        if abs(change) > _TWICE_RATIO * most:
            found.append(
                f"Do you really mean to change the rate {to}? Published tables change it by {most:g} U/kg/h at most at a time "
                f"({title})."
            )
        if change > 0.0:
            rate_u_per_h = step.rate_u_per_kg_per_h * weight_kg
            asked = f"a rate of {rate_u_per_h:,.0f} U/h"
            most, title = _highest("rate_u_per_h")
            if rate_u_per_h > most:
                found.append(
                    f"Do you really mean {asked}? The highest cap in a published table is {most:,.0f} U/h ({title}). "
                    f"{_said_of_rate(rate_u_per_h)}"
                )
    if step.recheck_h > _TWICE_RATIO * recheck_after_h:
        found.append(
            f"Do you really mean to draw no blood for {step.recheck_h:g} h? {table.title} checks again after "
            f"{recheck_after_h:g} h."
        )
    return tuple(found)


def _wrong_way(step: Step, lab: Lab, rate: float, table: Nomogram, *, is_last: bool) -> list[str]:
    """Return the questions about more heparin on a high result, less on a low one, and nothing on the highest.

    They say which way the table goes, and not how far: what to order is the learner's to find.
    """
    low, high = table.target.low, table.target.high
    is_above, is_below = lab.above_ceiling or lab.value > high, lab.value < low and not lab.above_ceiling
    where = (
        "above the range, where it gives less heparin"
        if is_above
        else "below the range, where it gives more heparin"
        if is_below
        else "in the range, where it changes nothing"
    )
    said = f"For {table.title} {lab.in_words()} lies {where}."
    change = 0.0 if step.rate_u_per_kg_per_h is None else step.rate_u_per_kg_per_h - rate
    found = []
    if step.bolus_u_per_kg and not is_below:
        found.append(f"Do you really mean another bolus? {said}")
    if change > 0.0 and is_above:
        found.append(f"Do you really mean to raise the rate? {said}")
    if is_below and (change < 0.0 or step.hold_min):
        found.append(f"Do you really mean to give less heparin? {said}")
    if is_last and not (step.bolus_u_per_kg or step.hold_min or change):
        found.append(f"Do you really mean to change nothing? {said}")
    return found
