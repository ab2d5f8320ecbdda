"""The link to the local Azure's portal, as the commands get it and hand it on."""

from __future__ import annotations

import html
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from deployment import portal
from deployment.errors import LocalAzureError, UsageError
from deployment.verbs.command import Command
from deployment.verbs.status import status
from tests.portal import Visitor
from tests.unit.deployment.fakes import Told

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

REPOSITORY = Path(__file__).parents[3]
LINK = 'https://127.0.0.1:1/portal/enter?key=a&b="><script>'


def given(**options: object) -> SimpleNamespace:
    """What `status` is given on the command line."""
    nothing = {
        "run_id": None,
        "model": None,
        "window": None,
        "head": None,
        "output_path": False,
        "html": None,
    }
    switches = dict.fromkeys(("check", "watch", "open"), False)
    return SimpleNamespace(**{**nothing, **switches, "since": None, "output": "text", **options})


def test_whoever_has_the_local_identity_gets_a_link(sandbox: LocalAzure) -> None:
    session = SimpleNamespace(token=sandbox.token)

    link = portal.link(SimpleNamespace(state=sandbox.state), session)

    with Visitor(sandbox) as visitor:
        assert visitor.ask("GET", link).status_code == 200
        assert visitor.ask("GET", "/portal/runs").status_code == 200


def test_who_has_another_identity_gets_none(sandbox: LocalAzure) -> None:
    session = SimpleNamespace(token=lambda _: "forged")

    with pytest.raises(LocalAzureError, match="gave no link"):
        portal.link(SimpleNamespace(state=sandbox.state), session)


def test_without_a_local_azure_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(LocalAzureError, match="does not answer"):
        portal.link(SimpleNamespace(state=tmp_path), SimpleNamespace(token=str))


class Gone(Command):
    """A command whose local Azure has stopped since it was opened."""

    session = SimpleNamespace(token=str)


def test_a_command_goes_on_without_a_link_to_the_portal(tmp_path: Path) -> None:
    """Whoever wanted a deployment or a run wanted no page: it is only said."""
    local = SimpleNamespace(azure=SimpleNamespace(cloud="local"), sandbox=SimpleNamespace(state=tmp_path))
    progress = Told()

    Gone(SimpleNamespace(), local, SimpleNamespace(), progress, datetime.now(UTC)).tell_portal()

    assert progress.lines == [f"no link to the portal: the local Azure of {tmp_path} does not answer"]


def test_the_browser_is_handed_a_file_that_only_its_user_can_read(tmp_path: Path) -> None:
    """No argument of a program, which everybody on the machine can see, has the link in it."""
    told = tmp_path / "told"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {told}\n')
    browser.chmod(0o700)
    script = "from pathlib import Path; from deployment import portal; "
    script += f"portal.show({LINK!r}, Path({str(tmp_path)!r}))"
    environment = {**os.environ, "BROWSER": f"{browser} %s"}

    subprocess.run([sys.executable, "-c", script], env=environment, cwd=REPOSITORY, check=True, timeout=60)

    page = tmp_path / "portal.html"
    assert told.read_text().strip() == page.as_uri()
    assert page.stat().st_mode & 0o077 == 0
    assert html.escape(LINK) in page.read_text()
    assert "<script>" not in page.read_text()


class Unopened(Command):
    """A command whose local Azure cannot be started."""

    @property
    def session(self):
        raise LocalAzureError("port 10443 is in use")


def test_a_local_azure_that_does_not_start_is_no_matter_of_a_link(tmp_path: Path) -> None:
    """The command ends, and says so."""
    local = SimpleNamespace(azure=SimpleNamespace(cloud="local"), sandbox=SimpleNamespace(state=tmp_path))

    with pytest.raises(LocalAzureError, match="in use"):
        Unopened(SimpleNamespace(), local, SimpleNamespace(), Told(), datetime.now(UTC)).tell_portal()


@pytest.mark.parametrize(
    "together",
    [
        {"open": True, "html": Path("x")},
        {"open": True, "check": True},
        {"open": True, "run_id": "1"},
        {"html": Path("x"), "model": "diabetes"},
        {"html": Path("x"), "watch": True},
    ],
)
def test_options_that_do_not_go_together_are_refused(together: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        status(given(**together))
