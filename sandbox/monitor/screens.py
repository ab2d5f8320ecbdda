"""Workbooks and dashboards: that the portal could open them, as far as their documented form says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from sandbox.monitor.fields import BadField, Fields

if TYPE_CHECKING:
    from sandbox.monitor.known import Known

ITEMS: Final = {1: "text", 3: "KqlItem/1.0", 9: "parameters", 10: "metrics", 11: "links", 12: "group"}
"""Types of a workbook's items, and the version of those that have one."""
VISUALIZATIONS: Final = ("table", "piechart", "timechart", "barchart", "linechart", "areachart", "tiles")


def workbook(body: Fields, _: Known) -> None:
    body.text("location")
    body.one_of("kind", ("shared",))
    properties = body.object("properties")
    properties.text("displayName")
    properties.text("category")
    content = properties.text("serializedData")
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadField("properties.serializedData", f"must be JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise BadField("properties.serializedData", "must be a JSON object")
    _content(Fields(parsed, "properties.serializedData"))


def _content(content: Fields) -> None:
    content.one_of("version", ("Notebook/1.0",))
    for item in content.objects("items"):
        kind = item.number("type", 1, 12)
        if kind not in ITEMS:
            raise BadField(f"{item.path}.type", f"must be one of {', '.join(map(str, ITEMS))}")
        item.text("name")
        inner = item.object("content")
        if ITEMS[int(kind)] == "text":
            inner.text("json")
        elif ITEMS[int(kind)] == "KqlItem/1.0":
            inner.one_of("version", ("KqlItem/1.0",))
            inner.text("query")
            inner.text("resourceType")
            inner.one_of("visualization", VISUALIZATIONS)


def dashboard(body: Fields, _: Known) -> None:
    body.text("location")
    for lens in body.object("properties").objects("lenses"):
        lens.number("order")
        for part in lens.objects("parts"):
            position = part.object("position")
            for side in ("x", "y"):
                position.number(side)
            for span in ("colSpan", "rowSpan"):
                position.number(span, 1)
            part.object("metadata").text("type", r"Extension/\S+", "a part of the portal")


def without_content(workbook_body: dict[str, Any]) -> dict[str, Any]:
    """What is answered unless `canFetchContent=true` asks for the whole."""
    properties = {key: one for key, one in workbook_body["properties"].items() if key != "serializedData"}
    return {**workbook_body, "properties": properties}
