"""A small project on disk, as a user has one; each test breaks it in its own way."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
project: shop
data_factory: {name: adf-shop}
machine_learning: {workspace: ml-shop, compute: cpu-cluster}
lake:
  account: shop
  file_system: data
"""
DEV = """\
azure:
  subscription_id: 11111111-1111-1111-1111-111111111111
  resource_group: rg-shop-dev
"""
MODEL = """\
source: models/churn
scoring:
  input: raw/churn/{window_start:yyyy/MM/dd}/*.csv
output:
  path: predictions/churn
"""


def write(folder: Path, *, base: str = BASE, dev: str = DEV, model: str = MODEL) -> Path:
    """The project's folder."""
    (folder / "config/models").mkdir(parents=True)
    (folder / "config/base.yaml").write_text(base)
    (folder / "config/dev.yaml").write_text(dev)
    (folder / "config/models/churn.yaml").write_text(model)
    source = folder / "models/churn"
    source.mkdir(parents=True)
    for name in ("score.py", "train.py", "evaluate.py", "ml_environment.yml"):
        (source / name).write_text("")
    return folder
