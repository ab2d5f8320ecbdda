"""A status as one page: exactly this, and never more than text of what Azure says."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deployment import status_page
from deployment.errors import PageError
from deployment.window_status import WindowStatus
from tests.golden.test_plan_output import (
    FAILED,
    LANDED_DAY,
    LANDED_WINDOW,
    RUNS,
    STATUS,
    UNFINISHED,
    before,
    expected_of,
)

GOLDEN = Path(__file__).parent / "output/status_late.html"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOSTILE = "\"'><script>alert(1)</script>"
WINDOWS = [
    WindowStatus("churn", LANDED_DAY, "failed", timedelta(minutes=61), expected_of(LANDED_DAY), FAILED),
    WindowStatus("churn", before(1), "did not run", timedelta(hours=25), expected_of(before(1))),
    replace(LANDED_WINDOW, window=before(2), expected=expected_of(before(2))),
]
LATE = replace(STATUS, runs=RUNS, models=[replace(STATUS.models[0], windows=WINDOWS)])


def test_a_status_that_is_not_well_is_this_page():
    """Golden: the windows' states, how late each is, the runs with their errors."""
    page = status_page.page(LATE, NOW)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_text(page, encoding="utf-8")

    assert page == GOLDEN.read_text(encoding="utf-8")


def test_a_status_that_is_well_says_so():
    """And one whose deployment died says that."""
    well = replace(LATE, runs=[], models=[replace(STATUS.models[0], windows=[LANDED_WINDOW])])

    assert "All is well" in status_page.page(well, NOW)
    assert UNFINISHED.by in status_page.page(replace(well, unfinished=UNFINISHED), NOW)


def test_what_azure_says_stays_text():
    run = replace(FAILED, error=HOSTILE, pipeline=HOSTILE, trigger=HOSTILE)
    window = replace(WINDOWS[0], model=HOSTILE, run=run)
    model = replace(STATUS.models[0], model=HOSTILE, version=HOSTILE, windows=[window])

    page = status_page.page(replace(LATE, runs=[run], models=[model]), NOW)

    assert "<script" not in page
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;") >= 5


def test_the_pages_policy_lets_its_own_style_in_and_nothing_else():
    page = status_page.page(LATE, NOW)
    (style,) = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    assert not re.search(r"\sstyle=|\son\w+=|https?://", page)


def test_it_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "status.html"
    file.write_text("before")
    with pytest.raises(PageError):
        status_page.write(LATE, NOW, tmp_path / "nowhere/status.html")
    with pytest.raises(PageError):
        status_page.write(LATE, NOW, tmp_path)

    status_page.write(LATE, NOW, file)

    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [each.name for each in tmp_path.iterdir()] == ["status.html"]
