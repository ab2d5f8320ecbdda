"""Windows time zone names, which Data Factory speaks, and the IANA names that Python speaks."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

from adf.errors import UnknownTimeZone


def iana_name(windows_name: str) -> str:
    """The IANA name of a Windows time zone (Unicode CLDR's mapping, case ignored as in Data Factory).

    Raises UnknownTimeZone with the nearest names, for IANA names too: Data Factory refuses them.
    """
    by_folded, folded = _by_folded_name(), windows_name.casefold()
    if folded not in by_folded:
        from tzlocal.windows_tz import win_tz

        same_zone = [name for name, iana in win_tz.items() if iana == windows_name]
        nearest = same_zone or get_close_matches(windows_name, list(win_tz), n=2)
        raise UnknownTimeZone(windows_name, nearest)
    return by_folded[folded]


@cache
def _by_folded_name() -> dict[str, str]:
    from tzlocal.windows_tz import win_tz

    return {name.casefold(): iana for name, iana in win_tz.items()}
