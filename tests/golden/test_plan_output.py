"""What users read and scripts parse of a plan, a run and a status: exactly this."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adf.entities import EndpointVersion
from adf.windows import Window
from config.loader import load
from deployment import access, access_report, landed, report, roles, run_details, status_report
from deployment.canonical import canonical
from deployment.freshness import Expected
from deployment.journal import Unfinished
from deployment.planner import plan
from deployment.promotion import Promotion
from deployment.releases import Release
from deployment.resources import NOTHING, Observed, Written
from deployment.runs import RunReport
from deployment.status import ModelStatus, Status, TriggerStatus
from deployment.terminal import Terminal, narrow_lines
from deployment.window_status import WindowStatus
from ml_pipelines.steps.check_results import CheckResult
from tests.unit.deployment.fakes import (
    Definition,
    Live,
    Published,
    Registered,
    calendar,
    dataset,
    desired,
    linked_service,
    on_files,
    open_start,
    pipeline,
    tumbling,
)

FOLDER = Path(__file__).parent / "output"
NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HEADING = "Environment dev: factory adf-shop in rg-shop"


def live(entity, **more):
    state = {"runtimeState": "Started"} if entity.kind == "trigger" else {}
    return Live(entity.kind, entity.name, {**entity.properties, **state, **more}, "e1")


def everything():
    """One step of each kind: create, change, recreate, drift, delete, unchanged."""
    activity = {"name": "score", "version": EndpointVersion("score_churn")}
    wanted = desired(
        linked_service(),
        dataset(),
        pipeline("score_churn", activity),
        pipeline("train_churn"),
        calendar("tr_daily", hour=7),
        tumbling("tr_window", hours=12),
        ml_pipelines=(Definition("score_churn", "b2c3"), Definition("train_churn", "d4e5")),
    )
    observed = Observed(
        True,
        (
            live(linked_service()),
            live(dataset(), description="edited by hand"),
            live(
                pipeline(
                    "score_churn", {"name": "score", "version": "3"}, {"name": "mail", "type": "WebActivity"}
                )
            ),
            live(calendar("tr_daily", hour=6)),
            live(tumbling("tr_window", hours=24)),
            live(pipeline("score_old")),
        ),
        {"score_churn": Published("score_churn", "id", "3", "a1b2")},
        Written({("dataset", "ds_receipt"): canonical(dataset().properties)}),
    )
    return wanted, observed


RUNS = [
    RunReport(
        "churn",
        "score_churn",
        "Succeeded",
        "0b5e7b34-1111-4c5e-9d3f-000000000001",
        "2026-11-22T00:00:00Z",
        "2026-11-23T00:00:00Z",
        "5f0f3c5e-2222-4c5e-9d3f-000000000002",
        12345,
        12340,
        5,
        "predictions/churn/window=2026-11-22T00-00-00Z/predictions.parquet",
        model_version="4",
    ),
    RunReport(
        "churn",
        "train_churn",
        "Succeeded",
        "0b5e7b34-1111-4c5e-9d3f-000000000004",
        ml_run_id="5f0f3c5e-2222-4c5e-9d3f-000000000005",
        output="version 4",
        model_version="4",
    ),
    RunReport(
        "churn",
        "train_churn",
        "Failed",
        "0b5e7b34-1111-4c5e-9d3f-000000000003",
        error="train: no column [age]",
    ),
]
DAY = timedelta(days=1)
LANDED_DAY = Window(datetime(2026, 11, 22, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
MANIFEST = {
    "path": RUNS[0].output,
    "model_version": "4",
    "rows_in": 12345,
    "rows_scored": 12340,
    "rows_quarantined": 5,
    "adf_run_id": RUNS[0].adf_run_id,
    "ml_run_id": RUNS[0].ml_run_id,
}


def expected_of(window):
    fired = window.end + timedelta(hours=6)
    return Expected(window, "tr_daily", fired, fired + timedelta(hours=1))


def before(days):
    return Window(LANDED_DAY.start - days * DAY, LANDED_DAY.end - days * DAY)


LANDED_WINDOW = WindowStatus(
    "churn",
    LANDED_DAY,
    "landed",
    expected=expected_of(LANDED_DAY),
    run=replace(RUNS[0], trigger="tr_daily"),
    manifest=MANIFEST,
    usual_rows=12400,
)
STATUS = Status(
    "dev",
    [Release(7, "2026-11-23T06:12:00Z", "ada", "c0ffee1234567890")],
    [
        TriggerStatus("tr_daily", "Started", "2026-11-24T06:00:00Z"),
        TriggerStatus("tr_monthly", "Stopped", None),
        TriggerStatus("tr_arrived", "Started", None, on_event=True),
    ],
    [ModelStatus("churn", "4", "9f86d081884c7d65", "2026-11-23T06:14:03Z", [LANDED_WINDOW])],
    RUNS,
)


def shown(parts, document):
    """The text and the JSON of one result, as they arrive on a stdout that is no terminal."""
    texts = []
    for as_json in (False, True):
        stdout = io.StringIO()
        Terminal(json=as_json, stdout=stdout).show(parts, document)
        texts.append(stdout.getvalue())
    return texts


def plan_result(wanted, observed, **options):
    made = plan(wanted, observed, **options)
    return list(report.plan_lines(made, heading=HEADING, now=NOW)), report.plan_document(made, NOW)


def run_result():
    parts = [report.run_table(RUNS), *report.run_errors(RUNS)]
    return parts, {"runs": [report.run_document(each) for each in RUNS]}


CHECKS = (
    CheckResult("minimum_rows", "passed", "12340 rows", "at least 10000"),
    CheckResult("columns.prediction.maximum", "failed", "1.02 (3 of 12340 rows are beyond)", "at most 1"),
    CheckResult("drift", "skipped", "nothing to compare with: no earlier window", "at most 0.2"),
)
FAILED = replace(
    RUNS[0],
    status="Failed",
    output=None,
    error=f"churn, window 2026-11-22T00-00-00Z: the check {CHECKS[1]}. Nothing was published",
    checks=CHECKS,
    staged="_staging/churn/2026-11-22T00-00-00Z/f00d/predictions.parquet",
)


def checks_result():
    """The newest run of a model failed one of its checks."""
    failed = replace(LANDED_WINDOW, state="failed", run=FAILED, manifest=None)
    models = [replace(STATUS.models[0], windows=[failed])]
    status = replace(STATUS, runs=[FAILED, *RUNS], models=models)
    return list(status_report.parts(status)), status_report.document(status)


LANDED = landed.LandedWindow(
    {
        "path": "predictions/churn/window=2026-11-22T00-00-00Z/predictions.parquet",
        "files": ["predictions/churn/window=2026-11-22T00-00-00Z/predictions.parquet"],
        "bytes": 123456,
        "model": "churn",
        "model_version": "4",
        "model_sha256": "9f86d081884c7d65",
        "window_id": "2026-11-22T00-00-00Z",
        "window_start": "2026-11-22T00:00:00Z",
        "window_end": "2026-11-23T00:00:00Z",
        "adf_run_id": "0b5e7b34-1111-4c5e-9d3f-000000000001",
        "ml_run_id": "5f0f3c5e-2222-4c5e-9d3f-000000000002",
        "rows_in": 12345,
        "rows_scored": 12340,
        "rows_quarantined": 5,
        "rows_duplicate": 2,
        "checks": [CHECKS[0].document()],
    }
)


def landed_result():
    opened = [f"abfss://data@shop.dfs.core.windows.net/{path}" for path in LANDED.paths]
    rows = [{"id": "k1", "prediction": 0.5}, {"id": "k2", "prediction": None}]
    return list(landed.parts(LANDED, opened, rows)), landed.document(LANDED, opened, rows)


def triggers():
    """What a new trigger does first: the next window, the past, local time, nothing at all, a file."""
    return desired(
        pipeline(),
        tumbling("tr_next_window", start=open_start()),
        tumbling("tr_past", start="2026-11-10T00:00:00Z"),
        tumbling("tr_past_stopped", start="2026-11-10T00:00:00Z", started=False),
        calendar("tr_berlin", zone="W. Europe Standard Time"),
        calendar("tr_stopped", started=False),
        on_files(),
        on_files("tr_arrived_stopped", ends_with=".csv", ignores_empty=True, started=False),
    )


def dependent_triggers():
    """A trigger that others wait for is made anew; one of them waits for its own earlier windows, too."""
    itself = {"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "-1.00:00:00"}
    cleaning, scoring = tumbling("tr_cleaning", hours=12), tumbling("tr_scoring", after=["tr_cleaning"])
    report = tumbling("tr_report", after=["tr_scoring"], concurrency=2)
    report.properties["typeProperties"]["dependsOn"].append(itself)
    observed = [live(pipeline()), live(tumbling("tr_cleaning", hours=24)), live(scoring)]
    return desired(pipeline(), cleaning, scoring, report), Observed(True, tuple(observed))


UNFINISHED = Unfinished("ada on build-7, process 4711", "2026-11-23T07:12:00Z", ("tr_daily", "tr_window"))


def unfinished_result():
    """Another deployment has died, or goes on."""
    made = plan(desired(), Observed(factory_exists=True))
    parts = list(report.plan_lines(made, heading=HEADING, now=NOW, unfinished=UNFINISHED))
    return parts, report.plan_document(made, NOW, UNFINISHED)


def late_result():
    """A window failed, the one before did not run, one before that landed with few rows."""
    failed, skipped, few = LANDED_DAY, before(1), before(2)
    windows = [
        WindowStatus("churn", failed, "failed", timedelta(minutes=61), expected_of(failed), FAILED),
        WindowStatus("churn", skipped, "did not run", timedelta(hours=25), expected_of(skipped)),
        replace(LANDED_WINDOW, window=few, expected=expected_of(few), usual_rows=24690),
    ]
    status = replace(STATUS, runs=RUNS[:2], models=[replace(STATUS.models[0], windows=windows)])
    return list(status_report.parts(status)), status_report.document(status)


def details_result():
    """A run that failed in the second step of its ML run."""
    node = run_details.Node
    ml_run = "AzureMLExecutePipeline"
    nodes = (
        node("score", ml_run, "Failed", 0, "2 min", "ML pipeline failed"),
        node("stage", "ML step", "Completed", 1),
        node("score", "ML step", "Failed", 1, error="no column [age]"),
        node("read_receipt", "Lookup", "Succeeded", 0, "1 s"),
        node("check_landing", "IfCondition", "Skipped", 0),
        node("fail_score", "Fail", "Failed", 0, "", "churn: scoring window failed"),
    )
    report = replace(FAILED, trigger="tr_daily", started="2026-11-23T06:00:02Z", ended="2026-11-23T06:02:09Z")
    log = "Traceback (most recent call last):\nKeyError: 'no column [age]'"
    found = run_details.RunDetails(report, nodes, log, "https://ml.azure.com/runs/5f0f3c5e")
    return list(run_details.parts(found)), run_details.document(found)


def promotion_result():
    """A newer version of dev's, and what prod scored with until now."""
    here = {"source_environment": "dev", "source_version": "7", "sha256": "a1b2", "metrics": '{"r2": 0.48}'}
    new = Promotion("churn", "churn", "dev", "8", "churn", "rg/ml", "c3d4", {"metrics": '{"r2": 0.51}'})
    versions = [{"model_version": {"type": "String", "defaultValue": f"dev:{each}"}} for each in (7, 8)]
    observed = Observed(
        True,
        (live(pipeline("score_churn", parameters=versions[0])),),
        models={"churn": [Registered("churn", 1, here)]},
    )
    wanted = desired(pipeline("score_churn", parameters=versions[1]))
    return plan_result(replace(wanted, models=(new,)), observed)


