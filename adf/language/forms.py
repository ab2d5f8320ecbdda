"""What strings name, by their form: those of many pipelines differ in what they say, and name the same."""

import re
from functools import lru_cache

from .errors import LanguageError
from .evaluator import check
from .parser import MAX_LENGTH
from .references import References, references
from .template import parse

_SAID = re.compile(r"(,\s*)?'[^']*(?:''[^']*)*'(?=(\s*,)?)")
"""A text in an expression: beside a comma it is one of several arguments, and so the name of nothing."""


def named(text: str) -> References:
    """What a string of a factory's JSON names, once it is parsed and checked. Raises LanguageError.

    A form is parsed once; what is wrong is told of the text itself.
    """
    if len(text) > MAX_LENGTH:
        return _named(text)
    is_whole = text[:1] == "@" and text[1:2] not in ("@", "{")
    try:
        return remembered(_SAID.sub(_unsaid, text) if is_whole else text)
    except LanguageError:
        return _named(text)


def _named(text: str) -> References:
    tree = parse(text)
    check(tree)
    return references(tree)


remembered = lru_cache(maxsize=8192)(_named)


def _unsaid(text: re.Match[str]) -> str:
    return f"{text[1] or ''}''" if text[1] or text[2] else text[0]
