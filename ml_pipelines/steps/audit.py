"""The checks of a window before it is published: `output.checks` of the configuration.

In go the parts as they will be written; out comes what each check found, and what the next window's checks
compare with: the columns, and the distribution of the score. Only the columns that a check names are read, a
batch at a time, once; a query in SQL reads all of them once more.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import sql_checks
from .check_results import CheckResult, columns_differ, compact, compact_columns, judged, skipped
from .column_checks import ColumnWatch
from .drift import Profile, Sample, profile_of, psi
from .errors import CheckImpossible, LakePathMissing
from .landing import manifest_folder, manifest_path
from .results import PREDICTION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from .lake import Lake
    from .parts import Scored
    from .work import Plan

LOOK_BACK = 10
"""Earlier windows that are looked at for one that landed with rows."""


@dataclass(frozen=True)
class Audit:
    """What the checks found, and what a file's own record says for those of the next window."""

    results: tuple[CheckResult, ...]
    columns: str
    profile: str

    @property
    def failures(self) -> list[CheckResult]:
        return [result for result in self.results if result.failed]

    def record(self) -> dict[str, str]:
        return {"checks": compact(self.results), "columns": self.columns, "profile": self.profile}


def audit(plan: Plan, scored: Scored, lake: Lake) -> Audit:
    """Raises CheckImpossible where a check needs a package that is not there, or cannot be understood."""
    checks = plan.checks
    _check_texts(plan, scored)
    last = _last_window(plan, lake) if _looks_back(checks) and scored.rows else {}
    columns = _columns_of(scored) if scored.rows else ""
    watches, sample = _seen(checks, scored)
    results = [
        *_counts(checks, scored),
        *(result for watch in watches for result in watch.results()),
        *_without_values(checks, scored),
        *_schema(checks, columns, last),
        *_drift(plan, scored, sample, last),
        *_sql(plan, scored),
    ]
    profile = "" if sample is None else profile_of(_drift_column(checks), sample, scored.rows).to_json()
    return Audit(tuple(results), columns, profile)


def _check_texts(plan: Plan, scored: Scored) -> None:
    """Raises CheckImpossible where values are to be compared that have no text: lists, structs."""
    import pyarrow as pa

    columns = plan.checks.get("columns", {})
    compared = {
        name: f"columns.{name}.allowed_values" for name in columns if "allowed_values" in columns[name]
    }
    drift = _drift_column(plan.checks)
    for name, check in [*compared.items(), *([(drift, "drift")] if drift else [])]:
        kind = scored.schema.field(name).type if name in scored.schema.names else pa.string()
        if pa.types.is_nested(kind):
            why = f"the column {name!r} is {kind}, whose values have no text. Have run() return one"
            raise CheckImpossible(f"{plan.model}, window {plan.window_id}: `{check}`", why)


def _columns_of(scored: Scored) -> str:
    return compact_columns((field.name, str(field.type)) for field in scored.landed)


# ------------------------------------------------------------------------------------------- rows, columns


def _counts(checks: Mapping[str, Any], scored: Scored) -> Iterator[CheckResult]:
    minimum, share = checks.get("minimum_rows"), checks.get("minimum_share_of_input_percent")
    if minimum is not None:
        found = f"{scored.rows} rows"
        yield judged("minimum_rows", found, f"at least {minimum}", passed=scored.rows >= minimum)
    if share is not None:
        percent = 100 * scored.rows / scored.rows_in if scored.rows_in else 100.0
        found = f"{percent:.4g} % ({scored.rows} of {scored.rows_in} rows)"
        name = "minimum_share_of_input_percent"
        yield judged(name, found, f"at least {share:g} %", passed=percent >= share)


def _seen(checks: Mapping[str, Any], scored: Scored) -> tuple[list[ColumnWatch], pa.Array | None]:
    """The columns after one look at all their rows, and a sample of the score where its drift is watched."""
    watches = [
        ColumnWatch(name, wanted)
        for name, wanted in checks.get("columns", {}).items()
        if name in scored.schema.names and scored.rows
    ]
    score = _drift_column(checks)
    sample = Sample(scored.rows) if score in scored.schema.names and scored.rows else None
    names = list(dict.fromkeys([*(watch.name for watch in watches), *([score] if sample else [])]))
    for table in scored.batches(names) if names else ():
        for watch in watches:
            watch.see(table.column(watch.name))
        if sample is not None:
            sample.see(table.column(score))
    return watches, None if sample is None else sample.values()


