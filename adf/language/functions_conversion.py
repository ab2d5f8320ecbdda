"""Functions that turn one type or encoding into another."""

import math
import re
from urllib.parse import quote

from .errors import InvalidArgument
from .functions import function
from .json_reader import BadJson, read
from .values import (
    INT64_MAX,
    INT64_MIN,
    WHITE_SPACE,
    Json,
    binary,
    from_base64,
    from_units,
    is_binary,
    json_text,
    kind_of,
    text_of,
    utf8,
)
from .xml_values import BadXml, from_json, is_xml, of_xml, parse_xml, to_json
from .xpath import BadXPath, select

_OCTETS = "application/octet-stream"
_FLOAT = re.compile(r"[+-]?(?=[0-9]|\.[0-9])(?:[0-9][0-9,]*)?(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?")
_DATA_URI = re.compile(r"data:([^,]*?)(;base64)?,(.*)", re.DOTALL | re.IGNORECASE)
_ESCAPED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")


@function("string(value: any)")
def string(value: Json) -> str:
    return from_units(text_of(value))


# Numbers and booleans


def _number(text: str) -> float | None:
    """Read a number as .NET does: blanks around it and commas between its digits are fine."""
    stripped = text.strip(WHITE_SPACE)
    if len(stripped) > 2000 or not _FLOAT.fullmatch(stripped):
        return None
    number = float(stripped.replace(",", ""))
    return number if math.isfinite(number) else None


def _unconvertible(name: str, value: Json) -> InvalidArgument:
    thing = f"'{value[:80]}'" if isinstance(value, str) else kind_of(value)
    return InvalidArgument(name, f"{thing} cannot be converted")


@function("float(value: any)")
def float_(value: Json) -> float:
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, int | float):
        return float(number)
    raise _unconvertible("float", value)


@function("int(value: any)")
def int_(value: Json) -> int:
    """Convert a whole number within 64 bits; strings are read as floats, so the largest do not fit."""
    if isinstance(value, int) and INT64_MIN <= value <= INT64_MAX:
        return int(value)
    number = _number(value) if isinstance(value, str) else value
    if isinstance(number, float) and number.is_integer() and INT64_MIN <= number < INT64_MAX:
        return int(number)
    raise _unconvertible("int", value)


@function("bool(value: any)")
def bool_(value: Json) -> bool:
    """Convert a number, or `true` and `false` in any case."""
    if isinstance(value, int | float):
        return value != 0
    word = value.strip(WHITE_SPACE).lower() if isinstance(value, str) else ""
    if word not in {"true", "false"}:
        raise _unconvertible("bool", value)
    return word == "true"


# Base 64, binary values and data URIs


def _octets(name: str, text: str) -> bytes:
    raw = from_base64(text)
    if raw is None:
        raise InvalidArgument(name, "the text is not base64")
    return raw


def _bytes_of(value: str | list[Json] | dict[str, Json]) -> bytes:
    if isinstance(value, dict) and is_binary(value):
        return from_base64(str(value["$content"])) or b""
    return utf8(value if isinstance(value, str) else json_text(value))


@function("base64(value: string|object|array)")
def base64(value: str | list[Json] | dict[str, Json]) -> Json:
    return binary(_OCTETS, _bytes_of(value))["$content"]


@function("base64ToBinary(value: string)")
def base64_to_binary(value: str) -> dict[str, Json]:
    return binary(_OCTETS, _octets("base64ToBinary", value))


@function("base64ToString(value: string)")
def base64_to_string(value: str) -> str:
    return _octets("base64ToString", value).decode("utf-8", "replace")


@function("decodeBase64(value: string)")
def decode_base64(value: str) -> str:
    return _octets("decodeBase64", value).decode("utf-8", "replace")


@function("binary(value: string|object|array)")
def binary_(value: str | list[Json] | dict[str, Json]) -> dict[str, Json]:
    return binary(_OCTETS, _bytes_of(value))


