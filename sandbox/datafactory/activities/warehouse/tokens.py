"""T-SQL text as tokens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sandbox.datafactory.activities.warehouse.errors import SqlRefused

Kind = Literal["word", "name", "text", "number", "variable", "sign"]

_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|--[^\n]*|/\*.*?\*/)
  | (?P<text>N?'(?:[^']|'')*')
  | (?P<name>\[(?:[^\]]|\]\])+\]|"(?:[^"]|"")+")
  | (?P<variable>@@?\w+)
  | (?P<number>\d+\.?\d*(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F]+)
  | (?P<word>[^\W\d]\w*|\#\w+)
  | (?P<sign><>|<=|>=|!=|!<|!>|\|\||[-+*/%<>=(),.;&|^~])
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """`value` is a name without its brackets, a text without its quotes, a word as it was written."""

    kind: Kind
    value: str

    @property
    def word(self) -> str:
        """In capitals, for keywords; empty for what is no plain word."""
        return self.value.upper() if self.kind == "word" else ""

    def is_sign(self, sign: str) -> bool:
        return self.kind == "sign" and self.value == sign

    def sql(self) -> str:
        match self.kind:
            case "text":
                return "'" + self.value.replace("'", "''") + "'"
            case "name":
                return quoted(self.value)
            case _:
                return self.value


def quoted(name: str) -> str:
    """An identifier, never a text: an unknown name between double quotes would be one to SQLite."""
    return "`" + name.replace("`", "``") + "`"


def bracketed(name: str) -> str:
    """An identifier as T-SQL takes any."""
    return "[" + name.replace("]", "]]") + "]"


def tokens(text: str) -> list[Token]:
    """Without blanks and comments. Raises `SqlRefused`."""
    found: list[Token] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise SqlRefused(f"the text {text[position : position + 20]!r}")
        position = match.end()
        if match.lastgroup != "blank":
            found.append(_token(match))
    return found


def _token(match: re.Match[str]) -> Token:
    text = match[0]
    match match.lastgroup:
        case "text":
            return Token("text", text.removeprefix("N")[1:-1].replace("''", "'"))
        case "name" if text[0] == "[":
            return Token("name", text[1:-1].replace("]]", "]"))
        case "name":
            return Token("name", text[1:-1].replace('""', '"'))
        case "word" if text[0] == "#":
            raise SqlRefused(f"the temporary table {text}")
        case "variable" if text.startswith("@@"):
            raise SqlRefused(text)
        case "number" if text[:2] in ("0x", "0X"):
            return Token("number", f"X'{text[2:]}'")
        case kind:
            return Token(kind, text)  # type: ignore[arg-type]  # the groups' names are the kinds
