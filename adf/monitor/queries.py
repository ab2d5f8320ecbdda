"""The one table of what is looked at: metrics of Data Factory, and questions to its logs.

`METRICS` is what alert rules count and the dashboard draws; `QUERIES` what the workbook shows and the alert
"did not run" asks. Metrics, tables and columns are Azure Monitor's: "Monitoring Azure Data Factory".

A question begins with `runs`: the last word about each run of ours, by the annotations that its pipeline
carries; `scored` is what the user properties of the scoring activity say, and `receipts` what the run read
back from the lake: rows, version, the first error. Logs say End as the year 1601 while a run goes on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from adf.ownership import ownership

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adf.monitor.expected import Expected

NAMESPACE: Final = "Microsoft.DataFactory/factories"


@dataclass(frozen=True)
class Alarm:
    """When a metric alert looks, and how grave it is."""

    key: Literal["failed_pipelines", "failed_triggers", "elapsed_time"]
    """Of the configuration, below `monitoring`."""
    severity: int
    window: str
    every: str


@dataclass(frozen=True)
class Metric:
    """A metric of the factory, in total, told apart by the dimension `Name`."""

    name: str
    title: str
    of: Literal["pipeline", "timed_pipeline", "trigger", "activity"]
    """Whose names the dimension holds; a timed pipeline says how long its runs should take."""
    alarm: Alarm | None = None


METRICS: Final = (
    Metric(
        "PipelineFailedRuns",
        "Failed pipeline runs",
        "pipeline",
        Alarm("failed_pipelines", severity=1, window="PT5M", every="PT1M"),
    ),
    Metric(
        "TriggerFailedRuns",
        "Failed trigger runs",
        "trigger",
        Alarm("failed_triggers", severity=2, window="PT15M", every="PT5M"),
    ),
    Metric(
        "PipelineElapsedTimeRuns",
        "Runs that take longer than expected",
        "timed_pipeline",
        Alarm("elapsed_time", severity=2, window="PT1H", every="PT15M"),
    ),
    Metric("PipelineSucceededRuns", "Succeeded pipeline runs", "pipeline"),
    Metric("PipelineCancelledRuns", "Cancelled pipeline runs", "pipeline"),
    Metric("ActivityFailedRuns", "Failed activity runs", "activity"),
)

_FACTORY = """let factory = '{factory}';
"""
_RUNS = """let runs = ADFPipelineRun
| where _ResourceId =~ factory
{annotated}
| summarize arg_max(TimeGenerated, *) by RunId
| extend Model = extract('model:([a-z0-9_]+)', 1, tostring(Annotations));
"""
_RECEIPTS = """let receipts = ADFActivityRun
| where _ResourceId =~ factory and ActivityName == 'read_receipt' and Status == 'Succeeded'
| summarize arg_max(TimeGenerated, Output) by PipelineRunId
| project PipelineRunId, Receipt = parse_json(tostring(Output)).firstRow;
"""
_SCORED = """let scored = ADFActivityRun
| where _ResourceId =~ factory and ActivityName == 'score'
| summarize arg_max(TimeGenerated, UserProperties) by PipelineRunId
| project PipelineRunId, Asked = parse_json(tostring(UserProperties));
"""
_EXPECTED = """let expected = datatable(
  PipelineName:string, Trigger:string, Every:timespan, From:datetime, Until:datetime
)[
{expected}
];
"""
_WINDOWS = """let windows = runs
| where PipelineName startswith 'score_'
| join kind=leftouter receipts on $left.RunId == $right.PipelineRunId
| join kind=leftouter scored on $left.RunId == $right.PipelineRunId
| extend Window = coalesce(tostring(Receipt.window_start), tostring(Asked.window))
| summarize arg_max(Start, *) by Model, Window;
"""
_LATENESS = """expected
| where now() between ((From + Every) .. Until)
| join kind=leftouter (
    runs | where Status == 'Succeeded' | summarize LastSuccess = max(End) by PipelineName
  ) on PipelineName
