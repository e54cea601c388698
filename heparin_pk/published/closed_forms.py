"""Formulas that tell how much of a heparin bolus is left, used to dose protamine: PRODOSE, PRODOSE-2, Meesters 2016.

They are no sets: each gives the heparin left in the body, in U, and no volume, so no level follows from them. Two make the
half-life depend on the first dose, which constants of a :class:`Drug` cannot. They stand here to be compared with the sets.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from heparin_pk.base.checks import check_between, check_is, check_text, shown
from heparin_pk.base.source import Source, Value

__all__ = ["CLOSED_FORMS", "MEESTERS_2016", "PRODOSE", "PRODOSE_2", "ClosedForm"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClosedForm:
    """A published formula for the share of one heparin bolus that is left: a fast part and a slow part.

    ``name``: its name.
    ``title``: what it is, in a few words.
    ``fast_fraction``: the share of the dose that goes fast (0 to 1).
    ``fast_per_min``: the rate at which it goes, per minute.
    ``half_life_min``: half-life of the slow part after the smallest dose, min.
    ``longer_min_kg_per_u``: how much longer that half-life is for each U/kg of the first dose, min kg/U; ``None``: not at all.
    ``prime_ml``: volume of the pump, which slows the slow part by blood / (blood + pump); ``None``: not in the formula.
    ``blood_ml_per_kg``: the blood volume in that ratio, mL/kg; ``None`` without ``prime_ml``.
    ``departures``: what it is not, and what was not seen.

    Raises ``ValueError`` for an empty text, a number without a source or outside its limits, and half of a dilution.
    """

    name: str
    title: str
    fast_fraction: Value
    fast_per_min: Value
    half_life_min: Value
    departures: str
    longer_min_kg_per_u: Value | None = None
    prime_ml: Value | None = None
    blood_ml_per_kg: Value | None = None

    def __post_init__(self) -> None:
        for name in ("name", "title", "departures"):
            check_text(name, getattr(self, name))
        for name, high in (("fast_fraction", 1.0), ("fast_per_min", 10.0), ("half_life_min", 1e4)):
            check_is(name, getattr(self, name), Value, "a Value with its Source")
            check_between(name, getattr(self, name).value, 0.0 if name == "fast_fraction" else 1e-6, high)
        for name, high in (("longer_min_kg_per_u", 100.0), ("prime_ml", 1e4), ("blood_ml_per_kg", 200.0)):
            check_is(name, getattr(self, name), (Value, type(None)), "a Value with its Source, or None")
            if getattr(self, name) is not None:
                check_between(name, getattr(self, name).value, 0.0 if name == "longer_min_kg_per_u" else 1.0, high)
        if (self.prime_ml is None) != (self.blood_ml_per_kg is None):
            raise ValueError(f"{self.name}: prime_ml and blood_ml_per_kg belong together")

    __repr__ = shown

    def slow_half_life_min(self, first_dose_u_per_kg: float, weight_kg: float | None = None) -> float:
        """Return the half-life of the slow part after this first dose, min.

        ``weight_kg``: the patient's, needed where the pump dilutes. Raises ``ValueError`` outside 1-1000 U/kg or 0.4-400 kg.
        """
        dose = check_between("first_dose_u_per_kg", first_dose_u_per_kg, 1.0, 1000.0)
        half_life_min = self.half_life_min.value
        if self.longer_min_kg_per_u is not None:
            half_life_min += self.longer_min_kg_per_u.value * dose
        if self.prime_ml is not None and self.blood_ml_per_kg is not None:
            blood_ml = self.blood_ml_per_kg.value * check_between("weight_kg", weight_kg, 0.4, 400.0)
            half_life_min *= (blood_ml + self.prime_ml.value) / blood_ml
        return half_life_min

    def left_fraction(self, time_min: float, first_dose_u_per_kg: float, weight_kg: float | None = None) -> float:
        """Return the share of a bolus left after ``time_min`` minutes, of its units (0 to 1).

        A later bolus keeps the half-life of the first. Raises ``ValueError`` for a time outside 0 to 10,000 min, and as
        :meth:`slow_half_life_min` does.
        """
        check_between("time_min", time_min, 0.0, 1e4)
        slow_per_min = math.log(2.0) / self.slow_half_life_min(first_dose_u_per_kg, weight_kg)
        fast = self.fast_fraction.value
        return fast * math.exp(-self.fast_per_min.value * time_min) + (1.0 - fast) * math.exp(-slow_per_min * time_min)


_CODED = "as coded in vanderzwaag/nomogram (nomogram_core.py at 944a073)"
PRODOSE_TRIAL = Source(
    key="PRODOSE_trial",
    citation=(
        "Miles LF, Burt C, Arrowsmith J, McKie MA, Villar SS, Govender P, Shaylor R, Tan Z, De Silva R, Falter F. Optimal "
        "protamine dosing after cardiopulmonary bypass: the PRODOSE adaptive randomised controlled trial. PLoS Med 1003658"
    ),
    where=f"The algorithm of the trial, {_CODED}",
    confidence="re-coded",
    doi="10.1371/journal.pmed.1003658",
)
PRODOSE_2_CODE = Source(
    key="PRODOSE_2",
    citation="PRODOSE-2, a revision of the PRODOSE algorithm with dilution by the circuit (no reviewed paper was found)",
    where=_CODED,
    confidence="re-coded",
    url="https://github.com/vanderzwaag/nomogram",
)
MEESTERS_2016_PAPER = Source(
    key="Meesters_2016",
    citation=(
        "Meesters, et al. (named so by the coding). A pharmacokinetic model for protamine dosing after cardiopulmonary bypass. "
        "J Cardiothorac Vasc Anesth 2016;30(5):1190-1195"
    ),
    where=f"The model of the paper, {_CODED}",
    confidence="re-coded",
    doi="10.1053/j.jvca.2016.04.021",
)
_NOT = "Not a kinetic model: heparin left in U, no volume, no level, no variability. "

PRODOSE = ClosedForm(
    name="PRODOSE",
    title="protamine by formula, half-life longer after larger doses",
    fast_fraction=Value(0.1, PRODOSE_TRIAL.at(f"10 % of the dose is fast, {_CODED}")),
    fast_per_min=Value(0.0693, PRODOSE_TRIAL.at(f"0.0693 /min, {_CODED}")),
    half_life_min=Value(26.0, PRODOSE_TRIAL.at(f"half-life 26 + 0.323 x U/kg min, {_CODED}")),
    longer_min_kg_per_u=Value(0.323, PRODOSE_TRIAL.at(f"half-life 26 + 0.323 x U/kg min, {_CODED}")),
    departures=_NOT + "The formula was not read in the paper itself.",
)
PRODOSE_2 = ClosedForm(
    name="PRODOSE_2",
    title="PRODOSE with dilution by the pump (unreviewed)",
    fast_fraction=Value(0.1, PRODOSE_2_CODE.at(f"10 % of the dose is fast, {_CODED}")),
    fast_per_min=Value(0.2847, PRODOSE_2_CODE.at(f"0.2847 /min, {_CODED}")),
    half_life_min=Value(52.44, PRODOSE_2_CODE.at(f"half-life 52.44 + 0.2968 x U/kg min, {_CODED}")),
    longer_min_kg_per_u=Value(0.2968, PRODOSE_2_CODE.at(f"half-life 52.44 + 0.2968 x U/kg min, {_CODED}")),
    prime_ml=Value(1500.0, PRODOSE_2_CODE.at(f"prime 1500 mL, {_CODED}")),
    blood_ml_per_kg=Value(70.0, PRODOSE_2_CODE.at(f"blood 70 mL/kg, {_CODED}")),
    departures=_NOT + "Unreviewed. As coded, the pump dilutes from the first minute, and all its blood is given back.",
)
MEESTERS_2016 = ClosedForm(
    name="MEESTERS_2016",
    title="protamine by formula, one half-life for every dose",
    fast_fraction=Value(0.1, MEESTERS_2016_PAPER.at(f"10 % of the dose is fast, {_CODED}")),
    fast_per_min=Value(0.0693, MEESTERS_2016_PAPER.at(f"0.0693 /min, {_CODED}")),
    half_life_min=Value(250.0, MEESTERS_2016_PAPER.at(f"slow half-life 250 min, {_CODED}")),
    departures=_NOT
    + "The formula was not read in the paper itself; its abstract prints a protamine-to-heparin ratio of 0.5 +- 0.1.",
)

CLOSED_FORMS = (PRODOSE, PRODOSE_2, MEESTERS_2016)
