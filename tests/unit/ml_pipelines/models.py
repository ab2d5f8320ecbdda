"""A project of one model, in a folder."""

from __future__ import annotations

from pathlib import Path

from config.schema import Model, Settings
from ml_pipelines.snapshot import Sources

WINDOWS = Path("adf/windows.py").resolve()
SCRIPTS = {
    "score.py": "def run(mini_batch):\n    return [0] * len(mini_batch)\n",
    "train.py": "print('trains')\n",
    "evaluate.py": "print('judges')\n",
    "ml_environment.yml": "dependencies: [python=3.11]\n",
}


def folder(root: Path, **files: str) -> Path:
    """The usual scripts, and those given (`__` for `/` in names, no file where the text is empty)."""
    for name, text in (SCRIPTS | {name.replace("__", "/"): text for name, text in files.items()}).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text:
            path.write_text(text)
    return root


def sources() -> Sources:
    """As they are now."""
    return Sources((WINDOWS,))


def model(source: Path, **changes: object) -> Model:
    usual = {
        "name": "churn",
        "source": source,
        "training": {"data": "raw/churn", "hyperparameters": {"alpha": 0.5, "deep": True}},
        "scoring": {"input": "raw/{window_start:yyyy/MM/dd}", "row_key": "id"},
        "output": {"path": "predictions/churn"},
    }
    return Model.model_validate(usual | changes)


def settings(**machine_learning: object) -> Settings:
    return Settings.model_validate(
        {
            "environment": "dev",
            "project": "shop",
            "azure": {"subscription_id": "s", "resource_group": "rg"},
            "data_factory": {"name": "adf"},
            "machine_learning": {"workspace": "ml", "compute": "cpu"} | machine_learning,
            "lake": {"account": "shop", "file_system": "data"},
            "models": {},
        }
    )
