"""Files, variables and options → one frozen `Settings`, or every problem at once.

Weakest to strongest: models/*.yaml, base.yaml, <environment>.yaml, ADFBATCH__SECTION__KEY, --set.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import ValidationError

from config import checks, event_paths
from config.documents import Document, Key, read
from config.errors import InvalidConfigurationError, Problem, UnknownEnvironmentError, Where
from config.findings import At, nearest_position, translate
from config.layers import from_options, from_variables, merge
from config.schema import Settings
from config.wrong import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from config.schema import Model

Judge = Callable[[Settings], Iterable["Finding"]]
"""What is wrong with settings that are whole in themselves, as only another package can tell."""


class Finding(Protocol):
    """`key` leads from the root of the settings to what is to blame."""

    key: Key
    found: str
    expected: str
    nearest: str | None


NOT_ENVIRONMENTS = frozenset({"base"})


def load(
    project_dir: Path,
    environment: str,
    *,
    variables: Mapping[str, str] | None = None,
    options: Iterable[str] = (),
    judge: Judge | None = None,
) -> Settings:
    """The settings of one environment. `variables` are those of the process, `options` the values of --set.

    `judge` is asked where nothing else is wrong; what it finds is told like the rest, with file and line.
    Raises `UnknownEnvironmentError` and `InvalidConfigurationError`.
    """
    folder = project_dir.resolve()
    document = _merged(folder, environment, from_variables(variables or {}), from_options(options))
    _complete(document, environment)
    reserved = [*_reserved(document), *_from_itself(document, environment)]
    document.values["environment"] = environment
    settings, misfits = _validated(document)
    problems = [*document.problems, *reserved, *_checked(document, folder), *misfits]
    if settings is not None and judge is not None and not problems:
        problems = [_problem(document, each) for each in judge(settings)]
    if problems or settings is None:
        raise InvalidConfigurationError(_in_order(problems))
    return _with_absolute_paths(_without_foreign_training(settings), folder)


def positions(
    project_dir: Path,
    environment: str,
    *,
    variables: Mapping[str, str] | None = None,
    options: Iterable[str] = (),
) -> Mapping[Key, Where]:
    """Where each key that is set was set last: the layer, and the line where it is a file."""
    layers = from_variables(variables or {}), from_options(options)
    return _merged(project_dir.resolve(), environment, *layers).where


def environments(project_dir: Path) -> list[str]:
    """The environments that have a file."""
    names = (path.stem for path in _visible(project_dir / "config", "*.yaml"))
    return sorted(name for name in names if name not in NOT_ENVIRONMENTS)


def _merged(folder: Path, environment: str, *stronger: Document) -> Document:
    config = folder / "config"
    existing = environments(folder)
    if environment not in existing:
        raise UnknownEnvironmentError(environment, existing, nearest(environment, existing))
    document = _models(config / "models")
    document.where[()] = Where(f"config/{environment}.yaml", 1)
    for name in ("base", environment):
        path = config / f"{name}.yaml"
        if path.exists() or path.is_symlink():  # a link to nowhere is no choice
            document = merge(document, _environment(path, document))
    for layer in stronger:
        document = merge(document, _without_unknown_models(layer, document))
    return document


def _models(folder: Path) -> Document:
    """Those of all files as one layer: no file speaks of another's model."""
    models: dict[str, Any] = {}
    document = Document(values={"models": models})
    for path in _visible(folder, "*.yaml"):
        model = _model(path)
        models[path.stem] = model.values
        document.where |= model.where
        document.spelling |= model.spelling
        document.problems += model.problems
    document.problems += _misnamed(folder)
    return document


