"""What alerts may not say: that nobody hears of them, or a key that everybody could read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from config.wrong import Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WORKSPACE: Final = (
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.OperationalInsights/workspaces/"
    r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]"
)
_NAME: Final = re.compile(r"[\w][\w .-]{0,127}")
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_WEBHOOK: Final = re.compile(r"https://[^\s@?#/]+(/[^\s?#]*)?")


def heard(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401 - as it was written
    """Of `monitoring`: an alert without a receiver is one that nobody hears."""
    if not isinstance(value, dict) or value.get("alerts", "on") != "on":
        return
    receivers = value.get("receivers")
    kinds = receivers.values() if isinstance(receivers, dict) else ()
    if not any(isinstance(each, dict) and each for each in kinds):
        expected = "`receivers: {emails: {on-call: on-call@example.org}}` or `webhooks`, or `alerts: off`"
        yield Wrong("alerts without a receiver: nobody would hear of them", expected, key="receivers")


def receivers(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401
    """Of `monitoring.receivers`: names that an action group takes, each once; addresses that are some."""
    seen: set[str] = set()
    for kind, check in (("emails", _email), ("webhooks", _webhook)):
        found = value.get(kind) if isinstance(value, dict) else None
        for name, address in found.items() if isinstance(found, dict) else ():
            if not _NAME.fullmatch(name):
                expected = "1 to 128 letters, digits, blanks, dots, - and _"
                yield Wrong(f"the name `{name[:140]}`", expected, key=(kind, name))
            if name.casefold() in seen:
                yield Wrong(
                    f"the name `{name}`, which stands here twice", "a name for each", key=(kind, name)
                )
            seen.add(name.casefold())
            if isinstance(address, str):
                yield from check((kind, name), address)


def _email(key: tuple[str, str], address: str) -> Iterator[Wrong]:
    if not _ADDRESS.fullmatch(address):
        yield Wrong(f"`{address}`", "an address: on-call@example.org", key=key)


def _webhook(key: tuple[str, str], address: str) -> Iterator[Wrong]:
    """What is refused may hold a secret: it is not repeated."""
    if not _WEBHOOK.fullmatch(address):
        expected = (
            "an https:// address without `?`, `#` or a user's name: a key in it would be read by all who see "
            "a plan; one that needs a key goes to `notification`, by way of a Key Vault"
        )
        yield Wrong("an address that is not plain https, or holds a key", expected, key=key)
