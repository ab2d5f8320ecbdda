"""The portal of a project, in a browser: from a deployment to a failed week that is made good, watched live.

The tests run in their order and share a local Azure, as a user's day does.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.test_deployment import REPOSITORY, Project
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.conftest import Tab

pytestmark = pytest.mark.timeout(900)  # real runs, on whatever machine
RANGE = ("--from", "2026-11-20", "--to", "2026-11-23")
PATIENCE_MS = 120_000
EMPTY_DAY = "2026-11-19"
INCOMING = "raw/diabetes/incoming/2026/11"
WIDTHS = (1280, 400)
TRIGGERS_ON = ("--set", "schedules=on")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    made.document("deploy", *TRIGGERS_ON)
    made.document("run", "--training")
    yield made
    made.stop()


@pytest.fixture
def portal(project: Project, tab: Tab) -> Portal:
    """Opened as users do it: by the link that `status --open` hands to the browser."""
    return Portal(project, tab)


class Portal:
    def __init__(self, project: Project, tab: Tab) -> None:
        self.tab = tab
        self.page = tab.page
        self.url = f"https://127.0.0.1:{project.port}"
        self.page.goto(handed_to_the_browser(project))
        self.page.wait_for_url(f"{self.url}/portal/runs")

    def go(self, name: str) -> None:
        self.page.goto(f"{self.url}/portal/{name}")

    def click_page(self, name: str) -> None:
        self.page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()

    def statuses(self) -> list[str]:
        """The words, without the shapes."""
        found = self.page.locator("tbody tr td:first-child").all_inner_texts()
        return [each.split()[-1] for each in found]


def handed_to_the_browser(project: Project) -> str:
    """The page that `status --open` has a browser open; the browser here is `true`."""
    command = project.line("status", "--open")
    environment = {**os.environ, "BROWSER": "true %s"}
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=REPOSITORY, timeout=60, env=environment
    )
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["portal"].startswith(
        f"https://127.0.0.1:{project.port}/portal/enter?key="
    )
    page = project.state / "portal.html"
    assert page.stat().st_mode & 0o077 == 0
    return page.as_uri()


def test_a_backfill_is_watched_live(project: Project, portal: Portal) -> None:
    """Its rows come, and change, without the page being loaded again."""
    page = portal.page
    page.evaluate("window.loadedOnce = true")
    with project.started("run", *RANGE) as backfill:
        page.locator("tbody tr").nth(3).wait_for(timeout=PATIENCE_MS)
        assert set(portal.statuses()[:3]) <= {"InProgress", "Queued", "Succeeded"}
        assert backfill.wait(timeout=240) == 0
        page.locator("tbody .status.good").nth(3).wait_for(timeout=PATIENCE_MS)

    assert portal.statuses() == ["Succeeded"] * 4
    assert page.evaluate("window.loadedOnce") is True


def test_a_run_is_shown_with_its_activities_and_the_logs_of_its_steps(portal: Portal) -> None:
    page = portal.page
    page.get_by_role("link", name="score_diabetes").first.click()

    assert "window_start" in page.locator(".facts").first.inner_text()
    for name in ("score", "read_receipt", "check_landing"):
        assert page.locator("svg .name", has_text=re.compile(f"^{name}$")).count() == 1
    page.locator("section.ml summary", has_text="publish").click()
    assert "committed" in page.get_by_role("group", name="Log of publish").inner_text()
    page.evaluate("scrollTo(0, 0)")
    portal.tab.picture("portal-run")


def test_a_whole_log_is_text_and_nothing_else(portal: Portal) -> None:
    portal.page.get_by_role("link", name="score_diabetes").first.click()
    portal.page.locator("section.ml summary", has_text="stage").click()
    address = portal.page.get_by_role("link", name="The whole log").first.get_attribute("href")

    answer = portal.page.request.get(f"{portal.url}{address}")

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "started" in answer.text()


def test_the_report_for_a_ticket_is_one_page_without_a_script(
    project: Project, tab: Tab, tmp_path: Any
) -> None:
    """Of a window that failed: its own policy lets nothing else in; axe finds nothing."""
    project.document("run", "--window", EMPTY_DAY, code=1)
    written = project.command("status", "--check", "--html", str(tmp_path / "report.html"))
    assert written.returncode == 1
    page = tab.page
    page.goto((tmp_path / "report.html").as_uri())

    assert page.locator("script").count() == 0
    assert page.get_by_role("heading", name="Batch scoring, environment local").is_visible()
    assert page.get_by_text(f"diabetes, window {EMPTY_DAY}: failed").is_visible()
    assert page.get_by_role("rowheader", name="2026-11-21").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('table')).borderCollapse") == "collapse"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert tab.violations() == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.set_viewport_size({"width": 1280, "height": 800})
    tab.picture("status-report")


def test_a_failed_window_is_found_on_the_calendar_and_made_good_by_a_click(
    project: Project, portal: Portal
) -> None:
    """Its run goes on from the failed activity, once the input is there; it lands in the same group."""
    folder = project.lake / INCOMING
    page = portal.page
    portal.click_page("Models")
    page.get_by_role("link", name=f"{EMPTY_DAY}: failed").click()
    assert "no such path" in page.locator("#window .message").inner_text()
    portal.tab.picture("portal-models")
    page.locator("#window").get_by_role("link", name="Failed").click()
    portal.tab.picture("portal-failed")
    assert "no such path" in page.locator(".message").first.inner_text()
    failed = page.url

    shutil.copytree(folder / "20", folder / "19")
    page.get_by_role("button", name="Rerun from the failed activity").click()
    page.locator("h1 .status.good").wait_for(timeout=PATIENCE_MS)

    assert page.url != failed
    assert page.get_by_text("Rerun of").is_visible()
    assert page.locator("section.ml summary .status.good").count() == 3
    portal.click_page("Models")
    page.get_by_role("link", name=f"{EMPTY_DAY}: landed").wait_for()


def test_the_calendar_shows_what_landed_and_what_is_missing(project: Project, portal: Portal) -> None:
    """A window leads to its rows, its run and its file."""
    landed = project.lake / "predictions/diabetes/window=2026-11-21T00-00-00Z/predictions.parquet"
    manifest = project.lake / "_landing/diabetes/2026-11-21T00-00-00Z.json"
    kept = manifest.read_bytes()
    portal.click_page("Models")
    page = portal.page
    page.locator("[id='cell-diabetes-2026-11-20T00-00-00Z'].good").wait_for()
    manifest.unlink()
    page.locator("[id='cell-diabetes-2026-11-21T00-00-00Z'].lost").wait_for(timeout=30_000)
    manifest.write_bytes(kept)
    page.locator("[id='cell-diabetes-2026-11-21T00-00-00Z'].good").wait_for(timeout=30_000)

    page.get_by_role("link", name="2026-11-21: landed").click()
    chosen = page.locator("#window")
    assert {"148", "Succeeded"} <= set(chosen.inner_text().split("\n"))
    chosen.get_by_role("link", name="predictions.parquet").click()
    assert landed.name in page.get_by_role("heading").inner_text()
    assert page.get_by_role("columnheader", name="prediction").is_visible()
    assert page.locator("tbody tr").count() == 50
    portal.tab.picture("portal-lake")


def test_triggers_are_shown_with_what_is_to_come(portal: Portal) -> None:
    portal.click_page("Triggers")

    row = portal.page.get_by_role("row", name="tr_score_diabetes_daily")
    assert "06:00" in row.inner_text()
    portal.tab.picture("portal-triggers")


def test_folders_lead_to_files_and_back(portal: Portal) -> None:
    page = portal.page
    portal.click_page("Lake")
    for name in ("localbatchscoring/", "data/", "raw/", "diabetes/", "incoming/", "2026/", "11/", "22/"):
        page.get_by_role("link", name=name).first.click()
    page.get_by_role("link", name=".csv").first.click()

    assert page.get_by_role("columnheader", name="patient_id").is_visible()
    page.get_by_role("link", name="incoming").click()
    assert page.get_by_role("link", name="2026/").is_visible()


def addresses(portal: Portal) -> list[str]:
    """A page of each kind."""
    run = portal.page.locator("tbody th a").first.get_attribute("href")
    data = "lake?at=localbatchscoring/data"
    window = "window=2026-11-22T00-00-00Z"
    return [
        "runs",
        "runs?status=Cancelled",
        str(run).removeprefix("/portal/"),
        "triggers",
        "models",
        f"models?model=diabetes&{window}",
        data,
        f"{data}/predictions/diabetes/{window}/predictions.parquet",
        f"{data}/_landing/diabetes/2026-11-22T00-00-00Z.json",
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page(portal: Portal, scheme: Any) -> None:
    """In either scheme, wide and narrow; with everything opened."""
    page = portal.page
    page.emulate_media(color_scheme=scheme)
    for address in addresses(portal):
        portal.go(address)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})

            assert portal.tab.violations() == [], address
            assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_a_keyboard_is_enough(portal: Portal) -> None:
    """First a way past the navigation; then to a run, an activity's particulars, and what can be done."""
    page = portal.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"

    focus(portal, "score_diabetes")
    page.keyboard.press("Enter")
    page.wait_for_url("**/portal/runs/*")
    focus(portal, "Rerun all")
    focus(portal, "read_receipt")
    page.keyboard.press("Enter")
    assert page.locator("details.activity[open] .name").first.inner_text().strip().startswith("read_receipt")


