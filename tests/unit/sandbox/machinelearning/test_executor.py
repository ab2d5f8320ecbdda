"""A run's steps are real processes; their ends are the run's end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import venv
from pathlib import Path

import pytest

from sandbox.machinelearning.steps import error_of
from tests.unit.sandbox.machinelearning.local_workspace import LocalWorkspace, Step, message

WRITE = "import sys, pathlib; pathlib.Path(sys.argv[1], 'x.txt').write_text('from ' + sys.argv[2])"
READ = "import sys, pathlib; print(pathlib.Path(sys.argv[1], 'x.txt').read_text())"
NAP = "import time; time.sleep(60)"
SLEEP = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(60)"
SLEEP_WITH_CHILD = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])
print('pid', os.getpid(), child.pid, flush=True); time.sleep(60)
"""


TRACEBACK = "Traceback (most recent call last):\n"


def pids(log: str) -> list[int]:
    line = next(line for line in log.splitlines() if line.startswith("pid "))
    return [int(word) for word in line.split()[1:]]


def all_dead(processes: list[int], within_seconds: float = 5) -> bool:
    """Zombies of a container without an init are dead too."""
    deadline = time.monotonic() + within_seconds
    while any(alive(process) for process in processes):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def alive(process: int) -> bool:
    status = Path(f"/proc/{process}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_data_goes_along_the_edges(local: LocalWorkspace) -> None:
    """A step reads, from a folder, what the step before it wrote; both get the paths as arguments."""
    write = Step("write", WRITE, [("Output", "out"), "one"], outputs=["out"])
    read = Step("read", READ, [("Input", "data")], inputs={"data": ("write", "out")})

    run = local.run(local.publish(read, write))

    assert run["status"] == "Completed"
    assert local.log(run["runId"], "read") == "from one\n"
    assert local.steps(run["runId"]) == {"write": "Completed", "read": "Completed"}


@pytest.mark.parametrize("literal", ["DatasetOutputConfig:out", "$AZUREML_DATAREFERENCE_out"])
def test_literals_that_name_a_port_become_its_folder(local: LocalWorkspace, literal: str) -> None:
    """OutputFileDatasetConfig and PipelineData write their port's name into a literal argument."""
    write = Step("write", WRITE, [literal, "one"], outputs=["out"])
    read = Step("read", READ, ["DatasetConsumptionConfig:data"], inputs={"data": ("write", "out")})

    run = local.run(local.publish(write, read))

    assert local.log(run["runId"], "read") == "from one\n"


def test_run_after_is_order_without_data(local: LocalWorkspace) -> None:
    """An edge from `_run_after_output` only orders."""
    run = local.run(local.publish(Step("last", after=["first"]), Step("first")))

    assert list(local.steps(run["runId"])) == ["first", "last"]


def test_parameters_are_assigned_or_default(local: LocalWorkspace) -> None:
    """A submission's value wins over the published default; both arrive as arguments."""
    show = Step(
        "show",
        "import sys; print(sys.argv[1:])",
        [("Parameter", "a"), ("Parameter", "b")],
        parameters={"a": "window", "b": "model"},
    )

    run = local.run(local.publish(show, defaults={"window": "-", "model": "latest"}), window="2026-11-22")

    assert local.log(run["runId"], "show") == "['2026-11-22', 'latest']\n"


def test_a_failure_is_named_by_its_exception(local: LocalWorkspace) -> None:
    """The last line of the traceback is in the step's error and in the run's."""
    run = local.run(local.publish(Step("train", "raise ValueError('no rows in raw/x')")))

    step = local.step(run["runId"], "train")
    assert step is not None
    assert message(step) == "the process exited with code 1: ValueError: no rows in raw/x"
    assert "Step 'train' failed: the process exited with code 1: ValueError: no rows in raw/x" in message(run)


def test_an_exit_message_is_the_error(local: LocalWorkspace) -> None:
    """`sys.exit("...")` leaves no traceback: the last line of the log says why."""
    run = local.run(local.publish(Step("gate", "import sys; print('x'); sys.exit('rmse 80 is above 60')")))

    assert "code 1: rmse 80 is above 60" in message(run)


def test_a_failure_stops_the_run(local: LocalWorkspace) -> None:
    """What runs beside the failed step is cancelled, what depends on it never begins."""
    fail = Step("fail", "raise SystemExit(3)")

    run = local.run(local.publish(fail, Step("long", SLEEP), Step("never", after=["fail"])))

    assert run["status"] == "Failed"
    assert local.steps(run["runId"]) == {"fail": "Failed", "long": "Canceled"}


def test_steps_go_on_after_a_failure_where_published_so(local: LocalWorkspace) -> None:
    """continue_on_step_failure leaves out what depends on the failed step; the run is Failed still."""
    steps = (Step("fail", "raise SystemExit(3)"), Step("never", after=["fail"]))
    other = (Step("first", "import time; time.sleep(0.2)"), Step("second", after=["first"]))

    run = local.run(local.publish(*steps, *other, goes_on=True))

    assert run["status"] == "Failed"
    assert local.steps(run["runId"]) == {"fail": "Failed", "first": "Completed", "second": "Completed"}


def test_a_compute_that_does_not_exist_fails_the_step(local: LocalWorkspace) -> None:
    run = local.run(local.publish(Step("train", compute="gpu-cluster")))

    assert "the compute target 'gpu-cluster' does not exist in workspace 'w'" in message(run)


def test_a_step_over_its_limit_is_killed_with_its_children(local: LocalWorkspace) -> None:
    """maxRunDurationSeconds of the run configuration ends the whole process group."""
    run = local.run(local.publish(Step("slow", SLEEP_WITH_CHILD, timeout_seconds=0.7)))

    assert "ran longer than its limit of 0.7 seconds" in message(run)
    assert all_dead(pids(local.log(run["runId"], "slow")))


def test_cancel_kills_the_steps_and_ends_the_run_canceled(local: LocalWorkspace) -> None:
    async def cancelled() -> str:
        run = local.accept(local.publish(Step("slow", SLEEP_WITH_CHILD)))
        local.service.executor.start(local.workspace, run)
        await local.has_log(run["runId"], "slow", "pid ")
        local.service.executor.cancel(local.workspace, run["runId"])
        assert (await local.ended(run["runId"]))["status"] == "Canceled"
        return str(run["runId"])

    run_id = asyncio.run(cancelled())

    assert local.steps(run_id) == {"slow": "Canceled"}
    assert all_dead(pids(local.log(run_id, "slow")))


def test_a_run_cancelled_at_once_is_canceled(local: LocalWorkspace) -> None:
    """Between its submission and its first step there is no gap in which a run can be lost."""

    async def cancelled() -> str:
        run = local.accept(local.publish(Step("slow", SLEEP)))
        local.service.executor.start(local.workspace, run)
        local.service.executor.cancel(local.workspace, run["runId"])
        return str((await local.ended(run["runId"]))["status"])

    assert asyncio.run(cancelled()) == "Canceled"


def test_a_run_that_was_never_started_can_be_cancelled(local: LocalWorkspace) -> None:
    """Created and not submitted."""
    run = local.accept(local.publish(Step("one")))

    local.service.executor.cancel(local.workspace, run["runId"])

    assert local.service.history.run(local.workspace, run["runId"])["status"] == "Canceled"


def test_processes_that_a_step_leaves_behind_are_killed(local: LocalWorkspace) -> None:
    """A step's end is the end of everything that it started."""
    leave = SLEEP_WITH_CHILD.replace("time.sleep(60)\n", "sys.exit(0)\n")

    run = local.run(local.publish(Step("leave", leave)))

    assert run["status"] == "Completed"
    assert all_dead(pids(local.log(run["runId"], "leave")))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to a subreaper")
def test_a_process_that_leaves_the_group_is_killed_too(local: LocalWorkspace) -> None:
    """A daemon of a session of its own, with a child, ends with its step."""
    daemon = f"import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', '{NAP}']); {NAP}"
    leave = f"""
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', {daemon!r}], start_new_session=True)
time.sleep(0.5)
grandchild = open(f'/proc/{{child.pid}}/task/{{child.pid}}/children').read().strip()
print('pid', child.pid, grandchild, flush=True)
"""

    run = local.run(local.publish(Step("leave", leave)))

    assert run["status"] == "Completed"
    assert len(pids(local.log(run["runId"], "leave"))) == 2
    assert all_dead(pids(local.log(run["runId"], "leave")))


def test_a_step_whose_supervisor_is_killed_dies_and_fails(local: LocalWorkspace) -> None:
    """kill -9 of the process between the sandbox and the step leaves no orphan."""

    async def killed() -> str:
        run = local.accept(local.publish(Step("slow", SLEEP)))
        local.service.executor.start(local.workspace, run)
        await local.has_log(run["runId"], "slow", "pid ")
        (step,) = pids(local.log(run["runId"], "slow"))
        os.kill(parent(step), signal.SIGKILL)
        await local.ended(run["runId"])
        return str(run["runId"])

    run_id = asyncio.run(killed())

    assert local.steps(run_id) == {"slow": "Failed"}
    assert all_dead(pids(local.log(run_id, "slow")))


def test_a_step_killed_by_the_system_is_failed_by_name(local: LocalWorkspace) -> None:
    """As when the machine has no memory left."""
    run = local.run(local.publish(Step("big", "import os; os.kill(os.getpid(), 9)")))

    assert "the process was killed by SIGKILL" in message(run)


def test_a_step_works_in_a_fresh_copy(local: LocalWorkspace) -> None:
    """What a step writes beside its script is seen by nobody else, and is gone afterwards."""
    code = "import os; print(sorted(os.listdir())); open('left', 'w').close()"
    pipeline = local.publish(Step("one", code))

    logs = [local.log(local.run(pipeline)["runId"], "one") for _ in range(2)]

    assert logs == ["['logs', 'outputs', 'step.py']\n"] * 2


def test_steps_run_in_the_python_that_was_given(tmp_path: Path) -> None:
    """A virtual environment's python is a link: it is not resolved, and `python` on the PATH is it too."""
    venv.create(tmp_path / "venv")
    local = LocalWorkspace(tmp_path, step_python=str(tmp_path / "venv/bin/python"))
    code = "import shutil, sys; print(sys.prefix, shutil.which('python'))"

    with contextlib.closing(local.store):
        run = local.run(local.publish(Step("one", code)))
        said = local.log(run["runId"], "one")

    where = tmp_path / "venv"
    assert said.split() == [str(where), str(where / "bin/python")]


def test_outputs_and_logs_are_the_runs_artifacts(local: LocalWorkspace) -> None:
    """`./outputs` and `./logs` are kept with the run, as on a compute."""
    run = local.run(local.publish(Step("one", "open('outputs/a.txt', 'w').write('kept')")))

    step = local.step(run["runId"], "one")
    assert step is not None
    found = local.service.blobs.files(
        local.workspace, f"artifacts/ExperimentRun/dcid.{step['runId']}/outputs"
    )
    assert [blob.file.read_text() for _, blob in found] == ["kept"]


def test_a_step_sees_no_secret_of_the_sandbox(local: LocalWorkspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its environment is built, not inherited."""
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "s3cret")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")

    run = local.run(local.publish(Step("show", "import os; print(sorted(os.environ))")))

    log = local.log(run["runId"], "show")
    assert "AZURE_CLIENT_SECRET" not in log
    assert "PYTHONPATH" not in log
    assert all(name in log for name in ("AZUREML_RUN_ID", "AZUREML_RUN_TOKEN", "IDENTITY_HEADER", "HOME"))


def test_a_stopped_sandbox_fails_its_runs(local: LocalWorkspace) -> None:
    async def stopped() -> str:
        run = local.accept(local.publish(Step("slow", SLEEP)))
        local.service.executor.start(local.workspace, run)
        await local.has_log(run["runId"], "slow", "pid ")
        await local.service.executor.close()
        return str(run["runId"])

    run_id = asyncio.run(stopped())

    run = local.service.history.run(local.workspace, run_id)
    assert (run["status"], message(run)) == ("Failed", "the local Azure stopped while this ran")
    assert all_dead(pids(local.log(run_id, "slow")))


def test_runs_of_a_killed_sandbox_are_failed_at_the_next_start(local: LocalWorkspace) -> None:
    run = local.accept(local.publish(Step("never")))

    local.service.executor.recover()

    run = local.service.history.run(local.workspace, run["runId"])
    assert (run["status"], message(run)) == ("Failed", "the local Azure stopped while this ran")


def test_a_deleted_workspace_computes_nothing(local: LocalWorkspace) -> None:
    """Its runs are cancelled with their steps."""

    async def deleted() -> str:
        run = local.accept(local.publish(Step("slow", SLEEP)))
        local.service.executor.start(local.workspace, run)
        await local.has_log(run["runId"], "slow", "pid ")
        local.service.executor.cancel_all(local.workspace)
        return str((await local.ended(run["runId"]))["runId"])

    run_id = asyncio.run(deleted())

    assert local.steps(run_id) == {"slow": "Canceled"}
    assert all_dead(pids(local.log(run_id, "slow")))


def test_a_broken_sandbox_ends_the_run_all_the_same(
    local: LocalWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    """A snapshot whose files are gone from disk is our failure, not the script's: an end all the same."""
    pipeline = local.publish(Step("one"))
    (stored,) = local.service.blobs.blob(local.workspace, "snapshots").file.rglob("step.py")
    stored.unlink()

    run = local.run(pipeline)

    assert run["status"] == "Failed"
    assert "the local Azure failed to run this: FileNotFoundError" in message(run)
    assert local.steps(run["runId"]) == {"one": "Failed"}
    assert "FileNotFoundError" in caplog.text


def test_no_more_steps_run_at_once_than_the_machine_has_cores(local: LocalWorkspace) -> None:
    """Eight independent steps: each notes how many are there; none sees more than are allowed."""
    code = """
import os, pathlib, sys, time
here = pathlib.Path(sys.argv[1]); mine = here / str(os.getpid())
mine.touch(); time.sleep(0.1); print(len(list(here.iterdir()))); mine.unlink()
"""
    together = local.service.context.state / "together"
    together.mkdir()
    steps = [Step(f"s{number}", code, [str(together)]) for number in range(8)]

    run = local.run(local.publish(*steps))

    assert run["status"] == "Completed"
    assert max(int(local.log(run["runId"], step.name)) for step in steps) <= max(2, os.cpu_count() or 2)


@pytest.mark.parametrize(
    ("log", "error"),
    [
        ("", ""),
        ("a\nb\n\n", "b"),
        ("Traceback (most recent call last):\n  File 'x'\nKeyError: 1\nbye\n", "KeyError: 1"),
        (
            f"{TRACEBACK}  x\nKeyError: 1\n\nDuring handling:\n\n{TRACEBACK}  y\nGateFailed: rmse\n",
            "GateFailed: rmse",
        ),
        (
            "Traceback (most recent call last):\n  x\nValueError: row\nParallelRunError: 2 inputs\n",
            "ParallelRunError: 2 inputs",
        ),
        ("Traceback (most recent call last):\n  x\n__main__.Stop: now\n", "Stop: now"),
    ],
)
def test_the_error_is_the_last_exceptions_line(tmp_path: Path, log: str, error: str) -> None:
    """Not what is printed at exit, nor the cause that another exception replaced."""
    file = tmp_path / "std_log.txt"
    file.write_text(log)

    assert error_of(file) == error
