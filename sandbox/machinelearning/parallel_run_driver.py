"""What `driver/amlbi_main.py` is in Azure: splits the inputs of a ParallelRunStep into mini-batches and has
worker processes call the entry script's `run(mini_batch)`. Started as a script in the snapshot, standard
library only.

The rules, from the documentation of ParallelRunConfig: `init()` runs once a worker; a mini-batch that
fails, takes longer than `run_invocation_timeout` or whose worker dies is tried `run_max_try` times in all;
every element that run() returns is one input processed, every missing one an error; more errors than
`error_threshold` abort the step (-1: never). One node is imitated, whatever `node_count` says.

Its own output is the step's log; each worker's is in logs/user/stdout and logs/user/stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

WORKER = Path(__file__).with_name("parallel_run_worker.py")
LOGS = Path("logs")
EXIT_SECONDS = 5
_REFUSED = ("partition_keys", "rank_mini_batch_count", "input_ds_0", "input0")


class ParallelRunError(Exception):
    """The step fails; the message is its last word."""


@dataclass(frozen=True)
class Settings:
    entry_script: str
    inputs: tuple[Path, ...]
    output: Path | None
    append_row: bool
    append_row_file_name: str
    mini_batch_size: int
    process_count: int
    run_max_try: int
    run_invocation_timeout: float
    error_threshold: int
    allowed_failed_count: int
    allowed_failed_percent: float
    worker_arguments: tuple[str, ...]


@dataclass
class MiniBatch:
    number: int
    files: tuple[str, ...]
    tries: int = 0
    processed: int = 0
    error: str = ""

    def __str__(self) -> str:
        more = f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"mini-batch {self.number} ({Path(self.files[0]).name}{more})"


def parse(arguments: list[str], environment: dict[str, str]) -> Settings:
    """Inputs arrive as names (`--input_fds_0 items`): the folder behind one is the environment variable of
    that name.
    """
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--scoring_module_name", required=True)
    parser.add_argument("--mini_batch_size", type=int, default=1)
    parser.add_argument("--process_count_per_node", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--run_max_try", type=int, default=3)
    parser.add_argument("--run_invocation_timeout", type=float, default=60)
    parser.add_argument("--error_threshold", type=int, default=-1)
    parser.add_argument("--allowed_failed_count", type=int, default=-1)
    parser.add_argument("--allowed_failed_percent", type=float, default=-1)
    parser.add_argument("--output_action", default="summary_only")
    parser.add_argument("--append_row_file_name", default="parallel_run_step.txt")
    parser.add_argument("--output", type=Path)
    known, _ = parser.parse_known_args(arguments)
    for name in _REFUSED:
        if f"--{name}" in arguments:
            raise ParallelRunError(
                f"--{name} is not implemented by the local Azure: give the step's input as files"
            )
    names = [value for flag, value in pairwise(arguments) if flag.startswith("--input_fds_")]
    return Settings(
        entry_script=known.scoring_module_name,
        inputs=tuple(_input(name, environment) for name in names),
        output=known.output,
        append_row=known.output_action.lower() == "append_row",
        append_row_file_name=known.append_row_file_name,
        mini_batch_size=known.mini_batch_size,
        process_count=known.process_count_per_node,
        run_max_try=known.run_max_try,
        run_invocation_timeout=known.run_invocation_timeout,
        error_threshold=known.error_threshold,
        allowed_failed_count=known.allowed_failed_count,
        allowed_failed_percent=known.allowed_failed_percent,
        worker_arguments=tuple(arguments),
    )


def _input(name: str, environment: dict[str, str]) -> Path:
    folder = environment.get(f"AZUREML_DATAREFERENCE_{name}") or environment.get(name)
    if folder is None:
        raise ParallelRunError(f"the input '{name}' is not mounted")
    return Path(folder)


def mini_batches(settings: Settings) -> list[MiniBatch]:
    files = [str(file) for folder in settings.inputs for file in sorted(folder.rglob("*")) if file.is_file()]
    size = settings.mini_batch_size
    return [
        MiniBatch(start // size, tuple(files[start : start + size])) for start in range(0, len(files), size)
    ]


class Worker:
    """One process; it has at most one mini-batch at a time."""

    def __init__(self, number: int, settings: Settings) -> None:
        self.number = number
        self.batch: MiniBatch | None = None
        self.deadline: float | None = None
        self._buffer = b""
        self._socket, theirs = socket.socketpair()
        with theirs, _log(number, "stdout") as out, _log(number, "stderr") as errors:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", str(WORKER), str(theirs.fileno())),
                    *(settings.entry_script, *settings.worker_arguments),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
            )

    def fileno(self) -> int:
        return self._socket.fileno()

    def give(self, batch: MiniBatch, rows_file: str, timeout_seconds: float) -> None:
        """A worker that died meanwhile is noticed when its end of the socket is read."""
        self.batch = batch
        self.deadline = time.monotonic() + timeout_seconds
        batch.tries += 1
        order = json.dumps({"files": batch.files, "rows_file": rows_file})
        try:
            self._socket.sendall(order.encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            return

    def take(self) -> list[dict[str, Any]] | None:
        """What it has said since; None when it is gone."""
        try:
            received = self._socket.recv(65536)
        except ConnectionResetError:
            received = b""
        if not received:
            return None
        *lines, self._buffer = (self._buffer + received).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self) -> str:
        """Waits for its end and says how that was."""
        self._socket.close()
        code = self.process.wait()
        if code >= 0:
            return f"the worker process exited with code {code}"
        name = signal.Signals(-code).name
        hint = ", perhaps for want of memory" if -code == signal.SIGKILL else ""
        return f"the worker process was killed by {name}{hint}"

    def finish(self) -> None:
        """Lets it run its shutdown(). A thread that the user's script has left running is not waited for."""
        self._socket.shutdown(socket.SHUT_WR)
        said: list[str] | None = []
        while said is not None and "finished" not in said:
            messages = self.take()
            said = None if messages is None else [message["event"] for message in messages]
        try:
            self.process.wait(EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            _report(
                f"worker {self.number}", f"it was killed: it did not end, {EXIT_SECONDS} s after all was done"
            )
            self.process.kill()
            self.process.wait()
        self._socket.close()

    def kill(self) -> None:
        self.process.kill()
        self.end()


@dataclass
class Pool:
    settings: Settings
    rows_folder: Path
    waiting: deque[MiniBatch]
    done: list[MiniBatch] = field(default_factory=list)
    failed: list[MiniBatch] = field(default_factory=list)
    total: int = 0
    errors: int = 0
    """Inputs without a result, of mini-batches that are done and of those that have failed for good."""
    _workers: list[Worker] = field(default_factory=list)
    _started: int = 0
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def run(self) -> None:
        """Until every mini-batch is done or has failed for good; raises when too many have."""
        self.total = len(self.waiting)
        try:
            for _ in range(min(self.settings.process_count, self.total)):
                self._start_worker()
            while len(self.done) + len(self.failed) < self.total:
                for key, _ in self._selector.select(self._patience()):
                    self._hear(key.fileobj)
                self._kill_late_workers()
            for worker in self._workers:
                worker.finish()
        except BaseException:
            for worker in self._workers:
                worker.kill()
            raise

    def rows_file(self, batch: MiniBatch) -> Path:
        return self.rows_folder / f"{batch.number:08}.txt"

    def _start_worker(self) -> None:
        worker = Worker(self._started, self.settings)
        self._started += 1
        self._workers.append(worker)
        self._selector.register(worker, selectors.EVENT_READ)

    def _drop_worker(self, worker: Worker) -> None:
        """Another takes its place while there is work that no other worker has."""
        self._selector.unregister(worker)
        self._workers.remove(worker)
        if self.waiting:
            self._start_worker()

    def _patience(self) -> float | None:
        deadlines = [worker.deadline for worker in self._workers if worker.deadline is not None]
        return max(0.0, min(deadlines) - time.monotonic()) if deadlines else None

    def _hear(self, worker: Any) -> None:  # noqa: ANN401 - what the selector was given
        if worker not in self._workers:
            return
        messages = worker.take()
        if messages is None:
            self._lose(worker, worker.end())
        for message in messages or []:
            self._understand(worker, message)

    def _understand(self, worker: Worker, message: dict[str, Any]) -> None:
        match message["event"]:
            case "broken":
                _report("init() failed", message["traceback"])
                raise ParallelRunError(f"init() of {self.settings.entry_script} failed: {message['error']}")
            case "done":
                self._count(worker, message["processed"])
            case "failed":
                _report(
                    f"{worker.batch}, try {worker.batch.tries if worker.batch else 0}", message["traceback"]
                )
                self._try_again(worker, message["error"])
        self._give_next(worker)

    def _count(self, worker: Worker, processed: int) -> None:
        batch, worker.batch, worker.deadline = worker.batch, None, None
        if batch is None:
            return
        batch.processed = processed
        self.errors += max(0, len(batch.files) - processed)
        if processed < len(batch.files):
            batch.error = f"run() returned {processed} results for {len(batch.files)} inputs"
            _report(str(batch), batch.error)
        self.done.append(batch)
        self._check()

    def _lose(self, worker: Worker, how: str) -> None:
        if worker.batch is None:
            raise ParallelRunError(f"{how} outside run()")
        _report(f"{worker.batch}, try {worker.batch.tries}", how)
        self._try_again(worker, how)
        self._drop_worker(worker)

    def _try_again(self, worker: Worker, error: str) -> None:
        batch, worker.batch, worker.deadline = worker.batch, None, None
        if batch is None:
            return
        batch.error = error
        if batch.tries < self.settings.run_max_try:
            self.waiting.append(batch)
        else:
            self.failed.append(batch)
            self.errors += len(batch.files)
            self._check()

    def _give_next(self, worker: Worker) -> None:
        if self.waiting:
            batch = self.waiting.popleft()
            rows_file = str(self.rows_file(batch)) if self.settings.append_row else ""
            worker.give(batch, rows_file, self.settings.run_invocation_timeout)

    def _kill_late_workers(self) -> None:
        now = time.monotonic()
        for worker in [one for one in self._workers if one.deadline is not None and one.deadline <= now]:
            worker.kill()
            limit = self.settings.run_invocation_timeout
            self._lose(worker, f"TimeoutError: run() took longer than run_invocation_timeout ({limit:g} s)")

    def _check(self) -> None:
        """Counts after every mini-batch: a step that cannot succeed any more ends at once."""
        if 0 <= self.settings.error_threshold < self.errors:
            raise ParallelRunError(
                f"{self.errors} inputs failed, error_threshold allows {self.settings.error_threshold}. "
                f"{self._first()}"
            )
        if 0 <= self.settings.allowed_failed_count < len(self.failed):
            raise ParallelRunError(
                f"{len(self.failed)} mini-batches failed, allowed_failed_count is "
                f"{self.settings.allowed_failed_count}. {self._first()}"
            )
        percent = 100 * len(self.failed) / self.total
        if 0 <= self.settings.allowed_failed_percent < percent:
            raise ParallelRunError(
                f"{percent:g} % of the mini-batches failed, allowed_failed_percent is "
                f"{self.settings.allowed_failed_percent:g}. {self._first()}"
            )

    def _first(self) -> str:
        batch = next(one for one in [*self.failed, *self.done] if one.error)
        tries = "1 try" if batch.tries == 1 else f"{batch.tries} tries"
        return f"First: {batch} after {tries}: {batch.error}"


def main(arguments: list[str]) -> int:
    settings = parse(arguments, dict(os.environ))
    batches = mini_batches(settings)
    if not batches:
        raise ParallelRunError("the step's input holds no files")
    print(f"{len(batches)} mini-batches, {settings.process_count} worker processes", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="rows-") as rows_folder:
        pool = Pool(settings, Path(rows_folder), deque(batches))
        try:
            pool.run()
        finally:
            _summarize(pool)
        if settings.append_row:
            _append_rows(pool)
    return 0


def _append_rows(pool: Pool) -> None:
    """In the order of the inputs; the real service promises none."""
    if pool.settings.output is None:
        raise ParallelRunError("output_action append_row needs --output")
    target = pool.settings.output / pool.settings.append_row_file_name
    with target.open("w", encoding="utf-8") as stream:
        for batch in sorted(pool.done, key=lambda one: one.number):
            stream.write(pool.rows_file(batch).read_text(encoding="utf-8"))


def _summarize(pool: Pool) -> None:
    processed = sum(batch.processed for batch in pool.done)
    summary = (
        f"mini-batches: {len(pool.done)} done, {len(pool.failed)} failed, "
        f"{pool.total - len(pool.done) - len(pool.failed)} not done; inputs processed: {processed}"
    )
    print(summary, flush=True)  # noqa: T201
    LOGS.mkdir(exist_ok=True)
    (LOGS / "job_progress_overview.txt").write_text(summary + "\n", encoding="utf-8")


def _report(subject: str, text: str) -> None:
    """To the step's log, and to the file where the service collects errors."""
    print(f"{subject}:\n{text}", flush=True)  # noqa: T201
    folder = LOGS / "user"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "error.txt").open("a", encoding="utf-8") as stream:
        stream.write(f"{subject}:\n{text}\n")


def _log(number: int, stream: str) -> TextIO:
    folder = LOGS / "user" / stream / "0"
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"process{number:03}.{stream}.txt").open("a", encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except ParallelRunError as failure:
        sys.exit(f"ParallelRunError: {failure}")
