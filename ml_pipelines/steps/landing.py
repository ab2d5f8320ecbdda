"""Where things lie in the lake, and the formats of what lies there. Pure.

<output path>/window=<window id>/predictions.<format>       what readers read
quarantine/<model>/window=<window id>/rows.csv              rows that could not be scored
_landing/<model>/<window id>.json                           the manifest: the landed window, whoever landed it
_landing/<model>/_runs/<group id>.json                      the receipt: one run, whatever became of it
_staging/<model>/<window id>/<attempt>/…                    parts, the file before its commit; removed after
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Any, Literal, Self

from .check_results import from_text, to_documents
from .errors import BadTemplate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Status = Literal["started", "committed", "unchanged", "superseded", "failed"]
LANDED: tuple[Status, ...] = ("committed", "unchanged")
ERROR_LENGTH = 2000


def receipt_path(model: str, group_id: str) -> str:
    return f"_landing/{model}/_runs/{group_id}.json"


def manifest_folder(model: str) -> str:
    return f"_landing/{model}"


def manifest_path(model: str, window_id: str) -> str:
    return f"{manifest_folder(model)}/{window_id}.json"


def landed_paths(described: Mapping[str, Any]) -> list[str]:
    """The files that a window's rows are in, in order: what its manifest says, read whole."""
    return [str(described["path"])]


def window_folder(output_path: str, window_id: str) -> str:
    return f"{output_path.strip('/')}/window={window_id}"


def predictions_path(output_path: str, window_id: str, file_format: str) -> str:
    return f"{window_folder(output_path, window_id)}/predictions.{file_format}"


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
    staged: str = ""
    """Where a file lies that failed its checks."""
    error: str = ""
    checks: str = ""
    """What the window's checks found, as check_results.whole writes it."""

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
    described: dict[str, object] = {"path": path, "bytes": size, "etag": etag}
    described |= {
        name: int(value) if name in NUMBERS and value else value for name, value in asdict(record).items()
    }
    described["checks"] = to_documents(from_text(record.checks))
    described |= {name: json.loads(getattr(record, name) or "{}") for name in ("columns", "profile")}
    return (json.dumps(described, ensure_ascii=False, indent=2) + "\n").encode()
