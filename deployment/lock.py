"""One deployment at a time, and one backfill of a model: a lease on a small file in the lake.

The lease lasts 60 s and is renewed while its holder goes on, so a holder that dies frees it by dying.
One that slept meanwhile, or could not renew it, must not go on: somebody else may be at work. Who holds it is
written in the file's metadata. `plan` and `status` read without it.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from deployment.errors import LakeError, LockedError, LockLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from deployment.progress import Progress
    from deployment.resources import Owner

LEASE_SECONDS: Final = 60
RENEW_SECONDS: Final = 20


class Lease(Protocol):
    def renew(self) -> None: ...
    def release(self) -> None: ...


class Leases(Protocol):
    """What a lock needs of the lake."""

    def acquire_lease(self, path: str, seconds: int, holder: str) -> Lease | None:
        """None where somebody else holds it."""

    def lease_holder(self, path: str) -> str: ...


def seconds() -> float:
    """Those that the machine slept count too: the lease does not sleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Held:
    """The lock, for as long as it is known to be held."""

    def __init__(self, doing: str, clock: Callable[[], float] = seconds) -> None:
        self._doing = doing
        self._clock = clock
        self._ends_at = clock() + LEASE_SECONDS

    def renew(self, lease: Lease) -> None:
        asked_at = self._clock()
        lease.renew()
        self._ends_at = asked_at + LEASE_SECONDS

    def check(self) -> None:
        """Raises LockLostError where it may be somebody else's by now."""
        if self._clock() >= self._ends_at:
            raise LockLostError(self._doing)


@contextmanager
def locked(
    lake: Leases,
    owner: Owner,
    holder: str,
    progress: Progress,
    *,
    name: str = "lock",
    doing: str = "deploying",
    renew_seconds: float = RENEW_SECONDS,
) -> Iterator[Held]:
    """Hold a lock of the environment, by default that of deployments; raises LockedError where somebody else
    does, who is `doing` it.
    """
    path = f"_deployments/{owner.project}/{owner.environment}/{name}"
    doing = f"{doing} {owner.environment}"
    held = Held(doing)
    lease = lake.acquire_lease(path, LEASE_SECONDS, holder)
    if lease is None:
        raise LockedError(doing, lake.lease_holder(path), LEASE_SECONDS)
    ended = threading.Event()
    renewing = threading.Thread(
        target=_renew, args=(held, lease, ended, progress, renew_seconds), daemon=True
    )
    renewing.start()
    try:
        yield held
    finally:
        ended.set()
        renewing.join()
        _release(lease, progress)


def _release(lease: Lease, progress: Progress) -> None:
    """A lock that cannot be given back ends by itself, and must not hide what ended the deployment."""
    try:
        lease.release()
    except LakeError as error:
        progress.note(f"the lock is free in {LEASE_SECONDS} s only: {error}")


def _renew(
    held: Held, lease: Lease, ended: threading.Event, progress: Progress, renew_seconds: float
) -> None:
    while not ended.wait(renew_seconds):
        try:
            held.renew(lease)
        except LakeError as error:
            progress.note(f"the lock could not be renewed: {error}")
