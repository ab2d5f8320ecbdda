"""The values of the language: JSON's, with .NET's rules for numbers, texts and equality.

A binary or XML value is an object with `$content-type` and `$content` (base64), as in Data Factory.
Strings are sequences of UTF-16 units, as in .NET: `units` and `from_units` go between them and Python's.
"""

import base64
import binascii
import math
from collections.abc import Iterable
from typing import TypeAlias

from .errors import LimitExceeded

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None

MAX_TEXT = 4_000_000
"""Characters of a computed string. Data Factory holds no activity output above 4 MB."""

MAX_NESTING = 120
"""Levels of arrays and objects in a value."""

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
WHITE_SPACE += "\u2028\u2029\u202f\u205f\u3000"

_ESCAPES = {i: f"\\u{i:04x}" for i in (*range(32), 0x85, 0x2028, 0x2029)}
_ESCAPES |= {
    ord(c): e
    for c, e in zip('\b\t\n\f\r"\\', ["\\b", "\\t", "\\n", "\\f", "\\r", '\\"', "\\\\"], strict=True)
}


_KINDS = {
    type(None): "null",
    bool: "a boolean",
    int: "an integer",
    float: "a float",
    str: "a string",
    list: "an array",
    dict: "an object",
}


def kind_of(value: object) -> str:
    """Name a value's type, for messages."""
    return _KINDS.get(type(value)) or f"a Python {type(value).__name__}"


def text_of(value: Json) -> str:  # noqa: PLR0911  a case a type
    """Write a value as string() and `@{...}` do: null is empty, a binary value its decoded text."""
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "True" if value else "False"
        case int():
            return integer_text(value)
        case float():
            return float_text(value)
        case dict() if is_binary(value):
            return decoded(value)
        case _:
            return json_text(value)


def integer_text(value: int) -> str:
    if value.bit_length() > 2048:
        reason = "an integer of more than 600 digits cannot be written"
        raise LimitExceeded(reason)
    return str(value)


def float_text(value: float) -> str:
    """Write a double as .NET does: the shortest digits that read back, `1E+17` from 18 digits on."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if not digits:
        return sign + "0"
    if point > 17 or point < -3:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}E{'-' if point < 1 else '+'}{abs(point - 1):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    whole_digits = digits[:point].ljust(point, "0")
    return sign + whole_digits + (f".{digits[point:]}" if len(digits) > point else "")


def joined(parts: Iterable[str], separator: str = "") -> str:
    """Join texts, giving up before the result grows beyond MAX_TEXT."""
    kept: list[str] = []
    length = 0
    for part in parts:
        length += len(part) + len(separator)
        if length > MAX_TEXT + len(separator):
            reason = f"the result has more than {MAX_TEXT} characters"
            raise LimitExceeded(reason)
        kept.append(part)
    return separator.join(kept)


def json_text(value: Json) -> str:
    """Write compact JSON as Newtonsoft does: a float keeps its `.0`, only what must be is escaped."""
    return joined(_json_parts(value, MAX_NESTING))


def _json_parts(value: Json, levels: int) -> Iterable[str]:
    if levels == 0:
        reason = f"arrays and objects are nested deeper than {MAX_NESTING}"
        raise LimitExceeded(reason)
    match value:
        case dict():
            yield "{"
            for index, (key, item) in enumerate(value.items()):
                yield f"{',' if index else ''}{_quoted(key)}:"
                yield from _json_parts(item, levels - 1)
            yield "}"
        case list():
            yield "["
            for index, item in enumerate(value):
                if index:
                    yield ","
                yield from _json_parts(item, levels - 1)
            yield "]"
        case _:
            yield _json_scalar(value)


def _json_scalar(value: str | float | bool | None) -> str:  # noqa: FBT001
    match value:
        case str():
            return _quoted(value)
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int():
            return integer_text(value)
        case float():
            text = float_text(value)
            return text if "." in text or "E" in text or not math.isfinite(value) else text + ".0"


def _quoted(text: str) -> str:
    return f'"{text.translate(_ESCAPES)}"'


def same(left: Json, right: Json) -> bool:
    """Compare deeply and strictly: case counts, 1 is not 1.0 and not true, the order of keys is free."""
    return identity(left) == identity(right)


def identity(value: Json, levels: int = MAX_NESTING) -> object:
    """Give a hashable stand-in for a value: two values are the same exactly when theirs are equal."""
    if levels == 0:
        reason = f"arrays and objects are nested deeper than {MAX_NESTING}"
        raise LimitExceeded(reason)
    match value:
        case dict():
            return ("object", frozenset((key, identity(item, levels - 1)) for key, item in value.items()))
        case list():
            return ("array", tuple(identity(item, levels - 1) for item in value))
        case _:
            return (type(value).__name__, value)


# Binary and XML values


def binary(content_type: str, content: bytes) -> dict[str, Json]:
    return {"$content-type": content_type, "$content": base64.b64encode(content).decode()}


def is_binary(value: Json) -> bool:
    return (
        isinstance(value, dict)
        and len(value) == 2
        and isinstance(value.get("$content-type"), str)
        and isinstance(value.get("$content"), str)
    )


def decoded(value: dict[str, Json]) -> str:
    """Give the text inside a binary value; content that is not base64 stays as it is."""
    content = str(value["$content"])
    raw = from_base64(content)
    return content if raw is None else raw.decode("utf-8", "replace")


def from_base64(text: str) -> bytes | None:
    """Decode strictly, but for white space, as .NET does. None when it is not base64."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None


def utf8(text: str) -> bytes:
    """Encode; half of a surrogate pair becomes the replacement character, as in .NET."""
    return from_units(text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


# UTF-16


def units(text: str) -> str:
    """Spell every character beyond the basic plane as its two surrogates, so that indices are .NET's."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    return "".join(c if c <= "\uffff" else _pair(ord(c) - 0x10000) for c in text)


def _pair(offset: int) -> str:
    return chr(0xD800 + (offset >> 10)) + chr(0xDC00 + (offset & 0x3FF))


def from_units(text: str) -> str:
    """Put surrogate pairs together again; single halves stay."""
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


def simple_upper(text: str) -> str:
    """Upper case, character by character: `ß` stays, as in .NET."""
    return text.upper() if text.isascii() else "".join(u if len(u := c.upper()) == 1 else c for c in text)


def simple_lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(u if len(u := c.lower()) == 1 else c for c in text)
