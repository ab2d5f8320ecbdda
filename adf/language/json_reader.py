"""JSON text → value, as leniently as Newtonsoft.Json reads it behind json().

Beyond the standard: names without quotes, single quotes, trailing commas, comments, hexadecimal and octal
numbers, line breaks inside of strings, and anything at all after the first value. An empty text is null.
"""

import json
import math
import re
from typing import Never

from .values import MAX_NESTING, WHITE_SPACE, Json

_MAX_INTEGER_DIGITS = 380
_SKIP = re.compile(rf"(?:[{WHITE_SPACE}]+|/\*.*?\*/|//[^\r\n]*)*", re.DOTALL)
_NUMBER = re.compile(r"[-+0-9.a-zA-Z]+")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
_NAME = re.compile(r"[\w$]+")
_PLAIN = {'"': re.compile(r'[^"\\]*'), "'": re.compile(r"[^'\\]*")}
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "\\": "\\", '"': '"', "'": "'", "/": "/"}
_WORDS = {"true": True, "false": False, "null": None, "undefined": None, "NaN": math.nan}
_WORDS |= {"Infinity": math.inf, "-Infinity": -math.inf}


class BadJson(Exception):  # a fact, turned into the caller's own error
    """The text is no JSON, not even leniently."""


def read(text: str) -> Json:
    """Read the first value of a text. Raises BadJson."""
    try:
        return json.loads(text, parse_int=_integer, parse_float=_finite)  # type: ignore[no-any-return]
    except (ValueError, RecursionError):
        return _Reader(text).first()


def _integer(text: str) -> int:
    if len(text) > _MAX_INTEGER_DIGITS:
        raise ValueError(text[:40])
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text[:40])
    return number


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._levels = 0

    def first(self) -> Json:
        return None if self._peek() == "" else self._value()

    def _peek(self) -> str:
        """Give the next character that means something, "" at the end."""
        match = _SKIP.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return self._text[self._position : self._position + 1]

    def _fail(self) -> Never:
        found = self._text[self._position : self._position + 1]
        thing = f"character {found!r}" if found else "the end"
        reason = f"{thing} at {self._position} is not expected"
        raise BadJson(reason)

    def _value(self) -> Json:
        character = self._peek()
        if character in {"{", "["}:
            self._levels += 1
            if self._levels > MAX_NESTING:
                reason = f"arrays and objects are nested deeper than {MAX_NESTING}"
                raise BadJson(reason)
            self._position += 1
            value: Json = self._object() if character == "{" else self._array()
            self._levels -= 1
            return value
        if character in {'"', "'"}:
            return self._string(character)
        return self._word()

    def _object(self) -> dict[str, Json]:
        found: dict[str, Json] = {}
        while (character := self._peek()) != "}":
            name = self._string(character) if character in {'"', "'"} else self._name()
            if self._peek() != ":":
                self._fail()
            self._position += 1
            found[name] = self._value()
            self._separator("}")
        self._position += 1
        return found

    def _array(self) -> list[Json]:
        found: list[Json] = []
        while (character := self._peek()) != "]":
            found.append(None if character == "," else self._value())
            self._separator("]")
        self._position += 1
        return found

    def _separator(self, closing: str) -> None:
        character = self._peek()
        if character == ",":
            self._position += 1
        elif character != closing:
            self._fail()

    def _name(self) -> str:
        match = _NAME.match(self._text, self._position)
        if match is None:
            self._fail()
        self._position = match.end()
        return match[0]

    def _string(self, quote: str) -> str:
        parts = []
        self._position += 1
        while True:
            plain = _PLAIN[quote].match(self._text, self._position)
            self._position = plain.end() if plain else self._position
            parts.append(plain[0] if plain else "")
            character = self._text[self._position : self._position + 1]
            if character == quote:
                self._position += 1
                return "".join(parts)
            if character != "\\":
                self._fail()
            parts.append(self._escape())

    def _escape(self) -> str:
        letter = self._text[self._position + 1 : self._position + 2]
        digits = self._text[self._position + 2 : self._position + 6]
        if letter == "u" and len(digits) == 4 and all(c in "0123456789abcdefABCDEF" for c in digits):
            self._position += 6
            return chr(int(digits, 16))
        if letter not in _ESCAPED or not letter:
            self._fail()
        self._position += 2
        return _ESCAPED[letter]

    def _word(self) -> Json:
        match = _NUMBER.match(self._text, self._position)
        word = match[0] if match else ""
        if word in _WORDS:
            self._position += len(word)
            return _WORDS[word]
        number = _number(word)
        if number is None:
            self._fail()
        self._position += len(word)
        return number


def _number(word: str) -> int | float | None:
    sign = -1 if word.startswith("-") else 1
    digits = word.lstrip("+-")
    try:
        if digits[:2] in {"0x", "0X"}:
            return sign * int(digits, 16) if len(digits) < 20 else None
        if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
            return sign * int(digits, 8) if len(digits) < 24 else None
        if digits.isdigit() and word.isascii():
            return _integer(word)
        return _finite(word) if _DECIMAL.fullmatch(word) else None
    except ValueError:
        return None
