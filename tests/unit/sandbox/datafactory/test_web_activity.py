"""A WebActivity calls this machine and nothing else, whatever it is told on the way."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.activities.call import Call, Request, Response
from sandbox.datafactory.activities.web import WEB_ACTIVITY
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.frame import Frame, RunningPipeline
from sandbox.datafactory.models import FactoryId
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, activity

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

HERE = "http://127.0.0.1:9/start"


@dataclass
class Scripted:
    """Services that answer what they are told to, and note what was sent."""

    answers: list[Response]
    sent: list[Request] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answers.pop(0)

    async def sleep_meanwhile(self, seconds: float) -> None:
        self.slept.append(seconds)

    def token(self, audience: str) -> str:
        return f"token of {audience}"


def run(services: Any, **properties: Any) -> Json:
    written = activity("web", "WebActivity", **{"method": "GET", "url": HERE, **properties})
    pipeline = RunningPipeline(FactoryId("s", "g", "f"), "r", "p", {}, {}, {}, {}, lambda: datetime.now(UTC))
    return asyncio.run(WEB_ACTIVITY.run(Call(written, Frame(pipeline), services)))  # type: ignore[arg-type]


def accepted(location: str, retry_after: str = "1") -> Response:
    return Response(202, {"Location": location, "Retry-After": retry_after}, b"")


@pytest.mark.parametrize(
    "location", ["https://example.org/steal", "//example.org/steal", "file:///etc/passwd"]
)
def test_an_answer_does_not_lead_elsewhere(location: str) -> None:
    """202 with a Location on another machine: no request goes there, and so no token."""
    services = Scripted([accepted(location)])

    with pytest.raises(ActivityFailed, match="this machine only"):
        run(services, authentication={"type": "MSI", "resource": "https://management.azure.com/"})

    assert [request.url for request in services.sent] == [HERE]


def test_a_location_is_asked_until_it_is_done() -> None:
    """After Retry-After, where that is a number of seconds."""
    done = Response(200, {}, b'{"ok": true}')
    services = Scripted([accepted("/wait", "3"), accepted("/wait", "Wed, 21 Oct 2026 07:28:00 GMT"), done])

    assert run(services)["ok"] is True

    assert [request.url for request in services.sent[1:]] == ["http://127.0.0.1:9/wait"] * 2
    assert services.slept == [3, 1]


@pytest.mark.parametrize("url", ["https://example.org", "http://[::1", "ftp://127.0.0.1", "//127.0.0.1/x"])
def test_an_address_elsewhere_is_refused_when_it_is_written(factory: LocalFactory, url: str) -> None:
    """So is one that is none."""
    with pytest.raises(NotRun, match="on this machine"):
        factory.pipeline("p", activity("web", "WebActivity", method="GET", url=url))


def test_a_content_type_in_any_case_stands_in_place_of_jsons() -> None:
    """One header, not two; and what is no text is told as JSON."""
    services = Scripted([Response(200, {}, b"")])

    run(services, method="POST", body="a=1", headers={"content-type": "text/plain", "x-n": {"a": 1}})

    assert dict(services.sent[0].headers) == {"content-type": "text/plain", "x-n": '{"a":1}'}


def test_an_answer_may_take_a_minute_unless_it_is_said_otherwise() -> None:
    services = Scripted([Response(200, {}, b""), Response(200, {}, b"")])

    run(services)
    run(services, httpRequestTimeout="00:05:00")

    assert [request.seconds for request in services.sent] == [60, 300]


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        ({"httpRequestTimeout": "00:00:30"}, BadRequest),
        ({"httpRequestTimeout": "00:11:00"}, BadRequest),
        ({"httpRequestTimeout": "soon"}, BadRequest),
        ({"disableCertValidation": True}, NotRun),
    ],
    ids=str,
)
def test_what_would_not_be_heeded_is_refused(
    factory: LocalFactory, written: Json, refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        factory.pipeline("p", activity("web", "WebActivity", method="GET", url=HERE, **written))
