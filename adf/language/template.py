"""Which part of a string is an expression.

- `@expression`: the whole string is one expression, and its result keeps its type. A lone `@` is itself.
- `@@rest`: one `@` is dropped, the rest is literal.
- `text @{expression} text`: the result is a string. `@@{` is a literal `@{`; any other `@` is literal.
"""

import re

from .errors import ParseError
from .nodes import Node, Template, Tree
from .parser import parse_expression

_SEGMENT = re.compile(r"@+\{")
_END = re.compile(r"[^'}]*(?:'[^']*'[^'}]*)*")


def parse(text: str) -> Tree:
    """Parse a string value of a factory's JSON. Raises ParseError."""
    if text.startswith("@") and len(text) > 1:
        if text[1] == "@":
            return Tree(text, text[1:])
        if text[1] != "{":
            return Tree(text, parse_expression(text, 1, len(text)))
    return Tree(text, _interpolated(text)) if "@{" in text else Tree(text, text)


def _interpolated(text: str) -> Template | str:
    parts: list[str | Node] = []
    literal = ""
    position = 0
    while segment := _SEGMENT.search(text, position):
        literal += text[position : segment.start()]
        position = segment.end()
        if len(segment[0]) > 2:
            literal += segment[0][1:]
            continue
        end = _end_of_segment(text, segment.start(), position)
        parts += (
            [literal, parse_expression(text, position, end)]
            if literal
            else [parse_expression(text, position, end)]
        )
        literal, position = "", end + 1
    literal += text[position:]
    if not parts:
        return literal
    return Template((*parts, literal) if literal else tuple(parts))


def _end_of_segment(text: str, start: int, position: int) -> int:
    match = _END.match(text, position)
    end = match.end() if match else position
    if text[end : end + 1] == "}":
        return end
    error = ParseError("'@{' is not closed by a '}'")
    error.locate(text, start)
    raise error