def _without_values(checks: Mapping[str, Any], scored: Scored) -> Iterator[CheckResult]:
    """Checks of columns that are not there, or of a window without rows."""
    there = f"no such column; there are {', '.join(scored.schema.names)}"
    for name, wanted in checks.get("columns", {}).items():
        if name in scored.schema.names and scored.rows:
            continue
        for check in (f"columns.{name}.{check}" for check in wanted):
            yield (
                judged(check, there, "a column", passed=False) if scored.rows else skipped(check, "a column")
            )


# ------------------------------------------------------------------------------------------- windows before


def _looks_back(checks: Mapping[str, Any]) -> bool:
    against = checks.get("drift", {}).get("against")
    return checks.get("schema_change") == "fail" or against == "last_window"


def _last_window(plan: Plan, lake: Lake) -> dict[str, Any]:
    """The manifest of the newest earlier window that landed with rows; empty where there is none.

    A damaged one is none, as for stage: a rerun of that window writes it again.
    """
    names = [name.removesuffix(".json") for name in lake.names(manifest_folder(plan.model))]
    earlier = sorted((name for name in names if name < plan.window_id and name[:1].isdigit()), reverse=True)
    for window_id in earlier[:LOOK_BACK]:
        try:
            found = json.loads(lake.read(manifest_path(plan.model, window_id)))
        except (LakePathMissing, ValueError):
            continue
        if isinstance(found, dict) and found.get("rows_scored"):
            return found
    return {}


def _schema(checks: Mapping[str, Any], columns: str, last: Mapping[str, Any]) -> Iterator[CheckResult]:
    if checks.get("schema_change") != "fail":
        return
    if not columns or not last.get("columns"):
        found = "no rows" if not columns else "no earlier window that says its columns"
        yield CheckResult("schema_change", "skipped", found, "none")
        return
    allowed = f"the columns and types of window {last['window_id']}"
    before = compact_columns(last["columns"].items())
    difference = columns_differ(before, columns)
    yield judged("schema_change", difference or "none", allowed, passed=not difference)


# ------------------------------------------------------------------------------------------- drift


def _drift_column(checks: Mapping[str, Any]) -> str:
    """`""` where no drift is watched."""
    drift = checks.get("drift")
    return str(drift.get("column", PREDICTION)) if drift else ""


def _drift(
    plan: Plan, scored: Scored, sample: pa.Array | None, last: Mapping[str, Any]
) -> Iterator[CheckResult]:
    drift = plan.checks.get("drift")
    if not drift:
        return
    column, bound = _drift_column(plan.checks), drift.get("maximum_psi", 0.2)
    allowed = f"at most {bound:g}"
    if sample is None:
        found = f"no column {column!r}" if scored.rows else "no rows"
        yield CheckResult("drift", "failed" if scored.rows else "skipped", found, allowed)
        return
    known, reference, none = _reference(plan, last)
    if known is None:
        default = "fail" if drift["against"] == "training" else "skip"
        strict = (drift.get("without_reference") or default) == "fail"
        yield CheckResult("drift", "failed" if strict else "skipped", none, allowed)
        return
    distance = psi(known, sample, drift.get("bins", 10))
    found = f"PSI {distance:.4f} of {column} against {reference}"
    yield judged("drift", found, allowed, passed=distance <= bound)


def _reference(plan: Plan, last: Mapping[str, Any]) -> tuple[Profile | None, str, str]:
    """The distribution that is known, its name, and what to say where it is not known."""
    if plan.checks["drift"]["against"] == "training":
        version = f"model version {plan.model_version}"
        none = (
            f"nothing to compare with: {version} does not say how its predictions were distributed in "
            "training (evaluate.py writes predictions.csv beside its metrics)"
        )
        return Profile.from_json(plan.training_profile), f"the training of {version}", none
    profile = last.get("profile")
    none = "nothing to compare with: no earlier window says how its score was distributed"
    known = Profile.from_json(json.dumps(profile)) if profile else None
    return known, f"window {last.get('window_id')}", none


# ------------------------------------------------------------------------------------------- SQL


def _sql(plan: Plan, scored: Scored) -> Iterator[CheckResult]:
    queries = plan.checks.get("sql", {})
    if not scored.rows:
        yield from (skipped(f"sql.{name}", sql_checks.NONE_ALLOWED) for name in queries)
        return

    def rows() -> pa.RecordBatchReader:
        import pyarrow as pa

        tables = scored.batches(scored.schema.names)
        batches = (batch for table in tables for batch in table.to_batches())
        return pa.RecordBatchReader.from_batches(scored.schema, batches)

    yield from sql_checks.results(queries, rows, f"{plan.model}, window {plan.window_id}")
