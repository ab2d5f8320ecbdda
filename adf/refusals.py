"""What Azure's packages raise, in our words: for the gateway only."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from adf.errors import Unreachable, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def asking(asked: str) -> Iterator[None]:
    """What the SDK raises inside, in our words."""
    from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError

    try:
        yield
    except HttpResponseError as error:
        code, message = _code_and_message(error)
        headers = error.response.headers if error.response is not None else {}
        raise refusal(
            asked,
            status=error.status_code,
            code=code,
            message=message,
            correlation_id=headers.get("x-ms-correlation-request-id") or "",
        ) from error
    except AzureError as error:
        raise Unreachable(asked, error.message, sent=not isinstance(error, ServiceRequestError)) from error


def _code_and_message(error: Any) -> tuple[str, str]:  # noqa: ANN401
    """Resource Manager's envelope where the answer has one; else what the SDK made of the answer."""
    if error.response is None:
        return type(error).__name__, error.message
    try:
        envelope = json.loads(error.response.text())["error"]
        return str(envelope["code"]), str(envelope["message"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason or ""), error.message
