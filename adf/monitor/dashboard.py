"""The portal's dashboard: a tile for each metric of the table, by name, of the last day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.monitor.queries import METRICS, NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adf.monitor.queries import Metric

ACROSS: Final = 3
WIDTH, HEIGHT = 6, 4
"""Of a tile, in the dashboard's own units."""
TOTAL, EQUALS, LINES = 1, 0, 2
DAY_MS: Final = 86_400_000


def properties(factory: str, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """A dashboard's properties. `names`: what a metric is of → the names of ours."""
    parts = [_tile(number, metric, factory, names.get(metric.of)) for number, metric in enumerate(METRICS)]
    time_range = {
        "type": "MsPortalFx.Composition.Configuration.ValueTypes.TimeRange",
        "value": {"relative": {"duration": 24, "timeUnit": 1}},
    }
    return {
        "lenses": [{"order": 0, "parts": parts}],
        "metadata": {"model": {"timeRange": time_range}},
    }


def _tile(number: int, metric: Metric, factory: str, names: Sequence[str] | None) -> dict[str, Any]:
    down, across = divmod(number, ACROSS)
    chart = _chart(metric, factory, names)
    return {
        "position": {"x": across * WIDTH, "y": down * HEIGHT, "colSpan": WIDTH, "rowSpan": HEIGHT},
        "metadata": {
            "type": "Extension/HubsExtension/PartType/MonitorChartPart",
            "inputs": [
                {"name": "options", "value": {"chart": chart}, "isOptional": True},
                {"name": "sharedTimeRange", "isOptional": True},
            ],
            "settings": {"content": {"options": {"chart": chart}}},
        },
    }


def _chart(metric: Metric, factory: str, names: Sequence[str] | None) -> dict[str, Any]:
    drawn = {
        "resourceMetadata": {"id": factory},
        "name": metric.name,
        "namespace": NAMESPACE,
        "aggregationType": TOTAL,
        "metricVisualization": {"displayName": metric.title},
    }
    only_ours = {"filters": [{"key": "Name", "operator": EQUALS, "values": sorted(names)}]} if names else {}
    return {
        "title": metric.title,
        "titleKind": 2,
        "metrics": [drawn],
        **({"filterCollection": only_ours} if only_ours else {}),
        "grouping": {"dimension": "Name"},
        "visualization": {"chartType": LINES},
        "timespan": {"relative": {"duration": DAY_MS}},
    }
