"""One deployment at a time."""

from __future__ import annotations

import time

import pytest

from deployment.errors import LockedError
from deployment.lock import locked
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
    assert told.lines[0] == "the deployment's lock could not be renewed: unreachable"
