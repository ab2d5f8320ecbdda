"""The states of a lease, on a clock of our own."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from sandbox.datalake import leases
from sandbox.datalake.errors import BadRequest, LeaseError
from sandbox.datalake.models import Entry, Lease, Properties

SECOND = 10**9
ME, YOU = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))


def entry(lease: Lease | None) -> Entry:
    return Entry(
        "f:1:0",
        is_directory=False,
        size=0,
        tag="0x1",
        created=1,
        modified=1,
        properties=Properties(lease=lease),
    )


def ask(lease: Lease | None, action: str, now: int = 0, **headers: Any) -> leases.LeaseAnswer:
    names = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    given = {
        f"x-ms-{name}" if name.startswith("proposed") else f"x-ms-lease-{name}": v
        for name, v in names.items()
    }
    return leases.operate(entry(lease), {"x-ms-lease-action": action, **given}, now * SECOND)


def taken(seconds: int = 15) -> Lease:
    lease = ask(None, "acquire", duration=seconds, proposed_lease_id=ME).lease
    assert lease is not None
    return lease


def code(refused: pytest.ExceptionInfo[LeaseError]) -> str:
    return refused.value.code_for(blob=True)


def test_a_lease_binds_until_it_expires() -> None:
    """To the nanosecond: at 15 s it is free."""
    lease = taken(15)

    assert lease.active(15 * SECOND - 1)
    assert not lease.active(15 * SECOND)
    assert ask(lease, "acquire", 15, duration=15, proposed_lease_id=YOU).lease_id == YOU


def test_an_infinite_lease_binds_until_it_is_given_back() -> None:
    lease = taken(-1)

    assert lease.active(10**9 * SECOND)
    assert ask(lease, "release", id=ME).lease is None


def test_another_cannot_take_a_held_lease_and_its_holder_can() -> None:
    with pytest.raises(LeaseError) as refused:
        ask(taken(), "acquire", 1, duration=15, proposed_lease_id=YOU)
    assert (refused.value.http_status, code(refused)) == (409, "LeaseAlreadyPresent")

    assert ask(taken(), "acquire", 1, duration=30, proposed_lease_id=ME).lease == Lease(ME, 30, 31 * SECOND)


def test_a_renewal_begins_anew_even_after_expiry() -> None:
    """As long as nobody took it in between."""
    assert ask(taken(15), "renew", 100, id=ME).lease == Lease(ME, 15, 115 * SECOND)


@pytest.mark.parametrize("action", ["renew", "release", "change"])
def test_only_the_holder_renews_gives_back_or_changes(action: str) -> None:
    third = str(uuid.UUID(int=3))
    with pytest.raises(LeaseError) as refused:
        ask(taken(), action, id=YOU, proposed_lease_id=third)

    assert code(refused) == "LeaseIdMismatchWithLeaseOperation"


def test_a_change_keeps_the_time_and_renames_the_holder() -> None:
    assert ask(taken(15), "change", 5, id=ME, proposed_lease_id=YOU).lease == Lease(YOU, 15, 15 * SECOND)


@pytest.mark.parametrize(
    ("duration", "period", "left"), [(15, None, 10), (15, 3, 3), (15, 60, 10), (-1, None, 0), (-1, 60, 60)]
)
def test_a_break_waits_for_the_period_or_the_end(duration: int, period: int | None, left: int) -> None:
    """Five seconds after the lease began. Until then the holder still holds it, and nobody else gets it."""
    asked = {} if period is None else {"break_period": period}
    answer = ask(taken(duration), "break", 5, **asked)

    assert (answer.status, answer.seconds_left) == (202, left)
    assert answer.lease is not None
    assert answer.lease.active((5 + left) * SECOND - 1) or left == 0
    assert answer.lease.state((5 + left) * SECOND) == "broken"


def test_a_broken_lease_is_not_renewed() -> None:
    broken = ask(taken(), "break", break_period=0).lease
    with pytest.raises(LeaseError) as refused:
        ask(broken, "renew", id=ME)

    assert code(refused) == "LeaseIsBrokenAndCannotBeRenewed"


@pytest.mark.parametrize(
    ("lease", "given", "expected"),
    [
        (None, None, None),
        (None, ME, "LeaseNotPresentWithBlobOperation"),
        (taken(), None, "LeaseIdMissing"),
        (taken(), YOU, "LeaseIdMismatchWithBlobOperation"),
        (taken(), ME.upper(), None),
        (Lease(ME, 15, -1), None, None),
        (Lease(ME, 15, -1), ME, "LeaseLost"),
    ],
)
def test_who_may_write(lease: Lease | None, given: str | None, expected: str | None) -> None:
    if expected is None:
        leases.check_write(entry(lease), given, now=0)
        return
    with pytest.raises(LeaseError) as refused:
        leases.check_write(entry(lease), given, now=0)
    assert (refused.value.http_status, code(refused)) == (412, expected)


@pytest.mark.parametrize(
    ("action", "headers"),
    [
        ("acquire", {"duration": 14}),
        ("acquire", {"duration": 61}),
        ("acquire", {"duration": "x"}),
        ("borrow", {}),
        ("acquire", {"duration": 15, "proposed_lease_id": "mine"}),
    ],
)
def test_what_makes_no_sense_is_refused(action: str, headers: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        ask(None, action, **headers)
