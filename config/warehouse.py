"""What a warehouse table may not say: columns that SQL does not take, and tables that meet in the database.

Names are quoted wherever SQL is written: what is refused here is what no column or table can be.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from config.wrong import Wrong, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE: Final = r"[^\W\d]\w{0,99}\.[^\W\d]\w{0,99}"
SUFFIXES: Final = ("", "_staging", "_windows")
"""A model's tables: what readers read, what rows are copied to first, which windows are there."""

OURS: Final = ("window_start", "model_version", "scored_at", "run_group", "staged_at")
"""Columns that the tables have in any case."""

_NAME: Final = re.compile(r"[^\x00-\x1f\x7f]{1,128}")
_PLAIN: Final = ("bit", "tinyint", "smallint", "int", "bigint", "real", "float", "date", "uniqueidentifier")
_LONGEST_TEXT: Final = {"nvarchar": 4000, "varchar": 8000}
_SIZED: Final = re.compile(
    r"(n?varchar)\((\d{1,4}|max)\)|(datetime2)\(([0-7])\)|(decimal)\((\d\d?), ?(\d\d?)\)"
)
_EXPECTED: Final = (
    f"one of {', '.join(_PLAIN)}, nvarchar(1 to 4000, or max), varchar(1 to 8000, or max), "
    "datetime2(0 to 7), decimal(precision, scale)"
)


def columns(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401 - as it was written
    """Of `output.warehouse.columns`: at least one, each with a name and a type that SQL takes."""
    if not isinstance(value, dict):
        return
    if not value:
        yield Wrong("no column", "the landed file's columns that the table has: `prediction: float`")
    seen = dict.fromkeys(OURS, "which stands in the table in any case: leave it out, or call it otherwise")
    for name, kind in value.items():
        if not _NAME.fullmatch(name):
            expected = "a column's name: 1 to 128 characters, none of them a control character"
            yield Wrong(f"the name `{name[:140]}`", expected, key=name)
        if reason := seen.get(name.casefold()):
            yield Wrong(f"the column `{name}`, {reason}", "another column", key=name)
        seen[name.casefold()] = "which stands here twice: SQL does not tell small letters from capitals"
        if isinstance(kind, str) and not _is_type(kind):
            yield Wrong(
                f"the type `{kind}`",
                _EXPECTED,
                nearest(kind, (*_PLAIN, "nvarchar(max)", "varchar(max)", "datetime2(7)")),
                key=name,
            )


def _is_type(kind: str) -> bool:
    if kind in _PLAIN:
        return True
    found = _SIZED.fullmatch(kind)
    if found is None:
        return False
    text, size, _, _, decimal, precision, scale = found.groups()
    if text:
        return size == "max" or 1 <= int(size) <= _LONGEST_TEXT[text]
    return not decimal or (1 <= int(precision) <= 38 and int(scale) <= int(precision))


def landed_files(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of `output`: Data Factory copies one file, of rows that say which attempt scored them."""
    if not isinstance(value, dict) or not value.get("warehouse"):
        return
    if value.get("maximum_file_megabytes"):
        expected = (
            "no `warehouse`, or no `maximum_file_megabytes`: Data Factory does not read a window in parts"
        )
        yield Wrong("`warehouse` beside `maximum_file_megabytes`", expected, key="warehouse")
    if value.get("run_columns") is False:
        expected = "no `warehouse`, or no `run_columns: false`: by `scored_at` a table tells attempts apart"
        yield Wrong("`warehouse` beside `run_columns: false`", expected, key="warehouse")


def shared_tables(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of all models: a swap deletes its window, whoever's rows those are."""
    owners: dict[str, tuple[str, str]] = {}
    for model, table in _tables(value):
        for suffix in SUFFIXES:
            name = f"{table}{suffix}"
            owner, reason = owners.setdefault(name.casefold(), (model, name))
            if owner != model:
                key = (model, "output", "warehouse", "table")
                found = f"`{table}`, whose table `{reason}` is the model {owner}'s too"
                yield Wrong(found, "a table of its own for each model", key=key)
                break


def homeless_tables(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of everything: a table lies in the environment's database."""
    if not isinstance(value, dict) or value.get("warehouse"):
        return
    for model, table in _tables(value.get("models")):
        expected = (
            "`warehouse: {server: …, database: …}` in this environment's file, or `warehouse: null` here"
        )
        yield Wrong(
            f"the table `{table}`, but no database", expected, key=("models", model, "output", "warehouse")
        )


def _tables(models: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    for name, model in models.items() if isinstance(models, dict) else ():
        output = model.get("output") if isinstance(model, dict) else None
        found = output.get("warehouse") if isinstance(output, dict) else None
        if isinstance(found, dict) and isinstance(found.get("table"), str):
            yield name, found["table"]
