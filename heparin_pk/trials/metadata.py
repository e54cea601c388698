"""What exported rows of a trial say of themselves: version, seed, drug, arms, and label and unit of every column.

A CSV file stays a plain table, as pandas, R and spreadsheets read it; what it holds is said in a file beside it, named as the
standard "CSV on the Web" of W3C has it: ``rows.csv`` and ``rows.csv-metadata.json``. Frames, Parquet files and datasets of xarray
carry the same in their attributes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from heparin_pk.base.files import read_text, write_text
from heparin_pk.base.units import unit_of, without_unit
from heparin_pk.trials.catalogue import LEVELS, OUTCOMES

_LABELS = {
    "arm": "arm",
    "hospital": "hospital of the arm",
    "reagent": "aPTT reagent of the arm",
    "level_assay": "assay of the levels of the arm",
    "level_unit": "unit of the levels of the arm",
    "subject": "number of the patient, the same in every arm",
}
IN_LEVEL_UNIT = "as in level_unit"
"""The unit of a column in which arms of different assays stand: each row says its own."""


def meanings(names: Iterable[str], *, amount_unit: str, level_units: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return the label and the unit of columns of rows, by name; "1" is the unit of a share, "" that of a name or a yes or no.

    ``amount_unit``: the unit in which the drug is measured out.
    ``level_units``: the unit of the levels of each arm.
    """
    units = set(level_units)
    found = {}
    for name in names:
        if name in LEVELS:
            label, unit = OUTCOMES[name].label, next(iter(units)) if len(units) == 1 else IN_LEVEL_UNIT
        elif name in OUTCOMES:
            one = OUTCOMES[name]
            label, unit = one.label, unit_of(name, amount_unit) if one.unit.startswith("U") else one.unit or "1"
        else:
            label, unit = _LABELS.get(name) or without_unit(name).replace("_", " "), unit_of(name, amount_unit)
        found[name] = {"label": label, "unit": unit}
    return found


def beside(csv_file: str | Path) -> str:
    """Return the name of the file that says what a CSV file holds."""
    return f"{os.fspath(csv_file)}-metadata.json"


def write_beside(csv_file: str | Path, said: Mapping[str, Any]) -> None:
    """Write what a CSV file of rows holds into a file beside it; where the rows went to a pipe or a terminal, nothing.

    Raises ``ValueError`` that names the file when it cannot be written.
    """
    if not Path(csv_file).is_file():
        return
    columns = [
        {"name": name, "titles": one["label"], **({"schema:unitText": one["unit"]} if one["unit"] else {})}
        for name, one in said["columns"].items()
    ]
    notes = {name: value for name, value in said.items() if name != "columns"}
    plain = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "en"}],
        "url": Path(csv_file).name,
        "dc:creator": f"heparin_pk {said['heparin_pk']}",
        "notes": [notes],
        "tableSchema": {"columns": columns},
    }
    write_text(beside(csv_file), json.dumps(plain, indent=1, ensure_ascii=False) + "\n")


def read_beside(csv_file: str | Path) -> dict[str, Any]:
    """Return what :func:`write_beside` said of a CSV file of rows.

    Raises ``ValueError`` that names the file when it is missing or says something else.
    """
    file = beside(csv_file)
    try:
        plain = json.loads(read_text(file))
        columns = plain["tableSchema"]["columns"]
        said = {one["name"]: {"label": one["titles"], "unit": one.get("schema:unitText", "")} for one in columns}
        found = {**plain["notes"][0], "columns": said}
    except (KeyError, IndexError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise ValueError(f"{file}: does not say what rows of a trial hold ({type(error).__name__}: {error})") from None
    return found


def read_frame(csv_file: str | Path) -> Any:
    """Return the rows of a trial in a CSV file as a pandas DataFrame, with what is said of them in its ``attrs``.

    Raises ``ValueError`` that names the file when it cannot be read.
    """
    try:
        import pandas as pd  # noqa: PLC0415  optional
    except ImportError:
        raise ValueError("read_frame needs pandas: pip install pandas") from None
    said = read_beside(csv_file)
    try:
        frame = pd.read_csv(csv_file)
    except (OSError, ValueError) as error:
        raise ValueError(f"{csv_file}: cannot be read: {error}") from None
    if list(frame.columns) != list(said["columns"]):
        raise ValueError(f"{beside(csv_file)}: belongs to another table: it names other columns than {csv_file}")
    arms, n = list(said["arms"]), int(said["n"])
    if len(frame) != n * len(arms) or set(frame["arm"]) != set(arms):
        raise ValueError(f"{beside(csv_file)}: belongs to another table: it tells of {n} patients in {', '.join(arms)}")
    frame.attrs = said
    return frame
