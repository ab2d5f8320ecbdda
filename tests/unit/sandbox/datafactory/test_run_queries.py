"""Queries over runs: filters, order, pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.run_queries import PIPELINE_RUNS, query

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

ALWAYS = {"lastUpdatedAfter": "2026-01-01T00:00:00Z", "lastUpdatedBefore": "2027-01-01T00:00:00Z"}


def run(number: int, **facts: Any) -> Json:
    moment = f"2026-11-22T{number // 60:02}:{number % 60:02}:00.0000000Z"
    return {
        "runId": f"run-{number:04}",
        "runGroupId": f"run-{number:04}",
        "pipelineName": "score",
        "status": "Succeeded",
        "runStart": moment,
        "runEnd": moment,
        "lastUpdated": moment,
        "isLatest": True,
        **facts,
    }


def found(runs: list[Json], **asked: Any) -> list[str]:
    return [one["runId"] for one in query(PIPELINE_RUNS, runs, {**ALWAYS, **asked})[0]]


@pytest.mark.parametrize(
    ("operand", "operator", "values", "expected"),
    [
        ("PipelineName", "Equals", ["SCORE"], ["run-0001"]),
        ("PipelineName", "NotEquals", ["score"], ["run-0002"]),
        ("Status", "In", ["Failed", "Cancelled"], ["run-0002"]),
        ("Status", "NotIn", ["Failed"], ["run-0001"]),
        ("LatestOnly", "Equals", ["true"], ["run-0001"]),
        ("RunGroupId", "Equals", ["run-0002"], ["run-0002"]),
        ("RunStart", "Equals", ["2026-11-22T00:01:00Z"], ["run-0001"]),
    ],
)
def test_filters(operand: str, operator: str, values: list[str], expected: list[str]) -> None:
    """Names without regard to case, instants as instants."""
    runs = [run(1), run(2, pipelineName="train", status="Failed", isLatest=False)]

    assert expected == found(runs, filters=[{"operand": operand, "operator": operator, "values": values}])


def test_the_time_range_includes_its_ends() -> None:
    """lastUpdated between the two, both included."""
    runs = [run(number) for number in range(5)]
    asked = {"lastUpdatedAfter": "2026-11-22T00:01:00Z", "lastUpdatedBefore": "2026-11-22T00:03:00Z"}

    assert found(runs, **asked) == ["run-0001", "run-0002", "run-0003"]


def test_pages_follow_each_other_whatever_is_added() -> None:
    """A new run that sorts before the next page does not make a run appear twice or not at all."""
    runs = [run(number) for number in range(250)]
    order = [{"orderBy": "RunStart", "order": "DESC"}]
    seen: list[str] = []
    token: str | None = None
    while True:
        page, token = query(PIPELINE_RUNS, runs, {**ALWAYS, "orderBy": order, "continuationToken": token})
        seen += [one["runId"] for one in page]
        runs.append(run(len(runs)))
        if token is None:
            break

    assert seen == [f"run-{number:04}" for number in range(249, -1, -1)]


@pytest.mark.parametrize(
    "asked",
    [
        {"lastUpdatedAfter": None},
        {"lastUpdatedBefore": "yesterday"},
        {"filters": [{"operand": "Name", "operator": "Equals", "values": ["a"]}]},
        {"filters": [{"operand": "Status", "operator": "Like", "values": ["a"]}]},
        {"filters": [{"operand": "Status", "operator": "Equals", "values": []}]},
        {"orderBy": [{"orderBy": "RunGroupId", "order": "ASC"}]},
        {"orderBy": [{"orderBy": "RunStart", "order": "UP"}]},
        {"continuationToken": "made up"},
        {"continuationToken": "W10="},
        {"continuationToken": "eyJydW5FbmQiOiAiIn0="},
        {"filters": {"operand": "Status"}},
        {"filters": ["Status"]},
    ],
    ids=str,
)
def test_queries_that_make_no_sense_are_refused(asked: Json) -> None:
    """400, never an empty list that looks like an answer."""
    with pytest.raises(BadRequest):
        query(PIPELINE_RUNS, [run(1)], {**ALWAYS, **asked})
