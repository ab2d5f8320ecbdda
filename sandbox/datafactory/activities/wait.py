"""Wait and Fail: the two activities that need nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest
from sandbox.datafactory.parameters import wire_text
from sandbox.datafactory.values import is_expression, is_integer

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View


_LONGEST_SECONDS = 2**31 - 1


def _check_wait(activity: Json, _view: View, target: str) -> None:
    seconds = (activity.get("typeProperties") or {}).get("waitTimeInSeconds")
    if not is_expression(seconds) and not is_integer(seconds, 0, _LONGEST_SECONDS):
        raise BadRequest(
            f"Activity '{activity['name']}': waitTimeInSeconds must be an integer or an expression.",
            target=target,
        )


async def _wait(call: Call) -> Json:
    seconds = call.value("waitTimeInSeconds")
    if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit():
        seconds = int(seconds)
    if not is_integer(seconds, 0):
        raise ActivityFailed("2104", f"waitTimeInSeconds must be an integer, at least 0; found {seconds!r}.")
    call.input["waitTimeInSeconds"] = seconds
    await call.services.sleep(seconds)
    return {}


def _check_fail(activity: Json, _view: View, target: str) -> None:
    for name in ("message", "errorCode"):
        if (activity.get("typeProperties") or {}).get(name) in (None, ""):
            raise BadRequest(f"Activity '{activity['name']}': {name} is required.", target=target)


async def _fail(call: Call) -> NoReturn:
    message, code = call.value("message"), call.value("errorCode")
    call.input |= {"message": message, "errorCode": code}
    raise ActivityFailed(wire_text(code), wire_text(message))


WAIT = ActivityKind(run=_wait, check=_check_wait, fields=Fields("waitTimeInSeconds"))
FAIL = ActivityKind(run=_fail, check=_check_fail, fields=Fields("message errorCode"))
