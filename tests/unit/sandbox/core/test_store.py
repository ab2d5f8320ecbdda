"""Documents that are all there after a crash, found whatever the case of their names."""

from __future__ import annotations

import math
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest

from sandbox.simulation.memory import Memory
from sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state.db")
    yield opened
    opened.close()


@pytest.fixture(params=["file", "memory"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "state.db") if request.param == "file" else Memory()
    yield opened
    opened.close()


def test_names_are_found_without_regard_to_case_and_kept_with_it(either: Store) -> None:
    either.put("/Subscriptions/S", "Pipelines", "Score", {"name": "Score"})

    assert either.get("/subscriptions/s", "pipelines", "SCORE") == {"name": "Score"}


def test_a_list_is_in_the_order_of_first_insertion(either: Store) -> None:
    for name in ("b", "a", "c"):
        either.put("s", "k", name, {"n": name})
    either.put("s", "k", "b", {"n": "b2"})

    assert [body["n"] for body in either.list("s", "k")] == ["b2", "a", "c"]


def test_scopes_and_kinds_are_apart(either: Store) -> None:
    either.put("s1", "k", "a", {"n": 1})
    either.put("s2", "k", "a", {"n": 2})
    either.put("s1", "other", "a", {"n": 3})

    assert either.list("s1", "k") == [{"n": 1}]


def test_delete_says_whether_there_was_something(either: Store) -> None:
    either.put("s", "k", "a", {})

    assert (either.delete("s", "k", "A"), either.delete("s", "k", "a")) == (True, False)


def test_a_transaction_that_fails_leaves_nothing(either: Store) -> None:
    """Nor what an inner block had done: the outermost decides."""
    either.put("s", "k", "kept", {})

    def fail() -> None:
        with either.transaction():
            with either.transaction():
                either.put("s", "k", "inner", {})
            either.delete("s", "k", "kept")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert either.get("s", "k", "inner") is None
    assert either.get("s", "k", "kept") == {}


def test_a_transaction_that_fails_leaves_every_document_in_its_place(either: Store) -> None:
    for name in ("a", "b"):
        either.put("s", "k", name, {"n": name})

    def fail() -> None:
        with either.transaction():
            either.delete("s", "k", "a")
            either.put("s", "k", "a", {"n": "anew"})
            either.put("s", "k", "b", {"n": "changed"})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert either.list("s", "k") == [{"n": "a"}, {"n": "b"}]


def test_a_document_is_nobodys_to_change_but_by_writing_it(either: Store) -> None:
    """Neither what was written nor what was read is the store's own."""
    written = {"n": [1]}
    either.put("s", "k", "a", written)
    written["n"].append(2)
    read = either.get("s", "k", "a") or {}
    read["n"].append(3)

    assert either.get("s", "k", "a") == {"n": [1]}


def test_there_is_a_document_from_its_first_write_to_its_deletion(either: Store) -> None:
    before = either.has("s", "k", "A")
    either.put("s", "k", "a", {})
    between = either.has("S", "k", "A")
    either.delete("s", "k", "a")

    assert (before, between, either.has("s", "k", "a")) == (False, True, False)


def test_transactions_of_threads_do_not_mix(store: Store) -> None:
    """A read-change-write of many threads loses none."""
    store.put("s", "k", "n", {"value": 0})

    def add() -> None:
        for _ in range(50):
            with store.transaction():
                found = store.get("s", "k", "n") or {}
                store.put("s", "k", "n", {"value": found["value"] + 1})

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.get("s", "k", "n") == {"value": 200}


def test_what_was_committed_is_there_when_the_file_is_opened_again(tmp_path: Path) -> None:
    first = Store(tmp_path / "state.db")
    first.put("s", "k", "a", {"é": [1, None]})
    second = Store(tmp_path / "state.db")  # the first was never closed: as after a kill

    assert second.get("s", "k", "a") == {"é": [1, None]}
    first.close()
    second.close()


def test_a_commit_that_fails_leaves_a_store_that_works(store: Store) -> None:
    """The block's changes are gone, the error is told, and later changes are kept."""
    store._connection.set_authorizer(_deny_commit)

    with pytest.raises(sqlite3.DatabaseError), store.transaction():
        store.put("s", "k", "lost", {})
    store._connection.set_authorizer(None)
    with store.transaction():
        store.put("s", "k", "kept", {})

    assert (store.get("s", "k", "lost"), store.get("s", "k", "kept")) == (None, {})


def _deny_commit(action: int, operation: str | None, *_: object) -> int:
    is_commit = action == sqlite3.SQLITE_TRANSACTION and operation == "COMMIT"
    return sqlite3.SQLITE_DENY if is_commit else sqlite3.SQLITE_OK


def test_a_full_disk_is_told_and_leaves_a_store_that_works(store: Store) -> None:
    """SQLite rolls back by itself then: there is nothing left to roll back."""
    store._connection.execute("PRAGMA max_page_count=8")
    with pytest.raises(sqlite3.OperationalError, match="full"), store.transaction():
        store.put("s", "k", "big", {"n": "x" * 100_000})
    store._connection.execute("PRAGMA max_page_count=1000")

    store.put("s", "k", "kept", {})

    assert [store.get("s", "k", name) for name in ("big", "kept")] == [None, {}]


def test_documents_are_selected_by_fields_in_an_order(store: Store) -> None:
    """Of one scope and one kind; as many as asked for; letters beyond ASCII have two cases too."""
    for name, status in (("a", "Ä"), ("b", "x"), ("c", "Ä")):
        store.put("s", "pipelineruns", name, {"runId": name, "status": status})
    store.put("s", "other", "d", {"runId": "d", "status": "Ä"})
    store.put("s2", "pipelineruns", "e", {"runId": "e", "status": "Ä"})

    found = store.select("S", "pipelineruns", "lower(status) = ?", ["ä"], order="runId DESC", limit=1)

    assert [body["runId"] for body in found] == ["c"]


def test_what_json_cannot_say_is_text(store: Store) -> None:
    """Where it stood as a number, SQLite would refuse to look into the document."""
    store.put("s", "activityruns", "a", {"activityRunId": "a", "output": [math.nan, -math.inf, 1.5]})

    (found,) = store.select("s", "activityruns", "true", [], order="activityRunId", limit=9)

    assert found["output"] == ["NaN", "-Infinity", 1.5]


def test_memory_refuses_what_only_sql_could_answer() -> None:
    """Of what is not there, nothing is the answer; of documents that are there, that would be false."""
    memory = Memory()
    nothing = memory.select("s", "pipelineruns", "true", [], order="runId", limit=1)
    memory.put("s", "pipelineruns", "a", {"runId": "a"})

    with pytest.raises(NotImplementedError):
        memory.select("s", "pipelineruns", "true", [], order="runId", limit=1)
    assert nothing == []
