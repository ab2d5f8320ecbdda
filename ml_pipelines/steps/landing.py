"""Where things lie in the lake, and the formats of what lies there. Pure.

<output path>/window=<window id>/predictions.<format>       what readers read
<output path>/window=<window id>/_parts/<attempt>/…         the rows of a window too large for one file
quarantine/<model>/window=<window id>/rows.csv              rows that could not be scored
_landing/<model>/<window id>.json                           the manifest: the landed window, whoever landed it
_landing/<model>/_runs/<group id>.json                      the receipt: one run, whatever became of it
_landing/<model>/_gate/<group id>/<ML run id>.html          the report of a training: what the gate decided
_staging/<model>/<window id>/<attempt>/…                    parts, the file before its commit; removed after
_staging/_drafts/…                                          small files before they are renamed into place

A window of more than `output.maximum_file_megabytes` lands as part files, and `predictions.parquet` is then
their summary: a Parquet footer whose row groups lie in the parts (parquet_join.py). Why this is as safe as
one file:

- One path commits both. Whatever lies at `predictions.parquet`, file or summary, was renamed there in one
  conditional request and is replaced by one: from file to parts and back is a replacement like any other,
  with the same etag, the same `judge`, the same winner. With a pointer of another name beside the file there
  would be two paths, and no request whose condition holds for both.
- A summary names the parts of its own attempt only. They are complete in the lake before it is staged and
  nobody writes to them again, so that whoever has read it reads one attempt, whatever is landed meanwhile.
- Parts are deleted by age only, counted from when their summary was replaced (tidying.py): a reader that
  resolved the old one has STAGING_DAYS to finish.
- Who does not know of summaries gets an error (Arrow: "corrupt file"), never an empty or a partial table.

`landed_files` is the one way from what lies at the path to the files that hold the rows; the manifest says
under `files` what it found.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal, Self

from .check_results import from_text, to_documents
from .errors import BadTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Status = Literal["started", "committed", "unchanged", "superseded", "failed"]
PARTS = "_parts"
DRAFTS = "_staging/_drafts"
"""Also of deployments: what a crash leaves is collected by age (tidying.py)."""
OURS_SECONDS = 24 * 3600
"""So long nobody touches another's draft: well below the age at which drafts are collected."""
LANDED: tuple[Status, ...] = ("committed", "unchanged")
ERROR_LENGTH = 2000


def receipt_path(model: str, group_id: str) -> str:
    return f"_landing/{model}/_runs/{group_id}.json"


def gate_report_path(model: str, group_id: str, ml_run_id: str) -> str:
    return f"_landing/{model}/_gate/{group_id}/{ml_run_id if ml_run_id != '-' else 'report'}.html"


def manifest_folder(model: str) -> str:
    return f"_landing/{model}"


def manifest_path(model: str, window_id: str) -> str:
    return f"{manifest_folder(model)}/{window_id}.json"


def window_folder(output_path: str, window_id: str) -> str:
    return f"{output_path.strip('/')}/window={window_id}"


def predictions_path(output_path: str, window_id: str, file_format: str) -> str:
    return f"{window_folder(output_path, window_id)}/predictions.{file_format}"


def progress_path(staging: str) -> str:
    return f"{staging}/progress.json"


def part_name(attempt: str, number: int) -> str:
    """Seen from the window's folder."""
    return f"{PARTS}/{attempt}/part-{number:05}.parquet"


def parts_folder(output_path: str, window_id: str, attempt: str) -> str:
    return f"{window_folder(output_path, window_id)}/{PARTS}/{attempt}"


def landed_files(path: str, metadata: Mapping[str, str]) -> list[str]:
    """The files that hold the rows of what lies at `path`, in order; `metadata` is that file's own."""
    record = Record.from_metadata(metadata)
    if not record.parts:
        return [path]
    folder = path.rpartition("/")[0]
    return [f"{folder}/{part_name(record.attempt, number)}" for number in range(int(record.parts))]


def quarantine_path(model: str, window_id: str) -> str:
    return f"quarantine/{model}/window={window_id}/rows.csv"


def staging_folder(model: str, window_id: str, attempt: str) -> str:
    return f"_staging/{model}/{window_id}/{attempt}"


# ------------------------------------------------------------------------------------------- templates

FIELD = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_STRFTIME = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M"}
TEXT_FIELDS = ("model", "window_id")
TIME_FIELDS = ("window_start", "window_end")
DEFAULT_TIME_FORMAT = "yyyy-MM-ddTHH-mm"


@dataclass(frozen=True)
class TemplateFields:
    """What a path template may name. `zone` is the grid's: `2026/11/22` is a local day."""

    model: str
    window_id: str
    window_start: datetime
    window_end: datetime
    zone: tzinfo


def format_template(template: str, values: TemplateFields) -> str:
    """`raw/{model}/{window_start:yyyy/MM/dd}` → `raw/diabetes/2026/11/22`.

    Fields: model, window_id, window_start, window_end; the last two take a format of yyyy MM dd HH mm and
    punctuation, read in the grid's zone. Raises BadTemplate for anything else.
    """
    return _replace_fields(
        template,
        text=lambda name: values.model if name == "model" else values.window_id,
        time=lambda name, form: format_time(getattr(values, name).astimezone(values.zone), form, template),
    ).strip("/")


