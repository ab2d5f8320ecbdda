"""The functions that ask the scope: pipeline(), variables(), activity(), item(), trigger() and the like."""

from collections.abc import Mapping

from .errors import MissingActivity, MissingVariable, NotAvailable
from .functions import function
from .scope import Absent, Scope
from .values import Json


def _found(name: str, known: Mapping[str, Json]) -> str | None:
    """Find a name: exactly, else regardless of case."""
    if name in known:
        return name
    lower = name.lower()
    return next((other for other in known if other.lower() == lower), None)


def _facts(accessor: str, facts: Mapping[str, Json] | Absent, where: str) -> dict[str, Json]:
    if isinstance(facts, Absent):
        raise NotAvailable(accessor, where)
    return dict(facts)


@function("pipeline()", scoped=True)
def pipeline(scope: Scope) -> Json:
    return _facts("pipeline", scope.pipeline, "in a pipeline")


@function("variables(name: string)", scoped=True)
def variables(scope: Scope, name: str) -> Json:
    found = _found(name, scope.variables)
    if found is None:
        raise MissingVariable(name, list(scope.variables))
    return scope.variables[found]


@function("activity(name: string)", scoped=True)
def activity(scope: Scope, name: str) -> Json:
    found = _found(name, scope.activities)
    if found is None:
        raise MissingActivity(name, list(scope.activities))
    return scope.activities[found]


@function("item()", scoped=True)
def item(scope: Scope) -> Json:
    if isinstance(scope.item, Absent):
        raise NotAvailable("item", "inside of a ForEach or Filter activity")
    return scope.item


@function("trigger()", scoped=True)
def trigger(scope: Scope) -> Json:
    return _facts("trigger", scope.trigger, "in a trigger; a pipeline receives its values as parameters")


@function("triggerBody()", scoped=True)
def trigger_body(scope: Scope) -> Json:
    if isinstance(scope.trigger_body, Absent):
        raise NotAvailable(
            "triggerBody", "in a trigger of events; a pipeline receives its values as parameters"
        )
    return scope.trigger_body


@function("dataset()", scoped=True)
def dataset(scope: Scope) -> Json:
    return _facts("dataset", scope.dataset, "in a dataset")


@function("linkedService()", scoped=True)
def linked_service(scope: Scope) -> Json:
    return _facts("linkedService", scope.linked_service, "in a linked service")
