"""What an expression names, for lint: which parameters, variables, activities, functions."""

from dataclasses import dataclass

from .nodes import Call, Literal, Node, Path, Tree


@dataclass(frozen=True, slots=True)
class References:
    """Names as they are spelled, in order, each once; `dynamic` are accessors whose name is computed.

    `properties` are the first property of accessors without a name: `pipeline` → RunId, `item` → …
    """

    functions: tuple[str, ...]
    parameters: tuple[str, ...]
    global_parameters: tuple[str, ...]
    variables: tuple[str, ...]
    activities: tuple[str, ...]
    properties: tuple[tuple[str, str], ...]
    dynamic: tuple[str, ...]


_BY_ARGUMENT = {"variables": "variables", "activity": "activities"}
_OWNERS = {"pipeline", "item", "trigger", "triggerbody", "dataset", "linkedservice"}


def references(tree: Tree) -> References:
    """Collect what a tree names."""
    found: dict[str, dict[str, None]] = {}
    properties: dict[tuple[str, str], None] = {}

    def note(kind: str, name: str | None, owner: str) -> None:
        if name is None:
            found.setdefault("dynamic", {})[owner] = None
        else:
            found.setdefault(kind, {})[name] = None

    for node in tree.walk():
        if isinstance(node, Call):
            note("functions", node.name, node.name)
            if kind := _BY_ARGUMENT.get(node.name.lower()):
                note(kind, _text(node.arguments[0]) if node.arguments else None, node.name)
        elif isinstance(node, Path) and node.target.name.lower() in _OWNERS:
            first = _key(node, 0)
            properties[node.target.name, first or "*"] = None
            if node.target.name.lower() == "pipeline" and first and len(node.steps) > 1:
                kind = {"parameters": "parameters", "globalparameters": "global_parameters"}.get(
                    first.lower(), ""
                )
                if kind:
                    note(kind, _key(node, 1), node.target.name)

    names = {
        kind: tuple(found.get(kind, ()))
        for kind in ("functions", "parameters", "global_parameters", "variables", "activities", "dynamic")
    }
    return References(**names, properties=tuple(properties))


def _key(node: Path, index: int) -> str | None:
    return _text(node.steps[index].key)


def _text(node: Node) -> str | None:
    return node.value if isinstance(node, Literal) and isinstance(node.value, str) else None
