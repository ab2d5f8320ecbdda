"""Which names exist at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.datalake import addresses
from sandbox.datalake.errors import BadRequest
from sandbox.datalake.models import Address


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("/lake1", Address("lake1", "")),
        ("/lake1/?comp=list", Address("lake1", "")),
        ("/lake1/fs1//?action=x", Address("lake1", "fs1")),
        ("/lake1/fs1/a%20b/c+d%3D%C3%A9", Address("lake1", "fs1", "a b/c+d=é")),
        ("/lake1/fs1/a%2Fb/", Address("lake1", "fs1", "a/b")),
        ("/lake1/fs1/100%2525", Address("lake1", "fs1", "100%25")),
        ("/lake1/$root/a", Address("lake1", "$root", "a")),
    ],
)
def test_a_path_is_decoded_once(raw: str, expected: Address) -> None:
    assert addresses.parse(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "/Lake/fs",
        "/ab/fs",
        "/lake1/f",
        "/lake1/a--b",
        "/lake1/-ab",
        "/lake1/a_b",
        "/..%2f/fs",
        "/.staging/fs1/a",
        "/lake1/fs1/../a",
        "/lake1/fs1/a/./b",
        "/lake1/fs1/%2e%2e/a",
        "/lake1/fs1/a%0Ab",
        "/lake1/fs1/" + "%C3%A9" * 128,
    ],
)
def test_what_is_no_name_is_refused(raw: str) -> None:
    with pytest.raises(BadRequest):
        addresses.parse(raw)


@pytest.mark.parametrize("header", ["/fs1/a%20b", "/lake1/fs1/a%20b", "/fs1/a%20b?sv=1"])
def test_a_rename_source_is_understood_with_and_without_its_account(header: str) -> None:
    assert addresses.parse_source(header, "lake1") == Address("lake1", "fs1", "a b")


@given(st.text())
def test_no_path_leads_out_of_its_folder(path: str) -> None:
    """Whatever is accepted has only segments that name an entry of their own directory."""
    try:
        cleaned = addresses.clean(path)
    except BadRequest:
        return
    for segment in cleaned.split("/") if cleaned else ():
        assert segment not in ("", ".", "..")
        assert not set(segment) & set("/\\\0")


def test_inside_means_below() -> None:
    """`ab` is not inside `a`."""
    at = {path: Address("lake1", "fs1", path) for path in ("", "a", "ab", "a/b")}

    assert at["a/b"].inside(at["a"])
    assert at["a"].inside(at["a"])
    assert at["a"].inside(at[""])
    assert not at["ab"].inside(at["a"])
    assert not at["a"].inside(at["a/b"])
