"""The local Azure: found running, or started as a process of its own that outlives the command.

It is known by its module's name and by what it writes into its state folder (endpoints.json); nothing of it
is imported.
"""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
from dataclasses import dataclass, fields
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.error import URLError
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from deployment import present
from deployment.errors import LocalAzureBusyError, LocalAzureError
from deployment.resource_manager import AZURE

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from config.schema import Sandbox, Settings
    from deployment.progress import Progress
    from deployment.session import Session

REPOSITORY: Final = Path(__file__).resolve().parent.parent
IDLE_MINUTES: Final = 60
"""What a command started stops by itself; what was started by hand does not."""
ANSWER_SECONDS: Final = 30
FOREIGN_IDENTITY: Final = (
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_TENANT_ID",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "IDENTITY_SERVER_THUMBPRINT",
)
"""Variables that would make azure-identity ask a real Azure, or ask in another form."""


@dataclass(frozen=True)
class LocalAzure:
    """Where the local Azure listens, as endpoints.json says."""

    control: str
    identity: str
    identity_header: str
    ca: str


def at_hand(settings: Settings) -> Settings:
    """Where nothing runs on the state folder, but on its port one that `python -m sandbox --clock virtual`
    started with a folder of its own: that one's folder in its place.
    """
    sandbox = settings.sandbox
    virtual = sandbox.state.with_name(sandbox.state.name + present.VIRTUAL)
    if settings.azure.cloud != "local" or not (virtual / "endpoints.json").exists():
        return settings
    running = None if _found(sandbox.state) else _found(virtual)
    if running is None or not running.control.endswith(f":{sandbox.port}"):
        return settings
    return settings.model_copy(update={"sandbox": sandbox.model_copy(update={"state": virtual})})


def _found(state: Path) -> LocalAzure | None:
    """One that may not be looked at is as good as none here: whoever needs it will say so."""
    try:
        return find(state)
    except OSError:
        return None


def ensure(sandbox: Sandbox, progress: Progress) -> LocalAzure:
    """The running local Azure of this state folder, started if none runs.

    Raises LocalAzureError with what the process said, or LocalAzureBusyError where another one holds the
    folder.
    """
    try:
        running = find(sandbox.state) or _started(sandbox, progress)
    except OSError as error:
        reason = f"{error.strerror}: {error.filename}" if error.filename else error.strerror
        hint = "sandbox.state names a folder that you may write to"
        raise LocalAzureError(f"the local Azure's folder cannot be used: {reason}", hint=hint) from error
    if not running.control.endswith(f":{sandbox.port}"):
        raise LocalAzureError(
            f"the local Azure of {sandbox.state} listens on {running.control}, not on port {sandbox.port}",
            hint=f"stop it (python -m sandbox stop --state {sandbox.state}), choose another sandbox.state, "
            "or set sandbox.port to its port",
        )
    return running


def _started(sandbox: Sandbox, progress: Progress) -> LocalAzure:
    progress.state("local Azure", "starting")
    running = _start(sandbox)
    progress.done("local Azure", f"ready on {running.control}; its logs are in {sandbox.state / 'logs'}")
    return running


def find(state: Path) -> LocalAzure | None:
    """The local Azure of the folder, if one runs and answers. Raises OSError where it cannot be read.

    A folder that was copied names, in its endpoints.json, the one it was copied from.
    """
    try:
        body = json.loads((state / "endpoints.json").read_text())
        if not Path(body["state"]).samefile(state):
            return None
        found = LocalAzure(*(body[each.name] for each in fields(LocalAzure)))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if _answers(found) else None


def ask(azure: LocalAzure, path: str, session: Session, method: str = "GET") -> Any:  # noqa: ANN401 - JSON
    """One of the local Azure's own requests. Raises HTTPError where it refuses, OSError where it does not
    answer.
    """
    headers = {"Authorization": f"Bearer {session.token(AZURE)}"}
    asked = Request(azure.control + path, method=method, headers=headers)  # noqa: S310 - of its endpoints.json
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=ssl.create_default_context(cafile=azure.ca)))
    with opener.open(asked, timeout=ANSWER_SECONDS) as response:
        return json.load(response)


def _answers(azure: LocalAzure) -> bool:
    try:
        context = ssl.create_default_context(cafile=azure.ca)
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        with opener.open(f"{azure.control}/_sandbox/health", timeout=5) as response:
            return bool(response.status == HTTPStatus.OK)
    except (URLError, OSError):
        return False


def _start(sandbox: Sandbox) -> LocalAzure:
    """Of several commands that start it at once, one does; the others wait for it, and use it."""
    sandbox.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [sys.executable, "-m", "sandbox", "start", "--detach", "--state", str(sandbox.state.absolute())]
    command += ["--port", str(sandbox.port), "--idle-minutes", str(IDLE_MINUTES), "--despite-triggers"]
    started = subprocess.run(
        command, cwd=REPOSITORY, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    said = started.stderr.strip()
    if started.returncode == LocalAzureBusyError.exit_code:
        raise LocalAzureBusyError(said, hint="it is starting or stopping: try again")
    running = find(sandbox.state) if started.returncode == 0 else None
    if running is None:
        hint = f"--set sandbox.port={sandbox.port + 1000}" if said.startswith("port ") else ""
        raise LocalAzureError(f"the local Azure did not start: {said}", hint=hint)
    return running


def point_at(azure: LocalAzure, variables: MutableMapping[str, str] = os.environ) -> None:
    """Point Microsoft's SDKs at the local Azure; before they are imported, as some read these at import.

    They trust its authority alone: a command speaks to nobody else, and clients that read those of the whole
    world for each of their connections spent a third of a deployment on that.
    """
    for name in FOREIGN_IDENTITY:
        variables.pop(name, None)
    variables["IDENTITY_ENDPOINT"] = azure.identity
    variables["IDENTITY_HEADER"] = azure.identity_header
    variables["REQUESTS_CA_BUNDLE"] = azure.ca
    variables["SSL_CERT_FILE"] = azure.ca
    variables["ARM_CLOUD_METADATA_URL"] = f"{azure.control}/metadata/endpoints?api-version=2019-05-01"
    variables["AZUREML_CURRENT_CLOUD"] = "LocalSandbox"
    for name in ("NO_PROXY", "no_proxy"):
        variables[name] = ",".join(filter(None, [variables.get(name), "127.0.0.1"]))