_FOCUSED = """() => {
    const focused = document.activeElement;
    return [focused.tagName, focused.textContent, getComputedStyle(focused).outlineStyle];
}"""


def focus(portal: Portal, text: str) -> None:
    """A link, button or summary, by Tab alone; what is focused is seen to be."""
    for _ in range(60):
        portal.page.keyboard.press("Tab")
        kind, said, outline = portal.page.evaluate(_FOCUSED)
        if text in said and kind in ("A", "BUTTON", "SUMMARY"):
            assert outline == "solid"
            return
    raise AssertionError(f"{text} is not reached by Tab")


def test_pages_work_without_a_script(project: Project, chromium: Any) -> None:
    """All but the news."""
    with chromium.new_context(ignore_https_errors=True, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(handed_to_the_browser(project))
        page.wait_for_url("**/portal/runs")
        page.get_by_label("Status").select_option("Failed")
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("link", name="score_diabetes").first.click()

        assert page.get_by_role("button", name="Rerun from the failed activity").is_visible()
        assert page.get_by_text("load the page again for news").is_visible()


def test_the_pictures_of_the_runs_in_both_schemes(portal: Portal) -> None:
    """The README shows them."""
    portal.page.locator("tbody tr").nth(4).wait_for()
    portal.tab.picture("portal-runs")
    portal.page.emulate_media(color_scheme="dark")
    portal.tab.picture("portal-runs-dark")


def test_an_open_tab_says_that_the_local_azure_has_stopped(project: Project, portal: Portal) -> None:
    """And does not keep it from stopping."""
    project.stop()
    portal.page.get_by_text("The local Azure does not answer").wait_for(timeout=30_000)
    portal.tab.complaints.clear()  # the browser says it, too
