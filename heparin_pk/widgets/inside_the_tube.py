"""Inside the tube: heparin, a plasma and the enzymes that heparin spares, under a slider. Nothing here is for a dose."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from heparin_pk import plot
from heparin_pk.blood import clotting
from heparin_pk.body.patient import Patient
from heparin_pk.published.reagents import REAGENTS
from heparin_pk.trials.background import Work, beside_all
from heparin_pk.widgets.explore import Choice, Control, Drawing, Explore, Slider, Toggle
from heparin_pk.widgets.questions import NumberCheck, Question, check_number
from heparin_pk.widgets.scenes import _stage, _started

PLASMAS: dict[str, dict[str, float]] = {
    "normal plasma": {},
    "half the antithrombin": {"antithrombin_fraction": 0.5},
    "three times the factor VIII": {"factor_viii_fraction": 3.0},
    "twice the proteins that bind heparin": {"heparin_binding_fraction": 2.0},
}
_SPARES = {"thrombin": "thrombin", "factor_xa": "factor-xa", "factor_ixa": "factor-ixa"}
_LABELS = {"thrombin": "thrombin", "factor_xa": "factor Xa", "factor_ixa": "factor IXa"}
_REAGENT = REAGENTS["guideline"]

Series = tuple[clotting.TubeAt, ...]
_known: dict[tuple[str, tuple[str, ...]], Series] = {}
"""Series computed so far, by plasma and what heparin spares: solved once in a process."""


def _plasma(name: str, spares: tuple[str, ...]) -> clotting.Plasma:
    return clotting.Plasma(**PLASMAS[name], heparin_spares=spares)  # type: ignore[arg-type]


def _patient(name: str) -> Patient:
    """Return the patient whose law is drawn; the law knows no proteins that bind heparin."""
    plasma = _plasma(name, ())
    return Patient(
        weight_kg=75.0,
        antithrombin_fraction=plasma.antithrombin_fraction,
        factor_viii_u_per_ml=plasma.factor_viii_fraction,
    )


def _keep(key: tuple[str, tuple[str, ...]], found: Series) -> None:
    _known[key] = found


def _work(*keys: tuple[str, tuple[str, ...]]) -> Work | None:
    """Return the work on the first of these series that is not known yet, or ``None``."""
    for key in keys:
        if key not in _known:
            return Work(key=("tube", *key), function=clotting.over_heparin, arguments=(_plasma(*key),), take=partial(_keep, key))
    return None


def _tube(heparin: float, plasma: str, **spares: bool) -> Drawing:
    """Draw a plasma at one level of heparin, U/mL, as far as its series is known."""
    enzymes = tuple(_SPARES[name] for name, is_spared in spares.items() if is_spared)
    key, whole_key = (plasma, enzymes), (plasma, ())
    more = _work(key, whole_key)
    series = _known.get(key, ())
    whole = _known.get(whole_key, ()) if enzymes else ()
    stage = _stage(13.2, 4.8, (0.95, 0.75, 0.25, 0.2), 3, 1.0)
    plot.over_heparin(series, heparin, whole=whole, patient=_patient(plasma), reagent=_REAGENT, axes=stage.cleared())
    named = " and ".join(_LABELS[name] for name, is_spared in spares.items() if is_spared)
    if series:
        words = f"{plasma[0].upper()}{plasma[1:]}. {plot.describe_over_heparin(series, heparin)}"
        if named:
            words += (
                f"\nA thought experiment: heparin spares {named}; antithrombin inhibits it no faster with heparin than without."
            )
            if whole:
                full = plot.at_level(whole, heparin).clotted_s
                words += f" With nothing spared: {'not within 210 s' if full is None else f'{full:.0f} s'}."
    else:
        words = "The tube is being computed; so far only the law that doses are chosen by is drawn."
    code = (
        "from heparin_pk import Patient, clotting, plot, published\n\n"
        f"patient = {_patient(plasma)!r}\n"
        f"series = clotting.over_heparin(clotting.{_plasma(plasma, enzymes)!r})\n"
        f"whole = {f'clotting.over_heparin(clotting.{_plasma(plasma, ())!r})' if enzymes else '()'}\n"
        f"plot.over_heparin(series, {heparin:g}, whole=whole, patient=patient, reagent=published.reagents.GUIDELINE)\n"
    )
    sign = "the tube is being computed" if more is not None else ""
    return Drawing(figure=stage, words=words, code=code, sign=sign, more=more)


@lru_cache(maxsize=8)
def _aptt_s(heparin: float, *spares: str) -> float:
    return clotting.aptt_s(clotting.Plasma(heparin_u_per_ml=heparin, heparin_spares=spares))


_MUCH_S = 4.0


def _if_thrombin_is_spared() -> str:
    """Return when the tube clots at 0.5 U/mL if heparin spares thrombin, in the words of the answers."""
    bare, spared, whole = _aptt_s(0.0), _aptt_s(0.5, "thrombin"), _aptt_s(0.5)
    if spared - bare < _MUCH_S:
        return "as early as without heparin"
    return "as late as before" if whole - spared < _MUCH_S else "in between"


def tube(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on the inside of the tube: heparin, the plasma, and the enzymes that heparin spares."""
    controls: list[Control] = [
        Slider(name="heparin", label="heparin (U/mL)", low=0.0, high=1.2, step=0.1, value=0.5),
        Choice(name="plasma", label="plasma", options=tuple(PLASMAS), value="normal plasma"),
        *(Toggle(name=name, label=f"heparin spares {label}", value=name == "thrombin") for name, label in _LABELS.items()),
    ]
    question = Question(
        text=f"With 0.5 U/mL of heparin the tube clots after {_aptt_s(0.5):.0f} s, without heparin after {_aptt_s(0.0):.0f} s. "
        "Now imagine that heparin spared thrombin and acted on all else as before. When would the tube clot?",
        answers={
            "as early as without heparin": "Then thrombin alone would explain the aPTT. But heparin also speeds up the end of "
            "factors Xa and IXa, which make thrombin.",
            "in between": "Thrombin is one target of several. Each adds to what the others do, because they stand in one loop.",
            "as late as before": "Then thrombin would not matter. But thrombin activates factors V and VIII: without heparin "
            "on it the loop starts sooner.",
        },
        right=_if_thrombin_is_spared,
    )
    ready = [("normal plasma", ("thrombin",)), *((name, ()) for name in PLASMAS)]
    ready += [("normal plasma", (one,)) for one in ("factor-xa", "factor-ixa")]
    beside_all(lambda: _work(*ready))
    return Explore(_started(controls, start), _tube, predict=question if predict else None)


def predict_no_lysis() -> NumberCheck:
    """Return a prediction in per cent: the fibrin that is left after heparin came into a tube that had just clotted."""
    return check_number(
        "A tube clots. Ten seconds later much heparin is added. Call the fibrin of that moment 100 %. How much is there two "
        "minutes later?",
        lambda: 100.0 * _fibrin_left_fraction(),
        unit="%",
        tolerance=10.0,
        near="What is there stays. What changes is the fibrin that would have come.",
        too_low="Heparin dissolves no fibrin: the body does that, with plasmin, and there is none in the tube.",
        too_high="New fibrin stops soon after heparin is there. The picture below shows how little comes on top.",
    )


@lru_cache(maxsize=1)
def _fibrin_left_fraction() -> float:
    """Return the fibrin two minutes after heparin was added, as a share of that at its addition."""
    added_s = _aptt_s(0.0) + 10.0
    found = clotting.heparin_into_a_clotting_tube(clotting.Plasma(), added_u_per_ml=5.0, added_s=added_s)
    now, later = np.interp([added_s, added_s + 120.0], found.time_s, found.fibrin_nmol_per_l)
    return float(later / now)
