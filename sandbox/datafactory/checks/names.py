"""Names, as the service's patterns have them."""

from __future__ import annotations

import re

from sandbox.datafactory.errors import BadRequest

_FACTORY = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_NAME = re.compile(r"[A-Za-z0-9_][^<>*#.%&:\\+?/\x00-\x1f\x7f]*")


def check_factory_name(name: str) -> None:
    if not 3 <= len(name) <= 63 or not _FACTORY.fullmatch(name):
        raise BadRequest(
            f"Invalid resource name '{name}': 3 to 63 letters, digits and single dashes.", target=name
        )


def check_entity_name(kind: str, name: str) -> None:
    longest = 140 if kind == "pipelines" else 260
    if len(name) > longest or not _NAME.fullmatch(name):
        raise BadRequest(
            f"Invalid resource name '{name}' in {kind}: at most {longest} characters, beginning with a "
            r"letter, a digit or an underscore, and none of < > * # . % & : \ + ? /",
            target=name,
        )


def check_activity_name(pipeline: str, name: object) -> str:
    if not isinstance(name, str) or not 1 <= len(name) <= 55 or not _NAME.fullmatch(name):
        raise BadRequest(
            f"Invalid activity name {name!r} in pipeline '{pipeline}': 1 to 55 characters, beginning with a "
            r"letter, a digit or an underscore, and none of < > * # . % & : \ + ? /",
            target=f"Pipeline/{pipeline}",
        )
    return name
