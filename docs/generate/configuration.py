"""configuration.md: every key of a YAML file, section by section, in the order in which one writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from config import checks, json_schema
from config.findings import PATTERNS
from docs.generate.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Body = dict[str, Any]
"""A part of a JSON schema."""

LAYERS: Final = """\
# Configuration

Settings come from five places. Where two speak of the same key, the one further down this list wins:

1. `config/models/<model>.yaml`: a file for each model; its name is the model's
2. `config/base.yaml`: what all environments share
3. `config/<environment>.yaml`: `--env prod` reads `config/prod.yaml`
4. environment variables: `ADFBATCH__LAKE__ACCOUNT=churnlake` is `lake: {account: churnlake}`
5. the command line: `--set lake.account=churnlake`

Maps are merged key by key. A list or a value replaces the weaker one, `null` takes a key away, and a schedule
of another `type` replaces the whole schedule. Files are YAML 1.2: `no` is a text, and a key that stands twice
is an error. So is an unknown key. All errors are told at once, each with its file and line:

```
python deploy.py plan --env prod --offline
```

checks an environment, without network and credentials. The first line of each file names its JSON schema: an
editor that knows YAML completes the keys and explains them. No secret belongs here; identities are managed
identities.
"""

ENVIRONMENT: Final = """\
## An environment's file

`config/base.yaml` and `config/<environment>.yaml`.
"""

MODEL: Final = """\
## A model's file

`config/models/<model>.yaml`. An environment overrides parts of it below `models.<model>`.
"""

SCORING: Final = """\
`input` is a path in the lake in which fields are replaced. Without a pattern it is a file, or a folder with
all below it; in its last name `*`, `?` and `[…]` choose among a folder's own files. Names that begin with `_`
or `.` are no input.

| field | stands for | becomes |
| --- | --- | --- |
| `{window_start:yyyy/MM/dd}` | the window's start in `window.time_zone` | `2026/11/22` |
| `{window_end:yyyyMMddTHH}` | its end, likewise | `20261123T00` |
| `{window_id}` | the window's name in paths: its start in UTC | `2026-11-22T00-00-00Z` |
| `{model}` | the model's name | `churn` |

A format is made of `yyyy`, `MM`, `dd`, `HH`, `mm`, `T` and punctuation. Windows of hours in a zone with
daylight saving: when clocks go back an hour comes twice, and both its windows name one folder, which is then
scored for each of them. Where folders are hours, let `window.time_zone` be `UTC`.

`run(mini_batch)` of the scoring script gets a DataFrame with `passes: tables`, a list of local file paths
with `passes: files`. It returns a DataFrame, a Series, an array or a list: with `returns: rows` one result
for each row of its input, with `returns: files` one for each file.
"""

AFTER: Final[dict[str, str]] = {"scoring": SCORING}
"""What is told below the table of a section."""

SAID_BY_FILES: Final = {"Model.name", "Settings.models"}
"""Keys that a file need not say, though settings have them: its own name does, or other files."""


def page() -> Iterator[str]:
    yield from (*LAYERS.splitlines(), "")
    yield from _file(ENVIRONMENT, json_schema.environment_schema(), "Settings", "")
    yield from _file(MODEL, json_schema.model_schema(), "Model", "models.*.")


def _file(introduction: str, made: Body, name: str, prefix: str) -> Iterator[str]:
    """A file's own keys, then its sections. `prefix`: where it stands in the configuration as a whole."""
    yield from (*introduction.splitlines(), "")
    yield from _keys(made, name, prefix)
    places: dict[str, list[str]] = {}
    for path, section in _sections(made, made["definitions"], ""):
        places.setdefault(section, []).append(path)
    for section, paths in places.items():
        yield from _section(paths, section, made["definitions"][section], prefix)


def _sections(body: Body, definitions: Mapping[str, Body], prefix: str) -> Iterator[tuple[str, str]]:
    """(dotted key, name of its class) of every map that has keys of its own, depth first."""
    for key, value in body["properties"].items():
        if key == "models":
            continue
        for name in _references(value):
            path = f"{prefix}{key}"
            yield path, name
            yield from _sections(definitions[name], definitions, f"{path}.")


