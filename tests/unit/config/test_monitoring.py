"""Monitoring that nobody would hear of, or that would show a key, is refused where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.errors import InvalidConfigurationError
from config.loader import load
from tests.unit.config import project

if TYPE_CHECKING:
    from pathlib import Path

    from config.errors import Problem

WORKSPACE = (
    "/subscriptions/0/resourceGroups/rg-logs/providers/Microsoft.OperationalInsights/workspaces/log-demo"
)


def written(folder: Path, *lines: str, workspace: str = WORKSPACE) -> Path:
    text = "\n".join(["monitoring:", f"  workspace_id: {workspace}", *(f"  {line}" for line in lines), ""])
    return project.write(folder, base=project.BASE + text)


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(InvalidConfigurationError) as raised:
        load(folder, "dev")
    return raised.value.problems


def test_an_alert_without_a_receiver_is_an_error_at_its_line(tmp_path):
    (problem,) = problems(written(tmp_path))

    assert problem.found == "alerts without a receiver: nobody would hear of them"
    assert "alerts: off" in problem.expected
    assert problem.where.source == "config/base.yaml"
    line = (tmp_path / "config/base.yaml").read_text().splitlines().index("monitoring:") + 1
    assert problem.where.line == line


@pytest.mark.parametrize(
    "lines",
    [
        ["alerts: off"],
        ["receivers: {emails: {on-call: on-call@example.org}}"],
        ["receivers: {webhooks: {pager: 'https://pager.example.org/alerts'}}"],
    ],
)
def test_alerts_are_heard_or_off(tmp_path, lines):
    monitoring = load(written(tmp_path, *lines), "dev").monitoring

    assert monitoring is not None
    assert monitoring.workspace_id == WORKSPACE


@pytest.mark.parametrize(
    ("receivers", "key", "found"),
    [
        ("{emails: {a: nobody}}", "emails.a", "`nobody`"),
        ("{emails: {'a/b': a@example.org}}", "emails.a/b", "the name `a/b`"),
        ("{emails: {a: a@b.org}, webhooks: {A: 'https://b.org/'}}", "webhooks.A", "stands here twice"),
        ("{webhooks: {a: 'http://b.org/'}}", "webhooks.a", "not plain https"),
        ("{webhooks: {a: 'https://b.org/?sig=S3CRET'}}", "webhooks.a", "holds a key"),
        ("{webhooks: {a: 'https://me:S3CRET@b.org/'}}", "webhooks.a", "holds a key"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused_and_no_key_is_repeated(tmp_path, receivers, key, found):
    (problem,) = problems(written(tmp_path, f"receivers: {receivers}"))

    assert problem.key == f"monitoring.receivers.{key}"
    assert found in problem.found
    assert "S3CRET" not in f"{problem.found} {problem.expected}"


def test_a_workspace_is_named_by_its_id(tmp_path):
    (problem,) = problems(written(tmp_path, "alerts: off", workspace="log-demo"))

    assert problem.key == "monitoring.workspace_id"
    assert "/subscriptions/…/workspaces/log-scoring" in problem.expected


@pytest.mark.parametrize(
    ("line", "key"), [("vault: -kv", "vault"), ("vault: kv--x", "vault"), ("secret: a_b", "secret")]
)
def test_a_vault_and_a_secret_have_names_that_azure_takes(tmp_path, line, key):
    said = {"vault": "vault: kv-demo", "secret": "secret: failure-webhook", key: line}
    text = "notification:\n" + "".join(f"  {each}\n" for each in said.values())
    (problem,) = problems(project.write(tmp_path, base=project.BASE + text))

    assert problem.key == f"notification.{key}"
