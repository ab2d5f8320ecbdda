"""When a conditional request may go on."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import pytest

from sandbox.datalake.conditions import Conditions
from sandbox.datalake.errors import BadRequest, ConditionNotMet, LakeError, NotModified, PathAlreadyExists
from sandbox.datalake.models import Entry, Properties

# Sun, 22 Nov 2026 00:00:00 GMT and 900 ms: Last-Modified shows the second only
INSTANT = 1_795_305_600 * 10**9 + 900_000_000
THERE = Entry(
    "f:1:0", is_directory=False, size=0, tag="0xA", created=1, modified=INSTANT, properties=Properties()
)
SAME, BEFORE, LATER = (f"Sun, 22 Nov 2026 00:00:0{second} GMT" for second in (0, 0, 1))
BEFORE = "Sat, 21 Nov 2026 23:59:59 GMT"

WRITES = [
    ({}, None, None),
    ({}, THERE, None),
    ({"If-None-Match": "*"}, None, None),
    ({"If-None-Match": "*"}, THERE, PathAlreadyExists),
    ({"If-None-Match": '"0xA"'}, THERE, ConditionNotMet),
    ({"If-None-Match": '"0xB"'}, THERE, None),
    ({"If-Match": '"0xA"'}, THERE, None),
    ({"If-Match": "0xA"}, THERE, None),
    ({"If-Match": "*"}, THERE, None),
    ({"If-Match": '"0xB"'}, THERE, ConditionNotMet),
    ({"If-Match": '"0xA"'}, None, ConditionNotMet),
    ({"If-Match": "*"}, None, ConditionNotMet),
    ({"If-Unmodified-Since": SAME}, THERE, None),
    ({"If-Unmodified-Since": BEFORE}, THERE, ConditionNotMet),
    ({"If-Modified-Since": SAME}, THERE, ConditionNotMet),
    ({"If-Modified-Since": BEFORE}, THERE, None),
    ({"If-Modified-Since": SAME}, None, None),
]

READS = [
    ({"If-Match": '"0xB"'}, ConditionNotMet),
    ({"If-Unmodified-Since": BEFORE}, ConditionNotMet),
    ({"If-None-Match": '"0xA"'}, NotModified),
    ({"If-None-Match": '"0xB"'}, None),
    ({"If-Modified-Since": LATER}, NotModified),
    ({"If-Match": '"0xA"', "If-Modified-Since": BEFORE}, None),
]


def refusal(expected: type[LakeError] | None) -> AbstractContextManager[object]:
    return nullcontext() if expected is None else pytest.raises(expected)


@pytest.mark.parametrize(("headers", "entry", "expected"), WRITES)
def test_a_creation(headers: dict[str, str], entry: Entry | None, expected: type[LakeError] | None) -> None:
    """If-None-Match: * on what exists is a conflict; every other condition that fails is 412."""
    with refusal(expected):
        Conditions.of(headers).check_creation(entry)


@pytest.mark.parametrize(("headers", "expected"), READS)
def test_a_read(headers: dict[str, str], expected: type[LakeError] | None) -> None:
    """What the client has already is 304, what it does not want 412."""
    with refusal(expected):
        Conditions.of(headers).check_read(THERE)


def test_source_conditions_are_apart_from_those_of_the_destination() -> None:
    headers = {"If-Match": '"0xB"', "x-ms-source-If-Match": '"0xA"'}

    Conditions.of(headers, "x-ms-source-").check_write(THERE)


def test_a_date_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest):
        Conditions.of({"If-Modified-Since": "yesterday"})
