"""The report of a training: whole by itself, safe whatever stands in the data, as it was decided."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest

from ml_pipelines.steps.check_results import judged
from ml_pipelines.steps.drift import Comparison
from ml_pipelines.steps.gate import demands
from ml_pipelines.steps.gate_report import Report
from ml_pipelines.steps.landing import Receipt

HOSTILE = "</title><script>alert('\"&\x00')</script>"
DRIFT = Comparison("age", ("up to 40", "above 40", "missing"), (0.5, 0.5, 0.0), (0.2, 0.7, 0.1))


def report(said: str = "churn", **changes) -> Report:
    usual = Report(
        Receipt(
            status="failed",
            group_id="group-1",
            adf_run_id="adf-1",
            ml_run_id="ml-1",
            model=said,
            model_version="4",
        ),
        "refused",
        [
            judged("columns.age.minimum", said, "at least 0", passed=True),
            judged("x", said, said, passed=False),
        ],
        champion="3",
        metrics={"r2": 0.4, said: 7.0},
        champion_metrics={"r2": 0.5},
        demands=demands({"r2": {"minimum": 0.3, "margin": 0.02}}),
        drifts=[replace(DRIFT, column=said)],
        maximum_psi=0.2,
        predictions=replace(DRIFT, labels=(said, "b", "missing")),
        facts={"Git commit": said},
        written=datetime(2026, 11, 26, tzinfo=UTC),
    )
    return replace(usual, **changes)


class Page(HTMLParser):
    """Which elements there are, and the text between them."""

    def __init__(self, html: bytes) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.said = ""
        self.feed(html.decode())

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.said += data


def test_it_says_what_was_decided_and_why():
    said = Page(report().html()).said

    assert "churn, version 4: refused" in said
    assert "Nothing is scored with it: the check `x` found churn; allowed: churn." in said
    for each in (
        "ml-1",
        "adf-1",
        "group-1",
        "version 3",
        "0.5",
        "columns.age.minimum",
        "2026-11-26 00:00:00 UTC",
    ):
        assert each in said


def test_nothing_that_stands_in_the_data_becomes_a_part_of_the_page():
    """Names of models, columns and metrics, values, labels: text, and no character that XML forbids."""
    safe, hostile = Page(report().html()), Page(report(HOSTILE).html())

    assert hostile.elements == safe.elements
    assert "script" not in hostile.elements
    assert b"\x00" not in report(HOSTILE).html()


def test_it_needs_nothing_but_itself():
    """No script, no address, no event; and its own policy would let nothing load."""
    page = Page(report(HOSTILE).html())
    names = {name for name, _ in page.attributes}

    assert not {each for each in names if each.startswith("on") or each in {"src", "href", "xlink:href"}}
    assert "default-src 'none'; style-src 'unsafe-inline'" in {value for _, value in page.attributes}
    assert not re.search(r"https?:|url\(|@import", report().html().decode())


@pytest.mark.parametrize("said", ["churn", HOSTILE])
def test_every_plot_is_well_formed(said):
    """A metric's, the columns' and the distributions'."""
    plots = re.findall(r"<svg.*?</svg>", report(said).html().decode(), re.DOTALL)

    assert [ET.fromstring(each).tag for each in plots] == ["svg"] * 4  # noqa: S314 - our own


@pytest.mark.parametrize(
    "changes",
    [
        {"metrics": {}, "champion_metrics": {}, "predictions": None},
        {"champion": None, "champion_metrics": {}, "drifts": [], "predictions": None},
        {"results": [], "demands": [], "drifts": []},
        {"metrics": {"r2": float("nan")}},
        {
            "metrics": {"r2": 0.0},
            "champion_metrics": {"r2": 0.0},
            "demands": demands({"r2": {"minimum": 0.0}}),
        },
        {"maximum_psi": None, "drifts": [replace(DRIFT, expected=(0.0, 0.0, 0.0), actual=(0.0, 0.0, 0.0))]},
    ],
)
def test_it_is_written_whatever_is_missing(changes):
    """Data that were refused have no metrics, a first model no champion; numbers may be equal, or none."""
    html = report(**changes).html().decode()

    assert html.endswith("</html>\n")
    assert not re.search(r'"(nan|inf|-inf)', html)


def test_it_is_readable_in_the_dark():
    assert b"prefers-color-scheme: dark" in report().html()
