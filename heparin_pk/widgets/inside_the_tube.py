"""Inside the tube: heparin, a plasma and the enzymes that heparin spares, under a slider. Nothing here is for a dose."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import numpy as np

from heparin_pk import plot
from heparin_pk.blood import clotting
from heparin_pk.blood.response import level
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT
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


_LEFT = {"fibrin in the aPTT tube": "fibrin", "thrombin generation": "thrombin"}


def _tube(heparin: float, plasma: str, left: str, **spares: bool) -> Drawing:
    """Draw a plasma at one level of heparin, U/mL, as far as its series is known."""
    enzymes = tuple(_SPARES[name] for name, is_spared in spares.items() if is_spared)
    key, whole_key = (plasma, enzymes), (plasma, ())
    more = _work(key, whole_key)
    series = _known.get(key, ())
    whole = _known.get(whole_key, ()) if enzymes else ()
    shows = (_LEFT[left], "seconds")
    stage = _stage(*_SIZE)
    plot.over_heparin(series, heparin, whole=whole, patient=_patient(plasma), reagent=_REAGENT, shows=shows, axes=stage.cleared())
    named = " and ".join(_LABELS[name] for name, is_spared in spares.items() if is_spared)
    if series:
        words = f"{plasma[0].upper()}{plasma[1:]}. {plot.describe_over_heparin(series, heparin, shows=shows)}"
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
        "plot.over_heparin(\n"
        f"    series, {heparin:g}, whole=whole, patient=patient, reagent=published.reagents.GUIDELINE, shows={shows!r}\n)\n"
    )
    sign = "the tube is being computed" if more is not None else ""
    return Drawing(figure=stage, words=words, code=code, sign=sign, more=more)


_SIZE = (12.0, 4.8, (0.95, 0.75, 0.25, 0.2), 2, 1.1)
_NORMAL = next(iter(PLASMAS))


def _resists(heparin: float, plasma: str) -> Drawing:
    """Draw a plasma that resists heparin beside normal plasma with the same heparin, U/mL."""
    key, normal_key = (plasma, ()), (_NORMAL, ())
    more = _work(key, normal_key)
    series, normal = _known.get(key, ()), _known.get(normal_key, ())
    stage, shows = _stage(*_SIZE), ("fibrin", "seconds")
    plot.over_heparin(series, heparin, whole=normal, whole_is=_NORMAL, shows=shows, axes=stage.cleared())
    words = "The tubes are being computed."
    if series and normal:
        one, other = (plot.at_level(many, heparin).clotted_s for many in (series, normal))
        name = f"{plasma[0].upper()}{plasma[1:]}"
        words = f"{name}, heparin {heparin:g} U/mL: the aPTT is {_in_s(one)}, in normal plasma {_in_s(other)}."
    code = (
        "from heparin_pk import clotting, plot\n\n"
        f"series = clotting.over_heparin(clotting.{_plasma(plasma, ())!r})\n"
        "normal = clotting.over_heparin(clotting.Plasma())\n"
        f"plot.over_heparin(series, {heparin:g}, whole=normal, whole_is={_NORMAL!r}, shows={shows!r})\n"
    )
    return Drawing(figure=stage, words=words, code=code, sign="the tube is being computed" if more is not None else "", more=more)


def _in_s(seconds: float | None) -> str:
    return f"more than {clotting.LONGEST_S:g} s" if seconds is None else f"{seconds:.0f} s"


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


def _delay_lost(_: str) -> str:
    """Return what sparing thrombin does to the delay, and what sparing another enzyme does, in numbers."""
    bare, whole = _aptt_s(0.0), _aptt_s(0.5)
    lost = {name: 100.0 * (whole - _aptt_s(0.5, enzyme)) / (whole - bare) for name, enzyme in _SPARES.items()}
    others = ", ".join(f"{_LABELS[name]} {lost[name]:.0f} %" for name in ("factor_xa", "factor_ixa"))
    return (
        f"It clots at {_aptt_s(0.5, 'thrombin'):.0f} s: {lost['thrombin']:.0f} % of the delay is gone. If heparin spared another "
        f"enzyme instead: {others}."
    )


def tube(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on the inside of the tube: heparin, the plasma, and the enzymes that heparin spares."""
    controls: list[Control] = [
        Slider(name="heparin", label="heparin (U/mL)", low=0.0, high=1.2, step=0.1, value=0.5),
        Choice(name="plasma", label="plasma", options=tuple(PLASMAS), value=_NORMAL),
        Choice(name="left", label="left picture", options=tuple(_LEFT), value=next(iter(_LEFT))),
        *(Toggle(name=name, label=f"heparin spares {label}", value=name == "thrombin") for name, label in _LABELS.items()),
    ]
    question = Question(
        text=f"With 0.5 U/mL of heparin the tube clots after {_aptt_s(0.5):.0f} s, without heparin after {_aptt_s(0.0):.0f} s. "
        "Now imagine that heparin spared thrombin and acted on all else as before. When would the tube clot?",
        answers={
            "as early as without heparin": "Then thrombin alone would explain the aPTT. But heparin also speeds up the end of "
            "factors Xa and IXa, which make thrombin.",
            "in between": "The three do not add up like weights on a scale: each multiplies what the others do, because they "
            "stand in one loop.",
            "as late as before": "Then thrombin would not matter. But thrombin activates factors V and VIII: without heparin "
            "on it the loop starts sooner.",
        },
        right=_if_thrombin_is_spared,
        why=_delay_lost,
    )
    ready = [(_NORMAL, ("thrombin",)), *((name, ()) for name in PLASMAS)]
    ready += [(_NORMAL, (one,)) for one in ("factor-xa", "factor-ixa")]
    beside_all(lambda: _work(*ready))
    return Explore(_started(controls, start), _tube, predict=question if predict else None)


