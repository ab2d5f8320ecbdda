from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adf.entities import Unresolved
from adf.problems import Problem, inside
from adf.walk import properties_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adf.walk import Walked

_IN_TEXT = (
    (
        "an account key",
        re.compile(r"\b(?:AccountKey|SharedAccessKey)\s*=\s*[A-Za-z0-9+/]{16,}={0,2}", re.IGNORECASE),
    ),
    ("a shared access signature", re.compile(r"[?&;]sig=[A-Za-z0-9%+/_-]{20,}", re.IGNORECASE)),
    ("a password", re.compile(r"(?:^|;)\s*(?:Password|Pwd)\s*=\s*[^;@{*\s][^;]*", re.IGNORECASE)),
    ("a client secret", re.compile(r"\bclient_secret=[^&@{'\s]{8,}", re.IGNORECASE)),
    ("a function's key", re.compile(r"[?&]code=[A-Za-z0-9%_/+=-]{20,}", re.IGNORECASE)),
    ("a token", re.compile(r"^\s*(?:Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{16,}$", re.IGNORECASE)),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
)
_KEYS = re.compile(
    r"(?:^|[a-z_.-])(?:password|passwd|secret|api[_-]?key|account[_-]?key|access[_-]?key|sas[_-]?token"
    r"|functions?[_-]key|function[_-]?app[_-]?key|subscription[_-]key|principal[_-]?key)$",
    re.IGNORECASE,
)
"""Keys below which a text is a secret; `secretName` and `servicePrincipalId` are none."""
_SUSPICIOUS = (
    "passw",
    "pwd",
    "secret",
    "key",
    "token",
    "sig=",
    "code=",
    "bearer",
    "basic",
    "securestring",
    "\\u",
)
"""What has none of these in its JSON holds no secret: most bodies need not be walked through. Some letters
beyond ASCII, which are escaped there, are the same as others where case does not count."""
_MASK = re.compile(r"\*+")
_PLAIN_HTTP = re.compile(r"^http://|['\"]http://", re.IGNORECASE)
CALLS = ("WebActivity", "WebHook", "AzureFunctionActivity")


def check(bodies: Sequence[Walked]) -> Iterator[Problem]:
    """No secret stands in a body, and nothing is called without encryption. No message repeats a secret."""
    for body in bodies:
        entity, text = body.entity, body.json.lower()
        suspicious = any(each in text for each in _SUSPICIOUS)
        for path, what in secrets(entity.properties) if suspicious else ():
            hint = "a managed identity, or a Key Vault reference (AzureKeyVaultSecret)"
            yield Problem("ADF802", str(entity), path, f"holds {what}", hint)
        if entity.kind == "pipeline":
            yield from _calls(body)


def secrets(body: object, path: str = "", key: str = "") -> Iterator[tuple[str, str]]:
    """Path and kind of each secret in a body."""
    if isinstance(body, dict):
        if (secured := _secured(body)) is not None:
            yield inside(path, secured), "a SecureString in plain text"
            return
        for name, value in body.items():
            yield from secrets(value, inside(path, name), name)
    elif isinstance(body, list):
        for index, value in enumerate(body):
            yield from secrets(value, inside(path, index), key)
    elif isinstance(body, str) and not isinstance(body, Unresolved) and (what := _secret_in(body, key)):
        yield path, what


def _secured(body: dict[str, Any]) -> str | None:
    """The key of a SecureString's text, of a value or of a parameter's default."""
    if str(body.get("type")).casefold() != "securestring":
        return None
    texts = {key: body.get(key) for key in ("value", "defaultValue")}
    return next((key for key, text in texts.items() if isinstance(text, str) and _is_literal(text)), None)


def _secret_in(text: str, key: str) -> str | None:
    if _KEYS.search(key) and _is_literal(text) and len(text) >= 8 and " " not in text:
        return f"what its key {key!r} says: a secret in plain text"
    return next((what for what, pattern in _IN_TEXT if pattern.search(text)), None)


def _is_literal(text: str) -> bool:
    """Not empty, not masked, and nothing that Data Factory or a deployment computes."""
    if isinstance(text, Unresolved):
        return False
    return bool(text) and "@" not in text[:1] and "@{" not in text and not _MASK.fullmatch(text)


def _calls(pipeline: Walked) -> Iterator[Problem]:
    for path, activity in pipeline.of_type(*CALLS):
        url: Any = properties_of(activity).get("url")
        text = url.get("value") if isinstance(url, dict) else url
        if isinstance(text, str) and _PLAIN_HTTP.search(text):
            message = "calls http://: what is sent, and the answer, can be read and changed on the way"
            yield Problem("ADF803", str(pipeline.entity), f"{path}.typeProperties.url", message)
