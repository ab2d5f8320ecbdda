"""What the checks of a window found: as the receipt, the manifest and a file's metadata say it. Pure.

A file's metadata in the lake holds 8 KB in all, in ASCII: so results are short there, and where a model has
more of them than fit, the last ones are left out and counted. Only what failed is never shortened: it does
not land, and the receipt has all of it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Outcome = Literal["passed", "failed", "skipped"]
LONGEST = 2000
LONGEST_COLUMNS = 1000
LONGEST_TEXT = 200
LEFT_OUT = "…"


@dataclass(frozen=True)
class CheckResult:
    """`check` is its key below `output.checks`; `found` and `allowed` are for people."""

    check: str
    outcome: Outcome
    found: str
    allowed: str

    @property
    def failed(self) -> bool:
        return self.outcome == "failed"

    def __str__(self) -> str:
        return f"`{self.check}` found {self.found}; allowed: {self.allowed}"

    def document(self) -> dict[str, str]:
        return asdict(self)


def judged(check: str, found: str, allowed: str, *, passed: bool) -> CheckResult:
    return CheckResult(check, "passed" if passed else "failed", found, allowed)


def skipped(check: str, allowed: str) -> CheckResult:
    """Of a window without rows, which has nothing that could be checked."""
    return CheckResult(check, "skipped", "no rows", allowed)


def to_documents(results: Iterable[CheckResult]) -> list[dict[str, str]]:
    return [result.document() for result in results]


def whole(results: Sequence[CheckResult]) -> str:
    """JSON of `[check, outcome, found, allowed]` lists; `""` for none."""
    return (
        _json([[each.check, each.outcome, each.found, each.allowed] for each in results]) if results else ""
    )


def compact(results: Sequence[CheckResult]) -> str:
    """The same, no longer than LONGEST."""
    rows = [
        [each.check, each.outcome, each.found[:LONGEST_TEXT], each.allowed[:LONGEST_TEXT]] for each in results
    ]
    text, kept = _json(rows), len(rows)
    while len(text) > LONGEST:
        kept -= 1
        text = _json([*rows[:kept], [LEFT_OUT, "passed", f"{len(rows) - kept} more checks", LEFT_OUT]])
    return text if rows else ""


def from_text(text: str) -> list[CheckResult]:
    return [CheckResult(*row) for row in json.loads(text)] if text else []


def compact_columns(columns: Iterable[tuple[str, str]]) -> str:
    """JSON of name → type; only its digest, where a table is too wide for a file's metadata."""
    import hashlib

    text = _json(dict(columns))
    if len(text) <= LONGEST_COLUMNS:
        return text
    return _json({LEFT_OUT: hashlib.sha256(text.encode()).hexdigest()})


def columns_differ(before: str, now: str) -> str | None:
    """How two results of `compact_columns` differ, for people; None where they do not."""
    if before == now:
        return None
    old, new = json.loads(before), json.loads(now)
    if LEFT_OUT in old or LEFT_OUT in new:
        return "other columns or types"
    said = [f"no column {name}" for name in old if name not in new]
    said += [f"a new column {name}: {kind}" for name, kind in new.items() if name not in old]
    said += [
        f"{name}: {kind}, which was {old[name]}" for name, kind in new.items() if old.get(name, kind) != kind
    ]
    return ", ".join(said) or "another order of columns"


def _json(content: object) -> str:
    return json.dumps(content, separators=(",", ":"))
