"""The whole local step, measured beside what one would write by hand.

    python benchmarks/scoring.py [--quick] [--json FILE] [--rounds N] [--sizes M M] [--only GLOB] [--port P]

What runs is the published pipeline: submitted to a local Azure as Data Factory does it, staged, scored by a
ParallelRunStep in a process a processor, accounted for, landed. The rows of the diabetes table, made up here,
lie in the local lake: as CSV files, as one CSV file, as one Parquet file. A rate is the steady one, from the
difference of two sizes, so that nobody's start-up counts; ours and the others take turns, and of several
rounds the median counts.

Two ratios: of rows per second by the clock, which whatever else the machine does disturbs, and of rows per
second of processor time, the lake's own included, which that hardly does. --quick: small sizes, the decision
tree over CSV files only.

Dask and Ray Data are measured where they are installed. They, the tutorial's loop and a second run of what is
written by hand read local disk: no goal, but for being ahead of the frameworks. Ray's workers are no children
of this process: of its processor time only what is spent here is counted.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # for what is written by hand: as many processes as processors
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import scoring_rivals as rivals
from scoring_azure import FEATURES, Azure, Took, local_azure_in, table, train, write_tables

MILLION = 1_000_000
SIZES, QUICK_SIZES = (10 * MILLION, 30 * MILLION), (2 * MILLION, 5 * MILLION)
CASES = [
    ("tree", "files"),
    ("tree", "one"),
    ("tree", "parquet"),
    ("logistic", "files"),
    ("boosting", "files"),
]
QUICK_CASES = CASES[:1]
LAYOUTS = {"files": "CSV files", "one": "one CSV file", "parquet": "one Parquet file"}
MODELS = {"tree": "decision tree", "logistic": "logistic regression", "boosting": "gradient boosting"}
GOAL = 0.85
WORKER_MEGABYTES, MINI_BATCH_MEGABYTES = 300, 125
"""A mini-batch is 64 MB of CSV: 1.4 million rows, which are 125 MB as a table."""
TUTORIAL_ROWS = 2000

Result = dict[str, Any]
Rounds = dict[str, list[tuple[Took, Took]]]
"""By whose work: what the small and the large size took."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    arguments.add_argument("--rounds", type=int, help="of which the median counts (default: 3, quick: 1)")
    arguments.add_argument("--sizes", type=int, nargs=2, metavar="M", help="million rows (default: 10 30)")
    arguments.add_argument("--only", default="*", metavar="GLOB", help="of tree/files, logistic/files, …")
    arguments.add_argument("--port", type=int, default=26000, help="of the local Azure, with the next two")
    options = arguments.parse_args()
    results = list(measured(options))
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(options: argparse.Namespace) -> Iterator[Result]:
    sizes = QUICK_SIZES if options.quick else SIZES
    if options.sizes:
        sizes = (options.sizes[0] * MILLION, options.sizes[1] * MILLION)
    rounds = options.rounds or (1 if options.quick else 3)
    with TemporaryDirectory(prefix="scoring-") as name:
        folder = Path(name)
        models = train(folder / "models")
        with local_azure_in(folder / "azure", options.port) as azure:
            for rows in sizes:
                write_tables(azure.lake_folder / f"in/{rows}", rows)
            cases = [
                Case(azure, folder, models[model], model, layout, sizes)
                for model, layout in (QUICK_CASES if options.quick else CASES)
                if fnmatch(f"{model}/{layout}", options.only)
            ]
            found = [result for case in cases for result in told(case.results(case.rounds(rounds)))]
        loop = rivals.tutorial(folder / "tutorial", models["tree"], tutorial_rows())
    yield from found
    yield from told(over_the_tutorial(cases[0], found[0], TUTORIAL_ROWS / loop))


def over_the_tutorial(case: "Case", ours: Result, rows_per_second: float) -> Iterator[Result]:
    yield {
        "name": f"scoring, {case}: rows per second over the tutorial's loop, a file a row on local disk",
        "ratio": round(1e6 * ours["detail"]["million_rows_per_second"] / rows_per_second),
        "goal": None,
        "better": "higher",
        "detail": {"rows_per_second_theirs": round(rows_per_second), "rows": TUTORIAL_ROWS},
    }


def tutorial_rows() -> Any:  # noqa: ANN401
    import numpy as np

    return table(0, TUTORIAL_ROWS, np.random.default_rng(1)).select(FEATURES).to_pandas().to_numpy()


