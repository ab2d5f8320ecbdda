"""What the page says of formats and paths is what the steps write."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest

from ml_pipelines.steps.check_results import CheckResult, whole
from ml_pipelines.steps.landing import (
    Receipt,
    Record,
    manifest,
    manifest_path,
    parts_folder,
    predictions_path,
    quarantine_path,
    receipt_path,
    staging_folder,
)
from tests.docs.pages import blocks, read

PAGE = "docs/landing.md"


def shown(kind):
    (block,) = (block for block in blocks(PAGE) if block.kind == kind)
    return json.loads(block.text)


def test_the_receipt_is_one():
    """Key by key, in the order in which it is written."""
    written = json.loads(Receipt(**shown("receipt")).to_json())

    assert list(written.items()) == list(shown("receipt").items())


def test_the_manifest_is_one():
    """Likewise."""
    told = shown("manifest")
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in told.items()}
    texts["checks"] = whole([CheckResult(**result) for result in told["checks"]])
    record = Record(**{each.name: texts.get(each.name, "") for each in fields(Record)})
    written = json.loads(manifest(record, told["path"], told["bytes"], told["etag"]))

    assert list(written.items()) == list(told.items())


@pytest.mark.parametrize(
    "path",
    [
        predictions_path("<output.path>", "<window id>", "<format>"),
        parts_folder("<output.path>", "<window id>", "<attempt>") + "/",
        quarantine_path("<model>", "<window id>"),
        manifest_path("<model>", "<window id>"),
        receipt_path("<model>", "<group id>"),
        staging_folder("<model>", "<window id>", "<attempt>") + "/",
    ],
)
def test_a_path_of_the_page_is_where_it_is_written(path):
    assert f"| `{path}` |" in read(PAGE)
