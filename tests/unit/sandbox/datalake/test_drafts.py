"""Ranges that were appended, in any order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sandbox.datalake.catalog import Draft

RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8)), max_size=10)


@given(RANGES, st.integers(0, 40))
def test_a_draft_covers_what_has_no_hole(appends: list[tuple[int, int]], end: int) -> None:
    """As a set of bytes would, for every order of arrival."""
    draft = Draft("k", "f", ())
    there: set[int] = set()
    for start, length in appends:
        assert draft.overlaps(start, start + length) == bool(there & set(range(start, start + length)))
        draft = draft.with_range(start, start + length)
        there |= set(range(start, start + length))

    assert draft.covers(end) == (set(range(end)) <= there)
    assert list(draft.ranges) == sorted(draft.ranges)
    assert all(high < low for (_, high), (low, _) in zip(draft.ranges, draft.ranges[1:], strict=False))
