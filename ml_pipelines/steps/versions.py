"""Which registered version is meant: by its number, its tags, or where it was promoted from. Pure.

7              that version of this workspace
latest         the newest that its gate did not refuse
approved       the newest with the tag `approved: true`
dev:7          the one that was promoted from dev, where it is version 7
dev:approved   of those promoted from dev and approved, the one that is newest there
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

APPROVED = "approved"
GATE = "gate"
REFUSED = "refused"
GATE_REASON = "gate_reason"
"""Tags of a version that its gate refused, and why; whoever sets `approved: true` by hand overrules it."""
SHA256 = "sha256"
METRICS = "metrics"
SOURCE_ENVIRONMENT = "source_environment"
SOURCE_WORKSPACE = "source_workspace"
SOURCE_VERSION = "source_version"
"""Tags of what is registered: the last three where it was promoted."""


class Registered(Protocol):
    """A version of a model in a workspace."""

    @property
    def version(self) -> int: ...
    @property
    def tags(self) -> Mapping[str, str]: ...


Version = TypeVar("Version", bound=Registered)


def choose(wanted: str, versions: Iterable[Version]) -> Version | None:
    """Of several that were promoted from the same version the one that was registered last."""
    environment, colon, number = wanted.rpartition(":")
    if not colon:
        return max((each for each in versions if _is(each, wanted, each.version)), key=_newest, default=None)
    promoted = [each for each in versions if each.tags.get(SOURCE_ENVIRONMENT) == environment]
    meant = (each for each in promoted if _is(each, number, each.tags.get(SOURCE_VERSION)))
    return max(meant, key=lambda each: (_source_version(each), _newest(each)), default=None)


def is_approved(version: Registered) -> bool:
    return str(version.tags.get(APPROVED, "")).lower() == "true"


def is_refused(version: Registered) -> bool:
    """Nothing is scored with it, whoever names it."""
    return version.tags.get(GATE) == REFUSED and not is_approved(version)


def _is(version: Registered, wanted: str, number: object) -> bool:
    match wanted:
        case "latest":
            return not is_refused(version)
        case "approved":
            return is_approved(version)
        case _:
            return str(number) == wanted


def _newest(version: Registered) -> int:
    return int(version.version)


def _source_version(version: Registered) -> int:
    said: Any = version.tags.get(SOURCE_VERSION, "")
    return int(said) if str(said).isdecimal() else 0
