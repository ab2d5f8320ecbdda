"""Alert rules, and whom they tell: on metrics, and by asking the logs for what is missing.

A metric says nothing of a run that never began, so "did not run" asks the logs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.monitor.queries import BY_NAME, METRICS, NAMESPACE, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.entities import Entity
    from adf.monitor.expected import Expected
    from adf.monitor.queries import Alarm, Metric
    from config.monitoring_schema import Monitoring, Receivers

SHORT_NAME: Final = 12
"""Letters that an action group's short name has at most: it stands in text messages."""
LOOKS_EVERY: Final = "PT15M"
LOOKS_BACK: Final = "P2D"
"""The longest that a log alert may."""
LONGEST_MINUTES: Final = 48 * 60
"""The same in minutes: what pauses longer it cannot tell. The workbook can, and `status`."""


def action_group(receivers: Receivers, short_name: str) -> dict[str, Any]:
    """The properties of the group that all alerts tell, in the order of its receivers' names."""
    return {
        "groupShortName": short_name[:SHORT_NAME],
        "enabled": True,
        "emailReceivers": [
            {"name": name, "emailAddress": address, "useCommonAlertSchema": True}
            for name, address in sorted(receivers.emails.items())
        ],
        "webhookReceivers": [
            {"name": name, "serviceUri": address, "useCommonAlertSchema": True}
            for name, address in sorted(receivers.webhooks.items())
        ],
    }


def on_metrics(
    monitoring: Monitoring, names: Mapping[str, Sequence[str]], *, factory: str, group: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """(key of the configuration, properties) of a rule for each metric that has an alarm, of what is ours.

    `names`: what the metric is of → the names of ours; where there are none there is no rule.
    """
    for metric in METRICS:
        if metric.alarm is not None and (ours := names.get(metric.of)):
            yield metric.alarm.key, _on_metric(monitoring, metric, metric.alarm, ours, factory, group)


def _on_metric(
    monitoring: Monitoring, metric: Metric, alarm: Alarm, ours: Sequence[str], factory: str, group: str
) -> dict[str, Any]:
    wanted = getattr(monitoring, alarm.key)
    criterion = {
        "name": alarm.key,
        "criterionType": "StaticThresholdCriterion",
        "metricNamespace": NAMESPACE,
        "metricName": metric.name,
        "dimensions": [{"name": "Name", "operator": "Include", "values": sorted(ours)}],
        "operator": "GreaterThan",
        "threshold": wanted.threshold,
        "timeAggregation": "Total",
    }
    return {
        "description": f"{metric.title}, more than {wanted.threshold} (docs/monitoring.md).",
        "severity": alarm.severity if wanted.severity is None else wanted.severity,
        "enabled": True,
        "scopes": [factory],
        "evaluationFrequency": alarm.every,
        "windowSize": alarm.window,
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [criterion],
        },
        "autoMitigate": True,
        "actions": [{"actionGroupId": group}],
    }


def told_of(expected: Sequence[Expected]) -> tuple[Expected, ...]:
    """What an alert can tell: it looks back two days."""
    return tuple(each for each in expected if each.minutes <= LONGEST_MINUTES)


def did_not_run(monitoring: Monitoring, place: Place, group: str) -> dict[str, Any]:
    """A scheduled query rule with an alert for each pipeline that is late: the query gives a row for it."""
    query = BY_NAME["did_not_run"]
    condition = {
        "query": query.asked(place),
        "timeAggregation": "Count",
        "dimensions": [{"name": "PipelineName", "operator": "Include", "values": ["*"]}],
        "operator": "GreaterThan",
        "threshold": 0,
        "failingPeriods": {"numberOfEvaluationPeriods": 1, "minFailingPeriodsToAlert": 1},
    }
    return {
        "displayName": f"{query.title}: {place.project} in {place.environment}",
        "description": "A scheduled pipeline has not succeeded when it should have (docs/monitoring.md).",
        "severity": monitoring.did_not_run.severity,
        "enabled": True,
        "scopes": [monitoring.workspace_id],
        "evaluationFrequency": LOOKS_EVERY,
        "windowSize": LOOKS_BACK,
        "criteria": {"allOf": [condition]},
        "autoMitigate": True,
        # A workspace has no table of a log that never came; the rule must not wait for the first run.
        "skipQueryValidation": True,
        "actions": {"actionGroups": [group]},
    }


def told(rule: Entity) -> list[str]:
    """The action groups that an alert rule tells, by name; none of what is no rule."""
    actions = rule.properties["properties"].get("actions") or {}
    ids = (
        actions["actionGroups"] if "actionGroups" in actions else [each["actionGroupId"] for each in actions]
    )
    return [str(each).rpartition("/")[2] for each in ids]
