"""The ParallelRunStep's entry script: init() and run(mini_batch) as the driver calls them.

A mini-batch is a list of work item files. For each, run() has the plan's model version on disk, calls the
user's init() once a worker and his run() as often as the item's input demands, and leaves one part in the
lake. It answers one element an item: with an error threshold of 0 any missing one fails the step.

An error is written to the receipt first: the driver's own log is hard to find, the receipt is not.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from . import ml_run, models, receipts, unreadable
from .bad_rows import Search
from .errors import ScoringFailed, ScriptMissing
from .feed import FileBatch, file_batches, table_blocks
from .lake import Lake
from .landing import progress_path
from .origins import joined, spans_of
from .parameters import Arguments
from .parts import PartFacts, PartWriter
from .progress import Watch
from .results import Place, as_frame, check_order, labels_of, with_keys
from .run_columns import RunColumns
from .tables import Reject
from .work import Plan, WorkItem, drafts_folder, part_path, rejects_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping, Sequence
    from types import ModuleType

    from .parts import Span
    from .tables import Block

FILE, ROW = "file", "row"
FINDS_THE_ROWS = "With `scoring.max_quarantined_percent` above 0 the rows are found for which it raises"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class UserScript(Protocol):
    """The user's score.py; init() may be absent."""

    def run(self, mini_batch: Any, /) -> object: ...  # noqa: ANN401 - paths or a DataFrame


def init() -> None:
    """Which model it is stands in the first work item; before anything is imported, how many threads."""
    processes = Arguments(sys.argv).optional("processes-per-node")
    share_processors(int(processes or 1), os.environ)