def check_template(template: str) -> None:
    """Raises BadTemplate where `format_template` would, without a window."""
    _replace_fields(
        template,
        text=lambda _: "",
        time=lambda _, form: format_time(datetime(1970, 1, 1, tzinfo=UTC), form, template),
    )


def _replace_fields(template: str, text: Callable[[str], str], time: Callable[[str, str], str]) -> str:
    def replacement(match: re.Match[str]) -> str:
        name, form = match[1], match[2]
        if name in TEXT_FIELDS and form is None:
            return text(name)
        if name in TIME_FIELDS:
            return time(name, form or DEFAULT_TIME_FORMAT)
        raise BadTemplate(
            template, match[0], "{model}, {window_id}, {window_start:yyyy/MM/dd} or {window_end:…}"
        )

    plain = FIELD.sub("", template)
    if "{" in plain or "}" in plain:
        raise BadTemplate(template, "an unpaired brace", "{field} or {field:format}")
    return FIELD.sub(replacement, template)


def format_time(moment: datetime, form: str, template: str) -> str:
    """.NET's tokens yyyy MM dd HH mm (and the literal `T`); any other letter is refused."""

    def replacement(match: re.Match[str]) -> str:
        found = match[0]
        if found == "T":
            return found
        if found not in _STRFTIME:
            raise BadTemplate(template, found, "the tokens yyyy, MM, dd, HH and mm")
        return f"{moment.year:04}" if found == "yyyy" else moment.strftime(_STRFTIME[found])

    return re.sub(r"([A-Za-z])\1*", replacement, form)


# ------------------------------------------------------------------------------------------- receipt


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One line of JSON about one run; the factory compares group id and status. Never a null: `""` and 0."""

    status: Status
    group_id: str
    adf_run_id: str
    ml_run_id: str
    model: str
    model_version: str = ""
    window_id: str = ""
    window_start: str = ""
    window_end: str = ""
    rows_in: int = 0
    rows_scored: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    """Of those in quarantine, rows whose key another row has."""
    path: str = ""
    staging: str = ""
    """Where a run that goes on keeps its parts and says how far it is."""
    attempt_started: str = ""
    """When the attempt began whose file lies at `path`, UTC: it orders the landings of a window."""
    staged: str = ""
    """Where a file lies that failed its checks."""
    error: str = ""
    checks: str = ""
    """What the window's checks found, or the gate's, as check_results.whole writes it."""
    decision: str = ""
    """Of a training run, once it is judged: `approved`, `refused` or `passed` (gate.py)."""
    report: str = ""
    """Of a training run: where its report lies."""

    def to_json(self) -> bytes:
        shortened = asdict(self) | {"error": self.error[:ERROR_LENGTH]}
        return (json.dumps(shortened, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes) -> Self:
        found = json.loads(content)
        return cls(**{each.name: found[each.name] for each in fields(cls) if each.name in found})


# ------------------------------------------------------------------------------------------- manifest


@dataclass(frozen=True, kw_only=True)
class Record:
    """What a landed file says about itself: its metadata in the lake, and in the Parquet footer."""

    attempt: str
    started: str
    digest: str
    model: str
    model_version: str
    model_sha256: str
    window_id: str
    window_start: str
    window_end: str
    group_id: str
    adf_run_id: str
    ml_run_id: str
    code: str
    git_commit: str
    input_digest: str
    rows_in: str
    rows_scored: str
    rows_quarantined: str
    rows_duplicate: str = ""
    checks: str = ""
    """JSON of check_results.compact: what the window's checks found."""
    columns: str = ""
    """JSON of name → type, of a window with rows."""
    profile: str = ""
    """JSON of drift.Profile, where the model's drift is watched."""
    sha256: str = ""
    parts: str = ""
    """How many files hold the rows, where the landed file is their summary."""

    def to_metadata(self) -> dict[str, str]:
        return {name: value for name, value in asdict(self).items() if value}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Whatever the metadata lacks is empty; names are compared without case, as HTTP has it."""
        found = {name.lower(): value for name, value in metadata.items()}
        return cls(**{each.name: found.get(each.name, "") for each in fields(cls)})


NUMBERS = ("rows_in", "rows_scored", "rows_quarantined", "rows_duplicate")


def manifest(record: Record, path: str, size: int, etag: str) -> bytes:
    """The landed window in JSON, from nothing but the file's own record: so it can be written again."""
    files = landed_files(path, record.to_metadata())
    described: dict[str, object] = {"path": path, "files": files, "bytes": size, "etag": etag}
    described |= {
        name: int(value) if name in NUMBERS and value else value
        for name, value in asdict(record).items()
        if name != "parts"  # they are in `files`
    }
    described["checks"] = to_documents(from_text(record.checks))
    described |= {name: json.loads(getattr(record, name) or "{}") for name in ("columns", "profile")}
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()