@function("dataUri(value: string|object|array)")
def data_uri(value: str | list[Json] | dict[str, Json]) -> str:
    kind = "text/plain;charset=utf-8"
    if not isinstance(value, str):
        kind = (
            str(value["$content-type"])
            if isinstance(value, dict) and is_binary(value)
            else "application/json"
        )
    return f"data:{kind};base64,{binary(kind, _bytes_of(value))['$content']}"


def _of_data_uri(name: str, uri: str) -> tuple[str, bytes]:
    match = _DATA_URI.fullmatch(uri)
    if match is None:
        raise InvalidArgument(name, f"'{uri[:80]}' is no data URI")
    content = _octets(name, _unescaped(match[3])) if match[2] else utf8(_unescaped(match[3]))
    return match[1] or "text/plain;charset=US-ASCII", content


@function("dataUriToBinary(uri: string)")
def data_uri_to_binary(uri: str) -> dict[str, Json]:
    return binary(*_of_data_uri("dataUriToBinary", uri))


@function("dataUriToString(uri: string)")
def data_uri_to_string(uri: str) -> str:
    return _of_data_uri("dataUriToString", uri)[1].decode("utf-8", "replace")


@function("decodeDataUri(uri: string)")
def decode_data_uri(uri: str) -> str:
    return _of_data_uri("decodeDataUri", uri)[1].decode("utf-8", "replace")


# URIs


@function("uriComponent(value: string)")
def uri_component(value: str) -> str:
    """Escape all but letters, digits and `-_.~`."""
    return quote(utf8(value), safe="")


@function("encodeUriComponent(value: string)")
def encode_uri_component(value: str) -> str:
    """Do the same as uriComponent."""
    return quote(utf8(value), safe="")


@function("uriComponentToString(value: string)")
def uri_component_to_string(value: str) -> str:
    return _unescaped(value)


@function("decodeUriComponent(value: string)")
def decode_uri_component(value: str) -> str:
    return _unescaped(value)


@function("uriComponentToBinary(value: string)")
def uri_component_to_binary(value: str) -> dict[str, Json]:
    return binary(_OCTETS, utf8(_unescaped(value)))


def _unescaped(text: str) -> str:
    """Decode what is escaped UTF-8; other escapes stay as they are."""
    return _ESCAPED.sub(lambda match: _decoded(bytes.fromhex(match[0].replace("%", ""))), text)


def _decoded(octets: bytes) -> str:
    text = octets.decode("utf-8", "surrogateescape")
    if text.isascii():
        return text
    return "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)


# JSON and XML


@function("json(value: string|object)")
def json(value: str | dict[str, Json]) -> Json:
    """Read JSON, leniently, or turn an XML value into JSON."""
    try:
        if isinstance(value, str):
            return read(value)
        if is_xml(value):
            return to_json(of_xml(value))
    except (BadJson, BadXml) as error:
        raise InvalidArgument("json", str(error)) from None
    raise InvalidArgument("json", "the object is no XML")


@function("xml(value: string|object)")
def xml(value: str | dict[str, Json]) -> dict[str, Json]:
    """Take XML text, or write an object with one property as XML."""
    try:
        if isinstance(value, dict):
            text = value if is_xml(value) else from_json(value)
        else:
            parse_xml(utf8(value))
            text = value
    except BadXml as error:
        raise InvalidArgument("xml", str(error)) from None
    return text if isinstance(text, dict) else binary("application/xml;charset=utf-8", utf8(text))


@function("xpath(xml: object, path: string)")
def xpath(value: dict[str, Json], path: str) -> Json:
    """Give a number, text or boolean, or an array of what was found: elements as XML, the rest as text."""
    if not is_xml(value):
        raise InvalidArgument("xpath", "the object is no XML")
    try:
        return select(of_xml(value), path)
    except (BadXml, BadXPath) as error:
        raise InvalidArgument("xpath", str(error)) from None
