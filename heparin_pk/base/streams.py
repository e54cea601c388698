"""Register of random streams: every kind of random number in the package has a name here, and no two share one.

The name is the address of the numbers: a changed name means other numbers for every seed. A new kind of random number needs a
new line.
"""

from __future__ import annotations

import zlib
from enum import Enum, unique
from functools import lru_cache
from typing import NamedTuple


@unique
class Stream(Enum):
    """Kinds of random number. Those marked (one each) are families: :meth:`of` names the member."""

    ASSAY = "assay"  # imprecision of a laboratory result (one each assay)
    RESIDUAL = "residual"  # residual error of the model (one each kind of error)
    FEATURE = "who people are"  # features of a population (one each feature)
    BETWEEN_PATIENTS = "between people"  # inter-individual variability (one each parameter)
    BETWEEN_DAYS = "between days"  # between-occasion variability (one each parameter)
    SENSITIVITY = "drift of sensitivity"  # change within a patient, knot by knot
    BASELINE = "drift of the baseline"
    TABLE_ROW = "a row of the table"  # a patient drawn from a table of real ones
    GUESSED_WEIGHT = "weight as guessed"  # ward errors, from here on
    STEP = "how a step is carried out"
    START = "how a start is carried out"
    FIRST_BOLUS = "whether a bolus is given"
    WRONG_SIZE = "how wrong"
    LATE_DRAW = "whether a draw is late"
    LATE_BY = "how late a draw is"
    FAULT = "whether a fault strikes"  # injected faults (one each kind), from here on
    FAULT_SIZE = "how large a fault is"  # (one each kind)
    CAUGHT = "whether a fault is caught"  # (one each fault and check)
    SAMPLE_RATE = "rate of the pump"  # samples with which a laboratory finds its range, from here on
    SAMPLE_ANTITHROMBIN = "antithrombin"
    SAMPLE_FACTOR_VIII = "factor VIII"
    CHILD_WEIGHT = "weight of a child"  # a published trial in children, from here on
    CHILD_RESIDUAL = "residual of an aPTT"
    UNCERTAINTY = "how well a model is known"  # parameter sets of an ensemble (one each parameter)
    PLATELETS = "platelets"  # a platelet count under heparin (one each cause)

    def of(self, member: str) -> SubStream:
        """Return the stream of one member of this family; raises ``ValueError`` where the stream is no family."""
        if self not in _FAMILIES:
            raise ValueError(f"{self} is one stream, no family; got member {member!r}")
        return SubStream(self, member)


class SubStream(NamedTuple):
    """One member of a family of streams."""

    family: Stream
    member: str


_STREAM_OF_ADDRESS: dict[int, Stream | SubStream] = {}
_FAMILIES = (
    Stream.ASSAY,
    Stream.RESIDUAL,
    Stream.FEATURE,
    Stream.BETWEEN_PATIENTS,
    Stream.BETWEEN_DAYS,
    Stream.UNCERTAINTY,
    Stream.PLATELETS,
    Stream.FAULT,
    Stream.FAULT_SIZE,
    Stream.CAUGHT,
)


@lru_cache(maxsize=4096)
def address(stream: Stream | SubStream) -> int:
    """Return the number that keys a stream; raises ``ValueError`` when another name has the same number."""
    if isinstance(stream, SubStream):
        name = f"{stream.family.value} {stream.member}"
    elif isinstance(stream, Stream):
        name = stream.value
    else:
        raise ValueError(f"stream must be a Stream (heparin_pk.base.streams); got {stream!r}")
    number = zlib.crc32(name.encode())
    if _STREAM_OF_ADDRESS.setdefault(number, stream) != stream:
        raise ValueError(f"the streams {stream} and {_STREAM_OF_ADDRESS[number]} have one address: give one another name")
    return number


for _stream in Stream:
    address(_stream)
