"""Pages of a listing."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.datalake import listing
from sandbox.datalake.errors import BadRequest

NAMES = st.lists(
    st.lists(
        st.text("ab-.é", min_size=1, max_size=2).filter(lambda name: name.strip(".")), min_size=1, max_size=3
    ),
    max_size=12,
)


def build(folder: Path, names: list[list[str]]) -> None:
    for name in names:
        path = folder.joinpath(*name)
        if not any(parent.is_file() for parent in (path, *path.parents)) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()


@settings(max_examples=60, deadline=None)
@given(names=NAMES, size=st.integers(1, 4), recursive=st.booleans())
def test_pages_together_are_the_whole_in_order(names: list[list[str]], size: int, *, recursive: bool) -> None:
    """Every path once, in the order of its key, whatever the page's size."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, names)
        whole = list(listing.walk(folder, recursive=recursive))
        paged: list[listing.Listed] = []
        while page := list(
            islice(
                listing.walk(folder, after=listing.key_of(paged[-1]) if paged else "", recursive=recursive),
                size,
            )
        ):
            paged += page
        expected = {
            str(path.relative_to(folder)) for path in (folder.rglob("*") if recursive else folder.iterdir())
        }

    keys = [listing.key_of(listed) for listed in paged]
    assert [listed[0] for listed in paged] == [listed[0] for listed in whole]
    assert {listed[0] for listed in paged} == expected
    assert keys == sorted(set(keys))


@settings(max_examples=40, deadline=None)
@given(names=NAMES, prefix=st.text("ab-/", max_size=3))
def test_a_prefix_selects_by_the_letters_of_the_name(names: list[list[str]], prefix: str) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        build(folder, names)
        every = [listed[0] for listed in listing.walk(folder)]
        found = [listed[0] for listed in listing.walk(folder, starts=prefix)]

    assert found == [path for path in every if path.startswith(prefix)]


@given(st.text(min_size=1))
def test_a_token_is_plain_ascii_and_leads_back(key: str) -> None:
    token = listing.continuation(key.encode("utf-8", "replace").decode())

    assert token.isascii()
    assert listing.continued(token) == key.encode("utf-8", "replace").decode()


def test_a_foreign_token_is_refused() -> None:
    for token in ("é", "a", "_w=="):
        with pytest.raises(BadRequest):
            listing.continued(token)
