"""When an activity starts and how a pipeline ended: pure functions over names and statuses.

Microsoft's rules: all entries of `dependsOn` must hold (AND), one of an entry's conditions is enough (OR);
`Completed` is Succeeded or Failed, never Skipped. An entry that can no longer hold skips the activity. A
pipeline's status looks at the leaves, and at a skipped leaf's parents in its place, recursively: it succeeded
when all of those did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum

from sandbox.datafactory.models import TERMINAL

Dependencies = Mapping[str, Sequence[str]]
"""Name of an activity → the conditions on it, any of which is enough."""


class Decision(Enum):
    WAIT = "wait"
    START = "start"
    SKIP = "skip"


def decide(depends_on: Dependencies, statuses: Mapping[str, str]) -> Decision:
    """What to do with an activity that has not started; `statuses` has the activities that have one."""
    decision = Decision.START
    for name, conditions in depends_on.items():
        status = statuses.get(name)
        if status not in TERMINAL:
            decision = Decision.WAIT
        elif not any(_holds(condition, status) for condition in conditions):
            return Decision.SKIP
    return decision


def evaluated_nodes(depends_on: Mapping[str, Dependencies], statuses: Mapping[str, str]) -> list[str]:
    """The activities that decide the pipeline's status, in the order of their names."""
    parents = {parent for dependencies in depends_on.values() for parent in dependencies}
    open_nodes = [name for name in depends_on if name not in parents]
    nodes: set[str] = set()
    seen: set[str] = set()
    while open_nodes:
        name = open_nodes.pop()
        if name in seen:
            continue
        seen.add(name)
        if statuses[name] == "Skipped":
            open_nodes += list(depends_on[name])
        else:
            nodes.add(name)
    return sorted(nodes)


def overall(depends_on: Mapping[str, Dependencies], statuses: Mapping[str, str]) -> str:
    """`Succeeded`, `Failed` or `Cancelled`, once every activity has its final status."""
    decisive = {statuses[name] for name in evaluated_nodes(depends_on, statuses)}
    if "Cancelled" in statuses.values():
        return "Cancelled"
    return "Succeeded" if decisive <= {"Succeeded"} else "Failed"


def _holds(condition: str, status: str) -> bool:
    return status in ("Succeeded", "Failed") if condition == "Completed" else condition == status