def access_result():
    """One role of each state."""
    need = access.Need
    group, workspace = (
        access.Scope("/rg", "resource group rg-shop"),
        access.Scope("/rg/ml", "workspace ml-shop"),
    )
    me, factory = access.Principal("0b5e7b34-0001", "User"), access.Principal("0b5e7b34-0002")
    deploys = need("deployer", roles.FACTORY_CONTRIBUTOR, group, "writes the factory")
    runs = need("factory", roles.DATA_SCIENTIST, workspace, "runs the published ML pipelines")
    lands = need(
        "cluster", roles.BLOB_CONTRIBUTOR, access.Scope("/rg/data", "file system shop/data"), "lands"
    )
    fills = need("factory", roles.DATABASE_USER, access.Scope("", "database sales on s"), "fills the tables")
    found = [
        access.Access(deploys, "granted", "at /subscriptions/1", me),
        access.Access(runs, "missing", principal=factory),
        access.Access(lands, "unknown", "the compute cpu has no managed identity"),
        access.Access(fills, "unknown", "only the database knows"),
    ]
    shop = load(Path(__file__).parents[2], "prod")
    return list(access_report.parts(found, shop)), {"env": "prod", **access.document(found)}


CASES = {
    "access": access_result,
    "status_late": late_result,
    "status_run": details_result,
    "plan_promotion": promotion_result,
    "plan_unfinished": unfinished_result,
    "plan_triggers": lambda: plan_result(triggers(), Observed(factory_exists=True)),
    "plan_dependencies": lambda: plan_result(*dependent_triggers()),
    "plan_first": lambda: plan_result(everything()[0], NOTHING),
    "plan_everything": lambda: plan_result(*everything(), prune=True),
    "plan_without_prune": lambda: plan_result(*everything()),
    "plan_empty": lambda: plan_result(desired(), Observed(factory_exists=True)),
    "run": run_result,
    "status_checks": checks_result,
    "status_landed": landed_result,
    "status": lambda: (list(status_report.parts(STATUS)), status_report.document(STATUS)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_output_is_what_it_was(case):
    """Text for people, JSON for scripts."""
    text, document = shown(*CASES[case]())

    for name, content in ((f"{case}.txt", text), (f"{case}.json", document)):
        golden = FOLDER / name
        if os.environ.get("UPDATE_GOLDEN"):
            FOLDER.mkdir(exist_ok=True)
            golden.write_text(content, encoding="utf-8")
        assert golden.read_text(encoding="utf-8") == content, name


def test_a_narrow_screen_keeps_ids_whole():
    """Below their row, so that they can be copied."""
    lines = list(narrow_lines(report.run_table(RUNS)))

    assert lines[1] == "churn  2026-11-22  Succeeded  4         12,345  12,340            5"
    assert lines[2] == "    ADF run  0b5e7b34-1111-4c5e-9d3f-000000000001"
    assert max(map(len, lines)) < 80


def test_the_last_line_of_a_plan_is_its_summary():
    """Scripts look for it."""
    made = plan(*everything())

    assert list(report.plan_lines(made, heading=HEADING))[-1].text == report.summary_line(made)


def test_the_json_has_the_keys_that_scripts_rely_on():
    """product.md promises them."""
    changes = plan_result(*everything(), prune=True)[1]
    actions = {change["action"] for change in changes["changes"]}

    assert {"env", "changes", "summary"} <= set(changes)
    assert actions == {"create", "change", "recreate", "drift", "delete"}
    assert set(changes["summary"]) == {"add", "change", "delete", "unchanged"}
    assert json.loads(shown(*run_result())[1])["runs"][0]["rows_in"] == 12345
