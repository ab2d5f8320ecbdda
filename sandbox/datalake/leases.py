"""Leases of files: who may write for the next 15 to 60 seconds, or until further notice. They survive a
restart.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sandbox.datalake.errors import BadRequest, LeaseError
from sandbox.datalake.models import Entry, Lease

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECOND = 10**9
_INFINITE = -1


@dataclass(frozen=True)
class LeaseAnswer:
    """What the operation leaves: the lease to keep (None: none any more) and what to say about it."""

    status: int
    lease: Lease | None
    lease_id: str | None = None
    seconds_left: int | None = None


def check_write(entry: Entry | None, given: str | None, now: int) -> None:
    """A leased path is changed by the lease's holder only, and nobody may name a lease that is not there."""
    lease = entry.properties.lease if entry is not None else None
    if lease is None or not lease.active(now):
        if given:
            raise LeaseError(412, _absent(lease, given))
        return
    if not given:
        raise LeaseError(412, "LeaseIdMissing")
    if not _same(lease, given):
        raise LeaseError(412, "LeaseIdMismatchWithBlobOperation")


def check_read(entry: Entry, given: str | None, now: int) -> None:
    """Anybody reads; one who names a lease wants to know that it is still held."""
    if given:
        check_write(entry, given, now)


def operate(entry: Entry, headers: Mapping[str, str], now: int) -> LeaseAnswer:
    lease = entry.properties.lease
    action = headers.get("x-ms-lease-action", "").lower()
    match action:
        case "acquire":
            return _acquire(lease, headers, now)
        case "renew":
            return _renew(_held(lease, headers), now)
        case "change":
            return _change(lease, headers, now)
        case "release":
            _held(lease, headers)
            return LeaseAnswer(200, None)
        case "break":
            return _break(lease, headers, now)
        case _:
            raise BadRequest("InvalidHeaderValue", f"x-ms-lease-action is '{action}'.")


def _acquire(lease: Lease | None, headers: Mapping[str, str], now: int) -> LeaseAnswer:
    wanted = _proposed(headers) or str(uuid.uuid4())
    duration = _duration(headers)
    if lease is not None and lease.active(now):
        if not _same(lease, wanted):
            raise LeaseError(409, "LeaseAlreadyPresent")
        if lease.state(now) == "breaking":
            raise LeaseError(409, "LeaseIsBreakingAndCannotBeAcquired")
    return LeaseAnswer(201, Lease(wanted, duration, _expiry(duration, now)), wanted)


def _renew(lease: Lease, now: int) -> LeaseAnswer:
    if lease.breaks is not None:
        raise LeaseError(409, "LeaseIsBrokenAndCannotBeRenewed")
    renewed = replace(lease, expires=_expiry(lease.duration_seconds, now))
    return LeaseAnswer(200, renewed, lease.id)


def _change(lease: Lease | None, headers: Mapping[str, str], now: int) -> LeaseAnswer:
    wanted = _proposed(headers)
    if wanted is None:
        raise BadRequest("MissingRequiredHeader", "x-ms-proposed-lease-id is required.")
    if lease is None or not lease.active(now):
        raise LeaseError(409, "LeaseNotPresentWithLeaseOperation")
    if lease.state(now) == "breaking":
        raise LeaseError(409, "LeaseIsBreakingAndCannotBeChanged")
    if not (_same(lease, headers.get("x-ms-lease-id", "")) or _same(lease, wanted)):
        raise LeaseError(409, "LeaseIdMismatchWithLeaseOperation")
    return LeaseAnswer(200, replace(lease, id=wanted), wanted)


def _break(lease: Lease | None, headers: Mapping[str, str], now: int) -> LeaseAnswer:
    """The lease holds until the period ends: a client renames a path it took in that time."""
    if lease is None:
        raise LeaseError(409, "LeaseNotPresentWithLeaseOperation")
    if not lease.active(now):
        return LeaseAnswer(202, replace(lease, breaks=now), seconds_left=0)
    end = lease.breaks or lease.expires or now
    period = headers.get("x-ms-lease-break-period")
    if period is not None:
        asked = now + _seconds(period, 0, 60, "x-ms-lease-break-period") * _SECOND
        end = asked if lease.expires is None and lease.breaks is None else min(end, asked)
    return LeaseAnswer(202, replace(lease, breaks=end), seconds_left=max(0, -((now - end) // _SECOND)))


def _held(lease: Lease | None, headers: Mapping[str, str]) -> Lease:
    """The lease, if the client names it; expired ones too, as long as nobody else took the path since."""
    if lease is None:
        raise LeaseError(409, "LeaseNotPresentWithLeaseOperation")
    if not _same(lease, headers.get("x-ms-lease-id", "")):
        raise LeaseError(409, "LeaseIdMismatchWithLeaseOperation")
    return lease


def _absent(lease: Lease | None, given: str) -> str:
    return "LeaseLost" if lease is not None and _same(lease, given) else "LeaseNotPresentWithBlobOperation"


def _same(lease: Lease, given: str) -> bool:
    return lease.id.lower() == given.lower()


def _duration(headers: Mapping[str, str]) -> int:
    text = headers.get("x-ms-lease-duration", "")
    return _INFINITE if text == "-1" else _seconds(text, 15, 60, "x-ms-lease-duration")


def _seconds(text: str, low: int, high: int, name: str) -> int:
    if not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        raise BadRequest("InvalidHeaderValue", f"{name} is '{text}', not a number from {low} to {high}.")
    return int(text)


def _expiry(duration: int, now: int) -> int | None:
    return None if duration == _INFINITE else now + duration * _SECOND


def _proposed(headers: Mapping[str, str]) -> str | None:
    text = headers.get("x-ms-proposed-lease-id")
    if not text:
        return None
    try:
        return str(uuid.UUID(text))
    except ValueError as error:
        raise BadRequest("InvalidHeaderValue", f"x-ms-proposed-lease-id '{text}' is not a GUID.") from error
