"""What a training run leaves in the lake about itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ml_pipelines.steps import errors, receipts
from ml_pipelines.steps.landing import Receipt, receipt_path
from ml_pipelines.steps.parameters import Arguments
from tests.unit.ml_pipelines.fakes import FakeLake

ARGUMENTS = Arguments(["--abs-model", "churn", "--abs-adf-run-id", "run-1", "--abs-adf-group-id", "group-1"])


def left(lake: FakeLake) -> Receipt | None:
    return receipts.read(lake, "churn", "group-1")


def test_a_step_that_goes_well_leaves_the_receipt_as_it_is():
    """Only the first step and the last one write it then."""
    lake = FakeLake()

    with receipts.training(lake, ARGUMENTS) as receipt:
        pass

    assert lake.stored == {}
    assert (receipt.status, receipt.adf_run_id, receipt.path, receipt.rows_in) == ("started", "run-1", "", 0)


def test_a_step_that_fails_says_why_in_the_receipt():
    """The gate: what it demands, the version that it refused, the report. The error ends the step."""
    lake = FakeLake()
    told = replace(receipts.of_run(ARGUMENTS), model_version="4", decision="refused", report="r.html")

    with pytest.raises(errors.GateNotPassed), receipts.training(lake, ARGUMENTS):
        raise errors.GateNotPassed(told, "the gate demands r2 >= 0.9, and it is 0.485")

    found = left(lake)
    assert found is not None
    assert (found.status, found.model_version, found.decision) == ("failed", "4", "refused")
    assert found.error == (
        "churn: the gate demands r2 >= 0.9, and it is 0.485. Version 4 is registered as refused, and "
        "nothing is scored with it; the report is 'r.html'"
    )


def test_after_a_rerun_the_receipt_is_that_of_the_rerun(monkeypatch):
    """Same run group, new ML run: the failure of the first says nothing about the second."""
    lake = FakeLake()
    for ml_run_id in ("first", "second"):
        monkeypatch.setenv("AZUREML_RUN_ID", "step")
        monkeypatch.setenv("AZUREML_ROOT_RUN_ID", ml_run_id)
        with pytest.raises(ValueError, match=ml_run_id), receipts.training(lake, ARGUMENTS):
            raise ValueError(ml_run_id)

    found = left(lake)
    assert found is not None
    assert (found.ml_run_id, found.error) == ("second", "ValueError: second")


def test_a_group_id_that_names_no_file_is_refused():
    """It would be written somewhere else."""
    arguments = Arguments(["--abs-model", "churn", "--abs-adf-group-id", "../x"])

    with pytest.raises(errors.BadArgument, match="adf-group-id"):
        receipts.of_run(arguments)
    assert receipt_path("churn", "group-1") == "_landing/churn/_runs/group-1.json"