| extend LateBy = now() - LastSuccess - Every
"""


@dataclass(frozen=True)
class Query:
    """A question to the logs, as Log Analytics is asked."""

    name: str
    title: str
    shown: Literal["table", "timechart", "tiles"]
    text: str
    needs: tuple[str, ...] = (_RUNS,)
    """What comes before it."""

    def asked(self, place: Place) -> str:
        """The whole of it, about one installation."""
        said = "".join((_FACTORY, *self.needs, self.text))
        for key, value in place.values().items():
            said = said.replace("{" + key + "}", value)
        return said.strip()


@dataclass(frozen=True)
class Place:
    """Which installation is asked about."""

    factory: str
    """The factory's resource id."""
    project: str
    environment: str
    expected: tuple[Expected, ...] = ()

    def values(self) -> dict[str, str]:
        words = (_word(mark) for mark in ownership(self.project, self.environment))
        return {
            "factory": _quoted(self.factory),
            "annotated": "\n".join(f"| where tostring(Annotations) matches regex '{each}'" for each in words),
            "expected": ",\n".join(_rows(self.expected)),
        }


QUERIES: Final = (
    Query(
        "did_not_run",
        "Did not run",
        "table",
        _LATENESS
        + """| where isnull(LastSuccess) or LateBy > 0s
| project PipelineName, Trigger, LastSuccess, LateBy, Every
""",
        (_RUNS, _EXPECTED),
    ),
    Query(
        "lateness",
        "Freshness: the last success of each scheduled pipeline",
        "table",
        _LATENESS
        + """| extend State = iff(isnull(LastSuccess), 'never ran', iff(LateBy > 0s, 'late', 'in time'))
| project PipelineName, Trigger, State, LastSuccess, LateBy = iff(LateBy > 0s, LateBy, timespan(null)), Every
| order by State desc, PipelineName asc
""",
        (_RUNS, _EXPECTED),
    ),
    Query(
        "windows_by_model",
        "Windows and models",
        "table",
        """windows
| project Model, Window, Status
| evaluate pivot(Model, take_any(Status), Window)
| order by Window desc
""",
        (_RUNS, _RECEIPTS, _SCORED, _WINDOWS),
    ),
    Query(
        "windows",
        "Windows: status, duration, rows, version",
        "table",
        """windows
| project Window, Model, Status, Minutes = iff(End > Start, round((End - Start) / 1m, 1), real(null)),
    RowsIn = tolong(Receipt.rows_in), RowsScored = tolong(Receipt.rows_scored),
    RowsQuarantined = tolong(Receipt.rows_quarantined),
    Version = coalesce(tostring(Receipt.model_version), tostring(Asked.model_version)), RunId,
    MlRunId = tostring(Receipt.ml_run_id)
| order by Window desc, Model asc
""",
        (_RUNS, _RECEIPTS, _SCORED, _WINDOWS),
    ),
    Query(
        "failures",
        "Failures, with their first error",
        "table",
        """let first = ADFActivityRun
| where _ResourceId =~ factory and Status == 'Failed' and isnotempty(ErrorMessage)
| summarize arg_min(TimeGenerated, ActivityName, ErrorCode, ErrorMessage) by PipelineRunId
| project PipelineRunId, Activity = ActivityName, Code = ErrorCode, Said = ErrorMessage;
runs
| where Status == 'Failed'
| join kind=leftouter first on $left.RunId == $right.PipelineRunId
| join kind=leftouter receipts on $left.RunId == $right.PipelineRunId
| project Start, Model, PipelineName, FailureType, Activity, Code,
    FirstError = coalesce(tostring(Receipt.['error']), Said, ErrorMessage), RunId
| order by Start desc
""",
        (_RUNS, _RECEIPTS),
    ),
    Query(
        "durations",
        "Minutes a run, by model",
        "timechart",
        """runs
| where End > Start
| summarize Minutes = avg((End - Start) / 1m) by Model, bin(Start, 1d)
| render timechart
""",
    ),
    Query(
        "triggers",
        "Triggers that could not start their pipeline",
        "table",
        """ADFTriggerRun
| where _ResourceId =~ factory
{annotated}
| where Status == 'Failed'
| project Start, TriggerName, TriggerEvent, ErrorCode, ErrorMessage
| order by Start desc
""",
        (),
    ),
)

BY_NAME: Final = {query.name: query for query in QUERIES}


def _rows(expected: Iterable[Expected]) -> Iterable[str]:
    for each in expected:
        until = "9999-12-31T00:00:00Z" if each.until is None else each.until
        names = f"'{_quoted(each.pipeline)}', '{_quoted(each.trigger)}'"
        yield f"  {names}, {each.minutes}m, datetime({each.begins}), datetime({until})"


def _word(mark: str) -> str:
    """An annotation as a whole: `env:prod` is not found in `env:prod-eu`, however the list is written."""
    escaped = re.escape(mark).replace("\\", "\\\\").replace("'", "\\'")
    return f"(^|[^a-z-]){escaped}($|[^\\\\w.-])"


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
