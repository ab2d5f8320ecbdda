"""The order of strings in .NET's culture, ignoring case (the Unicode collation as ICU gives it).

White space sorts before punctuation, before symbols, before currencies, before digits, before letters.
Accents count only where the letters are the same. Letters of other scripts follow the Latin ones by code
point.
"""

import unicodedata
from functools import lru_cache

from .errors import LimitExceeded

_ORDER = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_RANK = {character: rank for rank, character in enumerate(_ORDER)}
_EXPANSIONS = {
    "ß": "ss",
    "ẞ": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o\u0338",
    "đ": "d\u0335",
    "ł": "l\u0335",
    "\u0131": "i",
}
_GROUPS = {"Z": 0, "P": 1, "S": 2, "N": 4, "L": 5}

_Weight = tuple[int, float, str]
_ENOUGH = 200
"""Characters that nearly always tell which of two strings comes first."""

_MOST = 100_000
"""Characters that are weighed at most, from the first difference on."""


def compare(left: str, right: str) -> int:
    """Give -1, 0 or 1. Raises LimitExceeded for very long strings that differ in little but accents."""
    left, right = _folded(left), _folded(right)
    start = _first_difference(left, right)
    left, right = left[start:], right[start:]
    for count in (_ENOUGH, _MOST):
        first, second = sort_key(left[:count]), sort_key(right[:count])
        common = min(len(first[0]), len(second[0]))
        if max(len(left), len(right)) <= count or first[0][:common] != second[0][:common]:
            return (first > second) - (first < second)
    reason = f"two texts differ in accents only, over more than {_MOST} characters"
    raise LimitExceeded(reason)


def _first_difference(left: str, right: str) -> int:
    """Find where two strings part, at a character that is no accent of the one before."""
    step = 4096
    start = 0
    while left[start : start + step] == right[start : start + step] and start < len(left):
        start += step
    pairs = zip(left[start:], right[start:], strict=False)
    start += next((i for i, (one, other) in enumerate(pairs) if one != other), 0)
    while start > 0 and (_is_accent(left[start : start + 1]) or _is_accent(right[start : start + 1])):
        start -= 1
    return start


def _is_accent(character: str) -> bool:
    return bool(character) and unicodedata.combining(character) != 0


def sort_key(text: str) -> tuple[tuple[_Weight, ...], tuple[tuple[str, ...], ...]]:
    """Give what to compare in place of the text: the letters first, their accents second."""
    letters: list[_Weight] = []
    accents: list[list[str]] = []
    for character in unicodedata.normalize("NFD", _folded(text)):
        if unicodedata.combining(character):
            if accents:
                accents[-1].append(character)
        elif weight := _weight(character):
            letters.append(weight)
            accents.append([])
    return tuple(letters), tuple(tuple(marks) for marks in accents)


def _folded(text: str) -> str:
    return "".join(_EXPANSIONS.get(character, character) for character in text.lower())


@lru_cache(maxsize=4096)
def _weight(character: str) -> _Weight | None:
    """Weigh a base character; control and format characters weigh nothing."""
    category = unicodedata.category(character)
    if character in "\t\n\v\f\r":
        return (-1, ord(character), "")
    if category[0] in "CM":
        return None if category in {"Cc", "Cf"} or category[0] == "M" else (6, ord(character), "")
    if character in _RANK:
        return (1 if character != "$" else 3, _RANK[character], "")
    group = 3 if category == "Sc" else _GROUPS[category[0]]
    if group == 4:
        return (group, unicodedata.numeric(character, 0.0), "")
    rank = len(_ORDER) + ord(character) if group in {1, 2, 3} else ord(character)
    return (group, rank, "")
