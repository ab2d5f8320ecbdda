"""The format settings of a dataset, evaluated; what is not done with them is refused by name."""

from __future__ import annotations

import codecs
import gzip
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from sandbox.datafactory.activities.copying.rows import CODE
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

_LINE_ENDS = ("", "\n", "\r\n", "\r")
_PARQUET_CODECS = ("snappy", "gzip", "none")


@dataclass(frozen=True)
class Delimited:
    delimiter: str
    quote: str
    escape: str
    null: str
    has_header: bool
    encoding: str
    line_end: str
    compressed: bool

    @property
    def doubles_quotes(self) -> bool:
        """Where the escape character is the quote itself, or none."""
        return self.escape in (self.quote, "")


def delimited(name: str, written: Json) -> Delimited:
    """The documented defaults: comma, double quote, backslash, empty text for null, no header, UTF-8."""
    found = Delimited(
        delimiter=_text(written, "columnDelimiter", ","),
        quote=_text(written, "quoteChar", '"'),
        escape=_text(written, "escapeChar", "\\"),
        null=_text(written, "nullValue", ""),
        has_header=written.get("firstRowAsHeader") in (True, "true", "True"),
        encoding=encoding(name, written),
        line_end=_text(written, "rowDelimiter", ""),
        compressed=is_compressed(name, written),
    )
    if len(found.delimiter) != 1 or len(found.quote) > 1 or len(found.escape) > 1:
        raise not_done(name, "delimiters, quotes and escapes of other than one character")
    if found.line_end not in _LINE_ENDS:
        raise not_done(name, f"the rowDelimiter {found.line_end!r}")
    return found


def encoding(name: str, written: Json) -> str:
    """Python's name of it; UTF-8's byte order mark is no part of a text."""
    asked = _text(written, "encodingName", "UTF-8")
    try:
        found = codecs.lookup(asked).name
    except LookupError:
        raise not_done(name, f"the encodingName {asked!r}") from None
    return "utf-8-sig" if found == "utf-8" else found


def is_compressed(name: str, written: Json) -> bool:
    compression = written.get("compression")
    codec = written.get("compressionCodec") or (compression or {}).get("type") or "none"
    if str(codec).lower() not in ("none", "gzip"):
        raise not_done(name, f"the compression {codec!r}")
    return str(codec).lower() == "gzip"


def parquet_codec(name: str, written: Json) -> str:
    codec = str(written.get("compressionCodec") or "snappy").lower()
    if codec not in _PARQUET_CODECS:
        raise not_done(name, f"the compressionCodec {codec!r}")
    return codec


def unpacked(stream: IO[bytes], *, compressed: bool) -> IO[bytes]:
    return gzip.GzipFile(fileobj=stream, mode="rb") if compressed else stream  # type: ignore[return-value]


def packed(stream: IO[bytes], *, compressed: bool) -> Any:  # noqa: ANN401 - a GzipFile is no IO to mypy
    return gzip.GzipFile(fileobj=stream, mode="wb", filename="", mtime=0) if compressed else stream


def not_done(name: str, what: str) -> ActivityFailed:
    return ActivityFailed(
        CODE,
        f"The local Azure does not copy with {what} (dataset '{name}'); see sandbox/README.md.",
    )


def _text(written: Json, name: str, default: str) -> str:
    value = written.get(name)
    return default if value is None else str(value)
