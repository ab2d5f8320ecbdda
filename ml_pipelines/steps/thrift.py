"""Thrift's compact protocol, as far as a Parquet footer uses it: structures, lists, numbers, texts; no maps.

What is read is kept with its types, so that it is written again byte for byte, whatever it means.
Source: apache/thrift, doc/specs/thrift-compact-protocol.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
STOP = 0

Struct = dict[int, "Value"]
"""The fields of a structure by their number, in order."""


@dataclass
class Value:
    """A value with its type: a number, bytes, a Struct, or of a list its elements' type and its Values."""

    kind: int
    content: Any


class Reader:
    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def struct(self) -> Struct:
        fields: Struct = {}
        number = 0
        while (head := self._byte()) != STOP:
            kind, step = head & 15, head >> 4
            number = number + step if step else self._integer()
            fields[number] = Value(kind, kind == TRUE if kind in (TRUE, FALSE) else self._value(kind))
        return fields

    def _value(self, kind: int) -> Any:  # noqa: ANN401 - as in Value
        match kind:
            case 1 | 2 | 3:  # BYTE, and in a list TRUE and FALSE
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._bytes(8)
            case 8:
                return self._bytes(self._unsigned())
            case 9 | 10:
                return self._list()
            case 12:
                return self.struct()
        raise ValueError(kind)

    def _list(self) -> tuple[int, list[Value]]:
        head = self._byte()
        kind, count = head & 15, head >> 4
        count = self._unsigned() if count == 15 else count
        return kind, [Value(kind, self._value(kind)) for _ in range(count)]

    def _byte(self) -> int:
        self._at += 1
        return self._content[self._at - 1]

    def _bytes(self, length: int) -> bytes:
        self._at += length
        return self._content[self._at - length : self._at]

    def _unsigned(self) -> int:
        found = shift = 0
        while (byte := self._byte()) & 0x80:
            found |= (byte & 0x7F) << shift
            shift += 7
        return found | byte << shift

    def _integer(self) -> int:
        found = self._unsigned()
        return (found >> 1) ^ -(found & 1)


def write_struct(fields: Struct) -> bytes:
    written = bytearray()
    before = 0
    for number, value in fields.items():
        step = number - before
        written += (
            bytes([step << 4 | value.kind]) if 0 < step < 16 else bytes([value.kind]) + _integer(number)
        )
        if value.kind not in (TRUE, FALSE):
            written += _written(value)
        before = number
    return bytes(written) + bytes([STOP])


def _written(value: Value) -> bytes:
    match value.kind:
        case 1 | 2 | 3:
            return bytes([value.content])
        case 4 | 5 | 6:
            return _integer(value.content)
        case 7:
            return bytes(value.content)
        case 8:
            return _unsigned(len(value.content)) + bytes(value.content)
        case 9 | 10:
            kind, values = value.content
            head = bytes([len(values) << 4 | kind]) if len(values) < 15 else bytes([0xF0 | kind])
            count = b"" if len(values) < 15 else _unsigned(len(values))
            return head + count + b"".join(map(_written, values))
        case 12:
            return write_struct(value.content)
    raise ValueError(value.kind)


def _unsigned(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*written, number])


def _integer(number: int) -> bytes:
    return _unsigned(number << 1 if number >= 0 else (-number << 1) - 1)
