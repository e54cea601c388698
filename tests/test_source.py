"""A value needs a number and a source, and a source says where it was read."""

import math

import pytest
from instances import SOURCE

from heparin_pk import Source, Value


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Value(28.0, "28 mL/min"), "a value needs a Source that says where it was read; got '28 mL/min'"),
        (lambda: Value(28.0, None), "a value needs a Source"),
        (lambda: Value(math.nan, SOURCE), "a value must be a finite number; got nan"),
        (lambda: Value("28", SOURCE), "a value must be a finite number; got '28'"),
        (lambda: Value(True, SOURCE), "a value must be a finite number; got True"),
        (
            lambda: Source(key="A", citation="A", where="", confidence="primary"),
            "a source needs where: a text that is not empty; got ''",
        ),
        (lambda: Source(key="A", citation=" ", where="x", confidence="primary"), "a source needs citation"),
        (lambda: Source(key=None, citation="A", where="x", confidence="primary"), "a source needs key"),
        (lambda: Source(key="A", citation="A", where="x", confidence="sure"), "confidence must be one of primary.*; got 'sure'"),
    ],
)
def test_what_cannot_be(make, message):
    with pytest.raises(ValueError, match=message.replace("()", r"\(\)")):
        make()
