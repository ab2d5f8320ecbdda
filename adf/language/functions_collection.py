"""Functions of arrays, objects and, where Data Factory allows it, strings."""

from collections.abc import Iterable

from .errors import InvalidArgument, WrongType
from .functions import function
from .values import Json, from_units, identity, joined, kind_of, text_of, units


@function("contains(collection: string|array|object, value: any)")
def contains(collection: Json, value: Json) -> bool:
    """Look for a part of a string, an element, or a key. Only keys ignore case."""
    match collection, value:
        case str(), str():
            return value in collection
        case list(), _:
            wanted = identity(value)
            return any(identity(item) == wanted for item in collection)
        case dict(), str():
            lower = value.lower()
            return any(key.lower() == lower for key in collection)
        case _:
            raise WrongType("contains", "argument 2 (value)", "a string", kind_of(value))


@function("empty(collection: string|array|object|null)")
def empty(collection: str | list[Json] | dict[str, Json] | None) -> bool:
    return not collection


@function("length(collection: string|array)")
def length(collection: str | list[Json]) -> int:
    return len(units(collection)) if isinstance(collection, str) else len(collection)


@function("first(collection: string|array)")
def first(collection: str | list[Json]) -> Json:
    if isinstance(collection, str):
        return units(collection)[:1]
    return collection[0] if collection else None


@function("last(collection: string|array)")
def last(collection: str | list[Json]) -> Json:
    if isinstance(collection, str):
        return units(collection)[-1:]
    return collection[-1] if collection else None


@function("skip(collection: array|string, count: integer)")
def skip(collection: str | list[Json], count: int) -> Json:
    _check_count("skip", count)
    return from_units(units(collection)[count:]) if isinstance(collection, str) else collection[count:]


@function("take(collection: array|string, count: integer)")
def take(collection: str | list[Json], count: int) -> Json:
    _check_count("take", count)
    return from_units(units(collection)[:count]) if isinstance(collection, str) else collection[:count]


def _check_count(name: str, count: int) -> None:
    if count < 0:
        raise InvalidArgument(name, f"the count is {count}, less than 0")


@function("join(collection: array, delimiter: string)")
def join(collection: list[Json], delimiter: str) -> str:
    return joined((text_of(item) for item in collection), delimiter)


@function("createArray(value: any...)")
def create_array(*values: Json) -> list[Json]:
    return list(values)


@function("array(value: any)")
def array(value: Json) -> list[Json]:
    return [value]


@function("union(first: array|object, second: array|object, more?: array|object...)")
def union(*collections: Json) -> Json:
    """Unite arrays without duplicates, or objects, where the last value of a key wins."""
    arrays, objects = _of_one_kind("union", collections)
    if objects:
        return {key: value for each in objects for key, value in each.items()}
    return list(_distinct(item for each in arrays for item in each).values())


@function("intersection(first: array|object, second: array|object, more?: array|object...)")
def intersection(*collections: Json) -> Json:
    """Keep what is in all arrays, once; or the keys that have the same value in all objects."""
    arrays, objects = _of_one_kind("intersection", collections)
    if objects:
        kept = [{(key, identity(value)) for key, value in each.items()} for each in objects[1:]]
        return {k: v for k, v in objects[0].items() if all((k, identity(v)) in each for each in kept)}
    others = [{identity(item) for item in each} for each in arrays[1:]]
    return [item for key, item in _distinct(arrays[0]).items() if all(key in each for each in others)]


def _distinct(items: Iterable[Json]) -> dict[object, Json]:
    """Keep the first of equal items, by identity."""
    found: dict[object, Json] = {}
    for item in items:
        found.setdefault(identity(item), item)
    return found


def _of_one_kind(name: str, collections: tuple[Json, ...]) -> tuple[list[list[Json]], list[dict[str, Json]]]:
    arrays = [each for each in collections if isinstance(each, list)]
    objects = [each for each in collections if isinstance(each, dict)]
    if arrays and objects:
        raise WrongType(name, "all arguments", "of one type", "arrays and objects")
    return arrays, objects
