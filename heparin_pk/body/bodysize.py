"""Body size in the measures that doses and published models use: each a formula with its paper.

Every function takes a :class:`~heparin_pk.body.patient.Patient` and returns a number, or a
:class:`~heparin_pk.body.patient.Cohort` and returns an array of shape (n,). Raises ``ValueError`` that names the missing
field (``height_cm``, ``sex``, ``age_y``) where a formula needs one that is unknown.
"""

from __future__ import annotations

from typing import Any

from heparin_pk.base.checks import check_between, check_one_of
from heparin_pk.base.elementwise import choose, power, smaller
from heparin_pk.base.source import Source
from heparin_pk.body.patient import Cohort, Patient

NADLER = Source(
    key="rxkinetics",
    citation="Kinetics software (rxkinetics.com): heparin formulas",
    where="Vd = blood volume: 0.3669 Ht^3 + 0.03219 TBW + 0.604 (men), 0.3561 Ht^3 + 0.03308 TBW + 0.1833 (women), m, kg",
    confidence="primary",
    url="http://www.rxkinetics.com/kin_help/hlp_heparin_formulas.htm",
)

FAT_FREE_MASS = Source(
    key="Al_Sallami_2015",
    citation=(
        "Al-Sallami et al. Clin Pharmacokinet 2015;54:1169-1178 (fat-free mass of children), after Janmahasatian S et al. "
        "Quantification of lean bodyweight. Clin Pharmacokinet 2005;44(10):1051-1065"
    ),
    where="The equations as several public codings and a guide to one print them alike; made for 3 years and older",
    confidence="re-coded",
)
LEAN_BODY_WEIGHT = Source(
    key="James_in_Green_2003",
    citation="James's lean body weight, as printed in the methods of Green & Duffull 2003 (Br J Clin Pharmacol 56:96-103)",
    where="Methods: 1.1 WT - 120 (WT/HT)^2 (men), 1.07 WT - 148 (WT/HT)^2 (women), as coded and traced by nlmixr2lib",
    confidence="re-coded",
    doi="10.1046/j.1365-2125.2003.01849.x",
)


def _height_cm(patient: Patient | Cohort) -> Any:
    return patient.height_cm


def _check_known(patient: Patient | Cohort, measure: str, *names: str) -> None:
    """Raise ``ValueError`` where a field that the measure needs is unknown."""
    missing = [name for name in names if getattr(patient, name) is None]
    if missing:
        raise ValueError(f"{measure} needs {' and '.join(missing)} of the patient; got {patient!r}")


def bmi(patient: Patient | Cohort) -> Any:
    """Return the body-mass index, kg/m2."""
    _check_known(patient, "the body-mass index", "height_cm")
    height_m = _height_cm(patient) / 100.0
    return patient.weight_kg / (height_m * height_m)


def ideal_body_weight_kg(patient: Patient | Cohort) -> Any:
    """Return Devine's ideal weight: 50 kg (men) or 45.5 kg (women) and 2.3 kg for each inch over five feet.

    Source: Green et al. 2005, references 19 and 20, as traced by nlmixr2lib.
    """
    _check_known(patient, "the ideal body weight", "height_cm", "sex")
    return choose(patient.female, 45.5, 50.0) + 2.3 * (_height_cm(patient) / 2.54 - 60.0)


def adjusted_body_weight_kg(patient: Patient | Cohort, share_fraction: float = 0.4) -> Any:
    """Return the ideal weight plus a share of the weight above it, kg; below the ideal weight, the true weight.

    ``share_fraction``: that share, 0 to 1; 0.3 and 0.4 are in use.
    """
    share_fraction = check_between("share_fraction", share_fraction, 0.0, 1.0)
    ideal = ideal_body_weight_kg(patient)
    return choose(patient.weight_kg > ideal, ideal + share_fraction * (patient.weight_kg - ideal), patient.weight_kg)


