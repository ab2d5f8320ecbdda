"""A window of the model `churn`, scored by a script of one's own over a lake in memory."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from ml_pipelines.steps.landing import Receipt
from ml_pipelines.steps.score_entry import Worker
from ml_pipelines.steps.work import WorkItem, cut
from tests.unit.ml_pipelines.fakes import FakeLake, pieces, plan

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ml_pipelines.steps.work import Plan

RECEIPT = "_landing/churn/_runs/group-1.json"
MANIFEST = "_landing/churn/2026-11-22T00-00-00Z.json"
LANDED = "out/window=2026-11-22T00-00-00Z/predictions.csv"
QUARANTINE = "quarantine/churn/window=2026-11-22T00-00-00Z/rows.csv"
TWICE = "def run(mini_batch):\n    return [2 * x for x in mini_batch['x']]\n"


def score(
    folder: Path,
    lake: FakeLake,
    script: str = TWICE,
    *,
    files_per_work_item: int = 1000,
    bytes_per_work_item: int = 1 << 20,
    split: Collection[str] = (),
    **changes: object,
) -> Plan:
    """Score every file of `in` with a model that is one text file; what publish is given."""
    (folder / "score.py").write_text(script)

    def load(_name: str, version: str, target: Path) -> None:
        (target / "model.txt").write_text(version)

    found = pieces(lake)
    limits = {"files_per_work_item": files_per_work_item, "bytes_per_work_item": bytes_per_work_item}
    groups = list(cut(found, **limits, workers=1, split=split))
    made = replace(plan(files=len(found), **changes), items=len(groups))
    worker = Worker(folder, lambda _url, _name: lake, load)
    for number, group in enumerate(groups):
        worker.score(WorkItem(number, made, group))
    return made


def landed(lake: FakeLake, path: str = LANDED) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(lake.stored[path].content))


def receipt(lake: FakeLake) -> Receipt:
    return Receipt.from_json(lake.stored[RECEIPT].content)
