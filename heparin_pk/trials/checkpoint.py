"""Finished chunks of a trial kept in a folder, so that the same call can go on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base.files import read_text, write_text
from heparin_pk.trials.chunk import Chunk


class Checkpoint:
    """A folder of finished chunks."""

    def __init__(self, folder: Path, fingerprint: str, size: int) -> None:
        self.folder, self.fingerprint, self.size = folder, fingerprint, size
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder}: cannot be made: {error.strerror}") from None
        cover = folder / "trial.json"
        if cover.exists():
            try:
                plain = json.loads(read_text(cover))
                before, self.size = plain["fingerprint"], int(plain["people_per_chunk"])
            except (ValueError, KeyError, TypeError):
                raise ValueError(f"{cover}: is not the cover of a trial's chunks") from None
            if before != fingerprint:
                raise ValueError(f"{folder}: holds the chunks of another trial (other arms, people, number or seed)")
        else:
            write_text(cover, json.dumps({"fingerprint": fingerprint, "people_per_chunk": size}))

    def _file(self, first: int) -> Path:
        return self.folder / f"chunk-{first:012d}.npz"

    def write(self, chunk: Chunk) -> None:
        """Keep a chunk: whole or not at all."""
        arrays: dict[str, Any] = {"groups": np.array(chunk.groups), "keys": np.array(chunk.keys), "n": chunk.n}
        arrays |= {f"covariate/{name}": values for name, values in chunk.covariates.items()}
        arrays |= {f"row/{arm}/{key}": values for arm, rows in chunk.rows.items() for key, values in rows.items()}
        arrays |= {f"levels/{arm}": counts for arm, counts in chunk.levels.items()}
        arrays |= {f"times/{arm}": counts for arm, counts in chunk.times.items()}
        for name in ("sums", "differences"):
            arrays[name] = np.array(json.dumps(getattr(chunk, name).tolist()))
        file = self._file(chunk.first)
        unfinished = file.with_suffix(".unfinished.npz")
        try:
            np.savez(unfinished, **arrays)
            os.replace(unfinished, file)
        except OSError as error:
            raise ValueError(f"{file}: cannot be written: {error.strerror}") from None

    def read(self, first: int) -> Chunk | None:
        """Return a chunk that was kept, or ``None``."""
        file = self._file(first)
        if not file.exists():
            return None
        try:
            with np.load(file, allow_pickle=False) as kept:
                arrays = {name: kept[name] for name in kept.files}
        except (OSError, ValueError, EOFError) as error:
            raise ValueError(f"{file}: cannot be read: {error}") from None
        rows: dict[str, dict[str, np.ndarray]] = {}
        for name, values in arrays.items():
            if name.startswith("row/"):
                arm, key = name.removeprefix("row/").rsplit("/", 1)
                rows.setdefault(arm, {})[key] = values
        exact = {name: np.array(json.loads(str(arrays[name])), dtype=object) for name in ("sums", "differences")}
        if not exact["differences"].size:
            exact["differences"] = np.zeros((0, *exact["sums"].shape[1:]), dtype=object)
        return Chunk(
            first=first,
            n=int(arrays["n"]),
            covariates=_under("covariate/", arrays),
            rows=rows,
            keys=tuple(arrays["keys"].tolist()),
            groups=tuple(arrays["groups"].tolist()),
            levels=_under("levels/", arrays),
            times=_under("times/", arrays),
            sums=exact["sums"],
            differences=exact["differences"],
        )


def _under(prefix: str, arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
