"""What an ML pipeline is made of, as one short text: the same on every machine, at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path

LENGTH = 32


def fingerprint(content: object) -> str:
    """Of frozen dataclasses, mappings, tuples and plain values; fields that are not compared do not count."""
    return hashlib.sha256(_CANONICAL.encode(content).encode()).hexdigest()[:LENGTH]


def _shown(content: object) -> dict[str, object]:
    """What JSON has no word for, one level deep."""
    kind: Any = type(content)
    if (names := _compared(kind)) is not None:
        return _of_fields(content, names) if len(names) > 1 else _of_one_field(content)
    if isinstance(content, Mapping):
        return dict(content)
    raise TypeError(f"{kind.__name__} is no content: {content!r}")


def _of_fields(content: object, names: tuple[str, ...]) -> dict[str, object]:
    return {type(content).__name__: {name: getattr(content, name) for name in names}}


@lru_cache(maxsize=1024)
def _of_one_field(content: Hashable) -> dict[str, object]:
    """Arguments: the steps of a thousand models have a few dozen. What is equal is shown alike."""
    return _of_fields(content, _compared(type(content)) or ())


_CANONICAL: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=_shown, check_circular=False
)


@cache
def _compared(kind: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - a type
    """The fields of a dataclass; None of any other type."""
    if not is_dataclass(kind):
        return None
    return tuple(each.name for each in fields(kind) if each.compare)


def digest_of_file(path: Path) -> str:
    """Read once while it is the same file, of the same length and instant: models share folders."""
    found = path.stat()
    return _digest(path, found.st_ino, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
