"""Functions of strings. Indices and lengths count UTF-16 units; only searching ignores case."""

import uuid
from collections.abc import Callable

from .errors import InvalidArgument
from .functions import function
from .scope import Scope
from .values import (
    MAX_TEXT,
    WHITE_SPACE,
    Json,
    from_units,
    joined,
    simple_lower,
    simple_upper,
    text_of,
    units,
)


@function("concat(text: any...)")
def concat(*values: Json) -> str:
    return from_units(joined(text_of(value) for value in values))


@function("startsWith(text: string, part: string)")
def starts_with(text: str, part: str) -> bool:
    return simple_upper(text).startswith(simple_upper(part))


@function("endsWith(text: string, part: string)")
def ends_with(text: str, part: str) -> bool:
    return simple_upper(text).endswith(simple_upper(part))


@function("indexOf(text: string, part: string)")
def index_of(text: str, part: str) -> int:
    return simple_upper(units(text)).find(simple_upper(units(part)))


@function("lastIndexOf(text: string, part: string)")
def last_index_of(text: str, part: str) -> int:
    """Find the last one; an empty part is found at the last character."""
    whole = units(text)
    return max(len(whole) - 1, 0) if not part else simple_upper(whole).rfind(simple_upper(units(part)))


@function("replace(text: string, old: string, new: string)")
def replace(text: str, old: str, new: str) -> str:
    if not old:
        raise InvalidArgument("replace", "the text to replace is empty")
    if len(text) + text.count(old) * (len(new) - len(old)) > MAX_TEXT:
        raise InvalidArgument("replace", f"the result has more than {MAX_TEXT} characters")
    return from_units(text.replace(old, new))


@function("split(text: string, delimiter: string)")
def split(text: str, delimiter: str) -> list[str]:
    return text.split(delimiter) if delimiter else [text]


@function("substring(text: string, start: integer, length?: integer)")
def substring(text: str, start: int, length: int | None = None) -> str:
    whole = units(text)
    if not 0 <= start < len(whole):
        raise InvalidArgument(
            "substring", f"start {start} is outside of the text's {len(whole)} character(s)"
        )
    end = len(whole) if length is None else start + length
    if not start <= end <= len(whole):
        reason = f"{length} character(s) from {start} are more than the text's {len(whole)}"
        raise InvalidArgument("substring", reason)
    return from_units(whole[start:end])


@function("toLower(text: string)")
def to_lower(text: str) -> str:
    return simple_lower(text)


@function("toUpper(text: string)")
def to_upper(text: str) -> str:
    return simple_upper(text)


@function("trim(text: string)")
def trim(text: str) -> str:
    return text.strip(WHITE_SPACE)


def _hexadecimal(value: uuid.UUID) -> str:
    rest = ",".join(f"0x{byte:02x}" for byte in value.bytes[8:])
    return f"{{0x{value.time_low:08x},0x{value.time_mid:04x},0x{value.time_hi_version:04x},{{{rest}}}}}"


_GUID_FORMATS: dict[str, Callable[[uuid.UUID], str]] = {
    "": str,
    "D": str,
    "N": lambda value: value.hex,
    "B": lambda value: f"{{{value}}}",
    "P": lambda value: f"({value})",
    "X": _hexadecimal,
}


@function("guid(format?: string)", scoped=True)
def guid(scope: Scope, form: str = "D") -> str:
    write = _GUID_FORMATS.get(form.upper())
    if write is None:
        raise InvalidArgument("guid", f"format '{form[:20]}' is none of N, D, B, P, X")
    return write(scope.new_guid())
