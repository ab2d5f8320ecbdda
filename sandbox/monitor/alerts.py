"""Action groups and alert rules, as Azure Monitor checks them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sandbox.errors import NotEmulated
from sandbox.monitor.fields import BadField

if TYPE_CHECKING:
    from sandbox.monitor.fields import Fields
    from sandbox.monitor.known import Known

METRICS: Final = {
    "PipelineSucceededRuns": ("FailureType", "Name"),
    "PipelineFailedRuns": ("FailureType", "Name"),
    "PipelineCancelledRuns": ("FailureType", "CancelledBy", "Name"),
    "PipelineElapsedTimeRuns": ("RunId", "Name"),
    "ActivitySucceededRuns": ("ActivityType", "PipelineName", "FailureType", "Name"),
    "ActivityFailedRuns": ("ActivityType", "PipelineName", "FailureType", "Name"),
    "ActivityCancelledRuns": ("ActivityType", "PipelineName", "FailureType", "Name"),
    "TriggerSucceededRuns": ("FailureType", "Name"),
    "TriggerFailedRuns": ("FailureType", "Name"),
    "TriggerCancelledRuns": ("FailureType", "Name"),
}
"""Data Factory's metrics that count runs → their dimensions. All are totals."""
METRIC_NAMESPACE: Final = "Microsoft.DataFactory/factories"
FREQUENCIES: Final = ("PT1M", "PT5M", "PT15M", "PT30M", "PT1H")
WINDOWS: Final = (*FREQUENCIES, "PT6H", "PT12H", "P1D")
LOG_FREQUENCIES: Final = ("PT1M", "PT5M", "PT10M", "PT15M", "PT30M", "PT45M", "PT1H", "PT2H", "PT6H", "P1D")
LOG_WINDOWS: Final = (*LOG_FREQUENCIES, "PT3H", "PT4H", "PT5H", "PT12H", "P2D")
OPERATORS: Final = ("Equals", "GreaterThan", "GreaterThanOrEqual", "LessThan", "LessThanOrEqual")
TABLES: Final = ("ADFPipelineRun", "ADFActivityRun", "ADFTriggerRun")
_DURATION: Final = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?")
_OTHER_RECEIVERS: Final = (
    *("smsReceivers", "voiceReceivers", "logicAppReceivers", "azureFunctionReceivers", "armRoleReceivers"),
    *("automationRunbookReceivers", "azureAppPushReceivers", "eventHubReceivers", "itsmReceivers"),
)


def action_group(body: Fields, _: Known) -> None:
    properties = body.object("properties")
    properties.text("groupShortName", r".{1,12}", "1 to 12 characters")
    properties.flag("enabled")
    for other in _OTHER_RECEIVERS:
        if properties.has(other):
            raise NotEmulated(f"An action group with {other}")
    names = []
    for email in properties.objects("emailReceivers", least=0):
        names.append(email.text("name"))
        email.text("emailAddress", r"[^@\s]+@[^@\s]+\.[^@\s]+", "a mail address")
    for webhook in properties.objects("webhookReceivers", least=0):
        names.append(webhook.text("name"))
        webhook.text("serviceUri", r"https?://\S+", "an http or https address")
        if webhook.has("useAadAuth"):
            raise NotEmulated("A webhook receiver with useAadAuth")
    if len({name.lower() for name in names}) != len(names):
        raise BadField("properties", "has two receivers of one name")


def metric_alert(body: Fields, known: Known) -> None:
    body.one_of("location", ("global",))
    properties = _rule(body)
    for scope in properties.texts("scopes"):
        known.factory(scope, f"{properties.path}.scopes")
    frequency = properties.one_of("evaluationFrequency", FREQUENCIES)
    _not_shorter(properties, properties.one_of("windowSize", WINDOWS), frequency)
    criteria = properties.object("criteria")
    kind = criteria.text("odata.type")
    if kind != "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria":
        raise NotEmulated(f"A metric alert with {kind}")
    for criterion in criteria.objects("allOf", most=5):
        _metric_criterion(criterion)
    for action in properties.objects("actions", least=0):
        known.action_group(action.text("actionGroupId"), f"{action.path}.actionGroupId")


def _metric_criterion(criterion: Fields) -> None:
    criterion.text("name")
    kind = criterion.text("criterionType")
    if kind != "StaticThresholdCriterion":
        raise NotEmulated(f"A criterion of type {kind}")
    if criterion.has("metricNamespace"):
        criterion.one_of("metricNamespace", (METRIC_NAMESPACE,))
    metric = criterion.one_of("metricName", METRICS)
    criterion.one_of("operator", (*OPERATORS, "NotEquals"))
    criterion.number("threshold")
    criterion.one_of("timeAggregation", ("Total", "Count"))
    for dimension in criterion.objects("dimensions", least=0):
        dimension.one_of("name", METRICS[metric])
        dimension.one_of("operator", ("Include", "Exclude"))
        dimension.texts("values")


def log_alert(body: Fields, known: Known) -> None:
    kind = body.values.get("kind") or "LogAlert"
    if kind != "LogAlert":
        raise NotEmulated(f"A scheduled query rule of kind {kind}")
    properties = _rule(body)
    for scope in properties.texts("scopes"):
        known.workspace(scope, f"{properties.path}.scopes")
    frequency = properties.one_of("evaluationFrequency", LOG_FREQUENCIES)
    _not_shorter(properties, properties.one_of("windowSize", LOG_WINDOWS), frequency)
    validated = properties.values.get("skipQueryValidation") is not True
    for condition in properties.object("criteria").objects("allOf", most=1):
        _condition(condition, validated=validated)
    actions = properties.object("actions") if properties.has("actions") else None
    for group in actions.texts("actionGroups", least=0) if actions else ():
        known.action_group(group, f"{properties.path}.actions.actionGroups")


def _condition(condition: Fields, *, validated: bool) -> None:
    query = condition.text("query")
    if validated and not any(table in query for table in TABLES):
        raise BadField(f"{condition.path}.query", f"asks none of {', '.join(TABLES)}")
    condition.one_of("timeAggregation", ("Count", "Average", "Minimum", "Maximum", "Total"))
    condition.one_of("operator", OPERATORS)
    condition.number("threshold")
    for dimension in condition.objects("dimensions", least=0, most=6):
        dimension.text("name")
        dimension.one_of("operator", ("Include", "Exclude"))
        dimension.texts("values")
    if condition.has("failingPeriods"):
        periods = condition.object("failingPeriods")
        count = periods.number("numberOfEvaluationPeriods", 1, 6)
        periods.number("minFailingPeriodsToAlert", 1, count)


def _rule(body: Fields) -> Fields:
    """What every alert rule says."""
    properties = body.object("properties")
    properties.number("severity", 0, 4)
    properties.flag("enabled")
    return properties


def _not_shorter(properties: Fields, window: str, frequency: str) -> None:
    if _length(window) < _length(frequency):
        raise BadField(f"{properties.path}.windowSize", f"must not be shorter than {frequency}")


def _length(duration: str) -> timedelta:
    found = _DURATION.fullmatch(duration)
    if found is None:
        raise ValueError(duration)
    days, hours, minutes = (int(each or 0) for each in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes)
