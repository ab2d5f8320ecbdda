"""Types of the warehouse's columns: T-SQL's as declared, Arrow's as they come, and how a value is kept.

Instants are kept as text, `2026-11-22 06:00:00[.ffffff]`, of UTC where they had a zone; other dates and times
as ISO has them; booleans as 0 and 1; decimals as numbers.
"""

from __future__ import annotations

import base64
import re
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.warehouse.errors import SqlFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

_DECLARED = re.compile(r"\s*(\w+)\s*(?:\(\s*(\w+)\s*(?:,\s*(\d+)\s*)?\))?")
_INTEGERS = {
    "tinyint": (0, 255),
    **{
        name: (-(2 ** (n - 1)), 2 ** (n - 1) - 1)
        for name, n in (("smallint", 16), ("int", 32), ("integer", 32), ("bigint", 64))
    },
}
DATES = frozenset({"date", "datetime", "datetime2", "smalldatetime", "datetimeoffset"})
_TEXTS = frozenset({"char", "varchar", "nchar", "nvarchar", "text", "ntext"})


def instant(text: str) -> datetime:
    """What T-SQL reads as a point in time: UTC where it says a zone, else as it is. Raises ValueError."""
    head, point, fraction = text.strip().partition(".")
    if point:
        digits = re.match(r"\d*", fraction)[0]  # type: ignore[index]  # it matches nothing at least
        text = f"{head}.{digits[:6]}{fraction[len(digits) :]}"
    found = datetime.fromisoformat(text.strip())
    return found if found.tzinfo is None else found.astimezone(UTC).replace(tzinfo=None)


def kept(value: Any) -> Any:  # noqa: ANN401 - any value of a row
    """A value of Arrow's or JSON's as SQLite keeps it, whatever the column."""
    match value:
        case bool():
            return int(value)
        case datetime():
            return _instant_text(value)
        case date() | time():
            return value.isoformat()
        case Decimal():
            return str(value)
        case dict() | list():
            raise SqlFailed(f"an object or array cannot be a column's value: {str(value)[:60]}")
        case _:
            return value


def converter(declared: str) -> Callable[[Any], Any]:
    """From any value to what a column of this type keeps; the function raises one of `BAD_VALUES`."""
    match = _DECLARED.match(declared)
    name, size = (match[1].lower(), match[2]) if match else ("", None)
    if name in _INTEGERS:
        return lambda value: _integer(value, *_INTEGERS[name])
    if name in _TEXTS:
        return lambda value: _bounded(_text(value), int(size) if size and size.isdigit() else None)
    if name in DATES:
        return lambda value: _date(value) if name == "date" else _instant_text(_instant(value))
    return _OTHERS.get(name, kept)


def declared_type(arrow: pa.DataType) -> str:
    """The column that `autoCreate` makes for what is copied; what has no column is `SqlFailed`."""
    from pyarrow import types

    for is_such, name in (
        (types.is_boolean, "bit"),
        (types.is_int8, "smallint"),
        (types.is_uint8, "tinyint"),
        (types.is_int16, "smallint"),
        (types.is_uint16, "int"),
        (types.is_int32, "int"),
        (types.is_integer, "bigint"),
        (types.is_float32, "real"),
        (types.is_floating, "float"),
        (types.is_string, "nvarchar(max)"),
        (types.is_large_string, "nvarchar(max)"),
        (types.is_null, "nvarchar(max)"),
        (types.is_date, "date"),
        (types.is_timestamp, "datetime2(7)"),
        (types.is_time, "time(7)"),
        (types.is_binary, "varbinary(max)"),
        (types.is_large_binary, "varbinary(max)"),
    ):
        if is_such(arrow):
            return name
    if types.is_decimal(arrow):
        return f"decimal({arrow.precision}, {arrow.scale})"
    raise SqlFailed(f"a column of the type {arrow} has no counterpart in a table")


def arrow_type(declared: str) -> pa.DataType:
    """What a table's column is read as."""
    import pyarrow as pa

    match = _DECLARED.match(declared)
    name = match[1].lower() if match else ""
    if name in _INTEGERS:
        return pa.int64() if name == "bigint" else pa.int32()
    if name in ("decimal", "numeric") and match and match[2]:
        return pa.decimal128(int(match[2]), int(match[3] or 0))
    known = {"bit": pa.bool_(), "float": pa.float64(), "real": pa.float32(), "date": pa.date32(),
             "varbinary": pa.binary(), "binary": pa.binary()}  # fmt: skip
    return known.get(name, pa.timestamp("us") if name in DATES else pa.string())


def reader(arrow: pa.DataType) -> Callable[[Any], Any]:
    """From what SQLite kept, null aside, to the value of an Arrow column."""
    from pyarrow import types

    if types.is_boolean(arrow):
        return bool
    if types.is_timestamp(arrow):
        return lambda value: instant(str(value))
    if types.is_date(arrow):
        return lambda value: date.fromisoformat(str(value)[:10])
    if types.is_decimal(arrow):
        unit = Decimal(1).scaleb(-arrow.scale)
        return lambda value: Decimal(str(value)).quantize(unit)
    return str if types.is_string(arrow) else lambda value: value


def _integer(value: Any, lowest: int, highest: int) -> int:  # noqa: ANN401
    number = Decimal(str(int(value) if isinstance(value, bool) else value))
    if number != number.to_integral_value():
        raise ValueError(f"{value!r} is no integer")
    if not lowest <= number <= highest:
        raise ValueError(f"{value!r} is beyond {lowest} to {highest}")
    return int(number)


def _text(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "True" if value else "False"
    found = kept(value)
    return base64.b64encode(found).decode() if isinstance(found, bytes) else str(found)


def _bounded(text: str, size: int | None) -> str:
    if size is not None and len(text) > size:
        raise ValueError(f"the text is {len(text)} characters long")
    return text


def _instant(value: Any) -> datetime:  # noqa: ANN401
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - datetime2 has no zone
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no point in time")
    return instant(value)


def _instant_text(value: datetime) -> str:
    return (value if value.tzinfo is None else value.astimezone(UTC).replace(tzinfo=None)).isoformat(sep=" ")


def _date(value: Any) -> str:  # noqa: ANN401
    return _instant(value).date().isoformat()


def _bit(value: Any) -> int:  # noqa: ANN401
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return int(value.strip().lower() == "true")
    return int(Decimal(str(int(value) if isinstance(value, bool) else value)) != 0)


def _number(value: Any) -> float:  # noqa: ANN401
    return float(value)


def _decimal(value: Any) -> str:  # noqa: ANN401
    return str(Decimal(str(value)))


def _guid(value: Any) -> str:  # noqa: ANN401
    return str(uuid.UUID(str(value)))


def _bytes(value: Any) -> bytes:  # noqa: ANN401
    if not isinstance(value, bytes):
        raise TypeError(f"{value!r} are no bytes")
    return value


_OTHERS: dict[str, Callable[[Any], Any]] = {
    "bit": _bit,
    "float": _number,
    "real": _number,
    "decimal": _decimal,
    "numeric": _decimal,
    "uniqueidentifier": _guid,
    "binary": _bytes,
    "varbinary": _bytes,
}
BAD_VALUES = (ValueError, TypeError, InvalidOperation, SqlFailed)
