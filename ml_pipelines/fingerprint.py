"""What an ML pipeline is made of, as one short text: the same on every machine, at any time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LENGTH = 32


def fingerprint(content: object) -> str:
    """Of frozen dataclasses, mappings, tuples and plain values; fields that are not compared do not count."""
    canonical = json.dumps(_plain(content), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:LENGTH]


def _plain(content: object) -> object:
    if is_dataclass(content) and not isinstance(content, type):
        compared = {
            each.name: _plain(getattr(content, each.name)) for each in fields(content) if each.compare
        }
        return {type(content).__name__: compared}
    if isinstance(content, Mapping):
        return {str(name): _plain(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_plain(each) for each in content]
    if content is None or isinstance(content, str | int | float | bool):
        return content
    raise TypeError(f"{type(content).__name__} is no content: {content!r}")


def digest_of_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
