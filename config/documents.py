"""One YAML 1.2 file → plain values, and the line of each.

Nothing is constructed but text, numbers, booleans, lists and maps.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import yaml  # type: ignore[import-untyped]
from yaml.composer import ComposerError  # type: ignore[import-untyped]

from config.errors import Problem, Where

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Key = tuple[str, ...]
"""Where a value stands in the configuration; a list's items are numbered."""

MOST_BYTES: Final = 1_000_000
MOST_VALUES: Final = 50_000
"""Aliases are followed, so a small file may describe a huge tree: this bounds it."""
DEEPEST: Final = 30
MOST_OPEN_BRACKETS: Final = 100
"""More than DEEPEST: brackets inside texts and comments are counted too."""
MOST_LEVELS: Final = 300
"""Before aliases are followed: far from the depth at which Python gives up."""

_PREFIX: Final = "tag:yaml.org,2002:"
_COLLECTIONS: Final = (f"{_PREFIX}map", f"{_PREFIX}seq")
_NO_TAG: Final = (None, "!")
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
    try:
        content = path.read_bytes()
    except OSError as error:
        _blame(document, Where(name), "", f"what cannot be read ({error.strerror})", "a file with YAML text")
        return document
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
    except _EndlessNesting:
        _blame(document, Where(name), "", "endless nesting", f"at most {DEEPEST} levels")
    else:
        if node is not None and isinstance(_event(node), yaml.MappingStartEvent):
            document.values = _Reader(name, document, len(root)).mapping(node, root)
        elif node is not None and _says_something(node):
            line = _event(node).start_mark.line + 1
            _blame(document, Where(name, line), "", f"a {_kind(node)}", "a map of `key: value` lines")


def _nests_endlessly(text: str) -> bool:
    """Whether so many brackets are open at once that the parser's time would grow with their square."""
    depth = 0
    for bracket in re.finditer(r"[\[\]{}]", text):
        depth = depth + 1 if bracket[0] in "[{" else max(0, depth - 1)
        if depth > MOST_OPEN_BRACKETS:
            return True
    return False


class _EndlessNesting(Exception):
    pass


class _Collection(NamedTuple):
    """What the event that begins a map or a list begins; `parts` of a map are keys and values in turn."""

    event: Any
    parts: list[_Node]


_Node = Any
"""A `_Collection`, or the event of a scalar: most are these, and nothing is made of them."""


def _compose(text: str) -> _Node | None:
    loader = _Loader(text)
    try:
        return _Composer(loader.get_event).document()
    finally:
        loader.dispose()


_Loader: Final = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml's events, where PyYAML was built with it."""


class _Composer:
    """Events → nodes; an alias is its anchor's node.

    In Python: libyaml's own composer ends the process where nesting has no end.
    """

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self._next = next_event
        self._anchors: dict[str, _Node] = {}

    def document(self) -> _Node | None:
        """None of an empty stream; raises a YAMLError or _EndlessNesting."""
        self._next()  # the stream's start
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), 1)
        self._next()  # the document's end
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            expected, found = "expected a single document in the stream", "but found another document"
            raise ComposerError(expected, _event(node).start_mark, found, after.start_mark)
        return node

    def _node(self, event: Any, level: int) -> _Node:  # noqa: ANN401 - an event of PyYAML's
        kind = type(event)
        if kind is yaml.AliasEvent:
            if event.anchor not in self._anchors:
                raise ComposerError(None, None, f"found undefined alias {event.anchor!r}", event.start_mark)
            return self._anchors[event.anchor]
        if level > MOST_LEVELS:
            raise _EndlessNesting
        parts: list[_Node] = []
        node = event if kind is yaml.ScalarEvent else _Collection(event, parts)
        if event.anchor is not None:
            self._anchors[event.anchor] = node  # one that is defined twice is legal YAML
        if node is not event:
            ends = yaml.MappingEndEvent if kind is yaml.MappingStartEvent else yaml.SequenceEndEvent
            while (kind := type(part := self._next())) is not ends:
                plain = kind is yaml.ScalarEvent and part.anchor is None
                parts.append(part if plain else self._node(part, level + 1))
        return node


