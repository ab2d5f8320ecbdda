"""XPath 1.0 over an XML value: `select` gives what Data Factory's xpath() returns."""

from collections.abc import Iterable
from dataclasses import dataclass

from .values import Json, binary
from .xml_values import Element, Text, is_declaration, namespace_of, xml_text
from .xpath_parser import BadXPath, Constant, Expression, FunctionCall, Operation, Step, Steps, parse_xpath
from .xpath_values import (
    ARITHMETIC,
    READING,
    Attribute,
    Node,
    Value,
    boolean_of,
    called_on_values,
    compared,
    descendants,
    number_of,
    string_of_node,
)

__all__ = ["BadXPath", "select"]

MAX_VISITED = 500_000
"""Nodes that one evaluation may look at."""


@dataclass(frozen=True, slots=True)
class _Context:
    node: Node
    position: int
    size: int


def select(document: Element, path: str) -> Json:
    """Evaluate a path. Elements come as XML values, attributes and texts as strings. Raises BadXPath."""
    evaluation = _Evaluation(document)
    value = evaluation.value(parse_xpath(path), _Context(document, 1, 1))
    if not isinstance(value, list):
        return value
    evaluation.charge_texts(value)
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


def _ancestors(node: Node) -> Iterable[Node]:
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


class _Evaluation:
    def __init__(self, document: Element) -> None:
        self._document = document
        self._left = MAX_VISITED
        nodes: list[Node] = [document, *descendants(document)]
        self._order = {id(node): index for index, node in enumerate(nodes)}
        self._sizes: dict[int, int] = {}
        for node in reversed(nodes):
            children = node.children if isinstance(node, Element) else []
            self._sizes[id(node)] = 1 + sum(self._sizes[id(child)] for child in children)

    def _charge(self, visited: int) -> None:
        self._left -= visited
        if self._left < 0:
            reason = f"the path looks at more than {MAX_VISITED} nodes"
            raise BadXPath(reason)

    def charge_texts(self, value: Value) -> None:
        """Charge what it costs to read the text of nodes, all that lies below them."""
        if isinstance(value, list):
            self._charge(sum(self._sizes.get(id(node), 1) for node in value))

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
        return boolean_of(value)

    def _passes(self, node: Node, step: Step) -> bool:
        self._charge(1)
        match step.test:
            case "node()":
                return True
            case "text()":
                return isinstance(node, Text)
            case "comment()":
                return False
            case test:
                return not isinstance(node, Text) and node.parent is not None and _named(node, test)

    def _along(self, axis: str, node: Node) -> Iterable[Node]:  # noqa: PLR0911  a case an axis
        children = node.children if isinstance(node, Element) else []
        match axis:
            case "child":
                return children
            case "descendant":
                return descendants(node) if isinstance(node, Element) else []
            case "descendant-or-self":
                return [node, *(descendants(node) if isinstance(node, Element) else [])]
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
                    if isinstance(node, Element) and not is_declaration(name)
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
        self._charge(len(self._order))
        every = list(descendants(self._document))
        if axis == "following":
            inside = {id(other) for other in descendants(node)} if isinstance(node, Element) else set()
            return [n for n in every if self._order[id(n)] > self._order[id(node)] and id(n) not in inside]
        above = {id(other) for other in _ancestors(node)}
        return [
            n for n in reversed(every) if self._order[id(n)] < self._order[id(node)] and id(n) not in above
        ]

    # Operators and functions

    def _operated(self, operator: str, operands: tuple[Expression, ...], context: _Context) -> Value:
        left = self.value(operands[0], context)
        if operator == "negate":
            return -number_of(left)
        if operator == "and":
            return boolean_of(left) and boolean_of(self.value(operands[1], context))
        if operator == "or":
            return boolean_of(left) or boolean_of(self.value(operands[1], context))
        right = self.value(operands[1], context)
        if operator == "|":
            both = {_key(node): node for node in [*self._nodes(left), *self._nodes(right)]}
            return sorted(both.values(), key=self._place)
        self.charge_texts(left)
        self.charge_texts(right)
        if operator in ARITHMETIC:
            return ARITHMETIC[operator](number_of(left), number_of(right))
        return compared(operator, left, right)

    @staticmethod
    def _nodes(value: Value) -> list[Node]:
        if isinstance(value, list):
            return value
        reason = "a set of nodes is needed"
        raise BadXPath(reason)

    def _called(  # noqa: PLR0911  a case a function
        self, name: str, arguments: list[Value], context: _Context
    ) -> Value:
        if name in READING:
            for argument in arguments or [[context.node]]:
                self.charge_texts(argument)
        match name, arguments:
            case "position", []:
                return float(context.position)
            case "last", []:
                return float(context.size)
            case "count", [nodes]:
                return float(len(self._nodes(nodes)))
            case "sum", [nodes]:
                return float(sum(number_of(string_of_node(node)) for node in self._nodes(nodes)))
            case (("name" | "local-name" | "namespace-uri"), ([] | [_])):
                nodes = self._nodes(arguments[0]) if arguments else [context.node]
                return _name_of(name, nodes)
            case (("string" | "number" | "string-length" | "normalize-space"), []):
                return called_on_values(name, [[context.node]])
            case _:
                return called_on_values(name, arguments)


def _named(node: Element | Attribute, test: str) -> bool:
    """Hold a node against a name without a prefix: that is one in no namespace."""
    return test == "*" or (node.name == test and not _namespace_uri(node))


def _namespace_uri(node: Element | Attribute) -> str:
    prefix = node.name.rpartition(":")[0]
    if isinstance(node, Attribute):
        return (namespace_of(prefix, node.parent) or "") if prefix else ""
    return namespace_of(prefix, node) or ""


def _name_of(function: str, nodes: list[Node]) -> str:
    """Give a part of the first node's name; texts and the document have none."""
    node = nodes[0] if nodes else None
    if not isinstance(node, Element | Attribute) or node.parent is None:
        return ""
    match function:
        case "name":
            return node.name
        case "local-name":
            return node.name.rpartition(":")[2]
        case _:
            return _namespace_uri(node)
