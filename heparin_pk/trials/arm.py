"""One arm of a trial: a controller, in a laboratory and on a ward of its own where wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from heparin_pk.base.checks import as_seen, check_is, shown
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.trials.hospital import Hospital
from heparin_pk.ward.controller import Controller
from heparin_pk.ward.ward_errors import WardErrors


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Arm:
    """A controller in a hospital of its own, so that reagents or wards can be compared patient by patient.

    ``controller``: decides the orders of this arm.
    ``laboratory``: the arm's own; ``None``: the trial's.
    ``ward_errors``: how this ward carries orders out; ``None``: the trial's.
    ``hospital``: the arm's own, ward errors included; ``None``: the trial's.
    """

    controller: Any
    laboratory: Laboratory | None = None
    ward_errors: WardErrors | None = None
    hospital: Hospital | None = None

    def __post_init__(self) -> None:
        check_is("controller", self.controller, Controller, "something with an assay and decide(situation)")
        check_is("laboratory", self.laboratory, (Laboratory, type(None)), "a Laboratory or None")
        if self.laboratory is not None and self.laboratory.assay != self.controller.assay:
            raise ValueError(
                f"an arm's laboratory must report what its controller reads, {self.controller.assay}; got {self.laboratory.assay}"
            )
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        check_is("hospital", self.hospital, (Hospital, type(None)), "a Hospital or None")

    __repr__ = shown


def arms_by_name(arms: Any) -> Iterator[tuple[str, Arm]]:
    """Yield the name of each arm, and the arm; raises ``ValueError`` for something that cannot be one.

    ``arms``: controllers or arms by name, or a list of them (or of such pairs), which takes their own names.
    """
    check_is("arms", arms, (Mapping, Sequence), "controllers by name, or a list of them")
    for given in arms.items() if isinstance(arms, Mapping) else arms:
        is_pair = isinstance(given, tuple) and len(given) == 2 and isinstance(given[0], str)
        name, arm = given if is_pair else (own_name(given), given)
        if not isinstance(arm, Arm | Controller):
            raise ValueError(f"an arm must be something with an assay and decide(situation); got {as_seen(arm)}")
        yield str(name), arm if isinstance(arm, Arm) else Arm(controller=arm)


def own_name(arm: Any) -> str:
    """Return what an arm is called where it is given no name: the name of its controller, or of the controller's class."""
    controller = arm.controller if isinstance(arm, Arm) else arm
    return str(getattr(controller, "name", type(controller).__name__))


def own_label(arm: Any) -> str:
    """Return what a reader calls an arm that is given no name: the label of its controller, or :func:`own_name`."""
    controller = arm.controller if isinstance(arm, Arm) else arm
    return str(getattr(controller, "label", own_name(arm)))
