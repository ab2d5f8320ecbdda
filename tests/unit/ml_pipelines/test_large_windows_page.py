"""docs/large-windows.md is tried."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ml_pipelines.steps.landing import Record, manifest, part_name
from ml_pipelines.steps.window_file import write_parts
from tests.unit.ml_pipelines.fakes import record
from tests.unit.ml_pipelines.steps.test_window_file import part, scored

PAGE = Path(__file__).parents[3] / "docs/large-windows.md"


def test_its_way_to_read_a_summary_gives_all_rows(tmp_path):
    """The one block of Python on the page, run as it stands."""
    values = np.random.default_rng(1).normal(size=3000)
    parts = [part(tmp_path, number, values[1000 * number :][:1000]) for number in range(3)]
    landed = tmp_path / "window/predictions.parquet"
    landed.parent.mkdir()
    write_parts(scored(*parts), landed, "a1", 1, {})
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)

    found = {"path": str(landed)}
    exec(code, found)  # noqa: S102

    assert found["rows"]["prediction"].tolist() == values.tolist()


def test_its_manifest_lists_the_files_of_rows():
    """One, or the parts."""
    plain: Record = record()
    large: Record = record(parts="2")

    assert b'"files": [\n    "out/w/predictions.parquet"\n  ]' in manifest(
        plain, "out/w/predictions.parquet", 1, "e"
    )
    for number in (0, 1):
        name = part_name(large.attempt, number)
        assert f'"out/w/{name}"'.encode() in manifest(large, "out/w/predictions.parquet", 1, "e")