def _references(value: object) -> list[str]:
    """The classes that a value may be of; each once, in the order in which the schema names them."""
    match value:
        case {"$ref": str(reference)}:
            return [reference.rsplit("/", 1)[-1]]
        case dict():
            inner = [
                value[key] for key in ("oneOf", "anyOf", "additionalProperties", "items") if key in value
            ]
            return [name for each in inner for name in _references(each)]
        case list():
            return [name for each in value for name in _references(each)]
        case _:
            return []


# ------------------------------------------------------------------------------------- sections


def _section(paths: Sequence[str], name: str, body: Body, prefix: str) -> Iterator[str]:
    path = paths[0]
    yield from (f"### {_title(paths, body)}", "")
    if "description" in body:
        yield from (*body["description"].splitlines(), "")
    yield from _keys(body, name, f"{prefix}{path}.")
    if path in AFTER:
        yield from (*AFTER[path].splitlines(), "")


def _title(paths: Sequence[str], body: Body) -> str:
    """Where the section may stand; a kind of schedule by its type."""
    kind = body["properties"].get("type", {}).get("const")
    return ", ".join(paths) if kind is None else f"{paths[0].split('.', maxsplit=1)[0]}, type: {kind}"


def _keys(body: Body, name: str, prefix: str) -> Iterator[str]:
    """`name` of a class of the configuration's schema, which knows what is required."""
    section = next(getattr(module, name) for module in json_schema.MODULES if hasattr(module, name))
    fields = {field.alias or key: field for key, field in section.model_fields.items()}
    yield from table(
        ("key", "value", "meaning", "in Azure"),
        [
            _key(
                key,
                value,
                prefix,
                required=fields[key].is_required() and f"{name}.{key}" not in SAID_BY_FILES,
            )
            for key, value in body["properties"].items()
        ],
    )


def _key(key: str, body: Body, prefix: str, *, required: bool) -> Sequence[str]:
    meaning, _, azure = body.get("description", "").partition("Azure: ")
    value = _value(body, f"{prefix}{key}")
    if required:
        value += "; **required**"
    elif (default := _default(body)) is not None:
        value += f"; default `{default}`"
    return f"`{key}`", value, meaning.strip(), azure.removesuffix(".")


def _default(body: Body) -> str | None:
    """As YAML has it; None where leaving the key out says it better."""
    match body.get("default"):
        case None | [] | dict():
            return None
        case bool(value):
            return str(value).lower()
        case value:
            return str(value)


# ------------------------------------------------------------------------------------- values


def _value(body: Body, key: str) -> str:  # noqa: PLR0911 - one line a form
    """What a key may be, in words."""
    match body:
        case {"anyOf": [one, {"type": "null"}]}:
            return _value(one, key)
        case {"anyOf": kinds}:
            return _or([_value(kind, key) for kind in kinds])
        case {"oneOf": _} | {"$ref": _}:
            return "a map, see below"
        case {"const": only}:
            return f"`{only}`"
        case {"enum": choices}:
            return _or([f"`{choice}`" for choice in choices])
        case {"type": "array", "items": items}:
            return f"list: {_value(items, key)}"
        case {"additionalProperties": dict(each)}:
            return f"name → {_value(each, key)}"
        case {"patternProperties": named}:
            return f"name → {_value(next(iter(named.values())), key)}"
        case {"type": "string"}:
            return _text(body, key)
    return _NUMBERS[body["type"]] + _bounds(body)


_NUMBERS: Final = {"integer": "whole number", "number": "number", "boolean": "`true`/`false`"}


def _text(body: Body, key: str) -> str:
    if "pattern" in body:
        return PATTERNS[body["pattern"]]
    for place, check in checks.CHECKS:
        if place == key and isinstance(check, checks.Named):
            return check.expected
    return "path" if body.get("format") == "path" else "text"


def _bounds(body: Body) -> str:
    low, high = body.get("minimum"), body.get("maximum")
    match low is not None, high is not None:
        case True, True:
            return f", {low} to {high}"
        case True, False:
            return f", at least {low}"
        case _:
            return ""


def _or(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
