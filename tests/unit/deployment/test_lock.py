"""One deployment at a time."""

from __future__ import annotations

import time

import pytest

from deployment.errors import LakeError, LockedError, LockLostError
from deployment.lock import Held, locked
from tests.unit.deployment.fakes import OWNER, FakeLake, Told


def test_a_second_deployment_is_told_who_has_the_first():
    """Exit code 75: it is worth a retry."""
    lake = FakeLake()
    with (
        locked(lake, OWNER, "ada on build-7", Told()),
        pytest.raises(LockedError, match="ada on build-7 is deploying dev") as raised,
        locked(lake, OWNER, "bob", Told()),
    ):
        pass

    assert raised.value.exit_code == 75


def test_a_backfill_has_a_lock_of_its_own():
    """It does not hold up a deployment, and says what it does."""
    lake = FakeLake()
    mine = {"name": "backfill-churn", "doing": "running windows of churn in"}
    with (
        locked(lake, OWNER, "ada", Told(), **mine),
        locked(lake, OWNER, "ada", Told()),
        pytest.raises(LockedError, match="ada is running windows of churn in dev at this moment"),
        locked(lake, OWNER, "bob", Told(), **mine),
    ):
        pass


def test_the_lock_is_free_after_a_failure():
    """Whatever ends the deployment ends the lock."""
    lake = FakeLake()
    with pytest.raises(ZeroDivisionError), locked(lake, OWNER, "ada", Told()):
        raise ZeroDivisionError

    assert lake.leases == {}


def test_a_lock_is_renewed_while_it_is_held_and_a_failure_to_do_so_is_told():
    """60 s are shorter than most deployments of a big factory."""
    lake, told = FakeLake(unreachable=True), Told()
    with locked(lake, OWNER, "ada", told, renew_seconds=0.005):
        time.sleep(0.05)

    assert lake.renewals > 1
    assert told.lines[0] == "the lock could not be renewed: unreachable"


class Lost(FakeLake):
    """A lake that dies while somebody holds a lock in it."""

    def acquire_lease(self, path: str, seconds: int, holder: str) -> Gone:  # noqa: ARG002 - whatever they are
        return Gone()


class Gone:
    def renew(self) -> None:
        raise LakeError("unreachable")

    release = renew


def test_a_lock_that_cannot_be_given_back_hides_nothing():
    """What ended the deployment is the error; that the lock ends by itself is said beside it."""
    told = Told()
    with pytest.raises(ZeroDivisionError), locked(Lost(), OWNER, "ada", told):
        raise ZeroDivisionError

    assert told.lines == ["the lock is free in 60 s only: unreachable"]


def test_a_holder_that_slept_longer_than_its_lease_must_not_go_on():
    """Whatever its clock said meanwhile; once the lease is renewed it may."""
    now = [0.0]
    lake = FakeLake()
    held, lease = Held("deploying dev", lambda: now[0]), lake.acquire_lease("lock", 60, "ada")
    now[0] = 59
    held.check()
    now[0] = 60
    with pytest.raises(LockLostError, match="somebody else may be deploying"):
        held.check()

    held.renew(lease)

    held.check()
