"""The driver of a ParallelRunStep, started as the executor starts it: a script in the snapshot's folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.machinelearning import parallel_run_driver
from sandbox.machinelearning.parallel_run_driver import ParallelRunError, mini_batches, parse

ECHO = "def run(mini_batch): return [open(one).read() for one in mini_batch]"
ONCE = """
import os, pathlib, signal, time
def run(mini_batch):
    mark = pathlib.Path('seen')
    if '3' in [open(one).read() for one in mini_batch] and not mark.exists():
        mark.touch()
        {what}
    return [open(one).read() for one in mini_batch]
"""


def drive(
    folder: Path, score: str, *options: str, inputs: int = 5, **settings: object
) -> subprocess.CompletedProcess[str]:
    """`settings` are the driver's options; inputs are files named 0, 1, 2 ... that hold their own name."""
    for place in ("items", "out"):
        (folder / place).mkdir(exist_ok=True)
    for number in range(inputs):
        (folder / "items" / str(number)).write_text(str(number))
    (folder / "score.py").write_text(score)
    chosen = {
        "scoring_module_name": "score.py",
        "mini_batch_size": 2,
        "error_threshold": 0,
        "output_action": "append_row",
        "process_count_per_node": 2,
        "run_max_try": 2,
        "run_invocation_timeout": 10,
        "output": folder / "out",
        "input_fds_0": "work_items",
        **settings,
    }
    arguments = [word for name, value in chosen.items() for word in (f"--{name}", str(value))]
    return subprocess.run(
        [sys.executable, "-P", parallel_run_driver.__file__, *arguments, *options],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "AZUREML_DATAREFERENCE_work_items": str(folder / "items")},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def rows(folder: Path) -> list[str]:
    return (folder / "out" / "parallel_run_step.txt").read_text().splitlines()


def test_every_input_is_in_one_mini_batch(tmp_path: Path) -> None:
    """Files in the order of their names, `mini_batch_size` of them at a time, the rest in the last."""
    for name in "abcde":
        (tmp_path / name).touch()
    options = ["--scoring_module_name", "score.py", "--mini_batch_size", "2", "--input_fds_0", "items"]

    batches = mini_batches(parse(options, {"AZUREML_DATAREFERENCE_items": str(tmp_path)}))

    assert [[Path(file).name for file in batch.files] for batch in batches] == [["a", "b"], ["c", "d"], ["e"]]


def test_every_element_is_one_row(tmp_path: Path) -> None:
    """append_row writes what run() returned, in the order of the inputs."""
    done = drive(tmp_path, ECHO)

    assert done.returncode == 0, done.stdout
    assert rows(tmp_path) == ["0", "1", "2", "3", "4"]
    assert "mini-batches: 3 done, 0 failed, 0 not done; inputs processed: 5" in done.stdout


def test_a_data_frame_is_written_row_by_row(tmp_path: Path) -> None:
    """A row is its values, one space apart, without index and header."""
    score = "import pandas\ndef run(files): return pandas.DataFrame({'a': [1] * 3, 'b': ['x'] * 3})"

    done = drive(tmp_path, score, inputs=3, mini_batch_size=3)

    assert done.returncode == 0, done.stdout
    assert rows(tmp_path) == ["1 x", "1 x", "1 x"]


def test_summary_only_writes_nothing(tmp_path: Path) -> None:
    done = drive(tmp_path, ECHO, output_action="summary_only")

    assert done.returncode == 0, done.stdout
    assert list((tmp_path / "out").iterdir()) == []


def test_init_runs_once_a_worker_and_sees_the_arguments(tmp_path: Path) -> None:
    """argv of a worker starts with the entry script and holds the user's arguments."""
    score = f"import sys\ndef init(): print('init', sys.argv[0], sys.argv[-2:])\n{ECHO}"

    drive(tmp_path, score, "--abs-model", "diabetes")

    logs = sorted((tmp_path / "logs" / "user" / "stdout" / "0").iterdir())
    assert [log.read_text() for log in logs] == ["init score.py ['--abs-model', 'diabetes']\n"] * 2


def test_shutdown_runs_at_the_end(tmp_path: Path) -> None:
    drive(tmp_path, f"{ECHO}\ndef shutdown(): open('closed', 'w').close()")

    assert (tmp_path / "closed").exists()


def test_a_thread_that_never_ends_does_not_hold_the_step(tmp_path: Path) -> None:
    """What the user's libraries leave running is no work of the step."""
    thread = "threading.Thread(target=threading.Event().wait).start()"

    done = drive(tmp_path, f"import threading\ndef init(): {thread}\n{ECHO}\ndef shutdown(): print('over')")

    assert done.returncode == 0, done.stdout
    assert sorted(rows(tmp_path)) == ["0", "1", "2", "3", "4"]
    assert "worker 0:\nit was killed: it did not end" in done.stdout


def test_a_worker_without_a_standard_output_says_what_failed(tmp_path: Path) -> None:
    """A script that closes it hides no error."""
    failing = "import sys\ndef run(files):\n    sys.stdout.close()\n    raise KeyError('age')"

    assert "KeyError: 'age'" in drive(tmp_path, failing).stdout


