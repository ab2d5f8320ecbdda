"""What happened in the local Azure, in the form of a rehearsal's timetable (sandbox/simulation/happened.py).

It knows no nodes of ML runs that were real: scoring has taken `scoring.node_count`, training one.
"""

from __future__ import annotations

from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

from adf import pipelines
from adf.windows import format_instant
from deployment import local_azure
from deployment.errors import LocalAzureError, NothingDeployedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Settings
    from deployment.rehearsal.asked import Asked
    from deployment.session import Session


def happened(session: Session, asked: Asked) -> dict[str, Any]:
    """The timetable's document. Raises LocalAzureError and NothingDeployedError."""
    settings = session.settings
    azure = local_azure.find(settings.sandbox.state)
    if azure is None:
        raise LocalAzureError(
            f"the local Azure of {settings.sandbox.state} does not answer", hint="try again"
        )
    names = (settings.azure.subscription_id, settings.azure.resource_group, settings.data_factory.name)
    span = urlencode({"from": format_instant(asked.start), "to": format_instant(asked.end)})
    path = "/".join(quote(name, safe="") for name in names)
    try:
        document = local_azure.ask(azure, f"/_sandbox/timetable/{path}?{span}", session)
    except HTTPError as error:
        if error.code == HTTPStatus.NOT_FOUND:
            raise NothingDeployedError(f"the factory {names[-1]}", settings.environment) from error
        raise LocalAzureError(f"the local Azure gave no timetable: {error}") from error
    except (OSError, HTTPException, ValueError) as error:
        raise LocalAzureError(f"the local Azure gave no timetable: {error}") from error
    return _with_nodes(document, settings)


def require_local(settings: Settings) -> None:
    """Raises UsageError."""
    if settings.azure.cloud != "local":
        raise UsageError(
            f"--happened reads the local Azure, and {settings.environment} is in Azure",
            hint="python deploy.py status shows what ran there",
        )


def _with_nodes(document: dict[str, Any], settings: Settings) -> dict[str, Any]:
    nodes: Mapping[str, int] = {
        pipelines.score_name(name): model.scoring.node_count for name, model in settings.models.items()
    }
    for run in document["runs"]:
        for ml_run in run["ml"]:
            ml_run["nodes"] = ml_run["nodes"] or nodes.get(run["pipeline"], 1)
    return document
