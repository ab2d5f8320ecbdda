"""A lake that answers 403 to one of the steps: a role is missing, or a firewall is in the way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.functional.ml_pipelines.workspace import Ran, Workspace, day_of, new_model, script

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

LANDED = b"id,prediction\n1,9\n"
REFUSED = {
    "stage": ("GET", "directory=in(/|%2F){model}"),
    "score": ("PUT", "/_staging/{model}/.*/parts/"),
    "publish": ("PUT", "/out/{model}/"),
}
"""Which request each step cannot do without, by model."""


@pytest.fixture(scope="module")
def runs(
    sandbox: LocalAzure, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Ran]:
    """A run a step, all at once, of windows that had landed before."""
    weights = tmp_path_factory.mktemp("model") / "weights.txt"
    weights.write_text("1")
    started = {}
    for step, (method, path) in REFUSED.items():
        source = script(tmp_path_factory.mktemp(step), "def run(b):\n    return b['x']\n")
        model = new_model(source, f"refused_{step}")
        workspace.put({f"{day_of(model)}/a.csv": b"id,x\n1,1\n", landed_by(model.name): LANDED})
        workspace.gateway.register_model(model.name, weights, {"approved": "true"})
        order_403(sandbox, method, path.format(model=model.name))
        day = {"window_start": "2026-11-22T00:00:00Z", "adf_group_id": step}
        started[step] = model, workspace.submit(workspace.publish(model), **day)
    ended = {step: (model, workspace.ended(run_id)) for step, (model, run_id) in started.items()}
    sandbox.clear_faults()
    return {step: Ran(ml_run, workspace.receipt(model, step)) for step, (model, ml_run) in ended.items()}


def order_403(sandbox: LocalAzure, method: str, path: str) -> None:
    mismatch = "AuthorizationPermissionMismatch"
    sandbox.order_fault(service="lake", action="refuse", status=403, code=mismatch, method=method, path=path)


def landed_by(model: str) -> str:
    return f"out/{model}/window=2026-11-22T00-00-00Z/predictions.csv"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", REFUSED)
def test_a_refusal_fails_the_run_and_is_named(runs, step):
    """With what was refused, where, and the lake's own code; the failed step is the one that was refused."""
    ran = runs[step]

    assert ran.ml_run.status == "Failed"
    assert [each.name for each in ran.ml_run.steps if each.status == "Failed"] == [step]
    assert ran.outcome.status == "failed"
    assert "the lake refused to " in ran.outcome.error
    assert "AuthorizationPermissionMismatch" in ran.outcome.error


@pytest.mark.timeout(300)
@pytest.mark.parametrize("step", REFUSED)
def test_what_had_landed_is_still_there(runs, workspace, step):
    """Nothing is written in place."""
    assert runs[step].ml_run.status == "Failed"
    assert workspace.lake.read(landed_by(f"refused_{step}")) == LANDED
    assert workspace.names(f"out/refused_{step}") == ["window=2026-11-22T00-00-00Z/predictions.csv"]
