"""The step's run in Azure ML: who we are, the workspace, metrics. Azure ML is imported inside functions."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .parameters import NONE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

RUN_ID = "AZUREML_RUN_ID"
ROOT_RUN_ID = "AZUREML_ROOT_RUN_ID"


def in_azure_ml() -> bool:
    return RUN_ID in os.environ


def pipeline_run_id() -> str:
    """The ML pipeline's run, of which this step is a child; `-` outside Azure ML."""
    if not in_azure_ml():
        return NONE
    root = os.environ.get(ROOT_RUN_ID)
    if root and root != os.environ[RUN_ID]:
        return root
    parent = current().parent
    return str(parent.id) if parent is not None else os.environ[RUN_ID]


def current() -> Any:  # noqa: ANN401 - azureml.core.Run, imported late
    from azureml.core import Run

    quiet()
    return Run.get_context(allow_offline=False)


def workspace() -> Any:  # noqa: ANN401 - azureml.core.Workspace, imported late
    return current().experiment.workspace


def quiet() -> None:
    """The SDK's loggers that warn of nothing."""
    import logging

    for name in ("azureml.core.model", "azureml._restclient", "azureml.core.authentication", "msrest"):
        logging.getLogger(name).setLevel(logging.ERROR)


def log_metrics(metrics: Mapping[str, float]) -> None:
    """On this step's run and on the pipeline's."""
    run = current()
    for target in (run, run.parent):
        if target is None:
            continue
        for name, value in metrics.items():
            target.log(name, value)
        target.flush()


def tag(tags: Mapping[str, str]) -> None:
    """On the pipeline's run, where Azure ML Studio shows and filters them."""
    run = current()
    for name, value in tags.items():
        (run.parent or run).tag(name, value)


@contextmanager
def hidden() -> Iterator[None]:
    """Without a run context: Model.get_model_path then takes what lies on disk, not the newest version."""
    names = (RUN_ID, ROOT_RUN_ID)
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)
