"""Logic and comparison.

`if`, `and`, `or` and `coalesce` are lazy: an argument that does not matter is not evaluated.
"""

from collections.abc import Callable
from typing import TypeAlias

from .culture import compare
from .errors import WrongType
from .functions import function
from .values import Json, kind_of, same

Lazy: TypeAlias = Callable[[int], Json]


@function("if(condition: boolean, then: any, else: any)", lazy=True)
def if_(argument: Lazy, _count: int) -> Json:
    return argument(1) if argument(0) else argument(2)


@function("and(condition: boolean...)", lazy=True)
def and_(argument: Lazy, count: int) -> Json:
    return all(argument(index) for index in range(count))


@function("or(condition: boolean...)", lazy=True)
def or_(argument: Lazy, count: int) -> Json:
    return any(argument(index) for index in range(count))


@function("coalesce(value: any...)", lazy=True)
def coalesce(argument: Lazy, count: int) -> Json:
    for index in range(count):
        value = argument(index)
        if value is not None:
            return value
    return None


@function("not(condition: boolean)")
def not_(condition: bool) -> bool:  # noqa: FBT001
    return not condition


@function("equals(left: any, right: any)")
def equals(left: Json, right: Json) -> bool:
    """Compare deeply. 1 equals 1.0 here, but not inside arrays and objects; true never equals 1."""
    if _is_number(left) and _is_number(right):
        return left == right
    return same(left, right)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(name: str, left: Json, right: Json) -> int:
    """Give -1, 0 or 1. Two numbers, or two strings in the order of the culture, ignoring case."""
    if isinstance(left, str) and isinstance(right, str):
        return compare(left, right)
    if isinstance(left, int | float) and isinstance(right, int | float):
        return (left > right) - (left < right)
    expected = "a number" if isinstance(left, int | float) else "a string"
    raise WrongType(name, "argument 2 (right)", expected, kind_of(right))


@function("greater(left: number|string, right: number|string)")
def greater(left: Json, right: Json) -> bool:
    return _order("greater", left, right) > 0


@function("greaterOrEquals(left: number|string, right: number|string)")
def greater_or_equals(left: Json, right: Json) -> bool:
    return _order("greaterOrEquals", left, right) >= 0


@function("less(left: number|string, right: number|string)")
def less(left: Json, right: Json) -> bool:
    return _order("less", left, right) < 0


@function("lessOrEquals(left: number|string, right: number|string)")
def less_or_equals(left: Json, right: Json) -> bool:
    return _order("lessOrEquals", left, right) <= 0
