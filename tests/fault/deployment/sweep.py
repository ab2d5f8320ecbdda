"""Which requests a sweep hits: all with FAULT_SWEEP=all, else one of every kind that changes something."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ALL = os.environ.get("FAULT_SWEEP") == "all"
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
    """Before and after each."""
    for request in swept(requests):
        yield request, "before"
        yield request, "after"