def _visible(folder: Path, pattern: str) -> list[Path]:
    """By name, without the hidden files that editors and file managers leave beside what they show."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def _misnamed(models: Path) -> Iterator[Problem]:
    """What nobody would read, and nobody would miss until its predictions do."""
    for path in _visible(models, "*.yml"):
        where = Where(f"config/models/{path.name}")
        yield Problem(where, "", "a model's file that ends in .yml", "one in .yaml", f"{path.stem}.yaml")


def _model(path: Path) -> Document:
    root = ("models", path.stem)
    document = read(path, f"config/models/{path.name}", root)
    name = document.values.setdefault("name", path.stem)
    if name != path.stem:
        where = document.where.get((*root, "name"), Where(f"config/models/{path.name}"))
        expected = f"`{path.stem}`, like the file"
        document.problems.append(Problem(where, ".".join((*root, "name")), f"`{name}`", expected))
    return document


def _environment(path: Path, models: Document) -> Document:
    document = read(path, f"config/{path.name}")
    document.where.pop((), None)
    return _without_unknown_models(document, models)


def _without_unknown_models(layer: Document, models: Document) -> Document:
    """An environment overrides parts of a model; it does not make one, so an unknown name is a slip."""
    overrides = layer.values.get("models")
    known = models.values.get("models", {})
    if not isinstance(overrides, dict):
        return layer
    for name in [name for name in overrides if name not in known]:
        del overrides[name]
        where = layer.where[("models", name)]
        expected = "a model that has a file config/models/<model>.yaml"
        problem = Problem(where, f"models.{name}", "an unknown model", expected, nearest(name, known))
        layer.problems.append(problem)
    return layer


def _complete(document: Document, environment: str) -> None:
    document.values.setdefault("models", {})
    if not document.values["models"]:
        where = document.where.get(("models",), Where(f"config/{environment}.yaml", 1))
        document.problems.append(
            Problem(where, "models", "no model", "at least one file config/models/<model>.yaml")
        )


def _reserved(document: Document) -> Iterator[Problem]:
    if "environment" in document.values:
        where = document.where[("environment",)]
        yield Problem(
            where, "environment", "an unknown key", "the file's name to say which environment this is"
        )


def _from_itself(document: Document, environment: str) -> Iterator[Problem]:
    for key, source in At(document.values)("models.*.version.from"):
        if source == environment:
            expected = "another environment: a version of one's own is `scoring.model_version`"
            yield Problem(nearest_position(document.where, key), ".".join(key), "this environment", expected)


def _checked(document: Document, folder: Path) -> Iterator[Problem]:
    at = At(document.values)
    for pattern, check in (*checks.CHECKS, *event_paths.CHECKS):
        for key, value in at(pattern):
            for wrong in check(value, folder):
                here = (*key, *wrong.below)
                yield Problem(
                    nearest_position(document.where, here),
                    ".".join(here),
                    wrong.found,
                    wrong.expected,
                    wrong.nearest,
                )
    for pattern, name, expected in checks.NAMES:
        for key, _ in at(pattern):
            if not name.fullmatch(key[-1]):
                yield Problem(
                    nearest_position(document.where, key), ".".join(key), f"the name `{key[-1]}`", expected
                )


def _problem(document: Document, finding: Finding) -> Problem:
    where = nearest_position(document.where, finding.key)
    return Problem(where, ".".join(finding.key), finding.found, finding.expected, finding.nearest)


def _validated(document: Document) -> tuple[Settings | None, list[Problem]]:
    """Numbers where text is wanted are taken as they were written (`model_version: 3`), then all must fit.

    They are text in the document's values from here on, so that the checks of texts see them.
    """
    try:
        return _parsed(document.values), []
    except ValidationError as error:
        respelled = _respell(
            document, [found["loc"] for found in error.errors() if found["type"] == "string_type"]
        )
        if not respelled:
            return None, [*translate(error, document)]
    try:
        return _parsed(document.values), []
    except ValidationError as error:
        return None, [*translate(error, document)]


def _parsed(values: dict[str, Any]) -> Settings:
    """JSON mode is strict where it matters (`"5"` is not a number) and knows paths as text."""
    return Settings.model_validate_json(json.dumps(values), strict=True)


def _respell(document: Document, locations: list[tuple[int | str, ...]]) -> bool:
    changed = False
    for location in locations:
        key = _present(document.values, location)
        holder: Any = document.values
        for part in key[:-1]:
            holder = holder[int(part)] if isinstance(holder, list) else holder[part]
        last: Any = int(key[-1]) if isinstance(holder, list) else key[-1]
        if isinstance(holder[last], int | float) and not isinstance(holder[last], bool):
            holder[last] = document.spelling[key]
            changed = True
    return changed


def _present(values: Any, location: tuple[int | str, ...]) -> Key:  # noqa: ANN401
    """A location of pydantic's without the names of union members, which are no keys."""
    key: list[str] = []
    for part in location:
        if isinstance(values, dict) and part in values:
            values = values[str(part)]
            key.append(str(part))
        elif isinstance(values, list) and isinstance(part, int):
            values = values[part]
            key.append(str(part))
    return tuple(key)


def _in_order(problems: list[Problem]) -> list[Problem]:
    """Each once, by file and line; of a file that cannot be read only that, not what it fails to say."""
    unreadable = {problem.where.source for problem in problems if not problem.key}
    told = [each for each in problems if not each.key or each.where.source not in unreadable]
    unique = list(dict.fromkeys(told))
    return sorted(unique, key=lambda problem: (problem.where.source, problem.where.line or 0))


def _without_foreign_training(settings: Settings) -> Settings:
    """A model that is promoted to this environment is trained elsewhere, unless it says otherwise."""

    def of(model: Model) -> Model:
        if model.version is None or model.version.training:
            return model
        schedules = model.schedules.model_copy(update={"train": {}})
        return model.model_copy(update={"training": None, "schedules": schedules})

    return settings.model_copy(update={"models": {name: of(each) for name, each in settings.models.items()}})


def _with_absolute_paths(settings: Settings, folder: Path) -> Settings:
    sandbox = settings.sandbox
    files = {path: folder / local for path, local in sandbox.files.items()}
    absolute = {source: folder / source for source in {model.source for model in settings.models.values()}}
    models = {
        name: model.model_copy(update={"source": absolute[model.source]})
        for name, model in settings.models.items()
    }
    update = {
        "sandbox": sandbox.model_copy(update={"state": folder / sandbox.state, "files": files}),
        "models": models,
    }
    return settings.model_copy(update=update)
