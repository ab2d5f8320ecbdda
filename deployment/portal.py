"""The local Azure's portal: a link that opens it once, and a browser that is shown it."""

from __future__ import annotations

import os
import webbrowser
from html import escape
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Final
from urllib.error import HTTPError

from deployment import local_azure
from deployment.errors import LocalAzureError

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Sandbox
    from deployment.session import Session

_LINKS: Final = "/_sandbox/portal/links"
_PAGE: Final = """\
<!doctype html><meta charset="utf-8"><title>Portal</title>
<meta http-equiv="refresh" content="0; url={link}"><a href="{link}">Open the portal</a>
"""


def link(sandbox: Sandbox, session: Session) -> str | None:
    """Of the local Azure of this folder; it works once, for ten minutes. None where one runs that was started
    before there was a portal. Raises LocalAzureError.
    """
    try:
        return _asked_for(sandbox, session)
    except HTTPError as error:
        with error:
            if error.code == HTTPStatus.NOT_IMPLEMENTED:
                return None
        raise LocalAzureError(f"the local Azure gave no link to its portal: {error}") from error
    except (OSError, HTTPException, ValueError, KeyError) as error:
        raise LocalAzureError(f"the local Azure gave no link to its portal: {error}") from error


def _asked_for(sandbox: Sandbox, session: Session) -> str:
    azure = local_azure.find(sandbox.state)
    if azure is None:
        raise LocalAzureError(f"the local Azure of {sandbox.state} does not answer", hint="try again")
    return str(local_azure.ask(azure, _LINKS, session, "POST")["url"])


def show(address: str, state: Path) -> bool:
    """Whether a browser was started. It is handed a file that only this user can read: everybody on the
    machine sees a program's arguments, and could follow the link first.
    """
    page = state / "portal.html"
    with os.fdopen(os.open(page, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(_PAGE.format(link=escape(address)))
    return webbrowser.open(page.absolute().as_uri())
