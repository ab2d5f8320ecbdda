"""One YAML 1.2 file → plain values, and the line of each.

Nothing is constructed but text, numbers, booleans, lists and maps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import yaml  # type: ignore[import-untyped]
from yaml.composer import Composer  # type: ignore[import-untyped]
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode  # type: ignore[import-untyped]

from config.errors import Problem, Where

if TYPE_CHECKING:
    from pathlib import Path

Key = tuple[str, ...]
"""Where a value stands in the configuration; a list's items are numbered."""

MOST_BYTES: Final = 1_000_000
MOST_VALUES: Final = 50_000
"""Aliases are followed, so a small file may describe a huge tree: this bounds it."""
DEEPEST: Final = 30
MOST_OPEN_BRACKETS: Final = 100
"""More than DEEPEST: brackets inside texts and comments are counted too."""

_PREFIX: Final = "tag:yaml.org,2002:"
_COLLECTIONS: Final = (f"{_PREFIX}map", f"{_PREFIX}seq")
_YAML: Final = "YAML 1.2: indented with blanks; text that begins with {, [, * or & in quotation marks"
_BEFORE_FOUND: Final = re.compile(r"^found |^.*\bbut (found|got) ")
_NOT_FOUND: Final = re.compile(r"^(did|could) not find expected ")
_YAML_1_1: Final = {"yes": "true", "no": "false", "on": "true", "off": "false"}


