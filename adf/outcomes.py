"""How activities and their pipeline end, by Microsoft's rules. Pure.

An activity starts when every entry of its `dependsOn` holds; one condition of an entry is enough. `Completed`
is Succeeded or Failed, never Skipped. An entry that cannot hold any more skips the activity.

A pipeline is judged by its leaves, and for a leaf that was skipped by what it depends on, and so on: it
succeeded when all of those did. See "Pipeline failure and error message" in Data Factory's documentation.
"""

from __future__ import annotations

from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Status = Literal["Succeeded", "Failed", "Skipped"]
    Dependencies = Mapping[str, Mapping[str, Sequence[str]]]
    """Activity → activity that it depends on → conditions, any of which is enough."""


def statuses(depends_on: Dependencies, if_run: Mapping[str, Status]) -> dict[str, Status]:
    """How each activity ends where those that run end as `if_run` says (else Succeeded).

    Raises graphlib.CycleError where activities wait for each other.
    """
    ended: dict[str, Status] = {}
    for name in TopologicalSorter({each: list(needs) for each, needs in depends_on.items()}).static_order():
        needs = depends_on.get(name, {})
        runs = all(any(_holds(each, ended[before]) for each in needs[before]) for before in needs)
        ended[name] = if_run.get(name, "Succeeded") if runs else "Skipped"
    return ended


def decisive(depends_on: Dependencies, ended: Mapping[str, Status]) -> set[str]:
    """The activities by which the pipeline is judged."""
    needed = {before for needs in depends_on.values() for before in needs}
    pending = [name for name in depends_on if name not in needed]
    judged, seen = set(), set(pending)
    while pending:
        name = pending.pop()
        if ended[name] == "Skipped":
            before = set(depends_on.get(name, {})) - seen
            seen |= before
            pending += before
        else:
            judged.add(name)
    return judged


def succeeds(depends_on: Dependencies, ended: Mapping[str, Status]) -> bool:
    """Whether the pipeline ends as Succeeded, by how its activities ended."""
    return all(ended[name] == "Succeeded" for name in decisive(depends_on, ended))


def _holds(condition: str, status: Status) -> bool:
    return status in ("Succeeded", "Failed") if condition == "Completed" else condition == status
