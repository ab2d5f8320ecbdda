"""Paths, templates and the formats of receipt and manifest."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from ml_pipelines.steps import landing
from ml_pipelines.steps.errors import BadTemplate
from ml_pipelines.steps.landing import Receipt, Record, TemplateFields
from tests.unit.ml_pipelines.fakes import record

DAY = TemplateFields(
    model="churn",
    window_id="2026-11-21T23-00-00Z",
    window_start=datetime(2026, 11, 21, 23, tzinfo=UTC),
    window_end=datetime(2026, 11, 22, 23, tzinfo=UTC),
    zone=ZoneInfo("Europe/Berlin"),
)


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("raw/{model}/{window_start:yyyy/MM/dd}/*.csv", "raw/churn/2026/11/22/*.csv"),
        ("raw/{window_start:yyyy-MM-ddTHH-mm}", "raw/2026-11-22T00-00"),
        ("raw/{window_end:yyyyMMdd}", "raw/20261123"),
        ("/raw/{window_id}/", "raw/2026-11-21T23-00-00Z"),
        ("raw/all", "raw/all"),
    ],
)
def test_a_template_is_filled_in_the_grids_zone(template, path):
    """`2026/11/22` is a day where the grid is."""
    assert landing.format_template(template, DAY) == path


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("raw/{day}", "{day}"),
        ("raw/{window_start:yyyy/mmm}", "mmm"),
        ("raw/{window_start:dddd}", "dddd"),
        ("raw/{model:yyyy}", "{model:yyyy}"),
        ("raw/{window_start", "brace"),
        ("raw/}", "brace"),
    ],
)
def test_a_template_that_says_something_else_is_refused(template, found):
    """Before a run as well as in one."""
    with pytest.raises(BadTemplate, match=found):
        landing.check_template(template)
    with pytest.raises(BadTemplate, match=found):
        landing.format_template(template, DAY)


def test_where_things_lie():
    """The lake's layout is a contract with those who read it."""
    assert landing.receipt_path("m", "g") == "_landing/m/_runs/g.json"
    assert landing.manifest_path("m", "w") == "_landing/m/w.json"
    assert landing.predictions_path("p/m/", "w", "csv") == "p/m/window=w/predictions.csv"
    assert landing.quarantine_path("m", "w") == "quarantine/m/window=w/rows.csv"


def test_a_receipt_is_one_line_with_all_its_keys():
    """The factory's Lookup reads one row; a key is never missing and never null."""
    receipt = Receipt(
        status="failed", group_id="g", adf_run_id="", ml_run_id="-", model="m", error="é\n" * 3000
    )

    text = receipt.to_json().decode()

    assert text.count("\n") == 1
    assert list(json.loads(text)) == [
        "status", "group_id", "adf_run_id", "ml_run_id", "model", "model_version", "window_id",
        "window_start", "window_end", "rows_in", "rows_scored", "rows_quarantined",
        "rows_duplicate", "path", "staging", "attempt_started", "staged", "error", "checks",
        "decision", "report",
    ]  # fmt: skip
    assert None not in json.loads(text).values()


def test_a_receipt_survives_its_json():
    """What was written is what is read."""
    receipt = Receipt(status="committed", group_id="g", adf_run_id="a", ml_run_id="r", model="m", rows_in=3)

    assert Receipt.from_json(receipt.to_json()) == receipt


def test_a_record_survives_the_metadata_of_a_file():
    """HTTP may change the case of names and drops empty values; neither changes the record."""
    metadata = {name.title(): value for name, value in record().to_metadata().items()}

    assert Record.from_metadata(metadata) == record()


def test_a_manifest_needs_nothing_but_the_landed_file():
    """It is derived from the file's own record, and has numbers where they are counts."""
    described = json.loads(landing.manifest(record(sha256="ab"), "p", 9, "0x1"))

    assert (described["path"], described["bytes"], described["rows_in"]) == ("p", 9, 2)
    assert described["sha256"] == "ab"
