"""Rows of a trial as CSV, person 0 first, written while chunks finish in any order."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.trials.chunk import Chunk


def as_csv_text(chunk: Chunk, arms: tuple[str, ...]) -> str:
    """Return the rows of a chunk as CSV, person by person, so that chunks leave no trace; person 0 comes after the names."""
    people = zip(range(chunk.first, chunk.first + chunk.n), *_lists(chunk.covariates), strict=True)
    outcomes = [zip(*_lists(chunk.rows[arm]), strict=True) for arm in arms]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if chunk.first == 0:
        writer.writerow(["arm", "subject", *chunk.covariates, *chunk.keys])
    writer.writerows(
        (arm, *who, *row) for who, *rows in zip(people, *outcomes, strict=True) for arm, row in zip(arms, rows, strict=True)
    )
    return text.getvalue()


def _lists(columns: Mapping[str, np.ndarray]) -> list[list[Any]]:
    """Return columns as lists; what never came is an empty field."""
    return [["" if value != value else value for value in values.tolist()] for values in columns.values()]


class RowsOut:
    """Writes rows to a CSV file, person 0 first, as chunks come in any order; the file appears when it is whole."""

    def __init__(self, file: str | Path | None, arms: tuple[str, ...], order: list[int]) -> None:
        self._file, self._arms, self._order = file, arms, order
        self._early: dict[int, Chunk] = {}
        self._out: io.TextIOWrapper | None = None
        if file is not None:
            try:
                self._out = open(self._unfinished, "w", encoding="utf-8", newline="")  # noqa: SIM115  closed by close()
            except OSError as error:
                raise ValueError(f"{file}: cannot be written: {error.strerror}") from None

    @property
    def _unfinished(self) -> str:
        return f"{self._file}.unfinished"

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
            self._out.close()
            os.replace(self._unfinished, str(self._file))
            self._out = None

    def close(self) -> None:
        """Leave nothing half-written."""
        if self._out is not None:
            self._out.close()
            os.unlink(self._unfinished)
