"""ISO 8601 durations of a fixed length, such as `P7D`, `PT90M` and `P1DT12H`: years and months have none."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

EXPECTED: Final = "a duration such as P7D, PT90M or P1DT12H (weeks, days, hours, minutes, seconds)"
_DURATION: Final = re.compile(
    r"P(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,6})D)?"
    r"(?:T(?:(?P<hours>\d{1,8})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,8})S)?)?",
    re.IGNORECASE,
)


def parse_duration(text: str) -> timedelta:
    """More than nothing. Raises `ValueError`."""
    found = _DURATION.fullmatch(text.strip())
    parts = {name: int(number) for name, number in found.groupdict("0").items()} if found else {}
    duration = timedelta(**parts)
    if not duration:
        message = f"{text!r} is not {EXPECTED}"
        raise ValueError(message)
    return duration