@dataclass
class Document:
    """A file's values; `where` and `spelling` are keyed like them (`spelling`: scalars as written)."""

    values: dict[str, Any] = field(default_factory=dict)
    where: dict[Key, Where] = field(default_factory=dict)
    spelling: dict[Key, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def read(path: Path, name: str, root: Key = ()) -> Document:
    """The document in `path`; messages call it `name`; it will be merged under the key `root`."""
    document = Document(where={root: Where(name, 1)})
    content = path.read_bytes()
    if len(content) > MOST_BYTES:
        _blame(document, Where(name), "", f"{len(content):,} bytes", f"at most {MOST_BYTES:,} bytes")
        return document
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _blame(document, Where(name), "", f"byte 0x{content[error.start]:02x}", "YAML text in UTF-8")
        return document
    parse(text, name, document, root)
    return document


def parse(text: str, name: str, document: Document, root: Key = ()) -> None:
    """Fill `document` from YAML text; what is wrong with the text becomes a problem of the document."""
    if _nests_endlessly(text):
        _blame(document, Where(name), "", "endless nesting", f"at most {DEEPEST} levels")
        return
    try:
        node = _compose(text)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        found = (error.problem or error.context or "unreadable YAML").split("\n")[0].strip()
        found = _NOT_FOUND.sub("something other than ", _BEFORE_FOUND.sub("", found))
        _blame(document, Where(name, line), "", found, _YAML)
    except (yaml.YAMLError, ValueError):
        _blame(document, Where(name), "", "control characters", "YAML text")
    except RecursionError:
        _blame(document, Where(name), "", "endless nesting", f"at most {DEEPEST} levels")
    else:
        if isinstance(node, MappingNode):
            document.values = _Reader(name, document, len(root)).mapping(node, root)
        elif node is not None and node.value:
            line = node.start_mark.line + 1
            _blame(document, Where(name, line), "", f"a {_kind(node)}", "a map of `key: value` lines")


def _nests_endlessly(text: str) -> bool:
    """Whether so many brackets are open at once that the parser's time would grow with their square."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > MOST_OPEN_BRACKETS:
            return True
    return False


def _compose(text: str) -> Node | None:
    loader = _Yaml12(text)
    try:
        node: Node | None = loader.get_single_node()
    finally:
        loader.dispose()
    return node


class _Yaml12(Composer, getattr(yaml, "CBaseLoader", yaml.BaseLoader)):  # type: ignore[misc]
    """libyaml's events, where PyYAML was built with it; words as in YAML 1.2.

    The nodes are made in Python: libyaml's own composer ends the process where nesting has no end.
    """

    def __init__(self, text: str) -> None:
        super(Composer, self).__init__(text)
        Composer.__init__(self)

    def compose_node(self, parent: Node | None, index: object) -> Node:
        event = self.peek_event()
        if not isinstance(event, yaml.AliasEvent):
            self.anchors.pop(event.anchor, None)  # an anchor that is defined twice is legal YAML
        node: Node = super().compose_node(parent, index)
        return node


for _tag, _words, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+0123456789."),
    ),
):
    _Yaml12.add_implicit_resolver(f"{_PREFIX}{_tag}", re.compile(rf"(?:{_words})\Z"), _first)


def _blame(document: Document, where: Where, key: str, found: str, expected: str) -> None:
    document.problems.append(Problem(where, key, found, expected))


def _kind(node: Node) -> str:
    match node:
        case SequenceNode():
            return "list"
        case MappingNode():
            return "map"
        case _:
            return "single value"


class _Reader:
    def __init__(self, name: str, document: Document, depth: int) -> None:
        self.name = name
        self.document = document
        self.depth = depth
        self.values = 0

    def mapping(self, node: MappingNode, key: Key) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            where = Where(self.name, key_node.start_mark.line + 1)
            dotted = ".".join(key)
            if not isinstance(key_node, ScalarNode):
                _blame(self.document, where, dotted, f"a {_kind(key_node)} as a key", "a word")
                continue
            word = str(key_node.value)
            here = (*key, word)
            if word in result:
                first = self.document.where[here]
                _blame(
                    self.document, where, ".".join(here), "a second time", f"it once (also line {first.line})"
                )
                continue
            self.document.where[here] = where
            result[word] = self.value(value_node, here)
        return result

    def value(self, node: Node, key: Key) -> Any:  # noqa: ANN401 - any value that YAML can hold
        self.values += 1
        if self.values > MOST_VALUES or len(key) > DEEPEST:
            self._refuse_size(node, key)
            return None
        if not isinstance(node, ScalarNode) and node.tag not in _COLLECTIONS:
            self._refuse_tag(node, key)
            return None
        match node:
            case MappingNode():
                return self.mapping(node, key)
            case SequenceNode():
                return [self._item(item, (*key, str(index))) for index, item in enumerate(node.value)]
            case _:
                return self.scalar(node, key)

    def _item(self, node: Node, key: Key) -> Any:  # noqa: ANN401
        self.document.where[key] = Where(self.name, node.start_mark.line + 1)
        return self.value(node, key)

    def _refuse_size(self, node: Node, key: Key) -> None:
        found = (
            "aliases that repeat without end" if len(key) > DEEPEST else f"more than {MOST_VALUES:,} values"
        )
        expected = f"a configuration (at most {DEEPEST} levels and {MOST_VALUES:,} values)"
        top = key[: self.depth + 1]  # an alias' own lines are those of its anchor, so the entry is blamed
        here = Where(self.name, node.start_mark.line + 1)
        problem = Problem(self.document.where.get(top, here), ".".join(top), found, expected)
        if not any(known.found == found for known in self.document.problems):
            self.document.problems.append(problem)

    def scalar(self, node: Node, key: Key) -> Any:  # noqa: ANN401
        text = str(node.value)
        self.document.spelling[key] = text
        tag = str(node.tag).removeprefix(_PREFIX)
        converted = scalar(tag, text)
        if converted is NotImplemented:
            self._refuse_tag(node, key)
            return None
        return converted

    def _refuse_tag(self, node: Node, key: Key) -> None:
        where = Where(self.name, node.start_mark.line + 1)
        _blame(self.document, where, ".".join(key), f"the tag `{node.tag}`", "a plain value without a tag")


def scalar(tag: str, text: str) -> Any:  # noqa: ANN401
    """A scalar of YAML's core schema; NotImplemented for a tag of somebody else."""
    match tag:
        case "str":
            return text
        case "null":
            return None
        case "bool":
            return text.lower() == "true"
        case "int":
            return int(text, 0) if text.lstrip("+-").startswith(("0x", "0o")) else int(text.replace("_", ""))
        case "float":
            return float(
                text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan").replace(".NaN", "nan")
            )
        case _:
            return NotImplemented


def yaml_1_1_boolean(text: str) -> str | None:
    """What YAML 1.1 would have made of a word that is text in YAML 1.2: `no` → `false`."""
    return _YAML_1_1.get(text.lower())
