"""What the lake knows of an account, a file system, a file, a directory and a lease: values, without
behaviour of disks.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

_UNIX_EPOCH_TICKS = 621_355_968_000_000_000  # 100 ns since the year 1, as etags and FILETIMEs count


@dataclass(frozen=True)
class Address:
    """`path` has no slash at either end; "" is the file system's root."""

    account: str
    filesystem: str
    path: str = ""

    @property
    def parent(self) -> Address:
        return replace(self, path=self.path.rpartition("/")[0])

    def inside(self, other: Address) -> bool:
        """Whether this is `other` itself or something below it."""
        same = (self.account, self.filesystem) == (other.account, other.filesystem)
        return same and (not other.path or self.path == other.path or self.path.startswith(other.path + "/"))


@dataclass(frozen=True)
class Lease:
    """Instants are nanoseconds since 1970; `expires` is None for an infinite lease; `breaks` is set by a
    break.
    """

    id: str
    duration_seconds: int
    expires: int | None
    breaks: int | None = None

    def state(self, now: int) -> Literal["leased", "breaking", "broken", "expired"]:
        if self.breaks is not None:
            return "breaking" if now < self.breaks else "broken"
        if self.expires is not None and now >= self.expires:
            return "expired"
        return "leased"

    def active(self, now: int) -> bool:
        return self.state(now) in ("leased", "breaking")


@dataclass(frozen=True)
class Properties:
    """Everything of a path that is not its bytes. `headers` are the content headers by their HTTP names."""

    metadata: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    permissions: str = ""
    acl: str = ""
    owner: str = "$superuser"
    group: str = "$superuser"
    origin: Literal["dfs", "blob"] = "dfs"
    lease: Lease | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Properties:
        document: dict[str, Any] = json.loads(text)
        lease = document.pop("lease")
        return cls(**document, lease=Lease(**lease) if lease else None)


@dataclass(frozen=True)
class Entry:
    """A file or directory as it is at one instant.

    `key` ties it to the bytes on disk (storage.py says how); `created` and `modified` are nanoseconds since
    1970.
    """

    key: str
    is_directory: bool
    size: int
    tag: str
    created: int
    modified: int
    properties: Properties

    @property
    def etag(self) -> str:
        return f'"{self.tag}"'


@dataclass(frozen=True)
class Filesystem:
    account: str
    name: str
    tag: str
    modified: int
    metadata: dict[str, str]

    @property
    def etag(self) -> str:
        return f'"{self.tag}"'


def ticks(nanoseconds: int) -> int:
    return nanoseconds // 100 + _UNIX_EPOCH_TICKS


def tag_of(nanoseconds: int) -> str:
    """An etag as the service makes them: the instant of the last change, in ticks."""
    return f"0x{ticks(nanoseconds):X}"
