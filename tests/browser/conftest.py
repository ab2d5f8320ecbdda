"""A Chromium that is installed on the machine, driven by Playwright; without one these tests are skipped."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.npm import modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

IMAGES = Path(__file__).parents[2] / "docs/images"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Tab:
    """A tab of a browser, with all that its pages complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def violations(self) -> list[str]:
        """What axe finds; from outside, as the page's policy lets no foreign script in."""
        self.page.evaluate((modules() / "axe-core/axe.min.js").read_text(encoding="utf-8"))
        found: dict[str, Any] = self.page.evaluate("axe.run()")
        return [
            f"{one['id']}: {node['target']} {node['failureSummary']}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def picture(self, name: str) -> None:
        """Kept as documentation, where UPDATE_IMAGES is set; without the empty ground below."""
        if os.environ.get("UPDATE_IMAGES"):
            content = self.page.locator("main").bounding_box() or {}
            height = min(800, content["y"] + content["height"])
            clip = {"x": 0, "y": 0, "width": 1280, "height": height}
            self.page.screenshot(path=IMAGES / f"{name}.png", animations="disabled", clip=clip)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """No longer than a module: as long as Playwright runs, its thread has an event loop that runs too."""
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(_NAMES)} is installed: the pages are not opened in a browser")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def tab(chromium: Browser) -> Iterator[Tab]:
    """Any complaint that the browser has of a page fails the test."""
    with chromium.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 800}) as context:
        opened = Tab(context.new_page())
        opened.page.on("console", lambda said: opened.complaints.append(f"{said.type}: {said.text}"))
        opened.page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        yield opened
        assert opened.complaints == []
