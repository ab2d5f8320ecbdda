"""Functions of numbers: two integers give an integer within 64 bits, a float makes the result a float."""

import math
from typing import TypeAlias

from .errors import InvalidArgument, WrongType
from .functions import function
from .scope import Scope
from .values import INT64_MAX, INT64_MIN, Json, kind_of

Number: TypeAlias = int | float

MAX_RANGE = 100_000


def _checked(name: str, value: Number) -> Number:
    if isinstance(value, int):
        if not INT64_MIN <= value <= INT64_MAX:
            raise InvalidArgument(name, "the result is beyond 64 bits")
    elif not math.isfinite(value):
        raise InvalidArgument(name, "the result is beyond the range of floats")
    return value


@function("add(left: number, right: number)")
def add(left: Number, right: Number) -> Number:
    return _checked("add", left + right)


@function("sub(left: number, right: number)")
def sub(left: Number, right: Number) -> Number:
    return _checked("sub", left - right)


@function("mul(left: number, right: number)")
def mul(left: Number, right: Number) -> Number:
    return _checked("mul", left * right)


@function("div(dividend: number, divisor: number)")
def div(dividend: Number, divisor: Number) -> Number:
    """Divide; integers truncate towards zero."""
    if divisor == 0:
        raise InvalidArgument("div", "a division by zero")
    if isinstance(dividend, int) and isinstance(divisor, int):
        quotient = abs(dividend) // abs(divisor)
        return _checked("div", quotient if (dividend < 0) == (divisor < 0) else -quotient)
    return _checked("div", dividend / divisor)


@function("mod(dividend: number, divisor: number)")
def mod(dividend: Number, divisor: Number) -> Number:
    """Give the remainder, with the dividend's sign."""
    if divisor == 0:
        raise InvalidArgument("mod", "a division by zero")
    if isinstance(dividend, int) and isinstance(divisor, int):
        remainder = abs(dividend) % abs(divisor)
        return _checked("mod", -remainder if dividend < 0 else remainder)
    if not math.isfinite(dividend):
        raise InvalidArgument("mod", "the dividend is not finite")
    return math.fmod(dividend, divisor)


@function("max(number: number|array...)")
def max_(*values: Json) -> Number:
    numbers = _numbers("max", values)
    return _as_one_kind(max(numbers), numbers)


@function("min(number: number|array...)")
def min_(*values: Json) -> Number:
    numbers = _numbers("min", values)
    return _as_one_kind(min(numbers), numbers)


def _as_one_kind(value: Number, numbers: list[Number]) -> Number:
    return float(value) if any(isinstance(number, float) for number in numbers) else value


def _numbers(name: str, values: tuple[Json, ...]) -> list[Number]:
    """Take the numbers, or those of the only argument where it is an array."""
    given = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    numbers: list[Number] = []
    for value in given:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise WrongType(name, "every value", "a number", kind_of(value))
        numbers.append(value)
    if not numbers:
        raise InvalidArgument(name, "the array is empty")
    return numbers


@function("range(start: integer, count: integer)")
def range_(start: int, count: int) -> list[int]:
    if not 0 <= count <= MAX_RANGE:
        raise InvalidArgument("range", f"the count is {count}, not within 0 and {MAX_RANGE}")
    _checked("range", start + max(count - 1, 0))
    return list(range(start, start + count))


@function("rand(minimum: integer, maximum: integer)", scoped=True)
def rand(scope: Scope, minimum: int, maximum: int) -> int:
    """Choose an integer: the minimum included, the maximum not, unless they are the same."""
    if minimum > maximum:
        raise InvalidArgument("rand", f"the minimum {minimum} is greater than the maximum {maximum}")
    return minimum if minimum == maximum else scope.random_integer(minimum, maximum)
