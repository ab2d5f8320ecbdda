"""What every verb has: the settings, the terminal, someone to tell how it goes, and a session."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from deployment import local_azure, present, report
from deployment.ci import Annotation
from deployment.errors import LocalAzureError, PastStartError
from deployment.journal import Journal
from deployment.progress import progress_on
from deployment.resources import Address, Owner
from deployment.terminal import Terminal
from deployment.verbs.past_starts import placed

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from config.documents import Key
    from config.errors import Where
    from config.schema import Settings
    from deployment.journal import Unfinished
    from deployment.origins import Origins
    from deployment.progress import Progress
    from deployment.releases import Releases
    from deployment.report import Line
    from deployment.resources import Desired, Observed, Plan
    from deployment.session import Session


@dataclass
class Command:
    arguments: Namespace
    settings: Settings
    terminal: Terminal
    progress: Progress
    now: datetime
    """When the command began: what a plan says of time to come is counted from then."""

    @property
    def owner(self) -> Owner:
        return Owner(self.settings.project, self.settings.environment)

    @cached_property
    def session(self) -> Session:
        """The environment, opened when it is first asked for: `plan --offline` never does."""
        from deployment.session import open_session

        return open_session(self.settings, self.progress)

    @cached_property
    def releases(self) -> Releases:
        from deployment.releases import Releases

        return Releases(self.session.lake, self.owner)

    def tell_portal(self) -> None:
        """Where a local run can be watched; what is asked for goes on without it."""
        if self.settings.azure.cloud == "local":
            from deployment import portal

            session = self.session
            try:
                link = portal.link(self.settings.sandbox, session)
            except LocalAzureError as error:
                self.progress.note(f"no link to the portal: {error}")
                return
            if link is not None:
                self.progress.note(f"watch it in the portal (opens once): {link}")

    def journal(self, holder: str = "") -> Journal:
        return Journal(self.session.lake, self.owner, holder, partial(present.now, self.settings))

    def observe(self, desired: Desired, *, leaving: bool = False) -> Observed:
        """What exists of what is wanted and of what the last release knew, and what was written before.

        `leaving`: nothing of it is to stay.
        """
        from deployment.observed import observe

        release = self.releases.newest()
        wanted = [each.name for each in desired.ml_pipelines]
        names = [*wanted, *(release.published() if release else ())]
        may_go = leaving or not set(names) <= set(wanted)
        session = self.session
        return observe(
            session.data_factory,
            session.machine_learning,
            dict.fromkeys(names),
            self.releases.written(release),
            [each.registered_name for each in desired.models],
            0 if may_go else self.settings.machine_learning.keep_versions,
            resources=session.monitoring,
            wanted=[Address(each.kind, each.name) for each in desired.resources],
        )

    def origins(self) -> Origins:
        """Which key decides a property, and where it is set."""
        from deployment.desired import contracts
        from deployment.origins import Origins

        return Origins(self.settings, contracts(self.settings), self.positions())

    def positions(self) -> Mapping[Key, Where]:
        """Where each key is set."""
        from config.loader import positions

        given = self.arguments
        return positions(given.project_dir, given.env, variables=os.environ, options=given.set)

    def plan_lines(
        self,
        made: Plan,
        outcome: str = "",
        unfinished: Unfinished | None = None,
        origins: Origins | None = None,
        *,
        adopting: bool = False,
    ) -> Iterator[Line]:
        settings = self.settings
        where = f"{settings.data_factory.name} in {settings.azure.resource_group}"
        offline = getattr(self.arguments, "offline", False)
        against = ", offline: shown as if nothing existed" if offline else ""
        heading = f"Environment {settings.environment}: factory {where}{against}"
        return report.plan_lines(
            made,
            heading=heading,
            now=self.now,
            outcome=outcome,
            unfinished=unfinished,
            origins=origins,
            adopting=adopting,
        )

    def annotate(self, made: Plan) -> None:
        """What a plan warns of, as a CI system shows it."""
        self.terminal.annotate(Annotation("warning", str(each)) for each in made.warnings)


@contextmanager
def command_of(arguments: Namespace) -> Iterator[Command]:
    """The command, while it is carried out: prints of others are kept off stdout, progress is shown."""
    from adf.schedules import judge
    from config.loader import load

    if arguments.verbose:
        _log_requests()
    else:
        logging.getLogger("azure").setLevel(logging.ERROR)  # what it warns of comes as an error of ours
    terminal = Terminal(
        arguments.output == "json", not arguments.no_color, arguments.quiet, arguments.verbose
    )
    settings = local_azure.at_hand(
        load(arguments.project_dir, arguments.env, variables=os.environ, options=arguments.set, judge=judge)
    )
    with (
        _prints_kept_off(verbose=arguments.verbose),
        progress_on(terminal.stderr, quiet=terminal.quiet, color=terminal.colored) as progress,
    ):
        command = Command(arguments, settings, terminal, progress, present.now(settings))
        try:
            yield command
        except PastStartError as error:
            raise placed(error, settings, command.positions()) from error


def _log_requests() -> None:
    """Each request and answer of the SDKs on a line of stderr, without the headers that they add."""
    handler = logging.StreamHandler()
    handler.addFilter(_first_line)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", handlers=[handler])


def _first_line(record: logging.LogRecord) -> bool:
    record.msg, record.args = record.getMessage().split("\n")[0], ()
    return True


@contextmanager
def _prints_kept_off(*, verbose: bool) -> Iterator[None]:
    """The Azure ML SDK prints while it publishes; stdout is for results only."""
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(sys.stderr if verbose else nowhere):
        yield
