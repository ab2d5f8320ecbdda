"""Who asks: a bearer token of this sandbox, or the account's shared key."""

from __future__ import annotations

import base64
import hashlib
import hmac
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sandbox.datalake.errors import (
    AuthenticationInvalid,
    AuthenticationMissing,
    NotImplementedHere,
    SignatureMismatch,
)
from sandbox.errors import Unauthorized
from sandbox.identity import STORAGE_AUDIENCES, Identity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web

_SIGNED_HEADERS = (
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-MD5",
    "Content-Type",
    "Date",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
)
_CLOCK_SKEW_SECONDS = 900


def authenticate(request: web.Request, identity: Identity, now: float) -> None:
    """Raises unless the request may do what it asks; `now` is in seconds since 1970. There are no roles
    here.
    """
    scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
    match scheme.lower():
        case "bearer":
            _check_token(credential, identity)
        case "sharedkey":
            _check_signature(request, credential, identity)
            _check_date(request, now)
        case "" if "sig" in request.query:
            raise NotImplementedHere("A shared access signature on the lake")
        case "":
            raise AuthenticationMissing
        case _:
            raise AuthenticationInvalid(f"The scheme {scheme} is not known.")


def target(request: web.Request) -> str:
    """The raw path with the account in front. The C++ and JavaScript clients leave it out when they rename:
    on the real service it stands in the host's name; then it is the account whose key has signed.
    """
    path = request.raw_path.partition("?")[0]
    account = request.headers.get("Authorization", "").removeprefix("SharedKey ").partition(":")[0]
    signed = request.headers.get("Authorization", "").startswith("SharedKey ")
    if signed and "x-ms-rename-source" in request.headers and not path.startswith(f"/{account}/"):
        return f"/{account}{path}"
    return path


def _check_token(token: str, identity: Identity) -> None:
    try:
        identity.verify(token, STORAGE_AUDIENCES)
    except Unauthorized as error:
        raise AuthenticationInvalid(error.message) from error


def _check_signature(request: web.Request, credential: str, identity: Identity) -> None:
    """Either order of the x-ms headers: SDKs of Microsoft sort as the service does, others by character."""
    account, _, signature = credential.partition(":")
    own = target(request).removeprefix("/").partition("/")[0] == account
    key = base64.b64decode(identity.storage_key(account))
    for order in (str, _as_the_service_sorts):
        digest = hmac.new(key, _string_to_sign(request, account, order).encode(), hashlib.sha256).digest()
        if own and hmac.compare_digest(base64.b64encode(digest), signature.encode()):
            return
    raise SignatureMismatch


def _check_date(request: web.Request, now: float) -> None:
    """A recorded request is of no use a quarter of an hour later."""
    date: str = request.headers.get("x-ms-date") or request.headers.get("Date") or ""
    try:
        skew = abs(parsedate_to_datetime(date).timestamp() - now)
    except ValueError as error:
        raise SignatureMismatch("The request has no valid date.") from error
    if skew > _CLOCK_SKEW_SECONDS:
        raise SignatureMismatch("The request's date is too far from now.")


def _string_to_sign(request: web.Request, account: str, order: Callable[[str], str]) -> str:
    standard = [_standard_header(request, name) for name in _SIGNED_HEADERS]
    return "\n".join(
        [request.method, *standard, *_canonical_headers(request, order), _resource(request, account)]
    )


def _standard_header(request: web.Request, name: str) -> str:
    value = request.headers.get(name, "")
    if name == "Content-Length" and value == "0":
        return ""
    return "" if name == "Date" and "x-ms-date" in request.headers else value


def _canonical_headers(request: web.Request, order: Callable[[str], str]) -> Iterable[str]:
    found = {
        name.lower(): value for name, value in request.headers.items() if name.lower().startswith("x-ms-")
    }
    return [f"{name}:{found[name].strip()}" for name in sorted(found, key=order)]


def _resource(request: web.Request, account: str) -> str:
    """The path as it came over the wire: decoding it once more would accept what was never signed."""
    path, _, query = request.raw_path.partition("?")
    values: dict[str, list[str]] = {}
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        values.setdefault(unquote(name).lower(), []).append(unquote(value))
    lines = [f"{name}:{','.join(sorted(values[name]))}" for name in sorted(values)]
    return "\n".join([f"/{account}{path}", *lines])


def _as_the_service_sorts(name: str) -> str:
    """Hyphens do not count, and an underscore comes before digits and letters."""
    return name.replace("-", "").replace("_", "!")