def blood_volume_l(patient: Patient | Cohort) -> Any:
    """Return Nadler's blood volume, L.

    Source: ``NADLER``.
    """
    _check_known(patient, "the blood volume", "height_cm", "sex")
    cube_m3 = power(_height_cm(patient) / 100.0, 3)
    woman = 0.3561 * cube_m3 + 0.03308 * patient.weight_kg + 0.1833
    return choose(patient.female, woman, 0.3669 * cube_m3 + 0.03219 * patient.weight_kg + 0.604)


def lean_body_weight_kg(patient: Patient | Cohort) -> Any:
    """Return James's lean body weight, kg.

    Source: ``LEAN_BODY_WEIGHT``.
    """
    _check_known(patient, "the lean body weight", "height_cm", "sex")
    ratio = patient.weight_kg / _height_cm(patient)
    woman = 1.07 * patient.weight_kg - 148.0 * (ratio * ratio)
    return choose(patient.female, woman, 1.10 * patient.weight_kg - 120.0 * (ratio * ratio))


def fat_free_mass_kg(patient: Patient | Cohort) -> Any:
    """Return Janmahasatian's fat-free mass, kg; where the age is known, times Al-Sallami's factor for children.

    Below 3 years that factor is an extrapolation. Source: ``FAT_FREE_MASS``.
    """
    _check_known(patient, "the fat-free mass", "height_cm", "sex")
    girl = _fat_free_mass_kg(patient, 8780.0, 244.0, 1.11, 7.1, 1.1)
    return choose(patient.female, girl, _fat_free_mass_kg(patient, 6680.0, 216.0, 0.88, 13.4, 12.7))


def _fat_free_mass_kg(patient: Patient | Cohort, base: float, per_bmi: float, at_0: float, half_y: float, hill: float) -> Any:
    adult = 9270.0 * patient.weight_kg / (base + per_bmi * bmi(patient))
    if patient.age_y is None:
        return adult
    maturity = power(patient.age_y / half_y, hill)
    return (at_0 + (1.0 - at_0) * (maturity / (1.0 + maturity))) * adult


MEASURES = {
    "fat_free_mass_kg": fat_free_mass_kg,
    "lean_body_weight_kg": lean_body_weight_kg,
    "blood_volume_l": blood_volume_l,
}


MEASURE_SOURCES = {
    "fat_free_mass_kg": FAT_FREE_MASS,
    "lean_body_weight_kg": LEAN_BODY_WEIGHT,
    "blood_volume_l": NADLER,
}
"""The paper behind each measure that a published parameter set scales with."""


def measure(patient: Patient | Cohort, name: str) -> Any:
    """Return a measure by name: a field of the patient, or one of ``MEASURES``; ``None`` where a field is unknown."""
    return MEASURES[name](patient) if name in MEASURES else getattr(patient, name)


DOSING_WEIGHTS = ("actual", "ideal", "adjusted", "capped")


def dosing_weight_kg(patient: Patient | Cohort, rule: str, *, share_fraction: float = 0.4, cap_kg: float = 100.0) -> Any:
    """Return the weight that a hospital's rule doses by, kg.

    ``rule``: "actual", "ideal", "adjusted" (:func:`adjusted_body_weight_kg`) or "capped".
    ``share_fraction``: for "adjusted", the share of the weight above the ideal.
    ``cap_kg``: for "capped", the highest weight, kg (1 to 400).

    >>> round(dosing_weight_kg(Patient(weight_kg=150, height_cm=170, sex="female"), "adjusted"))
    97
    """
    check_one_of("rule", rule, DOSING_WEIGHTS)
    if rule == "ideal":
        return ideal_body_weight_kg(patient)
    if rule == "adjusted":
        return adjusted_body_weight_kg(patient, share_fraction)
    if rule == "capped":
        return smaller(patient.weight_kg, check_between("cap_kg", cap_kg, 1.0, 400.0))
    return patient.weight_kg
