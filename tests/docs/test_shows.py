"""The judge of what pages show is strict where it should be."""

import pytest

from tests.docs.pages import patched, shows

PRINTED = """\
model   window       rows in
wine    2026-11-22        30

done: release 1.
"""


@pytest.mark.parametrize(
    "shown",
    [
        "wine 2026-11-22 30",
        "model  window\nwine   2026-11-22   30",
        "wine … 30",
        "model window\ndone: release 1.",
    ],
)
def test_what_was_printed_is_shown(shown):
    """Blanks count as one, `…` stands for anything, lines may be left out."""
    assert shows(shown, PRINTED)


@pytest.mark.parametrize(
    "shown",
    [
        "wine 2026-11-22 31",
        "wine 30",
        "done: release 1.\nmodel window",
        "model window\nbeer",
        "model … 30",
    ],
)
def test_what_was_not_printed_is_not(shown):
    """Other words, words left out, another order, a line too many, a gap over a line's end."""
    assert not shows(shown, PRINTED)


def test_a_change_fits_once_or_is_refused():
    """A page's diff that is out of date is noticed."""
    assert patched("a\nb\nc\n", " b\n+x\n") == "a\nb\nx\nc\n"
    with pytest.raises(AssertionError):
        patched("a\nc\n", "-b\n+x\n")
