"""The values of XPath 1.0, how they are converted and compared, and the functions that need nothing else."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from .values import float_text
from .xml_values import Element, Text
from .xpath_parser import BadXPath


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    value: str
    parent: Element


Node: TypeAlias = Element | Text | Attribute
Value: TypeAlias = list[Node] | str | float | bool


def string_of_node(node: Node) -> str:
    if not isinstance(node, Element):
        return node.value
    return "".join(text.value for text in descendants(node) if isinstance(text, Text))


def descendants(node: Element) -> Iterable[Node]:
    waiting: list[Node] = list(reversed(node.children))
    while waiting:
        following = waiting.pop()
        yield following
        if isinstance(following, Element):
            waiting.extend(reversed(following.children))


def called_on_values(name: str, arguments: list[Value]) -> Value:
    function = _FUNCTIONS.get(name)
    if function is None:
        reason = f"XPath has no function '{name}'"
        raise BadXPath(reason)
    fewest, most, call = function
    if not fewest <= len(arguments) <= most:
        reason = f"'{name}' does not take {len(arguments)} argument(s)"
        raise BadXPath(reason)
    return call(*arguments)


def string_of(value: Value) -> str:
    match value:
        case list():
            return string_of_node(value[0]) if value else ""
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case _:
            return str(value)


def number_of(value: Value) -> float:
    if isinstance(value, bool | float):
        return float(value)
    text = string_of(value).strip(" \t\r\n")
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.replace(".", "", 1).isdigit() or len(digits) > 400:
        return math.nan
    return float(text)


def boolean_of(value: Value) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def compared(operator: str, left: Value, right: Value) -> bool:
    """Compare; a set of nodes compares as true when any of its nodes does."""
    if isinstance(left, list) and not isinstance(right, bool):
        return any(compared(operator, string_of_node(node), right) for node in left)
    if isinstance(right, list) and not isinstance(left, bool):
        return any(compared(operator, left, string_of_node(node)) for node in right)
    if operator in {"=", "!="}:
        return _equal(left, right) == (operator == "=")
    first, second = number_of(left), number_of(right)
    return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[operator]


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return boolean_of(left) == boolean_of(right)
    if isinstance(left, float) or isinstance(right, float):
        return number_of(left) == number_of(right)
    return string_of(left) == string_of(right)


def _divided(left: float, right: float) -> float:
    if right != 0:
        return left / right
    return (
        math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    )


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or not math.isfinite(left) else math.fmod(left, right)


def _rounded(value: Value, how: Callable[[float], int]) -> float:
    number = number_of(value)
    return float(how(number)) if math.isfinite(number) else number


def _substring(value: Value, start: Value, length: Value = math.inf) -> str:
    first = _rounded(start, lambda x: math.floor(x + 0.5))
    end = first + _rounded(length, lambda x: math.floor(x + 0.5))
    return "".join(c for position, c in enumerate(string_of(value), 1) if first <= position < end)


def _translated(value: Value, old: Value, new: Value) -> str:
    target = string_of(new)
    table: dict[int, str] = {}
    for index, character in enumerate(string_of(old)):
        table.setdefault(ord(character), target[index : index + 1])
    return string_of(value).translate(table)


READING = {
    "sum",
    "string",
    "number",
    "concat",
    "starts-with",
    "contains",
    "substring-before",
    "substring-after",
}
READING |= {"substring", "string-length", "normalize-space", "translate", "floor", "ceiling", "round"}

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _divided,
    "mod": _remainder,
}

_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "string": (1, 1, string_of),
    "number": (1, 1, number_of),
    "boolean": (1, 1, boolean_of),
    "not": (1, 1, lambda value: not boolean_of(value)),
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "floor": (1, 1, lambda value: _rounded(value, math.floor)),
    "ceiling": (1, 1, lambda value: _rounded(value, math.ceil)),
    "round": (1, 1, lambda value: _rounded(value, lambda x: math.floor(x + 0.5))),
    "concat": (2, 1000, lambda *values: "".join(string_of(value) for value in values)),
    "starts-with": (2, 2, lambda value, part: string_of(value).startswith(string_of(part))),
    "contains": (2, 2, lambda value, part: string_of(part) in string_of(value)),
    "substring-before": (
        2,
        2,
        lambda v, p: string_of(v).partition(string_of(p))[0] if string_of(p) in string_of(v) else "",
    ),
    "substring-after": (2, 2, lambda value, part: string_of(value).partition(string_of(part) or "\0")[2]),
    "substring": (2, 3, _substring),
    "string-length": (1, 1, lambda value: float(len(string_of(value)))),
    "normalize-space": (1, 1, lambda value: " ".join(string_of(value).split())),
    "translate": (3, 3, _translated),
}