def test_the_entry_script_imports_its_neighbours_and_not_ours(tmp_path: Path) -> None:
    """A user's module may be named as one of the driver's package."""
    (tmp_path / "errors.py").write_text("MINE = 'mine'")

    done = drive(tmp_path, "import errors\ndef run(files): return [errors.MINE for _ in files]", inputs=1)

    assert done.returncode == 0, done.stdout
    assert rows(tmp_path) == ["mine"]


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("os._exit(9)", "the worker process exited with code 9"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL, perhaps for want of memory"),
        ("time.sleep(60)", "run() took longer than run_invocation_timeout (1 s)"),
        ("raise ValueError('odd')", "ValueError: odd"),
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("bytearray(1 << 62)", "MemoryError"),
        ("pathlib.Path('/dev/full').write_text('x')", "OSError: [Errno 28] No space left on device"),
    ],
)
def test_a_mini_batch_whose_try_is_lost_is_tried_again(tmp_path: Path, what: str, how: str) -> None:
    """The worker died, hung, raised, had no memory or no disk: another try does it, and the log says why."""
    done = drive(tmp_path, ONCE.format(what=what), run_invocation_timeout=1)

    assert done.returncode == 0, done.stdout
    assert rows(tmp_path) == ["0", "1", "2", "3", "4"]
    assert how in done.stdout


def test_a_mini_batch_that_never_succeeds_fails_the_step(tmp_path: Path) -> None:
    """After run_max_try tries; the last word names the first failure."""
    done = drive(tmp_path, "import os\ndef run(files): os._exit(3)", run_max_try=3, inputs=1)

    assert done.returncode == 1
    assert done.stderr == (
        "ParallelRunError: 1 inputs failed, error_threshold allows 0. First: mini-batch 0 (0) after 3 tries: "
        "the worker process exited with code 3\n"
    )


def test_a_failure_below_the_threshold_is_left_out(tmp_path: Path) -> None:
    """error_threshold counts inputs."""
    score = (
        "def run(files):\n  if files[0].endswith('/2'): raise ValueError(files)\n  return [1 for _ in files]"
    )

    done = drive(tmp_path, score, error_threshold=1, mini_batch_size=1)

    assert done.returncode == 0, done.stdout
    assert len(rows(tmp_path)) == 4


@pytest.mark.parametrize("threshold", [0, 1])
def test_missing_results_count_as_errors(tmp_path: Path, threshold: int) -> None:
    """run() must return an element for each input; what is missing is an error."""
    done = drive(tmp_path, "def run(files): return files[1:]", inputs=2, error_threshold=threshold)

    assert done.returncode == (0 if threshold else 1)
    assert "run() returned 1 results for 2 inputs" in done.stdout


def test_no_threshold_allows_every_failure(tmp_path: Path) -> None:
    done = drive(tmp_path, "def run(files): raise ValueError('all')", error_threshold=-1)

    assert done.returncode == 0, done.stdout
    assert rows(tmp_path) == []


def test_a_result_that_is_no_list_is_a_failure(tmp_path: Path) -> None:
    done = drive(tmp_path, "def run(files): return 'done'", inputs=1)

    assert "run() returned str; it must return a list or a pandas DataFrame" in done.stderr


@pytest.mark.parametrize("init", ["raise OSError('no model')", "raise SystemExit('no model')"])
def test_an_init_that_raises_fails_the_step_at_once(tmp_path: Path, init: str) -> None:
    done = drive(tmp_path, f"def init(): {init}\n{ECHO}")

    assert done.returncode == 1
    assert "init() of score.py failed: " in done.stderr
    assert "no model" in done.stderr


def test_an_entry_script_that_is_missing_is_named(tmp_path: Path) -> None:
    done = drive(tmp_path, ECHO, scoring_module_name="other.py")

    assert "the entry script other.py is not in the snapshot" in done.stderr


def test_a_worker_that_dies_in_init_fails_the_step(tmp_path: Path) -> None:
    done = drive(tmp_path, "import os\ndef init(): os._exit(4)")

    assert "the worker process exited with code 4 outside run()" in done.stderr


def test_input_without_files_is_an_error(tmp_path: Path) -> None:
    assert "the step's input holds no files" in drive(tmp_path, ECHO, inputs=0).stderr


def test_what_is_not_implemented_is_refused_by_name() -> None:
    with pytest.raises(ParallelRunError, match="--partition_keys is not implemented"):
        parse(["--scoring_module_name", "score.py", "--partition_keys", "[]"], {})


def test_mini_batches_run_side_by_side(tmp_path: Path) -> None:
    """As many as there are processes: two workers meet in run(), or it raises."""
    score = """
import pathlib, time
def run(files):
    pathlib.Path('here' + pathlib.Path(files[0]).name).touch()
    deadline = time.monotonic() + 40
    while len(list(pathlib.Path().glob('here*'))) < 2:
        assert time.monotonic() < deadline, 'nobody came'
        time.sleep(0.01)
    return files
"""

    done = drive(tmp_path, score, inputs=2, mini_batch_size=1, run_max_try=1, run_invocation_timeout=90)

    assert done.returncode == 0, done.stdout
