"""What each activity does. A type that stands in `ACTIVITIES` is run for real; any other is refused at the
PUT.

An activity's file has its check (at the PUT: what can be known then) and its run (an attempt: evaluates its
type properties, fills the `input` that monitoring shows, acts, returns the output or raises
`ActivityFailed`). Starting, retrying, timing out and recording belong to the engine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.control import FOR_EACH, IF_CONDITION, SWITCH, UNTIL
from sandbox.datafactory.activities.copy import COPY
from sandbox.datafactory.activities.delete import DELETE
from sandbox.datafactory.activities.lookup import LOOKUP
from sandbox.datafactory.activities.machine_learning import ML_EXECUTE_PIPELINE
from sandbox.datafactory.activities.metadata import GET_METADATA
from sandbox.datafactory.activities.pipelines import EXECUTE_PIPELINE
from sandbox.datafactory.activities.script import SCRIPT
from sandbox.datafactory.activities.validation import VALIDATION
from sandbox.datafactory.activities.variables import APPEND_VARIABLE, FILTER, SET_VARIABLE
from sandbox.datafactory.activities.wait import FAIL, WAIT
from sandbox.datafactory.activities.web import WEB_ACTIVITY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.datafactory.activities.call import ActivityKind

ACTIVITIES: Mapping[str, ActivityKind] = {
    "AppendVariable": APPEND_VARIABLE,
    "AzureMLExecutePipeline": ML_EXECUTE_PIPELINE,
    "Copy": COPY,
    "Delete": DELETE,
    "ExecutePipeline": EXECUTE_PIPELINE,
    "Fail": FAIL,
    "Filter": FILTER,
    "ForEach": FOR_EACH,
    "GetMetadata": GET_METADATA,
    "IfCondition": IF_CONDITION,
    "Lookup": LOOKUP,
    "Script": SCRIPT,
    "SetVariable": SET_VARIABLE,
    "Switch": SWITCH,
    "Until": UNTIL,
    "Validation": VALIDATION,
    "Wait": WAIT,
    "WebActivity": WEB_ACTIVITY,
}
