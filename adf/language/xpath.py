"""XPath 1.0 over an XML value: `select` gives what Data Factory's xpath() returns."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from .values import Json, binary, float_text
from .xml_values import Element, Text, xml_text
from .xpath_parser import BadXPath, Constant, Expression, FunctionCall, Operation, Step, Steps, parse_xpath

__all__ = ["BadXPath", "select"]

MAX_VISITED = 500_000
"""Nodes that one evaluation may look at."""


@dataclass(frozen=True, slots=True)
class Attribute:
    name: str
    value: str
    parent: Element


Node: TypeAlias = Element | Text | Attribute
Value: TypeAlias = list[Node] | str | float | bool


@dataclass(frozen=True, slots=True)
class _Context:
    node: Node
    position: int
    size: int


def select(document: Element, path: str) -> Json:
    """Evaluate a path. Elements come as XML values, attributes and texts as strings. Raises BadXPath."""
    value = _Evaluation(document).value(parse_xpath(path), _Context(document, 1, 1))
    if not isinstance(value, list):
        return value
    return [_result(node) for node in value]


def _result(node: Node) -> Json:
    if isinstance(node, Element):
        written = (
            "".join(xml_text(child) for child in _elements(node)) if node.parent is None else xml_text(node)
        )
        return binary("application/xml;charset=utf-8", written.encode("utf-8", "replace"))
    return node.value


def _elements(node: Element) -> list[Element]:
    return [child for child in node.children if isinstance(child, Element)]


def _key(node: Node) -> object:
    return (id(node.parent), node.name) if isinstance(node, Attribute) else id(node)


def _string_of_node(node: Node) -> str:
    if not isinstance(node, Element):
        return node.value
    return "".join(text.value for text in _descendants(node) if isinstance(text, Text))


def _descendants(node: Element) -> Iterable[Node]:
    waiting: list[Node] = list(reversed(node.children))
    while waiting:
        following = waiting.pop()
        yield following
        if isinstance(following, Element):
            waiting.extend(reversed(following.children))


def _ancestors(node: Node) -> Iterable[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


class _Evaluation:
    def __init__(self, document: Element) -> None:
        self._document = document
        self._left = MAX_VISITED
        nodes: list[Node] = [document, *_descendants(document)]
        self._order = {id(node): index for index, node in enumerate(nodes)}

    def value(self, expression: Expression, context: _Context) -> Value:
        match expression:
            case Constant(value):
                return value
            case Steps():
                return self._located(expression, context)
            case Operation(operator, operands):
                return self._operated(operator, operands, context)
            case FunctionCall(name, arguments):
                return self._called(name, [self.value(argument, context) for argument in arguments], context)

    # Location paths

    def _located(self, path: Steps, context: _Context) -> list[Node]:
        nodes: list[Node] = [self._document] if path.absolute else [context.node]
        if path.origin is not None:
            nodes = self._filtered(self._nodes(self.value(path.origin, context)), path.predicates)
        for step in path.steps:
            found: dict[object, Node] = {}
            for node in nodes:
                for reached in self._stepped(node, step):
                    found.setdefault(_key(reached), reached)
            nodes = sorted(found.values(), key=self._place)
        return nodes

    def _place(self, node: Node) -> tuple[int, str]:
        if isinstance(node, Attribute):
            return (self._order[id(node.parent)], node.name)
        return (self._order[id(node)], "")

    def _stepped(self, node: Node, step: Step) -> list[Node]:
        reached = [other for other in self._along(step.axis, node) if self._passes(other, step)]
        return self._filtered(reached, step.predicates)

    def _filtered(self, nodes: list[Node], predicates: tuple[Expression, ...]) -> list[Node]:
        for predicate in predicates:
            size = len(nodes)
            nodes = [
                node
                for position, node in enumerate(nodes, 1)
                if self._holds(self.value(predicate, _Context(node, position, size)), position)
            ]
        return nodes

    def _holds(self, value: Value, position: int) -> bool:
        if isinstance(value, float) and not isinstance(value, bool):
            return value == position
        return _boolean(value)

    def _passes(self, node: Node, step: Step) -> bool:
        self._left -= 1
        if self._left < 0:
            reason = f"the path looks at more than {MAX_VISITED} nodes"
            raise BadXPath(reason)
        match step.test:
            case "node()":
                return True
            case "text()":
                return isinstance(node, Text)
            case "comment()":
                return False
            case test:
                named = isinstance(node, Attribute) or (isinstance(node, Element) and node.parent is not None)
                return named and _named(node, test)

    def _along(self, axis: str, node: Node) -> Iterable[Node]:  # noqa: PLR0911  a case an axis
        children = node.children if isinstance(node, Element) else []
        match axis:
            case "child":
                return children
            case "descendant":
                return _descendants(node) if isinstance(node, Element) else []
            case "descendant-or-self":
                return [node, *(_descendants(node) if isinstance(node, Element) else [])]
            case "self":
                return [node]
            case "parent":
                return [node.parent] if node.parent is not None else []
            case "ancestor":
                return _ancestors(node)
            case "ancestor-or-self":
                return [node, *_ancestors(node)]
            case "attribute":
                attributes = node.attributes if isinstance(node, Element) else {}
                return [
                    Attribute(name, text, node)
                    for name, text in attributes.items()
                    if isinstance(node, Element)
                ]
            case _:
                return self._beside(axis, node)

    def _beside(self, axis: str, node: Node) -> Iterable[Node]:
        """Walk `following` and `preceding`, the nearest first."""
        if node.parent is None or isinstance(node, Attribute):
            return []
        siblings = node.parent.children
        index = next(i for i, other in enumerate(siblings) if other is node)
        if axis == "following-sibling":
            return siblings[index + 1 :]
        if axis == "preceding-sibling":
            return siblings[:index][::-1]
        every = list(_descendants(self._document))
        if axis == "following":
            inside = {id(other) for other in _descendants(node)} if isinstance(node, Element) else set()
            return [n for n in every if self._order[id(n)] > self._order[id(node)] and id(n) not in inside]
        above = {id(other) for other in _ancestors(node)}
        return [
            n for n in reversed(every) if self._order[id(n)] < self._order[id(node)] and id(n) not in above
        ]

    # Operators and functions

    def _operated(self, operator: str, operands: tuple[Expression, ...], context: _Context) -> Value:
        left = self.value(operands[0], context)
        if operator == "negate":
            return -_number(left)
        if operator == "and":
            return _boolean(left) and _boolean(self.value(operands[1], context))
        if operator == "or":
            return _boolean(left) or _boolean(self.value(operands[1], context))
        right = self.value(operands[1], context)
        if operator == "|":
            both = {_key(node): node for node in [*self._nodes(left), *self._nodes(right)]}
            return sorted(both.values(), key=self._place)
        if operator in _ARITHMETIC:
            return _ARITHMETIC[operator](_number(left), _number(right))
        return _compared(operator, left, right)

    @staticmethod
    def _nodes(value: Value) -> list[Node]:
        if isinstance(value, list):
            return value
        reason = "a set of nodes is needed"
        raise BadXPath(reason)

    def _called(  # noqa: PLR0911  a case a function
        self, name: str, arguments: list[Value], context: _Context
    ) -> Value:
        match name, arguments:
            case "position", []:
                return float(context.position)
            case "last", []:
                return float(context.size)
            case "count", [nodes]:
                return float(len(self._nodes(nodes)))
            case "sum", [nodes]:
                return float(sum(_number(_string_of_node(node)) for node in self._nodes(nodes)))
            case (("name" | "local-name" | "namespace-uri"), ([] | [_])):
                nodes = self._nodes(arguments[0]) if arguments else [context.node]
                return _name_of(name, nodes)
            case (("string" | "number" | "string-length" | "normalize-space"), []):
                return _called_on_values(name, [[context.node]])
            case _:
                return _called_on_values(name, arguments)


def _named(node: Element | Attribute | Text, test: str) -> bool:
    if test == "*":
        return True
    name = "" if isinstance(node, Text) else node.name
    return name.startswith(test[:-1]) if test.endswith(":*") else name == test


def _name_of(function: str, nodes: list[Node]) -> str:
    node = nodes[0] if nodes else None
    name = node.name if isinstance(node, Element | Attribute) and node.parent is not None else ""
    return {"name": name, "local-name": name.rpartition(":")[2]}.get(function, "")


def _called_on_values(name: str, arguments: list[Value]) -> Value:
    function = _FUNCTIONS.get(name)
    if function is None:
        reason = f"XPath has no function '{name}'"
        raise BadXPath(reason)
    fewest, most, call = function
    if not fewest <= len(arguments) <= most:
        reason = f"'{name}' does not take {len(arguments)} argument(s)"
        raise BadXPath(reason)
    return call(*arguments)


def _string(value: Value) -> str:
    match value:
        case list():
            return _string_of_node(value[0]) if value else ""
        case bool():
            return "true" if value else "false"
        case float():
            return float_text(value)
        case _:
            return str(value)


def _number(value: Value) -> float:
    if isinstance(value, bool | float):
        return float(value)
    text = _string(value).strip(" \t\r\n")
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.replace(".", "", 1).isdigit() or len(digits) > 400:
        return math.nan
    return float(text)


def _boolean(value: Value) -> bool:
    if isinstance(value, float) and math.isnan(value):
        return False
    return bool(value)


def _compared(operator: str, left: Value, right: Value) -> bool:
    """Compare; a set of nodes compares as true when any of its nodes does."""
    if isinstance(left, list) and not isinstance(right, bool):
        return any(_compared(operator, _string_of_node(node), right) for node in left)
    if isinstance(right, list) and not isinstance(left, bool):
        return any(_compared(operator, left, _string_of_node(node)) for node in right)
    if operator in {"=", "!="}:
        return _equal(left, right) == (operator == "=")
    first, second = _number(left), _number(right)
    return {"<": first < second, "<=": first <= second, ">": first > second, ">=": first >= second}[operator]


def _equal(left: Value, right: Value) -> bool:
    if isinstance(left, bool) or isinstance(right, bool):
        return _boolean(left) == _boolean(right)
    if isinstance(left, float) or isinstance(right, float):
        return _number(left) == _number(right)
    return _string(left) == _string(right)


def _divided(left: float, right: float) -> float:
    if right != 0:
        return left / right
    return (
        math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left) * math.copysign(1, right)
    )


def _remainder(left: float, right: float) -> float:
    return math.nan if right == 0 or not math.isfinite(left) else math.fmod(left, right)


def _rounded(value: Value, how: Callable[[float], int]) -> float:
    number = _number(value)
    return float(how(number)) if math.isfinite(number) else number


def _substring(value: Value, start: Value, length: Value = math.inf) -> str:
    first = _rounded(start, lambda x: math.floor(x + 0.5))
    end = first + _rounded(length, lambda x: math.floor(x + 0.5))
    return "".join(c for position, c in enumerate(_string(value), 1) if first <= position < end)


def _translated(value: Value, old: Value, new: Value) -> str:
    target = _string(new)
    table: dict[int, str] = {}
    for index, character in enumerate(_string(old)):
        table.setdefault(ord(character), target[index : index + 1])
    return _string(value).translate(table)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "div": _divided,
    "mod": _remainder,
}

_FUNCTIONS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "string": (1, 1, _string),
    "number": (1, 1, _number),
    "boolean": (1, 1, _boolean),
    "not": (1, 1, lambda value: not _boolean(value)),
    "true": (0, 0, lambda: True),
    "false": (0, 0, lambda: False),
    "floor": (1, 1, lambda value: _rounded(value, math.floor)),
    "ceiling": (1, 1, lambda value: _rounded(value, math.ceil)),
    "round": (1, 1, lambda value: _rounded(value, lambda x: math.floor(x + 0.5))),
    "concat": (2, 1000, lambda *values: "".join(_string(value) for value in values)),
    "starts-with": (2, 2, lambda value, part: _string(value).startswith(_string(part))),
    "contains": (2, 2, lambda value, part: _string(part) in _string(value)),
    "substring-before": (
        2,
        2,
        lambda v, p: _string(v).partition(_string(p))[0] if _string(p) in _string(v) else "",
    ),
    "substring-after": (2, 2, lambda value, part: _string(value).partition(_string(part) or "\0")[2]),
    "substring": (2, 3, _substring),
    "string-length": (1, 1, lambda value: float(len(_string(value)))),
    "normalize-space": (1, 1, lambda value: " ".join(_string(value).split())),
    "translate": (3, 3, _translated),
}
