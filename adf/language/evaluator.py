"""Tree and scope → value.

Arguments are evaluated from left to right, then checked, then the function is called; `if`, `and`, `or` and
`coalesce` ask for the arguments they need. What an expression computes is charged to a budget, so that no
expression can fill the memory; a value too large is an error like any other.
"""

from collections.abc import Callable

from . import functions
from .errors import InvalidArgument, LanguageError, LimitExceeded, MissingParameter, MissingProperty
from .nodes import Call, Literal, Node, Path, Template, Tree
from .scope import Scope
from .values import MAX_TEXT, Json, joined, kind_of, text_of

MAX_COMPUTED = 20_000_000
"""Characters and elements that one evaluation may compute, all intermediate results together."""
_SIZED = (str, list, dict)


def check(tree: Tree) -> None:
    """Check every call's name and number of arguments. Raises UnknownFunction or WrongArity."""
    for node in tree.walk():
        if isinstance(node, Call):
            try:
                functions.find(node.name).check_arity(len(node.arguments))
            except LanguageError as error:
                error.locate(tree.text, node.position)
                raise


def evaluate_tree(tree: Tree, scope: Scope) -> Json:
    """Evaluate a checked tree. Raises LanguageError, located in the tree's text."""
    evaluation = _Evaluation(tree.text, scope)
    match tree.root:
        case str() as literal:
            return literal
        case Template(parts):
            return joined(
                part if isinstance(part, str) else text_of(evaluation.value(part)) for part in parts
            )
        case node:
            return evaluation.value(node)


class _Evaluation:
    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._left = MAX_COMPUTED

    def value(self, node: Node) -> Json:
        match node:
            case Literal():
                return node.value
            case Call():
                try:
                    return self._charged(self._call(node))
                except LanguageError as error:
                    error.locate(self._text, node.position)
                    raise
            case Path():
                return self._path(node)

    def _call(self, node: Call) -> Json:
        function = functions.find(node.name)
        if function.lazy:
            return function.call(self._lazily(function, node), len(node.arguments))
        values = [self.value(argument) for argument in node.arguments]
        function.check_all(values)
        try:
            return function.call(self._scope, *values) if function.scoped else function.call(*values)
        except (OverflowError, MemoryError) as error:
            reason = (
                "a number is out of range" if isinstance(error, OverflowError) else "the result is too large"
            )
            raise InvalidArgument(function.name, reason) from error

    def _lazily(self, function: functions.Function, node: Call) -> Callable[[int], Json]:
        def argument(index: int) -> Json:
            value = self.value(node.arguments[index])
            function.check(index, value)
            return value

        return argument

    def _charged(self, value: Json) -> Json:
        if isinstance(value, str) and len(value) > MAX_TEXT:
            reason = f"the result has more than {MAX_TEXT} characters"
            raise LimitExceeded(reason)
        if isinstance(value, _SIZED):
            self._left -= len(value)
            if self._left < 0:
                reason = f"the expression computes more than {MAX_COMPUTED} characters and elements"
                raise LimitExceeded(reason)
        return value

    def _path(self, node: Path) -> Json:
        value = self.value(node.target)
        for index, step in enumerate(node.steps):
            key = step.key.value if isinstance(step.key, Literal) else self.value(step.key)
            try:
                value = _selected(value, key, safe=step.safe)
            except MissingProperty as error:
                located = _declared_parameters(node, index, value, error)
                located.locate(self._text, step.position)
                raise located from None
        return value


def _selected(value: Json, key: Json, *, safe: bool) -> Json:
    """Take one step. A safe step gives null for what is missing, never for what cannot be selected."""
    match value, key:
        case None, _ if safe:
            return None
        case list(), bool():
            raise MissingProperty.of_value(str(key), "an array: its index is an integer")
        case list(), int():
            if 0 <= key < len(value):
                return value[key]
            if safe:
                return None
            raise MissingProperty.of_array(key, len(value))
        case list(), _:
            raise MissingProperty.of_value(text_of(key), "an array: its index is an integer")
        case dict(), str():
            return property_of(value, key, safe=safe)
        case _:
            raise MissingProperty.of_value(text_of(key), kind_of(value))


def property_of(value: dict[str, Json], key: str, *, safe: bool = False) -> Json:
    """Find a property: the exact name, else the first that differs only in case."""
    if key in value:
        return value[key]
    lower = key.lower()
    for name, item in value.items():
        if name.lower() == lower:
            return item
    if safe:
        return None
    raise MissingProperty.of_object(key, list(value))


_PARAMETERS = {"parameters", "globalparameters"}


def _declared_parameters(node: Path, index: int, value: Json, error: MissingProperty) -> MissingProperty:
    """Say «parameter» where the missing property is one: pipeline().parameters.x, dataset().x."""
    owner = node.target.name.lower()
    before = node.steps[index - 1].key if index else None
    in_pipeline = (
        owner == "pipeline"
        and index == 1
        and isinstance(before, Literal)
        and str(before.value).lower() in _PARAMETERS
    )
    if isinstance(value, dict) and (in_pipeline or (owner in {"dataset", "linkedservice"} and index == 0)):
        return MissingParameter(error.key, list(value))
    return error
