"""Each snippet of the page is deployed as far as its plan, and the plan is what the page shows."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from adf.entities import resolve
from adf.errors import GenerationError
from config.errors import ConfigurationError
from config.loader import positions
from deployment import desired, report
from deployment.origins import Origins
from deployment.planner import plan
from deployment.resources import NOTHING, Observed
from tests.docs.pages import Block, blocks, messages, shows
from tests.docs.project import Project
from tests.unit.deployment.fakes import Live

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Settings

PAGE = "docs/change-a-schedule.md"
NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
SHOWN = [(block, plan_) for block, plan_ in pairwise(blocks(PAGE)) if block.kind == "model"]
OVERRIDES = [block for block in blocks(PAGE) if block.kind == "environment"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.copied(tmp_path / "clone")


def planned(project: Project, block: Block | None, live: Observed = NOTHING) -> str:
    """What `plan` says of the local environment with a page's block added, against what is live."""
    settings = project.settings(block, "diabetes")
    made = plan(desired.build(settings), live, now=NOW)
    origins = Origins(settings, desired.contracts(settings), positions(project.folder, "page"))
    lines = report.plan_lines(made, heading="", now=NOW, origins=origins)
    return "\n".join(line.text for line in lines)


def deployed(settings: Settings) -> Observed:
    """The triggers as they are live once these settings have been deployed."""
    triggers = [each for each in desired.build(settings).entities if each.kind == "trigger"]
    bodies = [resolve(each.properties, {}, lambda start: start.at(NOW)) for each in triggers]
    return Observed(
        factory_exists=True,
        entities=tuple(
            Live(each.kind, each.name, body | {"runtimeState": "Started"}, "e1")
            for each, body in zip(triggers, bodies, strict=True)
        ),
    )


def test_the_edit_is_planned_as_the_page_shows(project: Project) -> None:
    """A live trigger, and a line of its model's file."""
    before = deployed(project.settings(None, "diabetes"))
    (edit,) = (block for block in blocks(PAGE) if block.language == "diff")
    shown = next(block for block in blocks(PAGE) if block.language == "text")
    project.write(edit)
    after = planned(project, None, before)

    assert shows(shown.text, after), after
    assert after.count(" trigger ") == 1


@pytest.mark.parametrize(("snippet", "shown"), SHOWN, ids=lambda block: f"line {block.line}")
def test_a_recipe_is_planned_as_the_page_shows(snippet: Block, shown: Block, project: Project) -> None:
    """Its triggers, new ones, and when they fire."""
    made = planned(project, snippet)

    assert shown.language == "text"
    assert shows(shown.text, made), made


@pytest.mark.parametrize("snippet", OVERRIDES, ids=lambda block: f"line {block.line}")
def test_an_environment_may_override_schedules(snippet: Block, project: Project) -> None:
    """As the page says: the schedule that it takes away is gone, the others are not."""
    schedules = project.settings(snippet, "diabetes").models["diabetes"].schedules

    assert (list(schedules.score), list(schedules.train)) == (["daily"], [])


CALENDAR = "type: calendar, frequency: Day, start: 2026-11-01T06:30:00"
REFUSED = {
    "found `week_days`": f"{{{CALENDAR}, week_days: [Monday]}}",
    "found the IANA time zone": f"{{{CALENDAR}, time_zone: Europe/Berlin}}",
    "found `0`": f"{{{CALENDAR}, interval: 0}}",
    "found `2026-11-01T06:30:00+01:00`": f"{{{CALENDAR}+01:00}}",
    "found `2026-11-01T06:30:00`,": f"{{{CALENDAR}, hours: [6]}}",
    "no window": "{type: tumbling, frequency: Hour, interval: 12}",
}


@pytest.mark.parametrize("message", messages(PAGE))
def test_what_is_refused_is_told_as_the_page_says(message: str, project: Project) -> None:
    """Nothing of it is made up."""
    (schedule,) = (text for begin, text in REFUSED.items() if message.startswith(begin))
    block = Block("yaml", "model", f"schedules: {{score: {{daily: null, other: {schedule}}}}}\n", None, 0)
    with pytest.raises((ConfigurationError, GenerationError)) as caught:
        desired.build(project.settings(block, "diabetes"))

    assert shows(message, str(caught.value))


def test_every_refusal_is_on_the_page() -> None:
    assert len(messages(PAGE)) == len(REFUSED)
