"""What a pipeline does before it ends red, where its environment says who is told.

    (how it failed) ──► read_webhook ──► post_failure ──► fail_run

`read_webhook` asks a Key Vault, by the factory's identity, where to post; its output is hidden, as is all
that `post_failure` is given and gets back: the address is a secret, whoever has it can post. `fail_run`
follows whatever becomes of the two. Without it the run would be judged by the last of them, and end green
because somebody was told that it failed.

What is posted is both a message that a Teams workflow takes, a card with two links, and the same facts one by
one under `failure`, for a Logic App to decide by. Errors come from anywhere: the card shows them as plain
runs of text, never as Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adf import activities, links
from adf.expressions import constant, evaluated, first_filled, inline, joined, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adf.activities import Condition
    from config.monitoring_schema import Notification
    from config.schema import Settings

API_VERSION = "7.4"
"""Of Key Vault."""
LONGEST_MESSAGE = 4000
"""Letters, twice in a message: Teams takes 28 KB."""


@dataclass(frozen=True)
class Failure:
    """How a pipeline fails, as Data Factory tells it: expressions, but for the model's name."""

    model: str
    message: str
    window: str
    """Empty of a training run."""
    ml_run_id: str
    conditions: Mapping[str, tuple[Condition, ...]]
    """Activity → how it ended: all of them where the pipeline has failed, and only there."""


def steps(settings: Settings, failure: Failure) -> list[activities.Activity]:
    """Nothing where the environment names nobody to tell."""
    if settings.notification is None:
        return []
    return [
        activities.read_secret(
            "read_webhook", _address(settings, settings.notification), activities.after(**failure.conditions)
        ),
        activities.post_json(
            "post_failure",
            evaluated("activity('read_webhook').output.value"),
            payload(settings, failure),
            activities.after(read_webhook="Succeeded"),
        ),
        _fail_run(failure),
    ]


def _address(settings: Settings, notification: Notification) -> str:
    vault = settings.vault_url(notification.vault)
    return f"{vault}/secrets/{notification.secret}?api-version={API_VERSION}"


def _fail_run(failure: Failure) -> activities.Activity:
    untold = quoted(". Nobody was told: see read_webhook and post_failure")
    told = "equals(activity('post_failure')?.status, 'Succeeded')"
    return activities.fail(
        "fail_run",
        joined(failure.message, f"if({told}, '', {untold})"),
        error_code="RunFailed",
        depends_on=activities.after(**failure.conditions, post_failure=("Completed", "Skipped")),
    )


def payload(settings: Settings, failure: Failure) -> dict[str, Any]:
    """The message: see "Microsoft Teams Webhook" of Power Automate, and Adaptive Cards 1.4."""
    card = {"contentType": "application/vnd.microsoft.card.adaptive", "content": _card(settings, failure)}
    return {"type": "message", "attachments": [card], "failure": _facts(settings, failure)}


def _card(settings: Settings, failure: Failure) -> dict[str, Any]:
    title = constant(f"{failure.model} failed in {settings.environment} ({settings.project})")
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [_text(title, size="Large", weight="Bolder"), _text(_message(failure))],
        "actions": [
            {"type": "Action.OpenUrl", "title": name, "url": url}
            for name, url in (("ADF run", _run_url(settings)), ("ML run", _ml_run_url(settings, failure)))
        ],
    }


def _text(text: str, **style: str) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}


def _facts(settings: Settings, failure: Failure) -> dict[str, str]:
    return {
        "project": settings.project,
        "env": settings.environment,
        "factory": inline("pipeline().DataFactory"),
        "pipeline": inline("pipeline().Pipeline"),
        "model": failure.model,
        "window": inline(failure.window),
        "message": _message(failure),
        "trigger": inline("pipeline().TriggerName"),
        "adf_run_id": inline("pipeline().RunId"),
        "adf_group_id": inline("pipeline().GroupId"),
        "adf_run_url": _run_url(settings),
        "ml_run_id": inline(first_filled(failure.ml_run_id, "''")),
        "ml_run_url": _ml_run_url(settings, failure),
    }


def _message(failure: Failure) -> str:
    text = failure.message
    return inline(f"substring({text}, 0, min(length({text}), {LONGEST_MESSAGE}))")


def _run_url(settings: Settings) -> str:
    return inline(links.of_run(settings, "pipeline().RunId"))


def _ml_run_url(settings: Settings, failure: Failure) -> str:
    return inline(links.of_ml_run(settings, failure.ml_run_id))
