"""Writing receipts: started, finished, or failed with the first error."""

from __future__ import annotations

import os
import re
import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from . import ml_run
from .errors import (
    BadArgument,
    ChecksFailed,
    GateNotPassed,
    LakeError,
    LakePathMissing,
    StepError,
    Superseded,
    TooManyQuarantined,
    TrainingDataRefused,
    describe,
)
from .landing import Receipt, Status, receipt_path
from .parameters import NONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .parameters import Arguments
    from .work import Plan


class Receipts(Protocol):
    """What this module needs of a lake."""

    def read(self, path: str) -> bytes: ...

    def replace(self, path: str, content: bytes) -> None: ...


def of_run(arguments: Arguments) -> Receipt:
    """The run's receipt as its first step writes it. Without an ADF run group the ML run names it."""
    ml_run_id = ml_run.pipeline_run_id()
    group_id = arguments.optional("adf-group-id") or (
        ml_run_id if ml_run_id != NONE else f"local-{uuid.uuid4().hex}"
    )
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", group_id):
        raise BadArgument("adf-group-id", group_id, "letters, digits, `.`, `_` and `-`: it names a file")
    return Receipt(
        status="started",
        group_id=group_id,
        adf_run_id=arguments.optional("adf-run-id") or "",
        ml_run_id=ml_run_id,
        model=arguments.text("model"),
    )


def of_plan(plan: Plan, status: Status) -> Receipt:
    return Receipt(
        status=status,
        group_id=plan.group_id,
        adf_run_id=plan.adf_run_id,
        ml_run_id=plan.ml_run_id,
        model=plan.model,
        model_version=plan.model_version,
        window_id=plan.window_id,
        window_start=plan.window_start,
        window_end=plan.window_end,
        staging=plan.staging,
    )


def write(lake: Receipts, receipt: Receipt) -> None:
    lake.replace(receipt_path(receipt.model, receipt.group_id), receipt.to_json())
    print(receipt.to_json().decode(), flush=True)


def read(lake: Receipts, model: str, group_id: str) -> Receipt | None:
    try:
        return Receipt.from_json(lake.read(receipt_path(model, group_id)))
    except LakePathMissing:
        return None


SECRET_VARIABLES = ("IDENTITY_HEADER", "MSI_SECRET", "AZUREML_RUN_TOKEN")
"""What the compute knows and nobody who reads a receipt may: a user's exception may print its environment."""


def text_of(error: BaseException) -> str:
    return without_secrets(str(error) if isinstance(error, StepError) else describe(error))


def without_secrets(text: str) -> str:
    for secret in filter(None, map(os.environ.get, SECRET_VARIABLES)):
        text = text.replace(secret, "***")
    return text


KNOW_THE_RECEIPT = (ChecksFailed, GateNotPassed, TooManyQuarantined, TrainingDataRefused)
"""Errors after all is known that a receipt tells."""


def write_failure(lake: Receipts, receipt: Receipt, error: BaseException) -> None:
    """Say why, unless an earlier failure of this very ML run is said already."""
    earlier = read(lake, receipt.model, receipt.group_id)
    if earlier is not None and earlier.status == "failed" and earlier.ml_run_id == receipt.ml_run_id:
        return
    status: Status = "superseded" if isinstance(error, Superseded) else "failed"
    known = error.receipt if isinstance(error, KNOW_THE_RECEIPT) else receipt
    write(lake, replace(known, status=status, error=text_of(error)))


@contextmanager
def failures_reported(lake: Receipts, receipt: Callable[[], Receipt]) -> Iterator[None]:
    """Whatever ends the block also ends the receipt; the error goes on to end the step."""
    try:
        yield
    except BaseException as error:
        try:
            write_failure(lake, receipt(), error)
        except LakeError as unwritten:
            print(f"the receipt could not be written: {unwritten}", flush=True)
        raise


@contextmanager
def training(lake: Receipts, arguments: Arguments) -> Iterator[Receipt]:
    """A step of a training run: whatever ends it ends the run's receipt. There is no window, path or row."""
    receipt = of_run(arguments)
    with failures_reported(lake, lambda: receipt):
        yield receipt