def share_processors(processes: int, variables: MutableMapping[str, str]) -> None:
    """The libraries under a model start a thread a processor, in every process of a node: too many by far.

    Each process gets its share; whoever sets these variables himself, in the ML environment, is left alone.
    """
    threads = max(1, (os.cpu_count() or 1) // processes)
    for name in THREADS:
        variables.setdefault(name, str(threads))


def run(mini_batch: Sequence[str]) -> list[str]:
    """Score each work item; one line an item says what was done."""
    return [_worker().score(WorkItem.from_json(Path(name).read_bytes())) for name in mini_batch]


_WORKERS: list[Worker] = []


def _worker() -> Worker:
    """The one of this process."""
    if not _WORKERS:
        _WORKERS.append(Worker(root=Path.cwd()))
    return _WORKERS[0]


class Worker:
    """One process of the ParallelRunStep: one model, one user script, many work items."""

    def __init__(
        self,
        root: Path,
        open_lake: Callable[[str, str], Lake] = Lake,
        load: Callable[[str, str, Path], None] = models.download,
    ) -> None:
        self._root = root
        self._open_lake = open_lake
        self._load = load
        self._lake: Lake | None = None
        self._ready: tuple[UserScript, str] | None = None
        self._watch = Watch()

    def score(self, item: WorkItem) -> str:
        started = time.monotonic()
        plan = item.plan
        lake = self._lake = self._lake or self._open_lake(plan.lake_url, plan.file_system)
        with receipts.failures_reported(lake, lambda: receipts.of_plan(plan, "failed")):
            if not item.pieces:
                return f"{item.label}: nothing to score"
            script, sha256 = self._prepared(plan, item)
            rows = _score_item(item, lake, script, sha256)
        progress = self._watch.done(item, rows)
        self._watch.tell(lake, progress_path(plan.staging), progress)
        line = f"{item.label}: {rows} rows in {time.monotonic() - started:.1f} s; {progress}"
        print(line, flush=True)
        return line

    def _prepared(self, plan: Plan, item: WorkItem) -> tuple[UserScript, str]:
        """The user's script after its init(), and the sha256 of the model it has; once a worker."""
        if self._ready is None:
            sha256 = models.fetch(
                plan.registered_model, plan.model_version, plan.model_sha256, self._load, self._root
            )
            with ml_run.hidden(), _blamed(plan, item.label, f"{plan.score_script}, when imported,"):
                script = load_script(self._root, plan.score_script)
            with ml_run.hidden(), _blamed(plan, item.label, f"{plan.score_script} init()"):
                getattr(script, "init", lambda: None)()
            self._ready = script, sha256
        return self._ready


def load_script(root: Path, name: str) -> Any:  # noqa: ANN401 - a module with init() and run()
    """Import the user's script; its neighbours in `root` can be imported by it."""
    path = root / name
    if not path.is_file():
        raise ScriptMissing(name, f"there is no such file in {root}")
    for folder in (str(path.parent), str(root)):
        if folder not in sys.path:
            sys.path.insert(0, folder)
    module = _import(path)
    if not callable(getattr(module, "run", None)):
        raise ScriptMissing(name, "it defines no run(mini_batch)")
    return module


def _import(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ScriptMissing(path.name, "it is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


@contextmanager
def _blamed(plan: Plan, files: str, where: str, hint: str = "") -> Iterator[None]:
    """Whatever the user's code raises, with model, window, files and cause; a SystemExit is one of them."""
    try:
        yield
    except ScriptMissing:
        raise
    except (Exception, SystemExit) as cause:
        raise ScoringFailed(plan.model, plan.window_id, where, files, cause, hint) from cause


@dataclass
class _Item:
    """One item while it is being scored."""

    plan: Plan
    script: UserScript
    writer: PartWriter
    run_columns: RunColumns
    rejects: list[Reject] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    rows_in: int = 0
    search: Search = field(default_factory=Search)

    def score(self, given: object, expected: int, unit: str, files: str, keys: dict[str, Any]) -> None:
        plan = self.plan
        could_search = plan.may_search and not plan.max_quarantined_percent and expected > 1
        hint = f". {FINDS_THE_ROWS}" if could_search else ""
        labels = labels_of(given, expected)
        with ml_run.hidden(), _blamed(plan, files, f"{plan.score_script} run()", hint):
            result = self.script.run(given)
        place = Place(plan.model, plan.window_id, files, unit)
        frame = as_frame(result, expected, place)
        check_order(result, labels, keys, place)
        rows = with_keys(frame, keys, place)
        self.run_columns.check(rows, plan.model)
        self.writer.add(rows, files)

    def score_table(self, block: Block) -> None:
        self.rows_in += block.rows_in
        self.rejects += block.rejects
        self.spans += spans_of(block.shares)
        if not block.table.num_rows:
            return
        if self.plan.row_key is None:
            files, rows = block.origins()
            keys: dict[str, Any] = {FILE: files, ROW: rows}
        else:
            keys = {self.plan.row_key: block.table.column(self.plan.row_key)}

        def score(start: int, stop: int) -> None:
            with unreadable.blamed(block.label):
                given = block.table.slice(start, stop - start).to_pandas()
            mine = {name: values[start:stop] for name, values in keys.items()}
            self.score(given, stop - start, "rows", block.label, mine)

        self._score_all(block.table.num_rows, score, block.reject)

    def score_files(self, batch: FileBatch) -> None:
        self.rows_in += batch.expected
        self.spans += spans_of(batch.shares)
        if not batch.expected:
            return
        paths = [str(path) for path in batch.paths]
        if self.plan.returns == "rows":
            self.score(paths, batch.expected, "rows", batch.label, batch.keys)
            return

        def score(start: int, stop: int) -> None:
            mine = {name: values[start:stop] for name, values in batch.keys.items()}
            self.score(paths[start:stop], stop - start, "files", batch.label, mine)

        self._score_all(
            batch.expected, score, lambda at, cause: Reject(batch.keys[FILE][at], 1, 0, cause, "")
        )

    def _score_all(
        self, count: int, score: Callable[[int, int], None], reject: Callable[[int, str], Reject]
    ) -> None:
        """Where rejects are allowed, rows for which run() raises are some."""
        if not self.plan.max_quarantined_percent:
            score(0, count)
            return
        for row, error in self.search.bad_rows(count, score):
            self.rejects.append(reject(row, receipts.without_secrets(error.cause)))

    def facts(self, number: int, sha256: str) -> PartFacts:
        return PartFacts(number, self.rows_in, len(self.rejects), sha256, tuple(joined(self.spans)))


def _score_item(item: WorkItem, lake: Lake, script: UserScript, sha256: str) -> int:
    plan = item.plan
    with tempfile.TemporaryDirectory(prefix="abs-") as folder:
        part = Path(folder) / "part.parquet"
        scoring = _Item(plan, script, PartWriter(part, plan.row_key), RunColumns.of(plan))
        if plan.passes == "tables" and plan.returns == "rows":
            with closing(table_blocks(item, lake, Path(folder))) as blocks:
                for block in blocks:
                    scoring.score_table(block)
        else:
            for batch in file_batches(item, lake, Path(folder)):
                scoring.score_files(batch)
        rows = scoring.writer.close(scoring.facts(item.number, sha256))
        if scoring.rejects:
            lake.replace(rejects_path(plan, item.number), _rejects(scoring.rejects), drafts_folder(plan))
        lake.replace(part_path(plan, item.number), part, drafts_folder(plan))
    return rows


def _rejects(rejects: Sequence[Reject]) -> bytes:
    import io

    import pyarrow as pa
    from pyarrow import parquet

    buffer = io.BytesIO()
    parquet.write_table(pa.Table.from_pylist([vars(reject) for reject in rejects]), buffer)
    return buffer.getvalue()
