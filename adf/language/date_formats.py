"""Moments → text, with .NET's standard and custom format strings.

One character is a standard format, which stands for a pattern of the culture. Everything else is a pattern of
tokens (`yyyy`, `MM`, `fff`, `tt` …); text in quotes and after a backslash is literal, `%` lets a single
token be a pattern, `/` is the culture's separator of dates, and what is no token stands for itself.
"""

import re
from functools import lru_cache

from .cultures import Culture
from .dates import TICKS_PER_DAY, TICKS_PER_SECOND, Moment

ROUND_TRIP = "o"

_TOKEN = re.compile(
    r"(?P<token>([dfFghHKmMstyz])\2*|/)|(?P<quoted>'[^']*'|\"[^\"]*\")|\\(?P<escaped>.)|%(?P<single>[^'\"\\%])"
    r"|(?P<bad>['\"\\%])|(?P<other>.)",
    re.DOTALL,
)
_LETTERS = frozenset("dfFghHKmMstyz/")
_INVARIANT = {
    "r": "ddd, dd MMM yyyy HH:mm:ss 'GMT'",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "u": "yyyy-MM-dd HH:mm:ss'Z'",
}


class BadFormat(Exception):  # a fact, turned into the caller's own error
    """The text is no format."""


def format_moment(moment: Moment, form: str, culture: Culture) -> str:
    """Write a moment. Raises BadFormat."""
    if form in {"o", "O"}:
        return _round_trip(moment)
    if not form:
        form = "G"
    pattern = _standard(form, culture) if len(form) == 1 else form
    if form in _INVARIANT_NAMES:
        culture = Culture()
    return "".join(_written(moment, _pieces(pattern), culture))


_INVARIANT_NAMES = {"r", "R", "s", "u"}


def _round_trip(moment: Moment) -> str:
    seconds, fraction = divmod(moment.ticks % TICKS_PER_DAY, TICKS_PER_SECOND)
    day = moment.date()
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{fraction:07d}"
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}T{clock}{moment.kind.value}"


def _standard(form: str, culture: Culture) -> str:
    """Give the pattern that a standard format stands for."""
    full = f"{culture.long_date}{culture.joint}"
    patterns = _INVARIANT | {
        "d": culture.short_date,
        "D": culture.long_date,
        "f": full + culture.short_time,
        "F": full + culture.long_time,
        "g": f"{culture.short_date} {culture.short_time}",
        "G": f"{culture.short_date} {culture.long_time}",
        "m": culture.month_day,
        "t": culture.short_time,
        "T": culture.long_time,
        "U": full + culture.long_time,
        "y": culture.year_month,
    }
    found = patterns.get(form) or (patterns.get(form.lower()) if form in "MRY" else None)
    if found is None:
        raise BadFormat
    return found


@lru_cache(maxsize=512)
def _pieces(pattern: str) -> tuple[tuple[str, str], ...]:
    """Cut a pattern into (token, its letters) and ("", literal text)."""
    pieces = []
    for match in _TOKEN.finditer(pattern):
        match match.lastgroup:
            case "bad":
                raise BadFormat
            case "token" | "single":
                text = match["token"] or match["single"]
                pieces.append((text[0] if text[0] in _LETTERS else "", text))
            case "quoted":
                pieces.append(("", match["quoted"][1:-1]))
            case _:
                pieces.append(("", match["escaped"] or match["other"]))
    return tuple(pieces)


def _written(moment: Moment, pieces: tuple[tuple[str, str], ...], culture: Culture) -> list[str]:
    written: list[str] = []
    for letter, text in pieces:
        if letter == "F" and not _fraction(moment, len(text)).rstrip("0"):
            if written and written[-1].endswith("."):
                written[-1] = written[-1][:-1]
        elif letter:
            written.append(_token(moment, letter, len(text), culture))
        else:
            written.append(text)
    return written


def _token(moment: Moment, letter: str, count: int, culture: Culture) -> str:  # noqa: PLR0911  a case a token
    seconds = moment.ticks % TICKS_PER_DAY // TICKS_PER_SECOND
    digits = min(count, 2)
    match letter:
        case "y" | "M" | "d" | "g" | "/":
            return _calendar(moment, letter, count, culture)
        case "H":
            return f"{seconds // 3600:0{digits}d}"
        case "h":
            return f"{(seconds // 3600 + 11) % 12 + 1:0{digits}d}"
        case "m":
            return f"{seconds // 60 % 60:0{digits}d}"
        case "s":
            return f"{seconds % 60:0{digits}d}"
        case "f":
            return _fraction(moment, count)
        case "F":
            return _fraction(moment, count).rstrip("0")
        case "t":
            half = culture.halves[seconds >= 43_200]
            return half if count > 1 else half[:1]
        case "z":
            return ("+0", "+00", "+00:00")[min(count, 3) - 1]
        case _:
            return moment.kind.value * count


def _calendar(moment: Moment, letter: str, count: int, culture: Culture) -> str:  # noqa: PLR0911  as above
    day = moment.date()
    match letter, count:
        case "y", 1 | 2:
            return f"{day.year % 100:0{count}d}"
        case "y", _:
            return f"{day.year:0{min(count, 500)}d}"
        case "M", 1 | 2:
            return f"{day.month:0{count}d}"
        case "M", 3:
            return culture.short_months[day.month - 1]
        case "M", _:
            return culture.months[day.month - 1]
        case "d", 1 | 2:
            return f"{day.day:0{count}d}"
        case "d", 3:
            return culture.short_days[day.weekday()]
        case "d", _:
            return culture.days[day.weekday()]
        case "/", _:
            return culture.separator
        case _:
            return culture.era


def _fraction(moment: Moment, count: int) -> str:
    if count > 7:
        raise BadFormat
    return f"{moment.ticks % TICKS_PER_SECOND:07d}"[:count]
