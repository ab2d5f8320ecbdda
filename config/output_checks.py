"""What the types of `scoring` and `output.checks` cannot say: contradictions, and checks of nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from config.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN_COLUMNS: Final = ("window_start", "model_version", "scored_at")


def duplicate_keys(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of `scoring`: without a row key there are no duplicates."""
    if isinstance(value, dict) and value.get("row_key") is None and value.get("duplicate_keys") is not None:
        expected = "`row_key` beside it: without one no row is another's duplicate"
        yield Wrong(f"`{value['duplicate_keys']}`", expected, key="duplicate_keys")


def reserved_key(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of a model: the row key cannot have the name of a column of ours."""
    scoring, output = (_section(value, name) for name in ("scoring", "output"))
    if scoring.get("row_key") in RUN_COLUMNS and output.get("run_columns", True) is not False:
        found = f"`{scoring['row_key']}`, which every landed row says of its run"
        yield Wrong(found, "another name, or `output.run_columns: false`", key=("scoring", "row_key"))


_TEMPLATE: Final = re.compile(r"\{(?P<field>\w+):?(?P<form>[^{}]*)\}|(?P<text>[^{}])")
_TIME: Final = r"[0-9T\W_]"
_LANDED: Final = "window=2026-11-22T00-00-00Z"


def own_input(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of a model: what it lands must not lie in the folder that it reads: a later run would score it."""
    template, path = _section(value, "scoring").get("input"), _section(value, "output").get("path")
    if not isinstance(template, str) or not isinstance(path, str):
        return
    name = template.rpartition("/")[2]
    folder = template.rpartition("/")[0] if set("*?[") & set(name) else template
    if not f"{path.strip('/')}/{_LANDED}".startswith(folder.strip("/").partition("{")[0]):
        return
    read = re.compile("".join(map(_pattern, _TEMPLATE.finditer(folder.strip("/")))))
    parts = [*path.strip("/").split("/"), _LANDED]
    around = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    if any(map(read.fullmatch, around[-1:] if folder != template else around)):
        expected = f"a folder outside `{template}` (scoring.input): a later run would score what has landed"
        yield Wrong(f"`{path}`", expected, key=("output", "path"))


def _pattern(match: re.Match[str]) -> str:
    """Of what a part of a path template may become."""
    if match["text"]:
        return re.escape(match["text"])
    if match["field"] == "model":
        return r"\w+"
    return _TIME + "+" if match["form"] or match["field"] != "window_id" else rf"{_TIME}+Z"


def _section(value: Any, name: str) -> dict[str, Any]:  # noqa: ANN401
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def shared_folders(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of all models: in one folder each would replace the other's windows; where one is inside another,
    whoever reads the outer one would read both.
    """
    landing: dict[str, str] = {}
    inside: dict[str, set[str]] = {}
    for model in value if isinstance(value, dict) else ():
        path = _section(value[model], "output").get("path")
        if not isinstance(path, str):
            continue
        folder = path.rstrip("/")
        around = {folder[: slash.start()] for slash in re.finditer("/", folder)}
        related = (around & landing.keys()) | inside.get(folder, set()) | ({folder} & landing.keys())
        for other in sorted(related, key=list(landing).index) if related else ():
            found = _shared(folder, other, landing[other])
            expected = "a folder of its own, neither around another model's nor inside it"
            yield Wrong(f"`{path}`, {found}", expected, key=(model, "output", "path"))
        landing.setdefault(folder, model)
        for each in around:
            inside.setdefault(each, set()).add(folder)


def _shared(folder: str, other: str, model: str) -> str:
    if folder == other:
        return f"where {model} lands"
    if f"{folder}/".startswith(f"{other}/"):
        return f"inside `{other}`, where {model} lands"
    return f"around `{other}`, where {model} lands"


def column(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of one column of `output.checks.columns`."""
    if not isinstance(value, dict):
        return
    if not any(each not in (None, []) for each in value.values()):
        yield Wrong("nothing to check", "maximum_nulls_percent, minimum, maximum or allowed_values")
    low, high = value.get("minimum"), value.get("maximum")
    if isinstance(low, int | float) and isinstance(high, int | float) and low > high:
        yield Wrong(f"{low} above `maximum` {high}", "a range that holds a number", key="minimum")


def query(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of one query of `output.checks.sql`."""
    if isinstance(value, str) and "predictions" not in value.lower():
        yield Wrong("a query that does not read `predictions`", "SELECT * FROM predictions WHERE …")
