"""The calendar of triggers: what fired is counted, what will fire is told."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.portal import Factory, Visitor
from tests.unit.sandbox.datafactory.local_factory import wait

if TYPE_CHECKING:
    from tests.conftest import LocalAzure


@pytest.fixture
def factory(sandbox: LocalAzure) -> Factory:
    made = Factory(sandbox)
    made.pipeline("p", wait("w", 0))
    return made


@pytest.fixture
def today() -> datetime:
    """Its midnight; of a day that goes on while the test runs."""
    now = datetime.now(UTC)
    if (now + timedelta(minutes=2)).date() > now.date():
        time.sleep(121)
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def tumbling(start: datetime, **more: Any) -> dict[str, Any]:
    return {
        "type": "TumblingWindowTrigger",
        "pipeline": {"pipelineReference": {"referenceName": "p", "type": "PipelineReference"}},
        "typeProperties": {
            "frequency": "Hour",
            "interval": 24,
            "startTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "maxConcurrency": 10,
            **more,
        },
    }


def row_of(page: str, trigger: str) -> str:
    """What stands on the row, as text."""
    (row,) = [row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if f">{trigger}<" in row]
    return " ".join(re.sub(r"<[^>]+>", " ", row).split())


def test_what_fired_is_counted_by_what_became_of_it(
    visitor: Visitor, factory: Factory, today: datetime
) -> None:
    """On the day that it fired: a backfill's windows on the day of the backfill."""
    factory.put("triggers", "tr_windows", tumbling(today - timedelta(days=3)))
    factory.azure.arm("POST", f"{factory.path}/triggers/tr_windows/start").raise_for_status()
    deadline = time.monotonic() + 60
    while "Succeeded: 3" not in (row := row_of(visitor.page(factory.page("triggers")), "tr_windows")):
        assert time.monotonic() < deadline, row
        time.sleep(0.2)

    assert "Started" in row
    assert row.count("00:00 to come") == 7
    earlier = f"{today - timedelta(days=400):%Y-%m-%d}"
    assert "Succeeded" not in row_of(
        visitor.page(factory.page("triggers", **{"from": earlier})), "tr_windows"
    )


def test_what_is_stopped_or_waits_for_files_has_no_times(
    visitor: Visitor, factory: Factory, today: datetime
) -> None:
    factory.put("triggers", "tr_stopped", tumbling(today))

    row = row_of(visitor.page(factory.page("triggers")), "tr_stopped")

    assert "Stopped" in row
    assert "to come" not in row


@pytest.mark.parametrize("day", ["x", "2026-13-01", "0001-01-01", "9999-12-31", "<script>"])
def test_a_day_that_the_calendar_does_not_have_is_not_found(
    visitor: Visitor, factory: Factory, day: str
) -> None:
    assert visitor.ask("GET", factory.page("triggers", **{"from": day})).status_code == 404


def test_a_factory_without_triggers_says_where_schedules_are(visitor: Visitor, factory: Factory) -> None:
    assert "deploy.py --env local" in visitor.page(factory.page("triggers"))
    assert "config/models" in visitor.page(factory.page("models"))
