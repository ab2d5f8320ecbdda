"""The page that is written: whole, harmless, and not larger than a browser likes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from deployment.rehearsal.page import MOST_BARS, MOST_CELLS, page
from deployment.rehearsal.story import story
from tests.unit.deployment.rehearsal.timetables import BERLIN, ml_run, not_run, run, settings, timetable

HOSTILE = '</td><script>alert("1")</script><img src=x onerror=alert(1)>&"'


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found = set()
        self.attributes = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found.add(tag)
        self.attributes |= {name for name, _ in attributes}


def told(*entries, **said):
    return page(
        story(timetable(*entries, **said), settings(ours={"window": {"every": "day", "time_zone": BERLIN}}))
    )


def test_names_and_errors_of_others_stay_text():
    """A trigger of a foreign factory may be called anything; an error is whatever a script printed."""
    failed = run(HOSTILE, "p", "06T00:00", "06T00:10", window="05", status="Failed", error=HOSTILE)
    waits = not_run("b", "06T00:00", "05", (HOSTILE, "05"))
    late = run(
        "c", "p", "07T00:00", "07T02:00", started="2026-03-07T01:00:00Z", waited_for=failed["waited_for"]
    )

    text = told(failed, waits, late)

    assert {"script", "img"} & Tags(text).found == set()
    assert "onerror" not in Tags(text).attributes
    assert text.count("&lt;script&gt;") >= 3


def test_it_needs_nothing_else():
    """No request leaves the browser, by its own words too."""
    text = told(
        run("t", "score_ours", "05T06:00", "05T06:10", ml=[ml_run("05T06:00", "05T06:00", "05T06:09")])
    )

    assert "default-src 'none'" in text
    assert not re.search(r"<link|<script|@import|url\(|https?://", text)


def test_an_empty_month_has_a_page():
    """Nothing fired, nothing waited, no node was wanted."""
    assert "<h1>Rehearsal of prod</h1>" in told()


def test_large_months_are_drawn_small():
    """Of the day with the most runs the longest waits, and windows several to a cell."""
    fires = [
        run(
            f"t{number}",
            "score_ours",
            f"{day:02}T00:00",
            f"{day:02}T03:00",
            started=f"2026-03-{day:02}T01:00:00Z",
        )
        for day in (2, 3)
        for number in range(MOST_BARS + 50)
    ]

    text = told(*fires)

    assert text.count('class="wait"') == MOST_BARS
    assert "and 50 runs more" in text
    assert text.count("<rect") < 4 * (MOST_BARS + MOST_CELLS)
    assert len(text) < 1_000_000
