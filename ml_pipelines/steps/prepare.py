"""The first step of a training run: data from the lake, prepared by the user's prepare.py, and checked.

It writes the run's receipt `started`. Beside the data go facts: the digest of what was downloaded, the
champion, what the checks found, and how the table is distributed, for those that come later.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import champion, gate, models, receipts, training_data, training_table
from .check_results import whole
from .errors import StepError, TrainingDataRefused, counted_files
from .gate_report import Report
from .lake import Lake
from .landing import gate_report_path
from .listing import list_matching
from .parameters import Arguments
from .user_scripts import require_content, run_script
from .work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .landing import Receipt
    from .training_data import Found

SCRIPT = "prepare.py"
FACTS_FILE = "facts.json"
CHECKED_FILE = "checked.json"


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    lake = Lake(arguments.text("lake-url"), arguments.text("file-system"))
    with receipts.training(lake, arguments) as receipt:
        receipts.write(lake, receipt)
        _prepare(arguments, lake, receipt)


def _prepare(arguments: Arguments, lake: Lake, receipt: Receipt) -> None:
    path = arguments.optional("training-data") or arguments.text("configured-training-data")
    output, facts = Path(arguments.text("data")), Path(arguments.text("facts"))
    facts.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = dict(_prepared(lake, path, output, "training.data"))
    apart = arguments.optional("held-out")
    if apart is not None:
        _prepared(lake, apart, Path(arguments.text("held-out-data")), "training.held_out")
    compared_with = _champion(arguments)
    found["champion"] = compared_with and compared_with.document()
    (facts / FACTS_FILE).write_text(json.dumps(found))
    _check(arguments, lake, receipt, compared_with)


def _prepared(lake: Lake, path: str, output: Path, key: str) -> dict[str, str | int]:
    with tempfile.TemporaryDirectory(prefix="abs-") as folder:
        raw = Path(folder) / "data"
        found = fetch(lake, path.strip("/"), raw, key)
        print(f"{counted_files(int(found['files']))} of {path}, digest {found['data_digest']}", flush=True)
        prepare(raw, output)
    return found


def fetch(lake: Lake, path: str, target: Path, key: str = "training.data") -> dict[str, str | int]:
    """Download a file, a folder, or the files that match a pattern; the facts about them."""
    files = list_matching(lake, path)
    if not files:
        raise TrainingDataMissing(path, key)
    for file, name in files:
        lake.download(file.path, target / name, etag=file.etag)
    size = sum(file.size for file, _ in files)
    return {"data_digest": digest_of_folder(target), "files": len(files), "bytes": size}


class TrainingDataMissing(StepError):
    def __init__(self, path: str, key: str) -> None:
        super().__init__(f"there is no file at {path!r} in the lake (`{key}`)")


def prepare(raw: Path, output: Path) -> None:
    """`output` is what the user's prepare.py makes of `raw`, or `raw` itself."""
    if not (Path.cwd() / SCRIPT).is_file():
        shutil.copytree(raw, output, dirs_exist_ok=True)
        return
    output.mkdir(parents=True, exist_ok=True)
    run_script(SCRIPT, ["--input", str(raw), "--output", str(output)])
    require_content(SCRIPT, output)


# ------------------------------------------------------------------------------------------- checks


def _champion(arguments: Arguments) -> champion.Champion | None:
    """None, too, where nothing is compared with it."""
    checks, demanded = arguments.document("checks"), arguments.document("gate")
    wanted = arguments.optional("champion")
    if wanted is None or not (demanded or training_data.looks_back(checks)):
        return None
    name = arguments.text("registered-model")
    found = champion.choose(name, wanted, models.registered(name))
    print(f"champion: {f'version {found.version}' if found else 'none yet'}", flush=True)
    return found


def _check(
    arguments: Arguments, lake: Lake, receipt: Receipt, compared_with: champion.Champion | None
) -> None:
    """Raises TrainingDataRefused, with its report written, so that no hour is spent on training."""
    checks, facts = arguments.document("checks"), Path(arguments.text("facts"))
    if not checks:
        return
    table = training_table.read_table(Path(arguments.text("data")), checks.get("files", "*"))
    ignored = training_data.ignored_columns(checks, arguments.optional("row-key"))
    described = training_table.description_of(table, ignored)
    (facts / training_table.DESCRIPTION_FILE).write_text(described.to_json())
    known = compared_with.described() if compared_with and training_data.looks_back(checks) else None
    found = training_data.check(checks, table, known, ignored=ignored)
    (facts / CHECKED_FILE).write_text(found.to_json())
    if any(each.failed for each in found.results):
        raise _refused(arguments, lake, receipt, compared_with, found)


def _refused(
    arguments: Arguments,
    lake: Lake,
    receipt: Receipt,
    compared_with: champion.Champion | None,
    found: Found,
) -> TrainingDataRefused:
    path = gate_report_path(receipt.model, receipt.group_id, receipt.ml_run_id)
    report = Report(
        receipt,
        "refused",
        found.results,
        champion=compared_with.version if compared_with else None,
        drifts=found.drifts,
        maximum_psi=training_data.maximum_psi(arguments.document("checks")),
    )
    lake.replace(path, report.html())
    known = replace(receipt, checks=whole(found.results), decision="refused", report=path)
    return TrainingDataRefused(known, gate.reason_of(found.results))
