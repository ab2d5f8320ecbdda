"""Which parts of a body are objects, which are arrays, which are text: looked at once, before the checks that
read them. What is absent or null passes here; what must be there is for those checks to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from sandbox.datafactory.models import EntityKind, Json, JsonValue

# A dict: an object with these parts (others are free). A list: an array of such. str: text.
# bool: true or false. Values: an object whose every value is such. Closed: these parts and no others.


class Values(dict[str, Any]):
    """`Values(each=shape)`: an object of any names, all of one shape."""


class Closed(dict[str, Any]):
    """`Closed(name=shape)`: what nobody knows is a mistake of the writer's, and would do nothing."""


def _any(*names: str) -> dict[str, Any]:
    """Parts that may be anything here."""
    return dict.fromkeys(names, object)


_OBJECT: dict[str, Any] = {}
_FOLDER = Closed(name=str)
_REFERENCE = {"type": str, "parameters": _OBJECT}
_PARAMETERS = Values(each=Closed(_any("type", "defaultValue"), metadata=_OBJECT))
_STORE = {"storeSettings": _OBJECT, "formatSettings": _OBJECT}
_ACTIVITY = Closed(
    _any("name", "type", "state", "onInactiveMarkAs"),
    description=str,
    dependsOn=[Closed(activity=str, dependencyConditions=[str])],
    userProperties=[Closed(_any("value"), name=str)],
    policy=Closed(_any("timeout", "retry", "retryIntervalInSeconds"), secureInput=bool, secureOutput=bool),
    linkedServiceName=_REFERENCE,
    inputs=[_REFERENCE],
    outputs=[_REFERENCE],
    typeProperties={
        "source": _STORE | {"additionalColumns": object},
        "sink": _STORE,
        "scripts": [{"parameters": [_OBJECT]}],
        "storeSettings": _OBJECT,
        "dataset": _REFERENCE,
        "pipeline": _REFERENCE,
        "authentication": {"type": str},
        "fieldList": [str],
        "method": str,
        "variableName": str,
        "isSequential": bool,
        "waitOnCompletion": bool,
    },
)
_ACTIVITIES = [_ACTIVITY]
_ACTIVITY["typeProperties"] |= {
    "activities": _ACTIVITIES,
    "ifTrueActivities": _ACTIVITIES,
    "ifFalseActivities": _ACTIVITIES,
    "defaultActivities": _ACTIVITIES,
    "cases": [Closed(value=str, activities=_ACTIVITIES)],
}
_STARTED = {"pipelineReference": _REFERENCE, "parameters": _OBJECT}
_SHAPES: dict[EntityKind, dict[str, Any]] = {
    "pipelines": Closed(
        _any("concurrency", "lastPublishTime"),
        description=str,
        activities=_ACTIVITIES,
        parameters=_PARAMETERS,
        variables=_PARAMETERS,
        annotations=[object],
        runDimensions=_OBJECT,
        folder=_FOLDER,
        policy={"elapsedTimeMetric": _OBJECT},
    ),
    "datasets": Closed(
        _any("type", "schema", "structure"),
        description=str,
        linkedServiceName=_REFERENCE,
        parameters=_PARAMETERS,
        annotations=[object],
        folder=_FOLDER,
        typeProperties={"location": _OBJECT},
    ),
    "linkedservices": Closed(
        _any("type", "version"),
        description=str,
        parameters=_PARAMETERS,
        annotations=[object],
        typeProperties=_OBJECT,
        connectVia=_REFERENCE,
    ),
    "triggers": Closed(
        _any("type", "runtimeState"),
        description=str,
        annotations=[object],
        pipelines=[_STARTED],
        pipeline=_STARTED,
        typeProperties={
            "recurrence": Closed(
                _any("frequency", "interval", "startTime", "endTime", "timeZone"),
                schedule=Closed(_any("minutes", "hours", "weekDays", "monthDays", "monthlyOccurrences")),
            ),
            "retryPolicy": Closed(_any("count", "intervalInSeconds")),
            "dependsOn": [{"type": str, "offset": str, "size": str, "referenceTrigger": _REFERENCE}],
            "delay": str,
            "startTime": str,
            "endTime": str,
        },
    ),
}


def check_shape(kind: EntityKind, properties: Json, target: str) -> None:
    _check(properties, _SHAPES[kind], "properties", target)


def _check(value: JsonValue, shape: Any, path: str, target: str) -> None:  # noqa: ANN401 - see _SHAPES
    if value is None or shape is object:
        return
    if shape in (str, bool):
        _require(value, shape, "text" if shape is str else "true or false", path, target)
    elif isinstance(shape, list):
        _require(value, list, "an array", path, target)
        for index, one in enumerate(value):
            _require_something(one, f"{path}[{index}]", target)
            _check(one, shape[0], f"{path}[{index}]", target)
    else:
        _require(value, dict, "an object", path, target)
        parts = dict.fromkeys(value, shape["each"]) if isinstance(shape, Values) else shape
        unknown = value.keys() - parts if isinstance(shape, Closed) else ()
        for name in sorted(unknown):
            raise BadRequest(f"{path} has the unknown field '{name}'.", target=target)
        for name, inner in parts.items():
            _check(value.get(name), inner, f"{path}.{name}", target)


def _require(value: JsonValue, kind: type, what: str, path: str, target: str) -> None:
    if not isinstance(value, kind):
        raise BadRequest(f"{path} must be {what}; found {value!r}.", target=target)


def _require_something(value: JsonValue, path: str, target: str) -> None:
    if value is None:
        raise BadRequest(f"{path} is null.", target=target)
