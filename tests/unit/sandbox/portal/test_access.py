"""Who may open the portal, and what a page of another site cannot do with it."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from aiohttp.test_utils import make_mocked_request

from sandbox.identity import Identity
from sandbox.portal.access import Access
from sandbox.portal.routes import Portal
from tests.portal import Factory, Visitor, link
from tests.unit.sandbox.datafactory.local_factory import fail

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiohttp import web

    from tests.conftest import LocalAzure


@pytest.fixture
def failed(sandbox: LocalAzure) -> tuple[Factory, str]:
    factory = Factory(sandbox)
    factory.pipeline("p", fail("broken"))
    return factory, factory.run("p")


@pytest.mark.parametrize("page", ["/", "/portal/runs", "/portal/models", "/portal/lake", "/portal/whatever"])
def test_nobody_sees_a_page_without_having_been_given_a_link(sandbox: LocalAzure, page: str) -> None:
    """What is said is how to get one."""
    with Visitor(sandbox) as stranger:
        answer = stranger.ask("GET", page)

    assert answer.status_code == 401
    assert "deploy.py status --env local --open" in answer.text


def test_only_who_has_a_token_gets_a_link(sandbox: LocalAzure) -> None:
    with Visitor(sandbox) as stranger:
        assert stranger.ask("POST", "/_sandbox/portal/links").status_code == 401


def test_a_link_opens_the_portal_once(sandbox: LocalAzure) -> None:
    opened = link(sandbox)
    with Visitor(sandbox) as first, Visitor(sandbox) as second:
        assert first.ask("GET", opened).status_code == 200
        assert second.ask("GET", opened).status_code == 401
        assert first.ask("GET", "/portal/runs").status_code == 200


def test_a_link_lasts_ten_minutes_and_a_hundred_are_kept(tmp_path: Path) -> None:
    """Of those that nobody opens the oldest go first."""
    now = [0.0]
    endpoints = SimpleNamespace(control="https://127.0.0.1:1")
    context = SimpleNamespace(endpoints=endpoints, identity=Identity(tmp_path / "secret"))
    access = Access(context, seconds=lambda: now[0])
    keys = [access.new_link().partition("key=")[2] for _ in range(102)]

    assert [access.enter(key) is None for key in keys[:3]] == [True, True, False]
    now[0] = 599
    assert access.enter(keys[3]) is not None
    now[0] = 600
    assert access.enter(keys[4]) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(sandbox: LocalAzure) -> None:
    with Visitor(sandbox) as visitor:
        said = visitor.ask("GET", link(sandbox), allow_redirects=False).headers["Set-Cookie"]

    assert said.startswith("__Host-")
    for attribute in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert attribute in said


def test_a_session_is_no_token_and_a_token_no_session(sandbox: LocalAzure) -> None:
    """What is good for the one is not for the other."""
    with Visitor(sandbox) as visitor:
        cookie = visitor.ask("GET", link(sandbox), allow_redirects=False).headers["Set-Cookie"]
        name, _, value = cookie.partition(";")[0].partition("=")
        bearer = {"Authorization": f"Bearer {value}"}
        assert visitor.ask("GET", "/subscriptions?api-version=1", headers=bearer).status_code == 401
    with Visitor(sandbox) as other:
        forged = {"Cookie": f"{name}={sandbox.token('https://management.azure.com')}"}
        assert other.ask("GET", "/portal/runs", headers=forged).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "localhost:1"])
def test_another_host_name_is_not_answered(sandbox: LocalAzure, visitor: Visitor, host: str) -> None:
    """A name of somebody's that was made to point to this machine, and this machine at another port."""
    named = host.format(port=sandbox.ports[0])
    expected = 421 if "evil" in host else 403

    assert visitor.ask("GET", "/portal/runs", headers={"Host": named}).status_code == expected


