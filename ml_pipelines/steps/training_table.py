"""The table that a model is trained with: read, and described for the one that is trained after it. Pure.

Whatever prepare.py leaves may be trained with; what is checked is a table, CSV or Parquet, in one file or in
several of the same columns. It is read whole, as train.py reads it too.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from .drift import SAMPLE_ROWS, Profile, Sample, profile_of
from .errors import TrainingDataUnreadable, describe

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    import pyarrow as pa

DESCRIPTION_FILE = "abs_training_data.json"
"""In the folder of the registered model: what the next one's training data are compared with."""
SUFFIXES = (".csv", ".parquet")
NAMED = 5
"""Files that an error names."""


@dataclass(frozen=True)
class Description:
    """Of a table: its rows, its columns' types, and how those that can be compared are distributed."""

    rows: int
    columns: Mapping[str, str]
    profiles: tuple[Profile, ...]

    def to_json(self) -> str:
        profiles = [json.loads(each.to_json()) for each in self.profiles]
        return json.dumps({"rows": self.rows, "columns": dict(self.columns), "profiles": profiles})

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """None for what this version of the steps cannot read."""
        try:
            found = json.loads(text)
            read = (Profile.from_json(json.dumps(each)) for each in found["profiles"])
            return cls(int(found["rows"]), dict(found["columns"]), tuple(each for each in read if each))
        except (ValueError, TypeError, KeyError):
            return None


def read_table(folder: Path, pattern: str) -> pa.Table:
    """All files of the folder that fit; raises TrainingDataUnreadable."""
    import pyarrow as pa

    files = sorted(path for path in folder.rglob("*") if _is_meant(path, folder, pattern))
    if not files:
        there = ", ".join(sorted(path.name for path in folder.rglob("*") if path.is_file())[:NAMED])
        raise TrainingDataUnreadable(pattern, f"no such .csv or .parquet file; prepare.py left {there}")
    tables = [_read(path) for path in files]
    for path, table in zip(files, tables, strict=True):
        if table.column_names != tables[0].column_names:
            others = f"{path.name} has other columns than {files[0].name}"
            raise TrainingDataUnreadable(pattern, f"{others}; say which file is the table")
    try:
        joined = pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as error:
        raise TrainingDataUnreadable(pattern, describe(error)) from error
    return joined.cast(pa.schema(map(_plain, joined.schema)))


def _is_meant(path: Path, folder: Path, pattern: str) -> bool:
    name = path.relative_to(folder).as_posix()
    hidden = any(part.startswith(("_", ".")) for part in name.split("/"))
    fits = fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(path.name, pattern)
    return path.suffix in SUFFIXES and not hidden and fits and path.is_file()


def _read(path: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if path.suffix == ".parquet":
            return parquet.read_table(path)
        return csv.read_csv(
            path,
            parse_options=csv.ParseOptions(newlines_in_values=True),
            convert_options=csv.ConvertOptions(strings_can_be_null=True),
        )
    except pa.ArrowException as error:
        raise TrainingDataUnreadable(path.name, describe(error)) from error


def _plain(column: pa.Field) -> pa.Field:
    """A column without a value is of numbers; a dictionary's is what its values are."""
    import pyarrow as pa

    if pa.types.is_null(column.type):
        return column.with_type(pa.float64())
    return column.with_type(column.type.value_type) if pa.types.is_dictionary(column.type) else column


# ------------------------------------------------------------------------------------------- description


def description_of(table: pa.Table, ignored: Collection[str] = ()) -> Description:
    """Of all columns' types, and of the distribution of those that are not ignored: keys are nobody's
    business once the model is trained.
    """
    columns = {column.name: str(column.type) for column in table.schema}
    profiles = (
        profile_of(name, sampled(table, name), table.num_rows)
        for name in columns
        if table.num_rows and name not in ignored and _is_comparable(table, name)
    )
    return Description(table.num_rows, columns, tuple(profiles))


def sampled(table: pa.Table, name: str) -> pa.Array:
    """The column, or some SAMPLE_ROWS of it."""
    column = table.column(name)
    if table.num_rows <= SAMPLE_ROWS:
        return column.combine_chunks()
    sample = Sample(table.num_rows)
    sample.see(column)
    return sample.values()


def _is_comparable(table: pa.Table, name: str) -> bool:
    """Not texts most of which are there once: names and keys, which a model need not carry around."""
    from pyarrow import compute, types

    column = table.column(name)
    if types.is_string(column.type) or types.is_large_string(column.type):
        return bool(2 * compute.count_distinct(column).as_py() <= max(len(column), 2))
    return has_bins(column.type)


def has_bins(kind: pa.DataType) -> bool:
    """All but lists, structs and bytes."""
    from pyarrow import types

    binary = types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind)
    return not binary and not types.is_nested(kind)
