"""The register of random streams: no two kinds of random number share an address, and no address changes."""

import ast
import zlib
from enum import Enum, unique
from pathlib import Path

import pytest

import heparin_pk
from heparin_pk.base import streams
from heparin_pk.base.randomness import standard_normal
from heparin_pk.base.streams import Stream, address

PACKAGE = Path(heparin_pk.__file__).parent


def test_every_stream_has_an_address_of_its_own():
    assert len({address(stream) for stream in Stream}) == len(Stream)


def test_a_name_given_twice_is_refused():
    names = {stream.name: stream.value for stream in Stream} | {"ANOTHER": Stream.ASSAY.value}
    with pytest.raises(ValueError, match=r"duplicate values found in .*: ANOTHER -> ASSAY"):
        unique(Enum("Planted", names))


def test_two_streams_with_one_address_are_refused(monkeypatch):
    monkeypatch.setattr(streams, "_STREAM_OF_ADDRESS", {zlib.crc32(b"assay planted"): Stream.STEP})
    with pytest.raises(ValueError, match=r"planted.* and Stream.STEP have one address"):
        address.__wrapped__(Stream.ASSAY.of("planted"))


def test_a_member_with_the_name_of_another_stream_is_refused():
    with pytest.raises(ValueError, match=r"of an aPTT.* and Stream.CHILD_RESIDUAL have one address"):
        address(Stream.RESIDUAL.of("of an aPTT"))


def test_a_single_stream_has_no_members():
    with pytest.raises(ValueError, match="Stream.STEP is one stream, no family; got member 'x'"):
        Stream.STEP.of("x")


def test_a_stream_that_is_not_registered_is_refused():
    with pytest.raises(ValueError, match=r"stream must be a Stream .*; got 'weather'"):
        standard_normal(1, "weather", 0.0)


def test_addresses_are_those_of_the_first_day():
    """A changed name would change every number drawn from it."""
    assert address(Stream.ASSAY.of("aptt_s")) == 4241907915
    assert address(Stream.GUESSED_WEIGHT) == 3516162026
    assert address(Stream.BETWEEN_PATIENTS.of("v1")) == zlib.crc32(b"between people v1")


def uses():
    """Yield the streams used in each module of the package."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Stream":
                yield node.attr, file.name


def test_every_stream_is_used_in_one_module():
    modules = {}
    for name, module in uses():
        if name in Stream.__members__ and module not in ("streams.py", "randomness.py"):
            modules.setdefault(name, set()).add(module)
    assert set(modules) == set(Stream.__members__)
    assert {name: found for name, found in modules.items() if len(found) > 1} == {}


def test_no_name_was_ever_changed():
    """The register of the first day: a new stream is added here, none is renamed."""
    assert {stream.name: stream.value for stream in Stream} == {
        "ASSAY": "assay",
        "RESIDUAL": "residual",
        "FEATURE": "who people are",
        "BETWEEN_PATIENTS": "between people",
        "BETWEEN_DAYS": "between days",
        "SENSITIVITY": "drift of sensitivity",
        "BASELINE": "drift of the baseline",
        "TABLE_ROW": "a row of the table",
        "GUESSED_WEIGHT": "weight as guessed",
        "STEP": "how a step is carried out",
        "START": "how a start is carried out",
        "FIRST_BOLUS": "whether a bolus is given",
        "WRONG_SIZE": "how wrong",
        "LATE_DRAW": "whether a draw is late",
        "LATE_BY": "how late a draw is",
        "SAMPLE_RATE": "rate of the pump",
        "SAMPLE_ANTITHROMBIN": "antithrombin",
        "SAMPLE_FACTOR_VIII": "factor VIII",
        "CHILD_WEIGHT": "weight of a child",
        "CHILD_RESIDUAL": "residual of an aPTT",
        "UNCERTAINTY": "how well a model is known",
        "PLATELETS": "platelets",
        "FAULT": "whether a fault strikes",
        "FAULT_SIZE": "how large a fault is",
        "CAUGHT": "whether a fault is caught",
    }
