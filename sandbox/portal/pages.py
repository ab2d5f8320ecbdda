"""Templates to answers: escaped, and with headers that let nothing foreign in."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.portal import words

if TYPE_CHECKING:
    from jinja2 import Environment

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Of everything the portal answers. A POST of ours has an Origin only where a referrer may be sent."""


@cache
def _templates() -> Environment:
    """Made when the first page is asked for: the local Azure starts without it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        auto_reload=False,  # of one version, as the program that fills them
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= words.FILTERS
    return made


def page(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:  # noqa: ANN401
    """A page; 304 where the one that the script shows is the same."""
    text = _templates().get_template(template).render(values)
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    if status == 200 and request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={**HEADERS, "ETag": tag})
    headers = {**HEADERS, "ETag": tag}
    return web.Response(text=text, status=status, content_type="text/html", headers=headers)


def moved(address: str) -> web.Response:
    """To a page, after what was asked is done."""
    return web.Response(status=303, headers={**HEADERS, "Location": address})


def plain(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/plain", charset="utf-8", headers=HEADERS)


def static(name: str) -> web.Response | None:
    """One of our own files."""
    content = _static().get(name)
    if content is None:
        return None
    kind = _TYPES[Path(name).suffix]
    headers = {**HEADERS, "Cache-Control": "no-cache", "Content-Type": f"{kind}; charset=utf-8"}
    return web.Response(body=content, headers=headers)


@cache
def _static() -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (_HERE / "static").iterdir()}
