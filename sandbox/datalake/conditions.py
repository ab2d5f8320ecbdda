"""The four HTTP conditions, on the path or file system, and on a rename's source (`x-ms-source-if-...`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from sandbox.datalake.errors import (
    BadRequest,
    ConditionNotMet,
    LakeError,
    NotModified,
    PathAlreadyExists,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.datalake.models import Entry, Filesystem

    Version = Entry | Filesystem

_NANOSECONDS = 10**9


@dataclass(frozen=True)
class Conditions:
    """Etags are compared without their quotes; times by the second, as Last-Modified shows them."""

    match: str | None = None
    none_match: str | None = None
    modified_since: datetime | None = None
    unmodified_since: datetime | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], prefix: str = "") -> Conditions:
        return cls(
            match=_etag(headers.get(f"{prefix}If-Match")),
            none_match=_etag(headers.get(f"{prefix}If-None-Match")),
            modified_since=_instant(headers.get(f"{prefix}If-Modified-Since")),
            unmodified_since=_instant(headers.get(f"{prefix}If-Unmodified-Since")),
        )

    def check_creation(self, entry: Version | None) -> None:
        """For what makes or replaces a path: `If-None-Match: *` on an existing one is 409, all else 412."""
        if self.none_match == "*" and entry is not None:
            raise PathAlreadyExists
        self.check_write(entry)

    def check_write(self, entry: Version | None, error: type[LakeError] = ConditionNotMet) -> None:
        if not (self._matches(entry) and self._none_matches(entry)):
            raise error
        if entry is not None and not (self._is_modified(entry) and self._is_unmodified(entry)):
            raise error

    def check_read(self, entry: Version) -> None:
        if not (self._matches(entry) and self._is_unmodified(entry)):
            raise ConditionNotMet
        if not (self._none_matches(entry) and self._is_modified(entry)):
            raise NotModified

    def _matches(self, entry: Version | None) -> bool:
        if self.match is None:
            return True
        return entry is not None and self.match in ("*", entry.tag)

    def _none_matches(self, entry: Version | None) -> bool:
        return self.none_match is None or entry is None or self.none_match not in ("*", entry.tag)

    def _is_modified(self, entry: Version) -> bool:
        return self.modified_since is None or _seconds(entry) > self.modified_since

    def _is_unmodified(self, entry: Version) -> bool:
        return self.unmodified_since is None or _seconds(entry) <= self.unmodified_since


def _etag(header: str | None) -> str | None:
    return None if header is None else header.strip().removeprefix("W/").strip('"')


def _instant(header: str | None) -> datetime | None:
    if header is None:
        return None
    try:
        return parsedate_to_datetime(header).astimezone(UTC)
    except ValueError as error:
        raise BadRequest("InvalidHeaderValue", f"'{header}' is not an HTTP date.") from error


def _seconds(entry: Version) -> datetime:
    return datetime.fromtimestamp(entry.modified // _NANOSECONDS, UTC)
