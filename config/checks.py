"""What a type cannot say: names that Azure refuses, time zones, templates, files that must exist.

A check is given the value as written (of any type: pydantic reports wrong types) and the project folder, and
yields what is wrong with it. It runs on the merged values, so that one wrong key hides nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from config import dependencies, monitoring, output_checks, schedules, training_checks, warehouse
from config.wrong import Wrong, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Named:
    """A name that Azure takes. `expected` says which those are, in errors and in docs/configuration.md."""

    pattern: re.Pattern[str]
    expected: str

    def __call__(self, value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
        if isinstance(value, str) and not self.pattern.fullmatch(value):
            yield Wrong(f"`{value}`", self.expected)


def _named(pattern: str, expected: str) -> Named:
    return Named(re.compile(pattern), expected)


def time_zone(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Data Factory wants Windows names; for an IANA name, say which one that is."""
    if not isinstance(value, str):
        return
    from tzlocal.windows_tz import tz_win, win_tz

    if value in win_tz:
        return
    meant = tz_win.get(value) or nearest(value, win_tz)
    kind = "the IANA time zone" if value in tz_win else "the time zone"
    yield Wrong(f"{kind} `{value}`", "a Windows time zone name, as Data Factory wants it", meant)


TEMPLATE_FIELDS: Final = ("model", "window_id", "window_start", "window_end")
FORMAT_TOKENS: Final = ("yyyy", "MM", "dd", "HH", "mm")
_FIELD: Final = re.compile(r"\{([^{}]*)\}")