def _words() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """First letter → the kinds of plain words that begin with it, by YAML 1.2's core schema."""
    kinds = (
        ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
        ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
        ("int", r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
        (
            "float",
            r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
            list("-+0123456789."),
        ),
    )
    words: dict[str, list[tuple[str, re.Pattern[str]]]] = {}
    for tag, pattern, letters in kinds:
        for letter in letters:
            words.setdefault(letter, []).append((tag, re.compile(pattern)))
    return words


_WORDS: Final = _words()


def _tag(event: Any) -> str:  # noqa: ANN401 - a ScalarEvent
    """The one that is written, without YAML's own prefix; else what the word is, where it is plain."""
    if event.tag not in _NO_TAG:
        return str(event.tag).removeprefix(_PREFIX)
    if event.implicit[0] and (kinds := _WORDS.get(event.value[:1])) is not None:
        for tag, pattern in kinds:
            if pattern.fullmatch(event.value):
                return tag
    return "str"


def _blame(document: Document, where: Where, key: str, found: str, expected: str) -> None:
    document.problems.append(Problem(where, key, found, expected))


def _event(node: _Node) -> Any:  # noqa: ANN401 - an event of PyYAML's
    return node.event if type(node) is _Collection else node


def _says_something(node: _Node) -> bool:
    return bool(node.parts if type(node) is _Collection else node.value)


def _kind(node: _Node) -> str:
    match _event(node):
        case yaml.SequenceStartEvent():
            return "list"
        case yaml.MappingStartEvent():
            return "map"
        case _:
            return "single value"


class _Reader:
    def __init__(self, name: str, document: Document, depth: int) -> None:
        self.name = name
        self.document = document
        self.depth = depth
        self.values = 0

    def mapping(self, node: _Collection, key: Key) -> dict[str, Any]:
        result: dict[str, Any] = {}
        parts = iter(node.parts)
        for key_node, value_node in zip(parts, parts, strict=True):
            where = self._where(key_node)
            if type(key_node) is _Collection:
                _blame(self.document, where, ".".join(key), f"a {_kind(key_node)} as a key", "a word")
                continue
            word = str(key_node.value)
            here = (*key, word)
            if word in result:
                once = f"it once (also line {self.document.where[here].line})"
                _blame(self.document, where, ".".join(here), "a second time", once)
                continue
            self.document.where[here] = where
            result[word] = self.value(value_node, here)
        return result

    def value(self, node: _Node, key: Key) -> Any:  # noqa: ANN401 - any value that YAML can hold
        self.values += 1
        if self.values > MOST_VALUES or len(key) > DEEPEST:
            self._refuse_size(node, key)
            return None
        if type(node) is not _Collection:
            return self.scalar(node, key)
        if node.event.tag not in _NO_TAG and node.event.tag not in _COLLECTIONS:
            self._refuse_tag(node.event, key)
            return None
        if type(node.event) is yaml.MappingStartEvent:
            return self.mapping(node, key)
        return [self._item(item, (*key, str(index))) for index, item in enumerate(node.parts)]

    def _item(self, node: _Node, key: Key) -> Any:  # noqa: ANN401
        self.document.where[key] = self._where(node)
        return self.value(node, key)

    def _where(self, node: _Node) -> Where:
        return Where(self.name, _event(node).start_mark.line + 1)

    def _refuse_size(self, node: _Node, key: Key) -> None:
        found = (
            "aliases that repeat without end" if len(key) > DEEPEST else f"more than {MOST_VALUES:,} values"
        )
        expected = f"a configuration (at most {DEEPEST} levels and {MOST_VALUES:,} values)"
        top = key[: self.depth + 1]  # an alias' own lines are those of its anchor, so the entry is blamed
        where = self.document.where.get(top) or self._where(node)
        problem = Problem(where, ".".join(top), found, expected)
        if not any(known.found == found for known in self.document.problems):
            self.document.problems.append(problem)

    def scalar(self, event: Any, key: Key) -> Any:  # noqa: ANN401
        text = str(event.value)
        self.document.spelling[key] = text
        tag = _tag(event)
        if tag == "str":
            return text
        try:
            converted = scalar(tag, text)
        except ValueError:  # as of `!!int abc`
            converted = NotImplemented
        if converted is NotImplemented:
            self._refuse_tag(event, key)
            return None
        return converted

    def _refuse_tag(self, event: Any, key: Key) -> None:  # noqa: ANN401
        where = Where(self.name, event.start_mark.line + 1)
        _blame(self.document, where, ".".join(key), f"the tag `{event.tag}`", "a plain value without a tag")


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
