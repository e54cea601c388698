"""Rows of a trial as CSV, person 0 first, written while chunks finish in any order."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base.files import Output
from heparin_pk.base.texts import as_cell
from heparin_pk.trials.catalogue import PLACE
from heparin_pk.trials.chunk import Chunk


def as_csv_text(chunk: Chunk, arms: Mapping[str, tuple[str, ...]]) -> str:
    """Return the rows of a chunk as CSV, person by person, so that chunks leave no trace; person 0 comes after the names.

    ``arms``: what ``PLACE`` names of each arm, by name.
    """
    people = zip(range(chunk.first, chunk.first + chunk.n), *_lists(chunk.covariates), strict=True)
    outcomes = [zip(*_lists(chunk.rows[arm]), strict=True) for arm in arms]
    names = tuple((as_cell(arm), *map(as_cell, place)) for arm, place in arms.items())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if chunk.first == 0:
        writer.writerow(["arm", *PLACE, "subject", *chunk.covariates, *chunk.keys])
    writer.writerows(
        (*arm, *who, *row) for who, *rows in zip(people, *outcomes, strict=True) for arm, row in zip(names, rows, strict=True)
    )
    return text.getvalue()


def _lists(columns: Mapping[str, np.ndarray]) -> list[list[Any]]:
    """Return columns as lists; what never came is an empty field."""
    return [["" if value != value else value for value in values.tolist()] for values in columns.values()]


class RowsOut:
    """Writes rows to a CSV file, person 0 first, as chunks come in any order; the file appears when it is whole.

    Of several runs that write one file, the last to finish wins.
    """

    def __init__(self, file: str | Path | None, arms: Mapping[str, tuple[str, ...]], order: list[int]) -> None:
        self._arms, self._order = arms, order
        self._early: dict[int, Chunk] = {}
        self._out = None if file is None else Output(file)

    def take(self, chunk: Chunk) -> None:
        """Write a chunk, or keep it until its turn comes."""
        if self._out is None:
            return
        self._early[chunk.first] = chunk
        while self._order and self._order[0] in self._early:
            next_chunk = self._early.pop(self._order.pop(0))
            self._out.write(next_chunk.text or as_csv_text(next_chunk, self._arms))

    def finish(self) -> None:
        """Say that every chunk was taken: give the file its name."""
        if self._out is not None:
            self._out.finish()

    def close(self) -> None:
        """Leave nothing half-written."""
        if self._out is not None:
            self._out.discard()
