"""Who has which role, as people read it: a table, what grants the missing, and why the rest is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from deployment import access
from deployment.report import Line, Table
from deployment.terminal import narrow_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from config.schema import Settings
    from deployment.access import Access

COLUMNS: Final = ("state", "who", "role", "where", "for")
LOCAL: Final = (
    "The local Azure keeps role assignments and asks for none: whoever has a token may do everything. "
    "In a subscription this is needed:"
)


def parts(found: Sequence[Access], settings: Settings) -> Iterator[Line | Table]:
    """The last line counts the states: scripts may look for it."""
    yield Line(f"Environment {settings.environment}: the roles that it needs", "bold")
    if settings.azure.cloud == "local":
        yield Line(LOCAL, "dim")
    yield Line("")
    yield Table(COLUMNS, [_row(each) for each in found], long=frozenset({"for"}))
    yield from _grants(found)
    yield from _reasons(found)
    yield Line(_summary(found), "bold")


def lines(shown: Iterable[Line | Table]) -> Iterator[Line]:
    """The same, for a CI system's summary of the job."""
    for part in shown:
        if isinstance(part, Line):
            yield part
        else:
            yield from map(Line, narrow_lines(part))


def _row(each: Access) -> list[str]:
    need = each.need
    return [each.state, need.holder, need.role.name, need.scope.name, need.why]


def _grants(found: Sequence[Access]) -> Iterator[Line]:
    missing = [each for each in found if each.state == "missing"]
    if missing:
        yield Line("Somebody who may assign roles grants what is missing with:", "yellow")
        yield from (Line(f"  {access.command(each) or _named(each)}") for each in missing)
        yield Line("")


def _reasons(found: Sequence[Access]) -> Iterator[Line]:
    """What is not known may be there: it is not called missing."""
    unknown: dict[str, list[Access]] = {}
    for each in found:
        if each.state == "unknown":
            unknown.setdefault(each.reason, []).append(each)
    if not unknown:
        return
    yield Line(
        "Not known here, which does not mean missing; granting it once more changes nothing:", "yellow"
    )
    for reason, those in unknown.items():
        yield Line(f"  {reason}")
        yield from (Line(f"    {access.command(each) or _named(each)}", "dim") for each in those)
    yield Line("")


def _named(each: Access) -> str:
    return f"{each.need.holder}: {each.need.role.name}, {each.need.scope.name}"


def _summary(found: Sequence[Access]) -> str:
    counts = access.counts(found)
    return f"Access: {counts['granted']} granted, {counts['missing']} missing, {counts['unknown']} not known"
