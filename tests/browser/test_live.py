"""What is put into a page that somebody looks at leaves alone what they do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.portal import Factory, link
from tests.unit.sandbox.datafactory.local_factory import wait

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.conftest import Tab
    from tests.conftest import LocalAzure


@pytest.fixture
def running(sandbox: LocalAzure, tab: Tab) -> Iterator[Page]:
    """The page of a run that goes on."""
    factory = Factory(sandbox)
    factory.pipeline("p", wait("first", 0), wait("long", 3600, after={"first": ["Succeeded"]}))
    run_id = factory.start("p")
    tab.page.goto(link(sandbox))
    tab.page.wait_for_url("**/portal/runs")
    tab.page.goto(f"{sandbox.control}{factory.page(f'runs/{run_id}')}")
    yield tab.page
    tab.page.get_by_role("button", name="Cancel").click()
    tab.page.locator("h1 .status.off").wait_for()


def looked_again(page: Page) -> None:
    """Twice: what the first look brought is on the page when the second one ends."""
    for _ in range(2):
        with page.expect_response("**/portal/runs/*"):
            pass


def test_what_is_opened_and_focused_stays_so(running: Page) -> None:
    summary = running.locator("summary", has_text="first")
    summary.click()
    before = running.locator("dt", has_text="Duration").locator("xpath=../dd").inner_text()

    looked_again(running)

    assert running.locator("dt", has_text="Duration").locator("xpath=../dd").inner_text() != before
    assert running.locator("details[open] summary", has_text="first").count() == 1
    assert "first" in str(running.evaluate("document.activeElement.textContent"))


def test_what_is_selected_to_be_copied_stays_so(running: Page) -> None:
    """And what has changed meanwhile comes afterwards."""
    running.locator("code").first.select_text()
    selected = running.evaluate("String(getSelection())")
    duration = running.locator("dt", has_text="Duration").locator("xpath=../dd")
    before = duration.inner_text()

    looked_again(running)

    assert running.evaluate("String(getSelection())") == selected
    assert duration.inner_text() == before
    running.evaluate("getSelection().removeAllRanges()")
    looked_again(running)
    assert duration.inner_text() != before
