"""The tree of a parsed string. Positions are offsets in the whole string, from 0."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | None
    position: int


@dataclass(frozen=True, slots=True)
class Call:
    """`name` is spelled as in the text; functions are found regardless of case."""

    name: str
    arguments: tuple["Node", ...]
    position: int


@dataclass(frozen=True, slots=True)
class Step:
    """One `.name` or `[key]`; `safe` when a `?` stands before it."""

    key: "Node"
    safe: bool
    position: int


@dataclass(frozen=True, slots=True)
class Path:
    target: Call
    steps: tuple[Step, ...]
    position: int


Node: TypeAlias = Literal | Call | Path


@dataclass(frozen=True, slots=True)
class Template:
    """A string with `@{...}` in it: literal text and expressions, in order."""

    parts: tuple[str | Node, ...]


@dataclass(frozen=True, slots=True)
class Tree:
    """A string value of a factory's JSON. `root` is a plain `str` where the string holds no expression."""

    text: str
    root: Node | Template | str

    def expressions(self) -> tuple[Node, ...]:
        """The outermost expressions, in order."""
        match self.root:
            case str():
                return ()
            case Template(parts):
                return tuple(part for part in parts if not isinstance(part, str))
            case node:
                return (node,)

    def walk(self) -> Iterator[Node]:
        """Every node, each before its children, from left to right."""
        waiting: list[Node] = list(reversed(self.expressions()))
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(_children(node)))


def _children(node: Node) -> tuple[Node, ...]:
    match node:
        case Literal():
            return ()
        case Call():
            return node.arguments
        case Path():
            return (node.target, *(step.key for step in node.steps))
