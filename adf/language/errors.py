"""What can be wrong with an expression, one class a kind of failure.

LanguageError
├── ParseError           the text is no expression: unbalanced, unknown character, too deep, too long
├── UnknownFunction      a function that Data Factory does not document
├── WrongArity           too few or too many arguments
├── WrongType            an argument of another type than the function takes
├── InvalidArgument      the right type, an impossible value: a division by zero, no date, no time zone
├── MissingProperty      a property or an array index that does not exist
│   └── MissingParameter a parameter of the pipeline, the dataset or the linked service that is not declared
├── MissingVariable
├── MissingActivity
├── NotAvailable         an accessor used where Data Factory does not offer it: item() outside of a loop
└── LimitExceeded        a result too large to be computed here

An error knows what was wrong when it is raised; the expression, the position in it and the place in the
surrounding JSON are added while it rises, by whoever knows them.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_NAMES_SHOWN = 12
_TEXT_SHOWN = 200


def shown(text: str) -> str:
    """Shorten a text for a message."""
    return text if len(text) <= _TEXT_SHOWN else f"{text[:_TEXT_SHOWN]}…"


def listed(names: Iterable[str]) -> str:
    """Name what is available, the first dozen."""
    known = list(names)
    if not known:
        return "none is available"
    more = f" and {len(known) - _NAMES_SHOWN} more" if len(known) > _NAMES_SHOWN else ""
    return "available: " + ", ".join(shown(name) for name in known[:_NAMES_SHOWN]) + more


def nearest(name: str, names: Iterable[str]) -> str:
    """Suggest the name that was probably meant, as the end of a sentence."""
    by_lower = {known.lower(): known for known in names}
    close = get_close_matches(name.lower()[:64], by_lower, n=1)
    return f"; did you mean '{by_lower[close[0]]}'?" if close else ""


class LanguageError(Exception):
    """An expression that cannot be parsed or evaluated.

    `expression` is the whole string it stands in, `position` the offset in that string (from 0), `path` the
    keys of the surrounding JSON, outermost first.
    """

    def __init__(self, reason: str, *, meant: tuple[str, Sequence[str]] | None = None) -> None:
        """`meant`: a name that was not found, and those that exist; the nearest is suggested when shown."""
        super().__init__(reason)
        self._reason = reason
        self._meant = meant
        self.expression: str | None = None
        self.position: int | None = None
        self.path: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """What is wrong, without the place."""
        return self._reason + (nearest(*self._meant) if self._meant else "")

    def locate(self, expression: str, position: int) -> None:
        """Say where it happened, unless an inner place is known already."""
        if self.expression is None:
            self.expression, self.position = expression, position

    def within(self, key: str) -> None:
        self.path = (key, *self.path)

    def __str__(self) -> str:
        place = f" in '{shown(self.expression)}' at character {self.position}" if self.expression else ""
        path = f" ({'.'.join(self.path)})" if self.path else ""
        return f"{self.reason}{place}{path}"


class ParseError(LanguageError):
    pass


class UnknownFunction(LanguageError):
    def __init__(self, name: str, known: Sequence[str]) -> None:
        super().__init__(f"Data Factory has no function '{shown(name)}'", meant=(name, known))
        self.name = name


class WrongArity(LanguageError):
    def __init__(self, function: str, usage: str, given: int) -> None:
        super().__init__(f"'{function}' was given {given} argument(s); it is used as {usage}")
        self.function = function


class WrongType(LanguageError):
    def __init__(self, function: str, argument: str, expected: str, given: str) -> None:
        super().__init__(f"'{function}' expects {argument} to be {expected}, not {given}")
        self.function = function


class InvalidArgument(LanguageError):
    def __init__(self, function: str, reason: str) -> None:
        super().__init__(f"'{function}': {reason}")
        self.function = function


class MissingProperty(LanguageError):
    """`key` is the property, or the index of an array."""

    def __init__(self, key: str, reason: str, *, meant: tuple[str, Sequence[str]] | None = None) -> None:
        super().__init__(reason, meant=meant)
        self.key = key

    @classmethod
    def of_object(cls, key: str, available: Sequence[str]) -> "MissingProperty":
        reason = f"property '{shown(key)}' does not exist; {listed(available)}"
        return cls(key, reason, meant=(key, available))

    @classmethod
    def of_value(cls, key: str, kind: str) -> "MissingProperty":
        return cls(key, f"property '{shown(key)}' cannot be selected of {kind}")

    @classmethod
    def of_array(cls, index: int, length: int) -> "MissingProperty":
        return cls(str(index), f"index {index} is outside of the array's {length} element(s)")


class MissingParameter(MissingProperty):
    def __init__(self, name: str, available: Sequence[str]) -> None:
        reason = f"parameter '{shown(name)}' is not declared; {listed(available)}"
        super().__init__(name, reason, meant=(name, available))


class MissingVariable(LanguageError):
    def __init__(self, name: str, available: Sequence[str]) -> None:
        reason = f"variable '{shown(name)}' is not declared; {listed(available)}"
        super().__init__(reason, meant=(name, available))
        self.name = name


class MissingActivity(LanguageError):
    def __init__(self, name: str, available: Sequence[str]) -> None:
        reason = f"activity '{shown(name)}' has not run; {listed(available)}"
        super().__init__(reason, meant=(name, available))
        self.name = name


class NotAvailable(LanguageError):
    def __init__(self, accessor: str, where: str) -> None:
        super().__init__(f"'{accessor}()' exists only {where}")
        self.accessor = accessor


class LimitExceeded(LanguageError):
    pass