def path_template(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    if not isinstance(value, str):
        return
    yield from _lake_path(_FIELD.sub("x", value), value)
    if "{" in _FIELD.sub("", value) or "}" in _FIELD.sub("", value):
        yield Wrong(f"an unpaired brace in `{value}`", "fields as {window_start:yyyy/MM/dd}")
    for field in _FIELD.findall(value):
        yield from _template_field(field)
    if set("*?[") & set(_FIELD.sub("x", value).rpartition("/")[0]):
        expected = (
            "wildcards in its last name only, as in raw/churn/*.csv: a folder is read with all below it"
        )
        yield Wrong(f"`{value}`", expected)


def _template_field(field: str) -> Iterator[Wrong]:
    name, colon, tokens = field.partition(":")
    if name not in TEMPLATE_FIELDS:
        yield Wrong(
            f"the field `{{{field}}}`", f"one of {', '.join(TEMPLATE_FIELDS)}", nearest(name, TEMPLATE_FIELDS)
        )
    elif name in {"window_start", "window_end"}:
        rest = re.sub("|".join((*FORMAT_TOKENS, "T")), "", tokens)
        if (colon and not tokens) or re.search(r"[A-Za-z]", rest):
            yield Wrong(f"`{{{field}}}`", f"a format of {' '.join(FORMAT_TOKENS)}, as {{{name}:yyyy/MM/dd}}")
    elif colon:
        yield Wrong(f"a format in `{{{field}}}`", f"{{{name}}} alone: it is text, not an instant")


RESERVED: Final = ("_landing", "_staging", "_deployments")


def lake_path(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    if isinstance(value, str):
        yield from _lake_path(value, value)


def output_path(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    if not isinstance(value, str):
        return
    yield from _lake_path(value, value)
    if "{" in value or "*" in value:
        yield Wrong(f"`{value}`", "a folder as it is: each window's own folder is made below it")
    if value.split("/")[0] in RESERVED:
        yield Wrong(f"`{value}`", f"a folder outside {', '.join(RESERVED)}, which are ours")


def _lake_path(path: str, shown: str) -> Iterator[Wrong]:
    parts = path.rstrip("/").split("/")
    if not path or path.startswith(("/", "@")) or "\\" in path or "" in parts or ".." in parts or ":" in path:
        expected = "a path inside the file system: raw/patients/2026, without / or @ at its start or `..`"
        yield Wrong(f"`{shown}`", expected)


def lake_files(value: Any, folder: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Path in the lake → local file or folder."""
    if not isinstance(value, dict):
        return
    for path, local in value.items():
        for wrong in lake_path(path, folder):
            yield Wrong(f"the path {wrong.found}", wrong.expected, key=path)
        if isinstance(local, str) and not (folder / local).exists():
            yield Wrong(f"`{local}`, which does not exist", f"a file or folder below {folder}", key=path)


_EVERY: Final = re.compile(r"([1-9][0-9]* )?(minute|hour)s?|day|week|month")


def every(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    if isinstance(value, str) and not _EVERY.fullmatch(value):
        choices = ("15 minutes", "hour", "6 hours", "day", "week", "month")
        yield Wrong(
            f"`{value}`",
            f"one of `{'`, `'.join(choices)}`, any number of minutes or hours",
            nearest(value, choices),
        )


def promoted(model: Any, folder: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """From an environment that there is, and the one thing that says what is scored with."""
    version = model.get("version") if isinstance(model, dict) else None
    if not isinstance(version, dict):
        return
    source, config = version.get("from"), folder / "config"
    if isinstance(source, str) and (source == "base" or not (config / f"{source}.yaml").is_file()):
        known = sorted(path.stem for path in config.glob("*.yaml") if path.stem != "base")
        yield Wrong(
            f"environment `{source}`",
            f"one of {', '.join(known)}",
            nearest(source, known),
            ("version", "from"),
        )
    scoring = model.get("scoring")
    if isinstance(scoring, dict) and scoring.get("model_version") is not None:
        yield Wrong(
            f"`{scoring['model_version']}` beside `version`, which says what is scored with too",
            "one of the two; `model_version: null` takes away what a weaker file says",
            key=("scoring", "model_version"),
        )


def schedule(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    if not isinstance(value, dict):
        return
    match value.get("type"):
        case "calendar":
            yield from schedules.calendar(value)
        case "tumbling":
            yield from schedules.tumbling(value)
        case _:
            return  # pydantic names the types there are; events: config/event_paths.py


def sources(value: Any, folder: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """A model's folder holds what the model says it does."""
    if not isinstance(value, dict) or not isinstance(value.get("source"), str):
        return
    source = folder / value["source"]
    if not source.is_dir():
        yield Wrong(f"`{value['source']}`, which does not exist", f"a folder below {folder}", key="source")
        return
    for key, name in _needed_files(value):
        if not (source / name).is_file():
            there = sorted(path.name for path in source.iterdir() if path.is_file())
            expected = f"the file {name} in {value['source']}"
            yield Wrong(f"no file `{name}`", expected, nearest(name, there), key=key)


def _needed_files(model: dict[str, Any]) -> Iterator[tuple[str, str]]:
    script = model.get("score_script", "score.py")
    if isinstance(script, str):
        yield "score_script", script
    environment = model.get("ml_environment", "ml_environment.yml")
    if isinstance(environment, str) and environment.endswith((".yml", ".yaml")):
        yield "ml_environment", environment
    if model.get("training") is not None:
        yield from (("training", name) for name in ("train.py", "evaluate.py"))


_GUID: Final = r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_TRIGGER_PART: Final = r"[A-Za-z0-9_]{1,60}"

CHECKS: Final[tuple[tuple[str, Callable[[Any, Path], Iterator[Wrong]]], ...]] = (
    ("azure.subscription_id", _named(_GUID, "a subscription id (a GUID)")),
    (
        "azure.resource_group",
        _named(r"[-\w.()]{0,89}[-\w()]", "1 to 90 letters, digits and -_.(), no dot at the end"),
    ),
    (
        "data_factory.name",
        _named(
            r"(?=.{3,63}$)[A-Za-z0-9]+(-[A-Za-z0-9]+)*", "3 to 63 letters and digits, single dashes between"
        ),
    ),
    (
        "data_factory.folder",
        _named(r"[^<>*#.%&:\\+?]+", "a folder in Data Factory, without <>*#.%&:\\+?"),
    ),
    ("data_factory.linked_service_machine_learning", _named(r"[A-Za-z0-9_]{1,260}", "letters, digits and _")),
    ("data_factory.linked_service_lake", _named(r"[A-Za-z0-9_]{1,260}", "letters, digits and _")),
    ("data_factory.linked_service_warehouse", _named(r"[A-Za-z0-9_]{1,260}", "letters, digits and _")),
    (
        "warehouse.server",
        _named(
            r"(?!.*\.\.)[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?",
            "a server's address in small letters: reporting.database.windows.net",
        ),
    ),
    (
        "warehouse.database",
        _named(r"(?!.*\.\.)\w([\w .-]{0,126}[\w-])?", "1 to 128 letters, digits, blanks, dots, - and _"),
    ),
    ("monitoring", monitoring.heard),
    ("monitoring.receivers", monitoring.receivers),
    (
        "monitoring.workspace_id",
        _named(
            monitoring.WORKSPACE,
            "the id of a Log Analytics workspace: /subscriptions/…/workspaces/log-scoring",
        ),
    ),
    (
        "notification.vault",
        _named(
            r"(?=.{3,24}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*",
            "a Key Vault: 3 to 24 letters, digits and single dashes between, a letter first",
        ),
    ),
    (
        "notification.secret",
        _named(r"[A-Za-z0-9-]{1,127}", "a secret's name: 1 to 127 letters, digits and dashes"),
    ),
    ("machine_learning.workspace", _named(r"[A-Za-z0-9][\w-]{2,32}", "3 to 33 letters, digits, - and _")),
    (
        "machine_learning.compute",
        _named(r"[A-Za-z][A-Za-z0-9-]{0,30}[A-Za-z0-9]", "2 to 32 letters, digits and -"),
    ),
    (
        "machine_learning.experiment",
        _named(r"[A-Za-z0-9][\w-]{0,254}", "1 to 255 letters, digits, - and _"),
    ),
    (
        "lake.resource_group",
        _named(r"[-\w.()]{0,89}[-\w()]", "1 to 90 letters, digits and -_.(), no dot at the end"),
    ),
    ("lake.account", _named(r"[a-z0-9]{3,24}", "a storage account: 3 to 24 small letters and digits")),
    (
        "lake.file_system",
        _named(r"(?=.{3,63}$)[a-z0-9]+(-[a-z0-9]+)*", "3 to 63 small letters, digits and single dashes"),
    ),
    ("lake.url", _named(r"https://[^\s?#]+[^/\s?#]", "an https:// address without / at its end")),
    ("sandbox.files", lake_files),
    ("models.*", sources),
    ("models.*.scoring.input", path_template),
    ("models.*", promoted),
    ("models.*", output_checks.reserved_key),
    ("models.*", output_checks.own_input),
    ("models.*.scoring", output_checks.duplicate_keys),
    ("models.*.output.path", output_path),
    ("models.*.output.checks.columns.*", output_checks.column),
    ("models.*.output.checks.sql.*", output_checks.query),
    ("models.*.output", warehouse.landed_files),
    (
        "models.*.output.warehouse.table",
        _named(warehouse.TABLE, "schema and table: dbo.predictions, letters, digits and _, up to 100 each"),
    ),
    ("models.*.output.warehouse.columns", warehouse.columns),
    ("models.*.training.data", lake_path),
    ("models.*.training.held_out", lake_path),
    ("models.*.training", training_checks.held_out),
    ("models.*.training.gate.*", training_checks.metric),
    ("models.*.training.checks.columns.*", output_checks.column),
    ("models.*.window.every", every),
    ("models.*.window.time_zone", time_zone),
    ("models.*.schedules.score.*", schedule),
    ("models.*.schedules.train.*", schedule),
    ("models.*.schedules.*.*.time_zone", time_zone),
    ("models.*.schedules.*", schedules.several),
    ("models", dependencies.check),
    ("models", output_checks.shared_folders),
    ("models", warehouse.shared_tables),
    ("", warehouse.homeless_tables),
)
NAMES: Final = (
    (
        "models.*.schedules.*.*",
        re.compile(_TRIGGER_PART),
        "1 to 60 letters, digits and _: it names a trigger",
    ),
)
