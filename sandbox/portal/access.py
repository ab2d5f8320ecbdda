"""Who may open the portal: a browser that was shown a link, which works once and for ten minutes.

Any program and any user of the machine can reach the port, and any web site can send a browser to it. So:
a link is given to whoever has a bearer token; opened, it gives the browser a signed cookie for twelve hours.
Requests to another host name than loopback's (DNS rebinding) are not answered. A change needs, beside the
cookie, this server's Origin and a token made of the cookie, which only a page of ours knows.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from sandbox.errors import AzureError, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from sandbox.context import Context

SESSION_HOURS = 12
_AUDIENCE = "urn:adf-batch-scoring:portal"
_LINK_SECONDS = 600
_MOST_LINKS = 100


class Forbidden(AzureError):
    """Of a request that no page of ours makes."""

    def __init__(self, message: str) -> None:
        super().__init__(403, "Forbidden", message)


@dataclass(frozen=True)
class Session:
    cookie: str
    token: str
    """In each form of a page: a request without it is not ours."""


class Access:
    def __init__(self, context: Context, seconds: Callable[[], float] = time.monotonic) -> None:
        """`seconds` are real ones, whatever the clock of the local Azure says."""
        self._context = context
        self._seconds = seconds
        self._links: dict[str, float] = {}
        control = urlsplit(context.endpoints.control)
        self._hosts = (control.netloc, f"localhost:{control.port}")
        # Cookies are kept by host, without the port: of two local Azures each has its own.
        self.cookie_name = f"__Host-local-azure-{control.port}"

    def new_link(self) -> str:
        """It opens the portal once."""
        now = self._seconds()
        valid = [(key, made) for key, made in self._links.items() if now - made < _LINK_SECONDS]
        self._links = dict(valid[1 - _MOST_LINKS :])
        key = secrets.token_urlsafe(32)
        self._links[key] = now
        return f"{self._context.endpoints.control}/portal/enter?{urlencode({'key': key})}"

    def enter(self, key: str) -> str | None:
        """The cookie for who opens a link; None where it was used, or is too old."""
        made = self._links.pop(key, None)
        if made is None or self._seconds() - made >= _LINK_SECONDS:
            return None
        return self._context.identity.issue(_AUDIENCE, lifetime_seconds=SESSION_HOURS * 3600)

    def session(self, request: web.Request) -> Session | None:
        cookie = request.cookies.get(self.cookie_name)
        if cookie is None:
            return None
        try:
            self._context.identity.verify(cookie, [_AUDIENCE])
        except Unauthorized:
            return None
        return Session(cookie, self._token(cookie))

    def require_host(self, request: web.Request) -> None:
        """Raises `Forbidden`."""
        if request.host not in self._hosts:
            raise Forbidden(f"The portal is at {self._context.endpoints.control}, and nowhere else.")

    def require_ours(self, request: web.Request, session: Session, token: str) -> None:
        """Before anything changes; raises `Forbidden`."""
        is_ours = request.headers.get("Origin") == f"https://{request.host}"
        if not is_ours or not secrets.compare_digest(token.encode(), session.token.encode()):
            raise Forbidden("This did not come from a page of the portal: open the page again.")

    def _token(self, cookie: str) -> str:
        return self._context.identity.sign(f"portal\0{cookie}")
