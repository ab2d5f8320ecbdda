"""Instants as a configuration writes them: UTC with `Z`, or local time without an offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

_LOCAL: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?")


def calendar_instant(text: str) -> datetime | None:
    """Local time (naive), or None for what is not written as `2026-11-01T06:00:00`."""
    if not _LOCAL.fullmatch(text.removesuffix("Z")):
        return None
    return _parsed(text.removesuffix("Z"))


def utc_instant(text: str) -> datetime | None:
    """An aware instant, or None for what is not written as `2026-11-01T00:00:00Z`."""
    if not text.endswith("Z") or not _LOCAL.fullmatch(text[:-1]):
        return None
    parsed = _parsed(text[:-1])
    return None if parsed is None else parsed.replace(tzinfo=UTC)


def _parsed(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
