"""Connection strings of SQL databases."""

from __future__ import annotations

_SERVER = frozenset({"server", "data source", "address", "addr", "network address"})
_DATABASE = frozenset({"database", "initial catalog"})
_SECRET = frozenset({"password", "pwd", "user id", "uid", "user"})


def parse_connection(text: str) -> tuple[str, str]:
    """Server and database; empty where it does not say."""
    parts = _parts(text)
    server = next((value for key, value in parts if key in _SERVER), "")
    database = next((value for key, value in parts if key in _DATABASE), "")
    return server, database


def has_login(text: str) -> bool:
    """Whether it logs in with a name or password of its own."""
    return any(key in _SECRET and value for key, value in _parts(text))


def _parts(text: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in text.split(";") if part.strip())
    return [(key.strip().lower(), value.strip().strip("\"'")) for key, _, value in pairs]
