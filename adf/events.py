"""When a storage event fires a BlobEventsTrigger, and what triggerBody() then says.

A blob's path is matched as `/<container>/blobs/<path inside the container>`, as Event Grid names it:
begins-with and ends-with are a plain prefix and suffix of that text, upper and lower case differ, and nothing
in them is a wildcard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

CREATED = "Microsoft.Storage.BlobCreated"
DELETED = "Microsoft.Storage.BlobDeleted"
EVENT_TYPES = (CREATED, DELETED)


class IllegalBlobTrigger(ValueError):
    """Data Factory would refuse the trigger. `field` is the place in typeProperties."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"typeProperties.{field}: {reason}")
        self.field = field
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BlobEvent:
    """Something happened to a blob. `content_length` is None where the event does not say it."""

    event_type: str
    container: str
    path: str
    content_length: int | None = None

    @property
    def subject(self) -> str:
        return f"/{self.container}/blobs/{self.path}"

    def trigger_body(self) -> dict[str, str]:
        """Give what triggerBody() gives: the folder starts with the container."""
        folder, _, name = f"{self.container}/{self.path}".rpartition("/")
        return {"folderPath": folder, "fileName": name}


@dataclass(frozen=True, slots=True)
class BlobTrigger:
    """What a BlobEventsTrigger listens to."""

    events: frozenset[str]
    begins_with: str = ""
    ends_with: str = ""
    ignore_empty_blobs: bool = True

    @classmethod
    def from_json(cls, type_properties: Mapping[str, Any]) -> "BlobTrigger":
        """Read a trigger's typeProperties. Raises IllegalBlobTrigger."""
        events = type_properties.get("events")
        if not isinstance(events, list) or not events or not all(event in EVENT_TYPES for event in events):
            raise IllegalBlobTrigger("events", f"{events!r} is no list of {' and '.join(EVENT_TYPES)}")
        begins_with, ends_with = (_text(type_properties, key) for key in _PATTERNS)
        if not begins_with and not ends_with:
            raise IllegalBlobTrigger(_PATTERNS[0], f"it or {_PATTERNS[1]} is required")
        ignored = type_properties.get("ignoreEmptyBlobs", True)
        if not isinstance(ignored, bool):
            raise IllegalBlobTrigger("ignoreEmptyBlobs", f"{ignored!r} is neither true nor false")
        return cls(frozenset(events), begins_with, ends_with, ignored)

    def fires(self, event: BlobEvent) -> bool:
        if self.ignore_empty_blobs and event.content_length == 0:
            return False
        return (
            event.event_type in self.events
            and event.subject.startswith(self.begins_with)
            and event.subject.endswith(self.ends_with)
        )


_PATTERNS = ("blobPathBeginsWith", "blobPathEndsWith")


def _text(type_properties: Mapping[str, Any], key: str) -> str:
    value = type_properties.get(key) or ""
    if not isinstance(value, str):
        raise IllegalBlobTrigger(key, f"{value!r} is no text")
    return value