_SHORTER, _BOTH, _ANTI_XA = (
    "the aPTT is shorter, the anti-Xa the same",
    "both are lower",
    "the anti-Xa is lower, the aPTT the same",
)


def _with_much_factor_viii() -> str:
    """Return how the tests differ from those of normal plasma at 0.5 U/mL where factor VIII is three times normal."""
    plasma = clotting.Plasma(heparin_u_per_ml=0.5, **PLASMAS["three times the factor VIII"])  # type: ignore[arg-type]
    is_shorter = clotting.aptt_s(plasma) < _aptt_s(0.5) - _MUCH_S
    people = (Patient(weight_kg=75.0, factor_viii_u_per_ml=viii) for viii in (3.0, 1.0))
    ill, well = (level("anti_xa_u_per_ml", 0.5, person, UFH_DEFAULT.responses) for person in people)
    is_lower = ill < 0.95 * well
    return _BOTH if is_shorter and is_lower else _SHORTER if is_shorter else _ANTI_XA


def resisting_plasma(*, predict: bool = True, **start: Any) -> Explore:
    """Return a widget on three plasmas that resist heparin, each beside normal plasma with the same heparin."""
    controls: list[Control] = [
        Slider(name="heparin", label="heparin (U/mL)", low=0.0, high=1.2, step=0.1, value=0.5),
        Choice(
            name="plasma",
            label="plasma",
            options=tuple(name for name in PLASMAS if name != _NORMAL),
            value="three times the factor VIII",
        ),
    ]
    question = Question(
        text="Plasma with three times the factor VIII holds 0.5 U/mL of heparin. How do its two tests differ from those of "
        "normal plasma with the same heparin?",
        answers={
            _SHORTER: "Factor VIII drives the loop in the aPTT tube. The anti-Xa test adds its own factor Xa and has no loop: it "
            "sees the heparin that is there.",
            _BOTH: "The aPTT is. But the anti-Xa test adds its own factor Xa, and factor VIII does not touch it: the heparin is "
            "there, and the seconds hide it.",
            _ANTI_XA: "It is the other way round. An anti-Xa is a level, not a time, and factor VIII acts in the aPTT tube "
            "alone.",
        },
        right=_with_much_factor_viii,
    )
    beside_all(lambda: _work(*((name, ()) for name in PLASMAS)))
    return Explore(_started(controls, start), _resists, predict=question if predict else None)


def predict_networks() -> NumberCheck:
    """Return a prediction: by how much heparin lengthens the aPTT in the published network that says least."""
    return check_number(
        "Four networks are asked for the aPTT with 0.5 U/mL of heparin. In the one of this notebook it is "
        f"{_aptt_s(0.5) / _aptt_s(0.0):.1f} times that without heparin. How many times is it in the network that says least?",
        lambda: min(one.aptt_s[_AT_HALF] / one.aptt_s[0] for one in clotting.plate.answers() if one.aptt_s is not None),
        unit="times",
        digits=2,
        tolerance=0.15,
        near="Wajima 2009: a full dose hardly moves its aPTT. There a trace of thrombin activates all factor VIII, so that the "
        "loop has nothing left for heparin to slow.",
        too_low="Below 1 heparin would shorten it. None of them says that, but Wajima 2009 comes close to no change.",
        too_high="So you would hope. In Wajima 2009 a full dose hardly moves the aPTT: there a trace of thrombin activates all "
        "factor VIII, and the loop has nothing left for heparin to slow.",
    )


_AT_HALF = clotting.plate.HEPARIN_U_PER_ML.index(0.5)


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