@dataclass
class Case:
    azure: Azure
    folder: Path
    model_file: Path
    model: str
    layout: str
    sizes: tuple[int, int]

    def __str__(self) -> str:
        return f"{MODELS[self.model]}, {LAYOUTS[self.layout]}"

    def rounds(self, count: int) -> Rounds:
        """Each in turn at each size, again and again."""
        suffix = "parquet" if self.layout == "parquet" else "csv"
        name = f"{self.model}_{self.layout}"
        endpoint = self.azure.publish(name, self.model_file, self.folder / "source", input_format=suffix)
        work: dict[str, Callable[[int], Took]] = {
            "ours": lambda rows: self.azure.score(endpoint, f"in/{rows}/{self.layout}"),
            "by hand": partial(self._rival, rivals.by_hand, self.azure.session.settings.lake_url),
            "by hand, local disk": partial(self._rival, rivals.by_hand, None),
        }
        work |= {each: partial(self._rival, run, None) for each, run in rivals.frameworks().items()}
        found: Rounds = {each: [] for each in work}
        for _ in range(count):
            taken = [{each: run(rows) for each, run in work.items()} for rows in self.sizes]
            for each in work:
                found[each].append((taken[0][each], taken[1][each]))
        return found

    def _rival(self, run: Callable[[rivals.Source, Path, str], None], lake: str | None, rows: int) -> Took:
        place = f"in/{rows}/{self.layout}"
        source = rivals.Source(place if lake else str(self.azure.lake_folder / place), lake)
        output = "by-hand.parquet" if lake else str(self.folder / "by-hand.parquet")
        return self.azure.measured(lambda: run(source, self.model_file, output))

    def results(self, found: Rounds) -> Iterator[Result]:
        ours = found.pop("ours")
        for name, theirs in found.items():
            processor = self._slope(theirs, "processor") / self._slope(ours, "processor")
            clock = self._slope(theirs, "seconds") / self._slope(ours, "seconds")
            sane = min(self._slope(ours, "seconds"), self._slope(theirs, "seconds")) > 0
            yield {
                "name": f"scoring, {self}: rows per second over {name}",
                "ratio": round(clock if sane else processor, 2),
                "goal": GOAL if name == "by hand" else 1 if name in ("dask", "ray") else None,
                "better": "higher",
                "detail": {
                    "by": "the clock" if sane else "processor time: the clock's slope has no sense",
                    "ratio_of_processor_time": round(processor, 2),
                    "million_rows_per_second": self._rate(ours),
                    "million_rows_per_second_theirs": self._rate(theirs),
                    "seconds": [round(each.seconds, 1) for pair in ours for each in pair],
                    "seconds_theirs": [round(each.seconds, 1) for pair in theirs for each in pair],
                    "processor_seconds": [round(each.processor, 1) for pair in ours for each in pair],
                    "processor_seconds_theirs": [
                        round(each.processor, 1) for pair in theirs for each in pair
                    ],
                },
            }
        yield self._memory(ours)

    def _memory(self, ours: list[tuple[Took, Took]]) -> Result:
        small, large = (max(pair[size].peaks["worker"] for pair in ours) for size in (0, 1))
        others = {kind: max(pair[1].peaks.get(kind, 0) for pair in ours) for kind in ("stage", "publish")}
        most = WORKER_MEGABYTES + MINI_BATCH_MEGABYTES
        return {
            "name": f"scoring, {self}: a worker's memory over {WORKER_MEGABYTES} MB and its mini-batch",
            "ratio": round(max(small, large) / most, 2),
            "goal": 1,
            "better": "lower",
            "detail": {"megabytes": {f"{self.sizes[0]:,}": small, f"{self.sizes[1]:,}": large}} | others,
        }

    def _slope(self, pairs: list[tuple[Took, Took]], unit: str) -> float:
        """Seconds between the two sizes; of several rounds the median."""
        return statistics.median(getattr(large, unit) - getattr(small, unit) for small, large in pairs)

    def _rate(self, pairs: list[tuple[Took, Took]]) -> float:
        return round((self.sizes[1] - self.sizes[0]) / self._slope(pairs, "seconds") / MILLION, 2)


def told(results: Iterator[Result]) -> Iterator[Result]:
    for each in results:
        goal = f"(goal {each['goal']}, {each['better']} is better)" if each["goal"] else "(no goal)"
        print(f"{each['name']:86} {each['ratio']:6.2f}  {goal}", flush=True)
        print(f"    {json.dumps(each['detail'])}", flush=True)
        yield each


if __name__ == "__main__":
    main()
