"""The local Entra: one secret signs the tokens, storage keys and SAS URLs of this sandbox only."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jwt

from sandbox.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TENANT = "00000000-0000-4000-8000-00000000abcd"
MANAGEMENT_AUDIENCES = ("https://management.azure.com/", "https://management.core.windows.net/")
_MOST_TOKENS = 1000
STORAGE_AUDIENCES = ("https://storage.azure.com/",)


class Identity:
    """Issues and verifies. Processes that share `secret_file` (0600, made when absent) trust each other."""

    def __init__(self, secret_file: Path) -> None:
        self._secret = _read_or_create(secret_file)
        self._decoded = lru_cache(maxsize=_MOST_TOKENS)(self._decode)

    def issue(self, audience: str, subject: str = "local", lifetime_seconds: int = 3600) -> str:
        """A JWT with the claims that Azure's SDKs read (`aud iss iat nbf exp tid oid sub ver`), and `uti`: no
        two are the same, be they of one second.
        """
        now = int(time.time())
        claims = {
            "aud": audience,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "iat": now,
            "nbf": now,
            "exp": now + lifetime_seconds,
            "tid": TENANT,
            "oid": object_id(subject),
            "sub": subject,
            "appid": object_id(subject),
            "uti": secrets.token_urlsafe(16),
            "ver": "1.0",
        }
        return jwt.encode(claims, self._secret, algorithm="HS256")

    def verify(self, token: str, audiences: Iterable[str]) -> dict[str, Any]:
        """The claims; a forged, expired or misdirected token raises `Unauthorized`."""
        claims = self._decoded(token)
        if claims["exp"] <= time.time():
            raise Unauthorized("The access token is invalid: Signature has expired.")
        if str(claims["aud"]).rstrip("/") not in {audience.rstrip("/") for audience in audiences}:
            raise Unauthorized(f"The access token is for {claims['aud']}, not for this service.")
        return dict(claims)

    def _decode(self, token: str) -> dict[str, Any]:
        """Clients send the same token for an hour: what was good once is, but for its end."""
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                self._secret,
                algorithms=["HS256"],
                options={"verify_aud": False, "require": ["aud", "exp", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise Unauthorized(f"The access token is invalid: {error}.") from error
        return claims

    def sign(self, text: str) -> str:
        """A signature for URLs that carry their own permission (SAS); check it with `signed`."""
        digest = hmac.new(self._secret, b"sas\0" + text.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).decode()

    def signed(self, text: str, signature: str) -> bool:
        return hmac.compare_digest(self.sign(text).encode(), signature.encode())

    def storage_key(self, account: str) -> str:
        """The shared key of a storage account (base64 of 64 bytes); the same on every start."""
        digest = hmac.new(self._secret, b"storage\0" + account.encode(), hashlib.sha512).digest()
        return base64.b64encode(digest).decode()


def new_header() -> str:
    """What callers of the managed identity endpoint must show: made anew at every start."""
    return secrets.token_urlsafe(32)


def _read_or_create(file: Path) -> bytes:
    """Two processes that start at once agree: the link is made by one of them only, and is always whole.

    An empty file, as a power cut leaves it, would be a secret that everybody knows.
    """
    if file.exists() and not file.stat().st_size:
        file.unlink()
    if not file.exists():
        draft = file.with_name(f".{file.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_hex(32).encode())
        try:
            os.link(draft, file)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return file.read_bytes()


def object_id(subject: str) -> str:
    """The directory's id of whoever goes by that name here."""
    digest = hashlib.sha256(subject.encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"
