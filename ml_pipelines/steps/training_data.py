"""The table that a model is trained with: read, checked, described for the one that comes after it. Pure.

Whatever prepare.py leaves may be trained with; checks are for those who train with a table, CSV or Parquet,
in one file or in several of the same columns. It is read whole, as train.py reads it too.
"""

from __future__ import annotations

import fnmatch
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

from .check_results import CheckResult, columns_differ, judged
from .column_checks import ColumnWatch
from .drift import SAMPLE_ROWS, Comparison, Profile, Sample, compare, profile_of
from .errors import TrainingDataUnreadable, describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

DESCRIPTION_FILE = "abs_training_data.json"
"""In the folder of the registered model: what the next one's training data are compared with."""
SUFFIXES = (".csv", ".parquet")
NAMED = 5
"""Columns that a result names; the report has all."""


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


@dataclass(frozen=True)
class Champion:
    """The version in use; `described`: what it was trained with, where that is known."""

    version: str
    described: Description | None


@dataclass(frozen=True)
class Found:
    """What the checks found, and each column beside what it was for the champion."""

    results: tuple[CheckResult, ...] = ()
    drifts: tuple[Comparison, ...] = field(default=())

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        found = json.loads(text)
        drifts = (
            Comparison(each["column"], *(tuple(each[name]) for name in ("labels", "expected", "actual")))
            for each in found["drifts"]
        )
        return cls(tuple(CheckResult(**each) for each in found["results"]), tuple(drifts))


def looks_back(checks: Mapping[str, Any]) -> bool:
    """Whether the champion's training data are asked for."""
    return bool(checks.get("drift") is not None or checks.get("schema_change") == "fail")


def maximum_psi(checks: Mapping[str, Any]) -> float | None:
    """None where no drift is watched."""
    drift = checks.get("drift")
    return None if drift is None else float(drift.get("maximum_psi", 0.2))


# ------------------------------------------------------------------------------------------- the table


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


def description_of(table: pa.Table) -> Description:
    columns = {column.name: str(column.type) for column in table.schema}
    profiles = (
        profile_of(name, _sampled(table, name), table.num_rows)
        for name in columns
        if table.num_rows and _is_comparable(table, name)
    )
    return Description(table.num_rows, columns, tuple(profiles))


def _sampled(table: pa.Table, name: str) -> pa.Array:
    """The column, or some SAMPLE_ROWS of it."""
    column = table.column(name)
    if table.num_rows <= SAMPLE_ROWS:
        return column.combine_chunks()
    sample = Sample(table.num_rows)
    sample.see(column)
    return sample.values()


def _is_comparable(table: pa.Table, name: str) -> bool:
    """What can be put into bins: no lists, structs or bytes."""
    import pyarrow as pa

    kind = table.schema.field(name).type
    nested = pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return not nested and not pa.types.is_fixed_size_binary(kind)


# ------------------------------------------------------------------------------------------- checks


def check(
    checks: Mapping[str, Any], table: pa.Table, champion: Champion | None, *, ignored: Sequence[str] = ()
) -> Found:
    """All checks, whatever the first ones find. `ignored`: columns whose distribution says nothing."""
    drift = checks.get("drift")
    drifts = () if drift is None else tuple(_drifts(drift, table, champion, ignored))
    results = (
        *_rows(checks, table),
        *_columns(checks, table),
        *_schema(checks, table, champion),
        *_drift(maximum_psi(checks), drifts, champion),
    )
    return Found(results, drifts)


def _rows(checks: Mapping[str, Any], table: pa.Table) -> Iterator[CheckResult]:
    minimum = checks.get("minimum_rows")
    if minimum is not None:
        passed = table.num_rows >= minimum
        yield judged("minimum_rows", f"{table.num_rows} rows", f"at least {minimum}", passed=passed)


def _columns(checks: Mapping[str, Any], table: pa.Table) -> Iterator[CheckResult]:
    for name, wanted in checks.get("columns", {}).items():
        if name in table.column_names:
            watch = ColumnWatch(name, wanted)
            watch.see(table.column(name))
            yield from watch.results()
        else:
            there = f"no such column; there are {', '.join(table.column_names)}"
            yield judged(f"columns.{name}", there, "a column", passed=False)


def _schema(checks: Mapping[str, Any], table: pa.Table, champion: Champion | None) -> Iterator[CheckResult]:
    if checks.get("schema_change") != "fail":
        return
    known = None if champion is None else champion.described
    if known is None:
        yield CheckResult("schema_change", "skipped", _unknown(champion), "none")
        return
    now = {column.name: str(column.type) for column in table.schema}
    difference = columns_differ(json.dumps(dict(known.columns)), json.dumps(now))
    allowed = f"the columns and types that {_version(champion)} was trained with"
    yield judged("schema_change", difference or "none", allowed, passed=not difference)


def _drifts(
    drift: Mapping[str, Any], table: pa.Table, champion: Champion | None, ignored: Sequence[str]
) -> Iterator[Comparison]:
    """The largest first."""
    known = () if champion is None or champion.described is None else champion.described.profiles
    left_out = {*ignored, *drift.get("ignore_columns", ())}
    found = [
        compare(profile, _sampled(table, profile.column), drift.get("bins", 10))
        or Comparison(profile.column, ("of another type",), (1.0,), (0.0,))
        for profile in known
        if profile.column in table.column_names
        and profile.column not in left_out
        and _is_comparable(table, profile.column)
    ]
    yield from sorted(found, key=lambda each: (-each.psi, each.column))


def _drift(
    bound: float | None, drifts: Sequence[Comparison], champion: Champion | None
) -> Iterator[CheckResult]:
    if bound is None:
        return
    allowed = f"PSI at most {bound:g}"
    if champion is None or champion.described is None:
        yield CheckResult("drift", "skipped", _unknown(champion), allowed)
        return
    if not drifts:
        found = f"no column that {_version(champion)} was trained with"
        yield CheckResult("drift", "skipped", found, allowed)
        return
    beyond = [each for each in drifts if each.psi > bound]
    told = ", ".join(f"{each.psi:.3f} of {each.column}" for each in (beyond or drifts[:1])[:NAMED])
    found = f"{len(beyond)} of {len(drifts)} columns: {told}" if beyond else f"at most {told}"
    yield judged("drift", f"{found}, since {_version(champion)}", allowed, passed=not beyond)


def _version(champion: Champion | None) -> str:
    return "none" if champion is None else f"version {champion.version}"


def _unknown(champion: Champion | None) -> str:
    if champion is None:
        return "no version in use to compare with"
    return f"{_version(champion)} does not say what it was trained with"
