"""The table of functions: how one is declared, found and called.

A function is declared with its usage, as documentation writes it:

    @function("substring(text: string, start: integer, length?: integer)")

`?` marks what may be left out, `...` what may be repeated (once at least). The usage gives arity and types;
the caller's arguments are checked against it before the function sees them. Kinds: any, string, integer,
number (integer or float), boolean, array, object, null, and alternatives with `|`.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from .errors import UnknownFunction, WrongArity, WrongType
from .values import INT64_MAX, INT64_MIN, Json, kind_of

_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
    "any": (str, int, float, bool, list, dict, type(None)),
}
_USAGE = re.compile(r"(\w+)\((.*)\)")


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    kinds: str
    types: frozenset[type]

    @property
    def expected(self) -> str:
        """The kinds in words: `string|array` is «a string or an array»."""
        words = [f"an {kind}" if kind[0] in "aio" else f"a {kind}" for kind in self.kinds.split("|")]
        return " or ".join(words).replace("a null", "null")


@dataclass(frozen=True, slots=True)
class Function:
    """`scoped` functions get the scope first. `lazy` ones get callables in place of values."""

    name: str
    usage: str
    parameters: tuple[Parameter, ...]
    fewest: int
    most: int | None
    call: Callable[..., Json]
    scoped: bool = False
    lazy: bool = False

    def check_arity(self, given: int) -> None:
        if given < self.fewest or (self.most is not None and given > self.most):
            raise WrongArity(self.name, self.usage, given)

    def check(self, index: int, value: Json) -> None:
        """Check the argument at an index, from 0, against the declared type."""
        parameter = self.parameters[min(index, len(self.parameters) - 1)]
        if type(value) not in parameter.types:
            self._refuse(index, parameter, kind_of(value))
        if type(value) is int and not INT64_MIN <= value <= INT64_MAX and parameter.kinds != "any":
            self._refuse(index, parameter, "an integer beyond 64 bits")

    def _refuse(self, index: int, parameter: Parameter, found: str) -> NoReturn:
        raise WrongType(self.name, f"argument {index + 1} ({parameter.name})", parameter.expected, found)

    def check_all(self, values: Sequence[Json]) -> None:
        for index, value in enumerate(values):
            self.check(index, value)


FUNCTIONS: dict[str, Function] = {}
"""Lower-case name → function. Filled by the modules functions_*.py when the package is imported."""


def function(usage: str, *, scoped: bool = False, lazy: bool = False) -> Callable[[Any], Any]:
    """Declare a function by its usage."""

    def declare(call: Callable[..., Json]) -> Callable[..., Json]:
        declared = _declared(usage, call, scoped=scoped, lazy=lazy)
        FUNCTIONS[declared.name.lower()] = declared
        return call

    return declare


def _declared(usage: str, call: Callable[..., Json], *, scoped: bool, lazy: bool) -> Function:
    match = _USAGE.fullmatch(usage)
    assert match is not None, usage  # noqa: S101  a programming error, seen at import
    texts = match[2].split(", ") if match[2] else []
    parameters = tuple(_parameter(text) for text in texts)
    fewest = sum("?" not in text for text in texts)
    most = None if texts and texts[-1].endswith("...") else len(texts)
    return Function(match[1], usage, parameters, fewest, most, call, scoped, lazy)


def _parameter(text: str) -> Parameter:
    name, _, kinds = text.removesuffix("...").partition(": ")
    kinds = kinds or "any"
    types = frozenset(kind for word in kinds.split("|") for kind in _KINDS[word])
    return Parameter(name.removesuffix("?"), kinds, types)


def find(name: str) -> Function:
    """Find a function regardless of case. Raises UnknownFunction."""
    found = FUNCTIONS.get(name.lower())
    if found is None:
        raise UnknownFunction(name, [known.name for known in FUNCTIONS.values()])
    return found
