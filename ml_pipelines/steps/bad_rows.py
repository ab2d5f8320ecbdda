"""Finding the rows for which the user's run() raises, so that the others are scored. Pure.

What fails is halved, and its halves again, until single rows are to blame: some 2 · log2(n) calls for one bad
row of n. Where more than MOST_CALLS calls of a work item raise, it is the script that is wrong, or the input
as a whole, and the item fails with the first error. run() sees good rows again, in smaller tables, while that
is going on; its results for them are taken once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import ScoringFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MOST_CALLS = 1000


@dataclass
class Search:
    """Of one work item."""

    calls_left: int = MOST_CALLS
    first: ScoringFailed | None = None

    def bad_rows(
        self, count: int, score: Callable[[int, int], object]
    ) -> Iterator[tuple[int, ScoringFailed]]:
        """Score the rows [0, count), in order; each row that cannot be, and why.

        `score(start, stop)` keeps its own result. Raises ScoringFailed when the search is given up, and
        whatever else `score` raises.
        """
        ahead = [(0, count)]
        while ahead:
            start, stop = ahead.pop()
            try:
                score(start, stop)
            except ScoringFailed as error:
                self._spend(error)
                if stop - start == 1:
                    yield start, error
                else:
                    middle = (start + stop) // 2
                    ahead += [(middle, stop), (start, middle)]

    def _spend(self, error: ScoringFailed) -> None:
        self.first = self.first or error
        self.calls_left -= 1
        if self.calls_left < 0 or not error.concerns_rows:
            raise self.first
