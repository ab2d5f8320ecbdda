"""The checks of the data that a model is trained with: `training.checks` of the configuration. Pure.

All are made, whatever the first ones find. Schema and drift compare with what the champion was trained with.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

from .check_results import CheckResult, columns_differ, judged
from .column_checks import ColumnWatch
from .drift import Comparison, compare
from .training_table import has_bins, sampled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from .drift import Profile
    from .training_table import Description

NAMED = 5
"""Columns that a result names; the report has all."""


@dataclass(frozen=True)
class Champion:
    """The version in use; `described`: what it was trained with, where that is known."""

    version: str
    described: Description | None


@dataclass(frozen=True)
class Found:
    """What the checks found, and each column beside what it was for the champion."""

    results: tuple[CheckResult, ...] = ()
    drifts: tuple[Comparison, ...] = ()

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


def ignored_columns(checks: Mapping[str, Any], row_key: str | None) -> frozenset[str]:
    """Columns whose distribution says nothing."""
    said = (checks.get("drift") or {}).get("ignore_columns", ())
    return frozenset((*said, *([row_key] if row_key else [])))


def check(
    checks: Mapping[str, Any],
    table: pa.Table,
    champion: Champion | None,
    *,
    ignored: Collection[str] = (),
) -> Found:
    """All checks, whatever the first ones find."""
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
    drift: Mapping[str, Any], table: pa.Table, champion: Champion | None, ignored: Collection[str]
) -> Iterator[Comparison]:
    """The largest first."""
    known = () if champion is None or champion.described is None else champion.described.profiles
    found = [
        _compared(profile, table, drift.get("bins", 10))
        for profile in known
        if profile.column in table.column_names and profile.column not in ignored
    ]
    yield from sorted(found, key=lambda each: (-each.psi, each.column))


def _compared(profile: Profile, table: pa.Table, bins: int) -> Comparison:
    """Of another type it is as far away as can be."""
    comparable = has_bins(table.schema.field(profile.column).type)
    found = compare(profile, sampled(table, profile.column), bins) if comparable else None
    return found or Comparison(profile.column, ("of another type",), (1.0,), (0.0,))


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
