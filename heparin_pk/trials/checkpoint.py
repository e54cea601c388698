"""Finished chunks of a trial kept in a folder, so that the same call can go on from there.

Every chunk says of which trial it is, which patients it holds, and what its content adds up to: what does not fit is not used.
Files are written under names of their own and appear when they are whole, so that several runs may share a folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import secrets
import warnings
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from heparin_pk.base.files import read_text, write_bytes
from heparin_pk.trials.chunk import LARGEST_CHUNK, Chunk


class Checkpoint:
    """A folder of finished chunks.

    ``folder``: made where it is not there.
    ``fingerprint``: of the trial.
    ``size``: patients per chunk in a new folder; a folder that is there keeps its own.

    Raises ``ValueError`` for a folder that cannot be made or holds another trial.
    """

    def __init__(self, folder: Path, fingerprint: str, size: int) -> None:
        self.folder, self.fingerprint, self.size = folder, fingerprint, size
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(f"{folder}: cannot be made: {error.strerror}") from None
        self._cover = folder / "trial.json"
        if not os.path.lexists(self._cover) and not self._chunks() and self._write_cover():
            return
        kept = self._size_on_cover()
        if kept is not None:
            self.size = kept
        else:
            self._write_cover_again()

    # The cover

    def _size_on_cover(self) -> int | None:
        """Return the patients per chunk that the cover says, or ``None`` where it is gone or was changed."""
        try:
            plain = json.loads(read_text(self._cover))
            before, size, checksum = plain["fingerprint"], plain["people_per_chunk"], plain.get("checksum")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return None
        if before != self.fingerprint:
            self._refuse()
        return int(size) if checksum == _sum_of_cover(before, size) else None

    def _write_cover_again(self) -> None:
        """Write the cover of a folder whose cover is gone or was changed, with the patients per chunk that its chunks have."""
        for file in self._chunks():
            with suppress(_DamagedError):
                arrays = _arrays_in(file)
                if str(arrays["fingerprint"]) != self.fingerprint:
                    self._refuse()
                self.size = int(arrays["people_per_chunk"])
        warnings.warn(f"{self._cover}: is missing or was changed, and is written again", stacklevel=4)
        write_bytes(self._cover, self._cover_text())

    def _write_cover(self) -> bool:
        """Write the cover of a new folder; return whether no other run did so before."""
        beside = self.folder / f".{secrets.token_hex(8)}.unfinished"
        write_bytes(beside, self._cover_text())
        try:
            os.link(beside, self._cover)
        except FileExistsError:
            return False
        except OSError:  # a file system without links
            os.replace(beside, self._cover)
        finally:
            beside.unlink(missing_ok=True)
        return True

    def _cover_text(self) -> bytes:
        checksum = _sum_of_cover(self.fingerprint, self.size)
        return json.dumps({"fingerprint": self.fingerprint, "people_per_chunk": self.size, "checksum": checksum}).encode()

    def _refuse(self) -> None:
        raise ValueError(
            f"{self.folder}: holds the chunks of another trial (other arms, people, number or seed, or another version of "
            "heparin_pk): give each trial a folder of its own"
        )

    # The chunks

    def _chunks(self) -> list[Path]:
        return sorted(self.folder.glob("chunk-*.npz"))

    def _file(self, first: int) -> Path:
        return self.folder / f"chunk-{first:012d}.npz"

    def write(self, chunk: Chunk) -> None:
        """Keep a chunk: whole or not at all; raises ``ValueError`` where it cannot be written."""
        place = {"fingerprint": self.fingerprint, "people_per_chunk": self.size, "first": chunk.first, "n": chunk.n}
        arrays: dict[str, Any] = {name: np.array(value) for name, value in place.items()}
        arrays |= {"groups": np.array(chunk.groups), "keys": np.array(chunk.keys)}
        arrays |= {f"covariate/{name}": values for name, values in chunk.covariates.items()}
        arrays |= {f"row/{arm}/{key}": values for arm, rows in chunk.rows.items() for key, values in rows.items()}
        arrays |= {f"levels/{arm}": counts for arm, counts in chunk.levels.items()}
        arrays |= {f"times/{arm}": counts for arm, counts in chunk.times.items()}
        for name in ("sums", "differences"):
            arrays[name] = np.array(json.dumps(getattr(chunk, name).tolist()))
        whole = io.BytesIO()
        np.savez(whole, **arrays, checksum=np.array(_sum_of(arrays)))
        write_bytes(self._file(chunk.first), whole.getvalue())

    def read(self, first: int, n: int) -> Chunk | None:
        """Return the kept chunk of patients ``first`` to ``first + n - 1``, or ``None``; warns where its file is not used."""
        file = self._file(first)
        if not os.path.lexists(file):
            return None
        try:
            arrays = _arrays_in(file)
            place = (str(arrays["fingerprint"]), int(arrays["first"]), int(arrays["n"]))
            if place != (self.fingerprint, first, n):
                raise _DamagedError("it is of another trial or of other patients")
            return _chunk_of(arrays)
        except _DamagedError as error:
            warnings.warn(f"{file}: is not used, its patients run again: {error}", stacklevel=4)
            return None


class _DamagedError(Exception):
    """A file of a checkpoint that is not what was written."""


def _arrays_in(file: Path) -> dict[str, np.ndarray]:
    """Return what is kept in the file of a chunk; raises ``_DamagedError`` where it is not what was written."""
    if not file.is_file():
        raise _DamagedError("it is no file")
    try:
        with np.load(io.BytesIO(file.read_bytes()), allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
    except Exception as error:  # zip, NumPy and the disk each have their own errors
        raise _DamagedError(f"it cannot be read ({' '.join(str(error).split()) or type(error).__name__})") from None
    checksum = arrays.pop("checksum", None)
    if checksum is None or str(checksum) != _sum_of(arrays):
        raise _DamagedError("it was changed")
    return arrays


def _chunk_of(arrays: dict[str, np.ndarray]) -> Chunk:
    rows: dict[str, dict[str, np.ndarray]] = {}
    for name, values in arrays.items():
        if name.startswith("row/"):
            arm, key = name.removeprefix("row/").rsplit("/", 1)
            rows.setdefault(arm, {})[key] = values
    exact = {name: np.array(json.loads(str(arrays[name])), dtype=object) for name in ("sums", "differences")}
    if not exact["differences"].size:
        exact["differences"] = np.zeros((0, *exact["sums"].shape[1:]), dtype=object)
    return Chunk(
        first=int(arrays["first"]),
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


def _sum_of(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the checksum of arrays: names, types, shapes and content, in any order."""
    checksum = hashlib.sha256()
    for name, values in sorted(arrays.items()):
        checksum.update(f"{name} {values.dtype.str} {values.shape} ".encode() + values.tobytes())
    return checksum.hexdigest()


def _sum_of_cover(fingerprint: str, size: Any) -> str | None:
    """Return the checksum of a cover, or ``None`` for a number of patients that no chunk has."""
    if type(size) is not int or not 1 <= size <= LARGEST_CHUNK:
        return None
    return hashlib.sha256(f"{fingerprint} {size}".encode()).hexdigest()
