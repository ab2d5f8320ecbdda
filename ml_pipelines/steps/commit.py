"""The commit: one conditional rename, and what to do when its answer is not a plain yes.

The rename carries the etag that `stage` saw at the destination (or: that nothing was there). When it fails,
or its reply is lost, the file at the destination says by its own metadata what happened. `judge` is the rule,
pure:

- it is ours (the attempt id): committed, only the reply was lost
- it came from the same inputs, model and code (the digest): unchanged, another attempt of the same work won
- it is still what stage saw: nothing happened yet, try again
- it was landed by an attempt that started earlier than ours: replace it, with its etag
- otherwise: superseded; a later attempt, or a hand that is not ours, wrote it
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from .errors import LakeError, LakePathMissing, Superseded
from .lake import ABSENT, FileState
from .landing import Record, manifest_path

if TYPE_CHECKING:
    from collections.abc import Callable

TRIES = 5


class Renaming(Protocol):
    """What the commit needs of a lake."""

    def state(self, path: str) -> FileState | None: ...

    def rename(self, source: str, destination: str, *, expected_etag: str | None = None) -> None: ...


class Reading(Protocol):
    """What `finished` needs of a lake."""

    def state(self, path: str) -> FileState | None: ...

    def read(self, path: str) -> bytes: ...


@dataclass(frozen=True)
class Landed:
    state: FileState
    record: Record


@dataclass(frozen=True)
class Committed:
    outcome: Literal["committed", "unchanged"]
    state: FileState


@dataclass(frozen=True)
class Again:
    expected_etag: str


def judge(mine: Record, found: FileState | None, expected_etag: str) -> Committed | Again | None:
    """What the destination says after a rename that failed; None means superseded."""
    if found is None:
        return Again(ABSENT)
    theirs = Record.from_metadata(found.metadata)
    if theirs.attempt == mine.attempt:
        return Committed("committed", found)
    if theirs.digest == mine.digest:
        return Committed("unchanged", found)
    if found.etag == expected_etag:
        return Again(expected_etag)
    return Again(found.etag) if "" < theirs.started < mine.started else None


def commit(
    lake: Renaming,
    staged: str,
    destination: str,
    mine: Record,
    expected_etag: str,
    sleep: Callable[[float], None] = time.sleep,
) -> Committed:
    """Rename `staged` to `destination`; raises Superseded, or the lake's own error after TRIES of them.

    To come too late for another attempt that gives way to this one is no error: only renames that fail
    against the same destination are counted, so that however many write at once the last one lands.
    """
    failed = 0
    while True:
        try:
            lake.rename(staged, destination, expected_etag=expected_etag)
        except LakeError as error:
            found = lake.state(destination)
            verdict = judge(mine, found, expected_etag)
            if isinstance(verdict, Committed):
                return verdict
            if verdict is None:
                raise _superseded(destination, mine, found) from error
            failed = failed + 1 if verdict.expected_etag == expected_etag else 0
            if failed == TRIES or lake.state(staged) is None:
                raise
            expected_etag = verdict.expected_etag
            sleep(0.1 * 2**failed)
        else:
            return _confirmed(lake, destination, mine)


def _confirmed(lake: Renaming, destination: str, mine: Record) -> Committed:
    """What is there now: ours, or already something later, which replaced ours as a whole."""
    found = lake.state(destination)
    return Committed("committed", found if found is not None else FileState(ABSENT, 0, mine.to_metadata()))


def _superseded(destination: str, mine: Record, found: FileState | None) -> Superseded:
    theirs = Record.from_metadata(found.metadata if found else {})
    by = f"attempt {theirs.attempt}, started {theirs.started}" if theirs.attempt else "something else"
    return Superseded(destination, mine.started, by)


def finished(lake: Reading, model: str, window_id: str, destination: str) -> Landed | None:
    """The landed file, if its manifest, the last thing that is derived from it, is there too. A damaged one
    is none: the window is run again, which writes it.
    """
    state = lake.state(destination)
    if state is None:
        return None
    record = Record.from_metadata(state.metadata)
    try:
        attempt = json.loads(lake.read(manifest_path(model, window_id)))["attempt"]
    except (LakePathMissing, ValueError, TypeError, KeyError):
        return None
    return Landed(state, record) if attempt == record.attempt else None
