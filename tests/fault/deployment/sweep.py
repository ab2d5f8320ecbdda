"""Which requests a sweep hits: all with FAULT_SWEEP=all, else one of every kind that changes something.

A sweep of all is cut into parts, each a test: so its progress is seen, and pytest-xdist shares it out.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    T = TypeVar("T")

ALL = os.environ.get("FAULT_SWEEP") == "all"
PARTS = range(1, 9) if ALL else range(1, 2)
ENTITY = re.compile(r"/(linkedservices|datasets|pipelines|triggers)/[^/]+")
WATCHES = re.compile(r"(\S+) \S+/(?:actionGroups|metricAlerts|scheduledQueryRules|workbooks|dashboards)/.*")
STAGED = re.compile(r"\S+ \S+/_staging/\S+")


def swept(requests: Iterable[str]) -> list[str]:
    """Those to hit, of the requests of a deployment that nothing happens to; in their order."""
    if ALL:
        return list(dict.fromkeys(requests))
    first: dict[str, str] = {}
    for request in requests:
        first.setdefault(kind(request), request)
    return list(first.values())


def kind(request: str) -> str:
    """What reads is of one kind, and so is what is written where nobody looks."""
    what = request.partition(" #")[0]
    if what.startswith(("GET ", "HEAD ")):
        return "read"
    if STAGED.match(what):
        return "staged"
    return WATCHES.sub(r"\1 what watches", ENTITY.sub(r"\1/*", what))


def around(requests: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Before and after each; but for reads before them only: whatever dies after one has changed nothing more
    than what dies before it, or before the next request.
    """
    for request in swept(requests):
        yield request, "before"
        if kind(request) != "read" or not ALL:
            yield request, "after"


def changing(requests: Iterable[str]) -> list[str]:
    """Those of them that change something in Azure, the lake apart."""
    return [each for each in swept(requests) if service_of(each) == "control" and kind(each) != "read"]


def service_of(request: str) -> str:
    """Who answers it; the identity endpoint takes no orders."""
    path = request.partition(" ")[2]
    if path.startswith("/identity"):
        return "identity"
    return "lake" if "lake/" in path.split("?")[0][:20] else "control"


def part_of(cases: Iterable[T], part: int) -> list[T]:
    """One after the other, in turns."""
    return list(cases)[part - 1 :: len(PARTS)]
