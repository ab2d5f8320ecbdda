"""Queries over runs: filters, order, pages."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.run_queries import PIPELINE_RUNS, query
from sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "state.db")) as opened:
        yield opened


def put(store: Store, *runs: Json) -> None:
    for one in runs:
        store.put("factory", PIPELINE_RUNS.documents, one["runId"], one)


def ask(store: Store, **asked: Any) -> tuple[list[str], str | None]:
    page, token = query(PIPELINE_RUNS, store, "factory", {**ALWAYS, **asked})
    return [one["runId"] for one in page], token


@pytest.mark.parametrize(
    ("operand", "operator", "values", "expected"),
    [
        ("PipelineName", "Equals", ["SCORE"], ["run-0001"]),
        ("PipelineName", "NotEquals", ["score"], ["run-0002"]),
        ("PipelineName", "In", ["ÜBERPRÜFUNG", "x"], ["run-0002"]),
        ("PipelineName", "Equals", ["' OR 1=1 --"], []),
        ("Status", "In", ["Failed", "Cancelled"], ["run-0002"]),
        ("Status", "NotIn", ["Failed"], ["run-0001"]),
        ("LatestOnly", "Equals", ["true"], ["run-0001"]),
        ("LatestOnly", "Equals", ["false"], ["run-0001", "run-0002"]),
        ("RunGroupId", "Equals", ["run-0002"], ["run-0002"]),
        ("RunStart", "Equals", ["2026-11-22T00:01:00Z"], ["run-0001"]),
    ],
)
def test_filters(store: Store, operand: str, operator: str, values: list[str], expected: list[str]) -> None:
    """Names without regard to case, instants as instants."""
    put(store, run(1), run(2, pipelineName="Überprüfung", status="Failed", isLatest=False))

    found, _ = ask(store, filters=[{"operand": operand, "operator": operator, "values": values}])

    assert found == expected


def test_the_time_range_includes_its_ends(store: Store) -> None:
    """lastUpdated between the two, both included."""
    put(store, *(run(number) for number in range(5)))
    asked = {"lastUpdatedAfter": "2026-11-22T00:01:00Z", "lastUpdatedBefore": "2026-11-22T00:03:00Z"}

    assert ask(store, **asked)[0] == ["run-0001", "run-0002", "run-0003"]


def pages(store: Store, **asked: Any) -> Iterator[list[str]]:
    token: str | None = None
    while True:
        page, token = ask(store, continuationToken=token, **asked)
        yield page
        if token is None:
            return


def test_pages_follow_each_other_whatever_is_added(store: Store) -> None:
    """A new run that sorts before the next page does not make a run appear twice or not at all."""
    put(store, *(run(number) for number in range(250)))
    seen = []
    for page in pages(store, orderBy=[{"orderBy": "RunStart", "order": "DESC"}]):
        seen += page
        put(store, run(250 + len(seen)))

    assert seen == [f"run-{number:04}" for number in range(249, -1, -1)]


def test_pages_are_in_the_order_of_several_fields(store: Store) -> None:
    """Runs that are not over sort before those that are; equal ones by their id."""
    names = {number: f"p{number % 3}" for number in range(230)}
    runs = [run(number, pipelineName=name, runEnd=None) for number, name in names.items()]
    put(store, *runs)
    order = [
        {"orderBy": "PipelineName", "order": "DESC"},
        {"orderBy": "RunEnd", "order": "ASC"},
        {"orderBy": "RunStart", "order": "DESC"},
    ]

    seen = [one for page in pages(store, orderBy=order) for one in page]

    expected = sorted(names, key=lambda number: (-(number % 3), -number))
    assert seen == [f"run-{number:04}" for number in expected]


def test_a_filter_may_have_more_values_than_sqlite_has_variables(store: Store) -> None:
    """As who asks for the runs of a year does."""
    put(store, *(run(number) for number in range(3)))
    many = [f"other-{number}" for number in range(40_000)]

    def ids(operator: str, *values: str) -> list[str]:
        return ask(store, filters=[{"operand": "RunGroupId", "operator": operator, "values": [*values]}])[0]

    assert ids("In", *many, "RUN-0001") == ["run-0001"]
    assert ids("NotIn", *many, "run-0001") == ["run-0000", "run-0002"]


def test_as_many_filters_and_orders_as_are_taken_make_a_query(store: Store) -> None:
    """And its second page."""
    put(store, *(run(number) for number in range(150)))
    filters = [{"operand": "Status", "operator": "Equals", "values": ["Succeeded"]}] * 100
    order = [{"orderBy": "RunStart", "order": "DESC"}] * 100

    assert [len(page) for page in pages(store, filters=filters, orderBy=order)] == [100, 50]


def test_a_query_reads_its_page_and_no_other_body(store: Store) -> None:
    """The rest of the runs is looked at in an index: bodies that are no runs at all do not matter."""
    put(store, *(run(number) for number in range(300)))
    plans = []
    store._connection.set_trace_callback(plans.append)

    found, _ = ask(store, filters=[{"operand": "Status", "operator": "Equals", "values": ["Succeeded"]}])

    store._connection.set_trace_callback(None)
    (search,) = [sql for sql in plans if sql.startswith("SELECT position")]
    plan = store._connection.execute(f"EXPLAIN QUERY PLAN {search}").fetchall()
    assert any("USING INDEX pipeline_runs" in step[3] for step in plan), plan
    assert len([sql for sql in plans if sql.startswith("SELECT body")]) == 101
    assert len(found) == 100


@pytest.mark.parametrize(
    "asked",
    [
        {"lastUpdatedAfter": None},
        {"lastUpdatedAfter": "0001-01-01T00:00:00+10:00"},
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
        {"filter": []},
        {"filters": [{"operand": "Status", "operator": "Equals", "value": ["a"], "values": ["a"]}]},
        {"filters": [{"operand": "Status", "operator": "Equals", "values": ["a"]}] * 101},
        {"orderBy": [{"orderBy": "RunStart", "order": "ASC", "direction": "ASC"}]},
    ],
    ids=lambda asked: str(asked)[:80],
)
def test_queries_that_make_no_sense_are_refused(store: Store, asked: Json) -> None:
    """400, never an empty list that looks like an answer."""
    with pytest.raises(BadRequest):
        ask(store, **asked)
