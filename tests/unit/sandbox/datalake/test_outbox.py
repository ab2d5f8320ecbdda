"""Events wait in the lake until they are taken, for those who listen and for nobody else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from adf.events import CREATED, DELETED
from sandbox.datalake.catalog import Catalog
from sandbox.datalake.models import Address

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.datalake.outbox import Outbox

FILE = Address("lake1", "data", "in/a")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "lake.db")
    yield made
    made.close()


def listens(name: str, account: str = "lake1", begins_with: str = "/data/blobs/in/") -> dict[str, Any]:
    written = {"events": [CREATED], "blobPathBeginsWith": begins_with}
    return {"id": name, "account": account, "typeProperties": written}


def happens(outbox: Outbox, key: str = "k", *, released: bool = True) -> None:
    raised = outbox.raised(CREATED, FILE, key, 1, 10)
    outbox.put(raised)
    if released:
        outbox.release(raised)


def told(outbox: Outbox, seconds: float = 0) -> list[tuple[str, str]]:
    """Subscription and path of what is given out."""
    return [(one["subscription"], one["path"]) for one in asyncio.run(outbox.waiting(seconds))]


def test_a_change_that_nobody_listens_to_raises_nothing(catalog: Catalog) -> None:
    """Neither without subscriptions, nor of another account, path or kind."""
    assert catalog.outbox.raised(CREATED, FILE, "k", 1, 10) == []

    catalog.outbox.subscribe([listens("a", account="lake2"), listens("b", begins_with="/data/blobs/out/")])
    assert catalog.outbox.raised(CREATED, FILE, "k", 1, 10) == []
    catalog.outbox.subscribe([listens("a")])
    assert catalog.outbox.raised(DELETED, FILE, "k", 1) == []


def test_an_event_is_given_out_to_each_listener_until_it_is_taken(catalog: Catalog) -> None:
    """In the order in which they happened."""
    catalog.outbox.subscribe([listens("a"), listens("b")])
    happens(catalog.outbox)

    assert told(catalog.outbox) == told(catalog.outbox) == [("a", "in/a"), ("b", "in/a")]
    first, second = asyncio.run(catalog.outbox.waiting(0))
    catalog.outbox.take([first["id"], "never-there"])
    assert asyncio.run(catalog.outbox.waiting(0)) == [second]


def test_what_is_not_visible_yet_is_not_told(catalog: Catalog) -> None:
    """At a start it is held against what is there."""
    catalog.outbox.subscribe([listens("a")])
    happens(catalog.outbox, "happened", released=False)
    happens(catalog.outbox, "did-not", released=False)
    assert told(catalog.outbox) == []

    catalog.outbox.settle(lambda address: "happened" if address == FILE else None)
    assert told(catalog.outbox) == [("a", "in/a")]


def test_the_events_of_a_subscription_end_with_it(catalog: Catalog) -> None:
    """The others stay."""
    catalog.outbox.subscribe([listens("a"), listens("b")])
    happens(catalog.outbox)
    catalog.outbox.subscribe([listens("b")])

    assert told(catalog.outbox) == [("b", "in/a")]


def test_who_waits_is_told_at_once(catalog: Catalog) -> None:
    """When it happens, or when the lake stops."""

    async def scenario() -> tuple[int, int]:
        catalog.outbox.subscribe([listens("a")])
        waiting = asyncio.ensure_future(catalog.outbox.waiting(60))
        await asyncio.sleep(0)
        happens(catalog.outbox)
        found = await waiting
        catalog.outbox.take([one["id"] for one in found])
        waiting = asyncio.ensure_future(catalog.outbox.waiting(60))
        await asyncio.sleep(0)
        catalog.outbox.close()
        return len(found), len(await waiting)

    assert asyncio.run(scenario()) == (1, 0)