def test_every_answer_lets_nothing_foreign_in(visitor: Visitor) -> None:
    for address in ("/portal/runs", "/portal/nowhere", "/portal/static/portal.js", "/portal/static/none"):
        headers = visitor.ask("GET", address).headers
        policy = headers["Content-Security-Policy"]

        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_button_works(visitor: Visitor, failed: tuple[Factory, str]) -> None:
    """It leads to the run that it started."""
    factory, run_id = failed

    answer = visitor.press(factory.page(f"runs/{run_id}"), "rerun")

    assert answer.status_code == 200
    assert run_id not in answer.url.partition("?")[0]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "https://127.0.0.1:1", "http://127.0.0.1:{port}"]
)
def test_a_form_of_another_site_changes_nothing(
    sandbox: LocalAzure, visitor: Visitor, failed: tuple[Factory, str], origin: str
) -> None:
    """Not even of another port of this machine, which the browser takes for the same site."""
    factory, run_id = failed
    said = origin.format(port=sandbox.ports[0])

    assert visitor.press(factory.page(f"runs/{run_id}"), "rerun", Origin=said).status_code == 403


def test_a_form_without_its_token_changes_nothing(
    sandbox: LocalAzure, visitor: Visitor, failed: tuple[Factory, str]
) -> None:
    """Nor with the token of another session."""
    factory, run_id = failed
    with Visitor(sandbox) as other:
        other.enter()
        foreign = (
            other.page(factory.page(f"runs/{run_id}")).partition('name="token" value="')[2].partition('"')[0]
        )
    assert foreign
    for token in ("", "é", foreign):
        address = factory.page(f"runs/{run_id}/rerun")
        headers = {"Origin": sandbox.control}
        assert visitor.ask("POST", address, data={"token": token}, headers=headers).status_code == 403


def test_to_look_changes_nothing(visitor: Visitor, failed: tuple[Factory, str]) -> None:
    factory, run_id = failed
    for action in ("rerun", "cancel"):
        assert visitor.ask("GET", factory.page(f"runs/{run_id}/{action}")).status_code == 404


def test_to_look_again_is_no_work(start_sandbox: Callable[..., LocalAzure], tmp_path: Path) -> None:
    """An open tab does not keep the local Azure from being idle."""
    azure = start_sandbox(tmp_path / "state")
    with Visitor(azure) as visitor:
        visitor.enter()
        deadline = time.monotonic() + 30
        while azure.arm("GET", "/_sandbox/status").json()["idle_seconds"] < 1:
            assert visitor.ask("GET", "/portal/runs", headers={"X-Looks-Again": "1"}).status_code == 200
            assert time.monotonic() < deadline


def test_who_comes_from_elsewhere_is_sent_on_once(sandbox: LocalAzure) -> None:
    """A browser sends a strict cookie only where a page of the portal leads to the next."""
    with Visitor(sandbox) as visitor:
        first = visitor.ask("GET", "/portal/models?window=1", headers={"Sec-Fetch-Site": "cross-site"})
        then = visitor.ask("GET", "/portal/models?window=1", headers={"Sec-Fetch-Site": "same-origin"})

    assert 'content="0; url=/portal/models?window=1"' in first.text
    assert "refresh" not in then.text


@pytest.mark.filterwarnings("ignore::aiohttp.web.NotAppKeyWarning")
def test_a_defect_of_ours_is_a_page_too(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """For people: what went wrong, where its traceback is, and the way on."""
    endpoints = SimpleNamespace(control="https://127.0.0.1:1")
    context = SimpleNamespace(endpoints=endpoints, identity=Identity(tmp_path / "secret"), state=tmp_path)
    portal = Portal(context, SimpleNamespace(), SimpleNamespace())

    async def defective(_: web.Request) -> web.Response:
        raise ValueError("<a mistake>")

    request = make_mocked_request("GET", "/portal/runs", headers={"Host": "127.0.0.1:1"})
    answer = asyncio.run(portal.open(defective)(request))

    assert (answer.status, answer.content_type) == (500, "text/html")
    assert "ValueError: &lt;a mistake&gt; (a fault of the local Azure: " in answer.text
    assert 'href="/portal/runs"' in answer.text
    assert answer.headers["Content-Security-Policy"]
    assert request["refusal"].startswith("InternalServerError: ValueError")
    assert "defective" in caplog.text
