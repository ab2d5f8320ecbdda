"""Text → tree, by recursive descent.

    expression := literal | call step*
    call       := name '(' [expression (',' expression)*] ')'
    step       := ['?'] ('.' name | '[' expression ']')
    literal    := [+-]digits['.'digits*][e[+-]digits] | 'text' ('' is a quote) | true | false | null

White space may stand between any two tokens. There are no array or object literals, no double quotes, no
escapes, and a literal has no steps. Which part of a string is an expression at all is `template.py`'s
question.
"""

import math
import re
from typing import NamedTuple

from .errors import ParseError
from .nodes import Call, Literal, Node, Path, Step

MAX_LENGTH = 8192
"""Characters of one expression, Data Factory's own limit."""

MAX_DEPTH = 60
"""Nested calls. Ours: it keeps the recursion of parser and evaluator far from Python's limit."""

_INT64 = range(-(2**63), 2**63)
_KEYWORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<name>[^\W\d]\w*)
    | (?P<mark>[()\[\],.?])
    | (?P<text>'[^']*(?:''[^']*)*')
    | (?P<number>[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


def parse_expression(text: str, start: int, end: int) -> Node:
    """Parse `text[start:end]`, all of it."""
    if end - start > MAX_LENGTH:
        raise _error(f"an expression has at most {MAX_LENGTH} characters, not {end - start}", text, start)
    parser = _Parser(text, _tokens(text, start, end))
    node = parser.expression()
    parser.expect("end", "", "the end of the expression")
    return node


def _error(reason: str, text: str, position: int) -> ParseError:
    error = ParseError(reason)
    error.locate(text, position)
    return error


def _tokens(text: str, start: int, end: int) -> list[_Token]:
    tokens = []
    position = start
    while True:
        match = _TOKEN.match(text, position, end)
        if match is None:
            raise _unexpected_character(text, position, end)
        kind = match.lastgroup or "end"
        tokens.append(_Token(kind, match[kind], match.start(kind)))
        if kind == "end":
            return tokens
        position = match.end()


def _unexpected_character(text: str, position: int, end: int) -> ParseError:
    while position < end - 1 and text[position].isspace():
        position += 1
    character = text[position]
    reason = "a string is not closed" if character == "'" else f"character {character!r} is not expected"
    return _error(reason, text, position)


class _Parser:
    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = 0
        self._depth = 0

    def expression(self) -> Node:
        token = self._take()
        match token.kind:
            case "text":
                return Literal(token.text[1:-1].replace("''", "'"), token.position)
            case "number":
                return Literal(self._number(token), token.position)
            case "name" if token.text.lower() in _KEYWORDS and not self._at("("):
                return Literal(_KEYWORDS[token.text.lower()], token.position)
            case "name":
                return self._path(self._call(token))
            case _:
                raise self._expected("a function, a string or a number", token)

    def expect(self, kind: str, text: str, what: str) -> _Token:
        token = self._take()
        if token.kind != kind or (text and token.text != text):
            raise self._expected(what, token)
        return token

    def _call(self, name: _Token) -> Call:
        self.expect("mark", "(", f"'(' after the function's name '{name.text}'")
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _error(f"calls are nested deeper than {MAX_DEPTH}", self._text, name.position)
        arguments = [] if self._at(")") else [self.expression()]
        while self._at(","):
            self._index += 1
            arguments.append(self.expression())
        self.expect("mark", ")", "',' or ')'")
        self._depth -= 1
        return Call(name.text, tuple(arguments), name.position)

    def _path(self, call: Call) -> Node:
        steps: list[Step] = []
        while self._at("?") or self._at(".") or self._at("["):
            steps.append(self._step())
        return Path(call, tuple(steps), call.position) if steps else call

    def _step(self) -> Step:
        token = self._take()
        safe = token.text == "?"
        opening = self._take() if safe else token
        if opening.text == "." and opening.kind == "mark":
            name = self.expect("name", "", "a property's name after '.'")
            return Step(Literal(name.text, name.position), safe, token.position)
        if opening.text != "[" or opening.kind != "mark":
            raise self._expected("'.' or '[' after '?'", opening)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _error(f"keys are nested deeper than {MAX_DEPTH}", self._text, token.position)
        key = self.expression()
        self.expect("mark", "]", "']'")
        self._depth -= 1
        return Step(key, safe, token.position)

    def _number(self, token: _Token) -> int | float:
        if token.text.lstrip("+-").isdigit():
            if len(token.text) <= 40 and (whole := int(token.text)) in _INT64:
                return whole
        elif math.isfinite(number := float(token.text)):
            return number
        raise _error(f"{token.text[:40]} is out of the range of numbers", self._text, token.position)

    def _take(self) -> _Token:
        token = self._tokens[self._index]
        if token.kind != "end":
            self._index += 1
        return token

    def _at(self, mark: str) -> bool:
        token = self._tokens[self._index]
        return token.text == mark and token.kind == "mark"

    def _expected(self, what: str, found: _Token) -> ParseError:
        thing = "the end" if found.kind == "end" else found.text[:40]
        return _error(f"expected {what}, found {thing}", self._text, found.position)
