"""Who is told of what happens, and by what: a part of `schema`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from config.section import Section


class Receivers(Section):
    """Whom alerts go to. With `alerts: on` there must be one."""

    emails: dict[str, str] = {}
    """Name → address: `on-call: on-call@example.org`. Azure: receivers by mail
    of the action group."""
    webhooks: dict[str, str] = {}
    """Name → address that takes a POST of Azure's common alert schema, without a key in it: it stands in
    plans and releases. Azure: receivers by webhook of the action group."""


class MetricAlert(Section):
    """When one of Data Factory's metrics, counted over our pipelines or triggers, is too much."""

    threshold: int = Field(default=0, ge=0)
    """More than so many. Azure: `threshold` of the criterion."""
    severity: int | None = Field(default=None, ge=0, le=4)
    """0 is the severest. Left out: 1 where pipelines failed, else 2. Azure: `severity` of the alert rule."""


class DidNotRun(Section):
    """When a scheduled pipeline has not succeeded for longer than its trigger pauses, its run included."""

    grace_minutes: int = Field(default=0, ge=0, le=1440)
    """So much later than `scoring.expected_minutes` after its fire time."""
    severity: int = Field(default=1, ge=0, le=4)
    """0 is the severest. Azure: `severity` of the scheduled query rule."""


class Monitoring(Section):
    """What watches the factory, deployed with it: its logs and metrics, alerts, a workbook and a dashboard
    (docs/monitoring.md).
    """

    workspace_id: str
    """Of the Log Analytics workspace, which must exist: `/subscriptions/…/workspaces/log-scoring`. Azure:
    `workspaceId` of the factory's diagnostic setting."""
    alerts: Literal["on", "off"] = "on"
    """`off`: no action group and no alert rules; logs, workbook and dashboard stay."""
    receivers: Receivers = Receivers()
    """Whom alerts go to. Azure: an action group."""
    failed_pipelines: MetricAlert = MetricAlert()
    """Runs of our pipelines that failed, within 5 minutes. Azure: an alert rule on `PipelineFailedRuns`."""
    failed_triggers: MetricAlert = MetricAlert()
    """Triggers that could not start their pipeline, within 15 minutes. Azure: on `TriggerFailedRuns`."""
    elapsed_time: MetricAlert = MetricAlert()
    """Runs that took longer than `scoring.expected_minutes`, within an hour. Azure: on
    `PipelineElapsedTimeRuns`."""
    did_not_run: DidNotRun = DidNotRun()
    """Pipelines that should have run and have not. Azure: a scheduled query rule."""


class Notification(Section):
    """Whoever is told of each run that fails: a workflow of Teams, or a Logic App, that takes a POST
    (docs/monitoring.md).
    """

    vault: str
    """`kv-scoring-prod`. It must exist, and the factory be a Key Vault Secrets User there. Azure: the Key
    Vault that `read_webhook` asks."""
    secret: str
    """`failure-webhook`: the secret that is the workflow's address. Whoever has that can post, so it stands
    nowhere else. Azure: the secret that `read_webhook` reads."""
