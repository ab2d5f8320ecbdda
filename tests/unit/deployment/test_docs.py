"""docs/ is held to the code: its commands, its configuration, its way of reading."""

from __future__ import annotations

import re
import shlex
import textwrap
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from config import documents
from config.output_schema import ColumnChecks, OutputChecks
from config.schema import Output
from deployment.arguments import parse
from ml_pipelines.steps.publish import publish
from tests.unit.ml_pipelines.fakes import FakeLake
from tests.unit.ml_pipelines.scored import score

DOCS = Path(__file__).parents[3] / "docs"
CHECKS, READING = (
    (DOCS / name).read_text(encoding="utf-8") for name in ("checks.md", "reading-predictions.md")
)
COMMANDS = re.findall(r"`python (deploy\.py[^`]*)`", CHECKS + READING)


def blocks(text: str, language: str) -> list[str]:
    return [textwrap.dedent(block) for block in re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)]


@pytest.fixture
def predictions(tmp_path: Path) -> str:
    """The folder of a model that has landed two windows."""
    folder = tmp_path / "predictions/churn"
    for day in (21, 22):
        lake = FakeLake({"in/a.csv": b"id,x\nk1,1\nk2,2\n"})
        window = {"window_id": f"2026-11-{day}T00-00-00Z", "window_start": f"2026-11-{day}T00:00:00Z"}
        plan = score(tmp_path, lake, run_columns=True, output_format="parquet", **window)
        publish(plan, lake)
        file = folder / plan.destination.removeprefix("out/")
        file.parent.mkdir(parents=True)
        file.write_bytes(lake.stored[plan.destination].content)
    return str(folder)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_understood(command):
    """The grammar takes it as it stands."""
    assert parse(shlex.split(command)[1:]).env


def test_the_configuration_that_is_shown_is_valid_and_shows_every_check():
    """Every key of the schema is told."""
    (block,) = blocks(CHECKS, "yaml")
    document = documents.Document()
    documents.parse(block, "the page", document)
    output = Output.model_validate(document.values["output"])  # noqa: PD011 - a document of ours

    assert set(output.checks.model_dump(exclude_defaults=True)) == set(OutputChecks.model_fields)
    shown = {
        name for column in output.checks.columns.values() for name in column.model_dump(exclude_unset=True)
    }
    assert shown == set(ColumnChecks.model_fields)


def test_pandas_reads_what_landed(predictions):
    """One window, and all of them; with types."""
    (block,) = blocks(READING, "python")[:1]
    names = {"predictions": predictions}
    exec(block, names)  # noqa: S102 - it is what the reader is told to run

    window, every_window = names["window"], names["every_window"]
    assert window["prediction"].tolist() == [2, 4]
    assert window["window_start"].unique().tolist() == [pd.Timestamp("2026-11-22", tz="UTC")]
    assert every_window["window"].astype(str).unique().tolist() == [
        "2026-11-21T00-00-00Z",
        "2026-11-22T00-00-00Z",
    ]


@pytest.mark.skipif(find_spec("duckdb") is None, reason="duckdb is an optional extra")
def test_duckdb_reads_what_landed(predictions):
    """Through the view."""
    names = {"predictions": predictions}
    exec(blocks(READING, "python")[1], names)  # noqa: S102

    newest = names["newest"]
    assert newest.columns == ["id", "prediction", "window_start", "model_version", "scored_at", "window"]
    assert newest.aggregate("sum(prediction), max(model_version)").fetchall() == [(6, 3)]
