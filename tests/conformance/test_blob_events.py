"""Storage events."""

from typing import Any

import pytest

from adf.events import BlobEvent, BlobTrigger
from tests.conformance.cases import cases


@pytest.mark.parametrize("case", cases("blob_events.json"))
def test_a_storage_event_fires_the_triggers_that_ask_for_it(case: dict[str, Any]):
    """And triggerBody() then names the folder, container first, and the file."""
    container, _, path = case["event"]["blob"].partition("/")
    event = BlobEvent(case["event"]["eventType"], container, path, case["event"].get("contentLength"))

    assert case["fires"] == BlobTrigger.from_json(case["trigger"]).fires(event)
    assert case.get("triggerBody", event.trigger_body()) == event.trigger_body()
