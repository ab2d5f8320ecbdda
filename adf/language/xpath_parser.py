"""XPath 1.0 text → tree (https://www.w3.org/TR/xpath-10/, all of it but variables and prefixes).

Binary operators become `Operation`s, location paths `Steps`; abbreviations (`//`, `..`, `@`) are written out.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple, Never, TypeAlias

MAX_DEPTH = 40

AXES = {
    "child", "descendant", "descendant-or-self", "self", "parent", "ancestor", "ancestor-or-self",
    "attribute", "following-sibling", "preceding-sibling", "following", "preceding",
}  # fmt: skip
_NODE_TYPES = {"node", "text", "comment"}
_PRECEDENCE = [["or"], ["and"], ["=", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "div", "mod"]]
_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
    | (?P<mark>//|::|!=|<=|>=|\.\.|[()\[\]./@,|+=<>*\-])
    | (?P<name>[^\W\d][\w.\-]*(?::(?:[^\W\d][\w.\-]*|\*))?(?<![.\-]))
    | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


class BadXPath(Exception):  # a fact, turned into the caller's own error
    """The text is no XPath expression, or one that is not known here."""


@dataclass(frozen=True, slots=True)
class Constant:
    value: str | float


@dataclass(frozen=True, slots=True)
class FunctionCall:
    name: str
    arguments: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Operation:
    operator: str
    operands: tuple["Expression", ...]


@dataclass(frozen=True, slots=True)
class Step:
    """`test` is a name, `*`, or a node type with `()`."""

    axis: str
    test: str
    predicates: tuple["Expression", ...] = ()


@dataclass(frozen=True, slots=True)
class Steps:
    """A location path: from `origin`, or the document (`absolute`), or the context node."""

    origin: "Expression | None"
    absolute: bool
    predicates: tuple["Expression", ...]
    steps: tuple[Step, ...]


Expression: TypeAlias = Constant | FunctionCall | Operation | Steps


class _Token(NamedTuple):
    kind: str
    text: str


def parse_xpath(text: str) -> Expression:
    """Parse an expression. Raises BadXPath."""
    parser = _Parser(text)
    expression = parser.operation(0)
    if parser.next.kind != "end":
        parser.fail()
    return expression


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0
        self.next = self._read()

    def fail(self) -> Never:
        reason = (
            f"'{self._text[:80]}' is no XPath expression: '{self.next.text or 'the end'}' is not expected"
        )
        raise BadXPath(reason)

    def _read(self) -> _Token:
        match = _TOKEN.match(self._text, self._position)
        if match is None or match.lastgroup is None:
            reason = f"'{self._text[:80]}' is no XPath expression, at {self._position}"
            raise BadXPath(reason)
        self._position = match.end()
        return _Token(match.lastgroup, match[match.lastgroup])

    def _take(self) -> _Token:
        token, self.next = self.next, self._read() if self.next.kind != "end" else self.next
        return token

    def _accept(self, *texts: str) -> str:
        """Take the next token if it is one of these marks or words."""
        if self.next.text in texts and self.next.kind in {"mark", "name"}:
            return self._take().text
        return ""

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self.fail()

    def operation(self, level: int) -> Expression:
        if level == len(_PRECEDENCE):
            return self._negation()
        left = self.operation(level + 1)
        while operator := self._accept(*_PRECEDENCE[level]):
            left = Operation(operator, (left, self.operation(level + 1)))
        return left

    def _negation(self) -> Expression:
        signs = 0
        while self._accept("-"):
            signs += 1
        operand = self._union()
        for _ in range(signs % 2 or (2 if signs else 0)):
            operand = Operation("negate", (operand,))
        return operand

    def _union(self) -> Expression:
        left = self._path()
        while self._accept("|"):
            left = Operation("|", (left, self._path()))
        return left

    def _path(self) -> Expression:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            reason = f"the XPath expression is nested deeper than {MAX_DEPTH}"
            raise BadXPath(reason)
        origin = self._primary()
        path = self._location() if origin is None else self._filtered(origin)
        self._depth -= 1
        return path

    def _primary(self) -> Expression | None:
        """Read what is no location path: a constant, a call, parentheses."""
        if self.next.kind == "text":
            return Constant(self._take().text[1:-1])
        if self.next.kind == "number":
            return Constant(float(self._take().text))
        if self._accept("("):
            inner = self.operation(0)
            self._expect(")")
            return inner
        if self.next.kind == "name" and self.next.text not in _NODE_TYPES and self._before("("):
            return self._call(self._take().text)
        return None

    def _before(self, text: str) -> bool:
        """Tell whether the token after the next one starts with a text."""
        return self._text[self._position :].lstrip().startswith(text)

    def _call(self, name: str) -> FunctionCall:
        self._expect("(")
        arguments = []
        while self.next.text != ")" or self.next.kind != "mark":
            arguments.append(self.operation(0))
            if not self._accept(","):
                break
        self._expect(")")
        return FunctionCall(name, tuple(arguments))

    def _filtered(self, origin: Expression) -> Expression:
        predicates = self._predicates()
        steps: list[Step] = []
        if self.next.text in {"/", "//"} and self.next.kind == "mark":
            steps = self._steps(self._take().text)
        return Steps(origin, False, predicates, tuple(steps)) if predicates or steps else origin

    def _location(self) -> Expression:
        start = self._accept("/", "//")
        if start == "/" and not self._at_step():
            return Steps(None, True, (), ())
        return Steps(None, bool(start), (), tuple(self._steps(start)))

    def _at_step(self) -> bool:
        return self.next.kind == "name" or self.next.text in {"*", "@", ".", ".."}

    def _steps(self, separator: str) -> list[Step]:
        steps: list[Step] = []
        while True:
            if separator == "//":
                steps.append(Step("descendant-or-self", "node()"))
            steps.append(self._step())
            separator = self._accept("/", "//")
            if not separator:
                return steps

    def _step(self) -> Step:
        if self._accept(".."):
            return Step("parent", "node()")
        if self._accept("."):
            return Step("self", "node()")
        axis = "attribute" if self._accept("@") else "child"
        if axis == "child" and self.next.text in AXES and self._before("::"):
            axis = self._take().text
            self._expect("::")
        return Step(axis, self._test(), self._predicates())

    def _test(self) -> str:
        if self._accept("*"):
            return "*"
        if self.next.kind != "name":
            self.fail()
        name = self._take().text
        if ":" in name:
            reason = f"'{name[:80]}' has a prefix, which stands for nothing here: ask for local-name()"
            raise BadXPath(reason)
        if name in _NODE_TYPES and self._accept("("):
            self._expect(")")
            return f"{name}()"
        return name

    def _predicates(self) -> tuple[Expression, ...]:
        predicates = []
        while self._accept("["):
            predicates.append(self.operation(0))
            self._expect("]")
        return tuple(predicates)
