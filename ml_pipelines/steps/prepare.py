"""The first step of a training run: data from the lake, prepared by the user's prepare.py if any.

It writes the run's receipt `started`. Beside the data go facts: the digest of what was downloaded, for the
registered model's tags.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import receipts
from .errors import StepError
from .lake import Lake
from .listing import list_matching
from .parameters import Arguments
from .user_scripts import require_content, run_script
from .work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = "prepare.py"
FACTS_FILE = "facts.json"


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    lake = Lake(arguments.text("lake-url"), arguments.text("file-system"))
    with receipts.training(lake, arguments) as receipt:
        receipts.write(lake, receipt)
        _prepare(arguments, lake)


def _prepare(arguments: Arguments, lake: Lake) -> None:
    path = arguments.optional("training-data") or arguments.text("configured-training-data")
    output, facts = Path(arguments.text("data")), Path(arguments.text("facts"))
    with tempfile.TemporaryDirectory(prefix="abs-") as folder:
        raw = Path(folder) / "data"
        found = fetch(lake, path.strip("/"), raw)
        facts.mkdir(parents=True, exist_ok=True)
        (facts / FACTS_FILE).write_text(json.dumps(found))
        print(f"{found['files']} files of {path}, digest {found['data_digest']}", flush=True)
        prepare(raw, output)


def fetch(lake: Lake, path: str, target: Path) -> dict[str, str | int]:
    """Download a file, a folder, or the files that match a pattern; the facts about them."""
    files = list_matching(lake, path)
    if not files:
        raise TrainingDataMissing(path)
    for file, name in files:
        lake.download(file.path, target / name, etag=file.etag)
    size = sum(file.size for file, _ in files)
    return {"data_digest": digest_of_folder(target), "files": len(files), "bytes": size}


class TrainingDataMissing(StepError):
    def __init__(self, path: str) -> None:
        super().__init__(f"there is no file at {path!r} in the lake (`training.data`)")


def prepare(raw: Path, output: Path) -> None:
    """`output` is what the user's prepare.py makes of `raw`, or `raw` itself."""
    if not (Path.cwd() / SCRIPT).is_file():
        shutil.copytree(raw, output, dirs_exist_ok=True)
        return
    output.mkdir(parents=True, exist_ok=True)
    run_script(SCRIPT, ["--input", str(raw), "--output", str(output)])
    require_content(SCRIPT, output)
