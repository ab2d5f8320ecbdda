"""The order of strings in .NET's culture, ignoring case (the Unicode collation as ICU gives it).

White space sorts before punctuation, before symbols, before currencies, before digits, before letters.
Accents count only where the letters are the same. Letters of other scripts follow the Latin ones by code
point.
"""

import unicodedata
from functools import lru_cache

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
