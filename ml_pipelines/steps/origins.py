"""Where the rows of parts come from: file, row and line of the input, for messages and quarantine. Pure.

A part says which spans of the input it was made of, in order, and its rejects which rows of them are not in
it; so the origin of any row can be told afterwards, and costs nothing while rows are scored.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from .parts import Span
from .tables import Origin, Reject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import numpy as np

    from .parts import PartFacts
    from .tables import Share


def spans_of(shares: Iterable[Share]) -> Iterator[Span]:
    for share in shares:
        header = share.lines_before if share.lines and not share.before else 0
        yield Span(share.file, share.before, share.rows, share.lines, header)


def joined(spans: Iterable[Span]) -> Iterator[Span]:
    """Neighbours of one file as one."""
    last: Span | None = None
    for span in spans:
        if last is not None and last.file == span.file:
            last = last._replace(rows=last.rows + span.rows, lines=last.lines + span.lines)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last


@dataclass(frozen=True)
class Above:
    """What a CSV file has above a range of it."""

    rows: int = 0
    lines: int = 0

    def shift(self, reject: Reject) -> Reject:
        return replace(
            reject, row=reject.row + self.rows, line=reject.line + self.lines if reject.line else 0
        )


NOTHING = Above()


class Origins:
    """Of all parts of a window, in the items' order."""

    def __init__(self, parts: Sequence[PartFacts]) -> None:
        self._above: dict[tuple[int, str], Above] = {}
        so_far: dict[str, Above] = {}
        for part in parts:
            for span in part.spans:
                if span.lines:
                    before = so_far.get(span.file, NOTHING)
                    self._above[part.number, span.file] = before
                    so_far[span.file] = Above(
                        before.rows + span.rows, before.lines + span.header + span.lines
                    )

    def in_file(self, part: PartFacts, reject: Reject) -> Reject:
        """A reject as score wrote it, counted from the top of its file."""
        return self._above.get((part.number, reject.file), NOTHING).shift(reject)

    def of_part(self, part: PartFacts, rejects: Sequence[Reject]) -> Callable[[int], Origin]:
        """Of the part's row of a number, from 0; `rejects` are the part's, as score wrote them."""
        ends = list(accumulate(span.rows for span in part.spans))
        places = _positions(part, rejects, [0, *ends])

        def origin(row: int) -> Origin:
            position = int(places[row])
            number = bisect_right(ends, position)
            span = part.spans[number]
            return self._origin(part, span, position - ends[number] + span.rows + 1)

        return origin

    def _origin(self, part: PartFacts, span: Span, row: int) -> Origin:
        """Of the span's row of a number, from 1."""
        if not span.lines:
            return Origin(span.file, span.before + row, 0)
        above = self._above[part.number, span.file]
        line = above.lines + span.header + row if span.lines == span.rows else 0
        return Origin(span.file, above.rows + row, line)


def _positions(part: PartFacts, rejects: Sequence[Reject], starts: Sequence[int]) -> np.ndarray[Any, Any]:
    """Which of the item's rows each of the part's rows is."""
    import numpy as np

    first = {
        span.file: start - (0 if span.lines else span.before) - 1
        for span, start in zip(part.spans, starts, strict=False)
    }
    gone = np.fromiter((first[reject.file] + reject.row for reject in rejects), np.int64, len(rejects))
    return np.delete(np.arange(starts[-1]), gone)
