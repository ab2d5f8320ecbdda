"""The pages of runs, without a script: what they show, filter and hide."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest

from tests.portal import Factory, Visitor
from tests.unit.sandbox.datafactory.local_factory import activity, expression, fail, wait

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}"


@pytest.fixture
def factory(sandbox: LocalAzure) -> Factory:
    return Factory(sandbox)


def rows(page: str) -> list[str]:
    return re.findall(r'<a id="run-([^"]+)"', page)


def test_a_factory_without_runs_says_how_to_make_one(visitor: Visitor, factory: Factory) -> None:
    assert "deploy.py run --env local" in visitor.page(factory.page("runs"))


def test_runs_are_shown_newest_first_and_found_by_what_they_are(visitor: Visitor, factory: Factory) -> None:
    """By pipeline, status, and who started them."""
    factory.pipeline("good", wait("w", 0))
    factory.pipeline("bad", fail("f"))
    good, bad, again = factory.run("good"), factory.run("bad"), factory.run("good")

    assert rows(visitor.page(factory.page("runs"))) == [again, bad, good]
    assert rows(visitor.page(factory.page("runs", pipeline="good"))) == [again, good]
    assert rows(visitor.page(factory.page("runs", status="Failed"))) == [bad]
    assert rows(visitor.page(factory.page("runs", status="Failed", pipeline="good"))) == []
    assert rows(visitor.page(factory.page("runs", by="Manual", status="Succeeded"))) == [again, good]


def test_older_runs_are_on_the_next_pages_each_once(visitor: Visitor, factory: Factory) -> None:
    """Whatever starts meanwhile."""
    factory.pipeline("p", wait("w", 0))
    started = [factory.start("p") for _ in range(120)]
    address, seen = factory.page("runs"), []
    while address:
        page = visitor.page(address)
        seen += rows(page)
        factory.start("p")
        older = re.search(r'<a rel="next" href="([^"]+)"', page)
        address = html.unescape(older[1]) if older else ""

    assert seen == started[::-1]


@pytest.mark.parametrize("before", ["x", "-1", "9" * 300])
def test_a_page_that_cannot_be_is_not_found(visitor: Visitor, factory: Factory, before: str) -> None:
    assert visitor.ask("GET", factory.page("runs", before=before)).status_code == 404


def test_factories_are_kept_apart(sandbox: LocalAzure, visitor: Visitor, factory: Factory) -> None:
    """A run is found in its own only."""
    other = Factory(sandbox)
    factory.pipeline("p", wait("w", 0))
    run_id = factory.run("p")

    assert visitor.ask("GET", factory.page(f"runs/{run_id}")).status_code == 200
    assert visitor.ask("GET", other.page(f"runs/{run_id}")).status_code == 404
    assert visitor.ask("GET", "/portal/runs?factory=a/b/c").status_code == 404


def test_what_is_stored_is_shown_and_never_interpreted(visitor: Visitor, factory: Factory) -> None:
    """Of parameters, messages and outputs; in texts and in attributes."""
    parameters = {"said": {"type": "String"}}
    told = fail("tell", expression("@pipeline().parameters.said"))
    factory.pipeline("p", told, parameters=parameters)
    run_id = factory.run("p", {"said": HOSTILE})

    for page in (visitor.page(factory.page("runs")), visitor.page(factory.page(f"runs/{run_id}"))):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert html.escape(HOSTILE, quote=True).replace("&#x27;", "&#39;").replace("&quot;", "&#34;") in page


def test_secure_values_stay_hidden(visitor: Visitor, factory: Factory) -> None:
    """Also those that a rerun takes over."""
    secure = {"secureInput": True, "secureOutput": True}
    factory.pipeline(
        "p",
        activity("set", "SetVariable", policy=secure, variableName="v", value="hush-hush"),
        fail("broken", after={"set": ["Succeeded"]}),
        variables={"v": {"type": "String"}},
    )
    run_id = factory.run("p")

    page = visitor.page(factory.page(f"runs/{run_id}"))
    again = visitor.press(factory.page(f"runs/{run_id}"), "rerun").text

    assert "The input is hidden" in page
    assert "hush-hush" not in page + again


def test_a_run_that_goes_on_is_cancelled_by_its_button(visitor: Visitor, factory: Factory) -> None:
    factory.pipeline("p", wait("w", 3600))
    run_id = factory.start("p")

    visitor.press(factory.page(f"runs/{run_id}"), "cancel")

    assert factory.status(run_id) in ("Canceling", "Cancelled")


def test_a_pipeline_that_was_deleted_still_has_its_runs(
    sandbox: LocalAzure, visitor: Visitor, factory: Factory
) -> None:
    factory.pipeline("p", wait("w", 0))
    run_id = factory.run("p")
    sandbox.arm("DELETE", f"{factory.path}/pipelines/p").raise_for_status()

    assert "Activity graph" not in visitor.page(factory.page(f"runs/{run_id}"))


def test_who_has_seen_a_page_is_not_sent_it_again(visitor: Visitor, factory: Factory) -> None:
    """By its ETag: the script asks often."""
    factory.pipeline("p", wait("w", 0))
    address = factory.page(f"runs/{factory.run('p')}")
    tag = visitor.ask("GET", address).headers["ETag"]

    same = visitor.ask("GET", address, headers={"If-None-Match": tag})

    assert (same.status_code, same.text) == (304, "")


def test_a_log_of_nobody_is_not_found(visitor: Visitor) -> None:
    for run in ("nobody", "..%2F..%2Fidentity.secret"):
        assert visitor.ask("GET", f"/portal/ml/nowhere/{run}/log").status_code == 404
