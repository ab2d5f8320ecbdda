"""Which configuration key decides a property of an entity: each key is changed, and what moves is its.

Nobody has to keep a table of keys and properties, and none can be wrong: the factory is built again with one
value changed, and the bodies compared. The price is a build for each key, so it is asked for a few models at
a time only. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from adf import factory
from adf.entities import resolve
from adf.errors import GenerationError
from adf.monitor import resources as monitor
from config.schema import Settings
from deployment.canonical import canonical, differences
from deployment.resources import KNOWN_AFTER_PUBLISHING, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adf.entities import Entity
    from config.documents import Key
    from config.errors import Where
    from deployment.resources import Kind

    Contracts = Mapping[str, Mapping[str, str]]
    Bodies = dict[tuple[Kind, str], dict[str, Any]]
    Property = tuple[tuple[Kind, str], str]
    """An entity's address and a path in it."""

MOST_MODELS = 20
MODEL = "model:"
OTHER_TEXTS = (
    *("UTC", "Tokyo Standard Time", "Hour", "Day", "Week", "Month", "Minute", "hour", "day", "week"),
    *("on", "off", "csv", "parquet", "latest", "1", "Monday", "Tuesday"),
    *("2030-01-01T00:00:00Z", "2030-01-01T00:00:00"),
)
"""One of them is another valid value where a text may not be just anything."""


@dataclass(frozen=True)
class Origin:
    """A key, or several of which each decides, and where it was set; None where its default holds."""

    key: str
    where: Where | None

    def __str__(self) -> str:
        if self.where is None:
            return f"{self.key}, by default"
        return str(self.where) if self.key in self.where.source else f"{self.where}: {self.key}"

    def document(self) -> dict[str, Any]:
        where = self.where
        return {"key": self.key, "file": where and where.source, "line": where and where.line}


@dataclass
class Origins:
    """Origins of properties, by address and path; computed for a model when it is first asked for."""

    settings: Settings
    contracts: Contracts
    positions: Mapping[Key, Where]
    _known: dict[str, dict[Property, list[Key]]] = field(default_factory=dict)

    def of(self, entity: Entity, path: str) -> Origin | None:
        """None where no key decides the property, or more models are asked for than MOST_MODELS."""
        name = _model_of(entity) or next(iter(self.settings.models), "")
        if name not in self._known and len(self._known) < MOST_MODELS:
            self._known[name] = _owners(_alone(self.settings, name, self.contracts), self.contracts)
        keys = self._known.get(name, {}).get((key_of(entity), path))
        if keys is None:
            return None
        set_at = [where for key in keys if (where := self.positions.get(key)) is not None]
        return Origin(" or ".join(".".join(key) for key in keys), set_at[0] if set_at else None)


def _model_of(entity: Entity) -> str:
    """By its annotation; empty for what all models share."""
    named = [str(each) for each in entity.properties.get("annotations") or ()]
    return next((each.removeprefix(MODEL) for each in named if each.startswith(MODEL)), "")


def _alone(settings: Settings, name: str, contracts: Contracts) -> Settings:
    """A factory of one model is built fast; all of them where the model refers to another."""
    models = {each: model for each, model in settings.models.items() if each == name}
    alone = settings.model_copy(update={"models": models})
    try:
        _bodies(alone, contracts)
    except GenerationError:
        return settings
    return alone


def _owners(settings: Settings, contracts: Contracts) -> dict[Property, list[Key]]:
    """Of several keys that move a property those that move the fewest; of these what they share."""
    base = _bodies(settings, contracts)
    plain = settings.model_dump(mode="json")
    keys: dict[Property, list[tuple[int, Key]]] = {}
    for leaf in _leaves(plain):
        moved = set(_moved(base, plain, leaf, contracts))
        for each in moved:
            keys.setdefault(each, []).append((len(moved), leaf[0]))
    return {each: _shared(found) for each, found in keys.items()}


def _shared(found: list[tuple[int, Key]]) -> list[Key]:
    """The keys that move the fewest properties: by their common beginning, or all where they have none."""
    fewest = min(found)[0]
    keys = [key for count, key in found if count == fewest]
    same = takewhile(lambda parts: len(set(parts)) == 1, zip(*keys, strict=False))
    common = tuple(parts[0] for parts in same)
    return [common] if common else keys


def _moved(
    base: Bodies, plain: dict[str, Any], leaf: tuple[Key, Any], contracts: Contracts
) -> Iterator[Property]:
    key, value = leaf
    for other in _others(value):
        try:
            bodies = _bodies(Settings.model_validate(_replaced(plain, key, other)), contracts)
        except (ValidationError, GenerationError):
            continue  # not a value that may stand there: another one is tried
        found = [
            (address, difference.path)
            for address in base.keys() & bodies.keys()
            for difference in differences(base[address], bodies[address])
        ]
        if found:
            yield from found
            return


def _bodies(settings: Settings, contracts: Contracts) -> Bodies:
    known = dict.fromkeys(contracts, (KNOWN_AFTER_PUBLISHING, KNOWN_AFTER_PUBLISHING))
    bodies: Bodies = {}
    entities = factory.build(settings, contracts)
    for entity in (*entities, *monitor.build(settings, entities)):
        state = {} if entity.started is None else {"runtimeState": entity.started}
        body = canonical(resolve(entity.properties, known)) | state
        bodies[key_of(entity)] = body
    return bodies


def _leaves(values: Any, key: Key = ()) -> Iterator[tuple[Key, Any]]:  # noqa: ANN401 - any JSON
    """Every key with its value; a list is a value."""
    if isinstance(values, dict) and values:
        for name, value in values.items():
            yield from _leaves(value, (*key, name))
    else:
        yield key, values


def _replaced(values: dict[str, Any], key: Key, value: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    first, *rest = key
    return {**values, first: _replaced(values[first], tuple(rest), value) if rest else value}


def _others(value: Any) -> list[Any]:  # noqa: ANN401 - any JSON
    """Other values of the same kind, the likeliest first; none for a map without a key."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, value * 2]
    if isinstance(value, str):
        return [*_later(value), f"{value}x", *OTHER_TEXTS]
    if isinstance(value, list):
        return [*([value[:-1]] if value else []), *([*value, other] for other in (1, 2, "Monday", "Tuesday"))]
    return [*OTHER_TEXTS, "x", 1, 0] if value is None else []


def _later(text: str) -> list[str]:
    """An instant on other days: one that is on the same grid."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return []
    return [(moment + timedelta(days=days)).isoformat().replace("+00:00", "Z") for days in (1, 7, 28)]
