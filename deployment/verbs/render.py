"""render: the factory as files; nothing is written to Azure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf import warehouse_sql
from deployment import provenance, rendered_folder, rendering
from deployment.resources import NOTHING
from deployment.verbs.command import command_of
from deployment.verbs.wanted import configured

if TYPE_CHECKING:
    from argparse import Namespace

    from deployment.resources import Desired, Observed
    from deployment.verbs.command import Command


def render(arguments: Namespace) -> int:
    with command_of(arguments) as command:
        rendered_folder.refuse_unfit(arguments.out, arguments.project_dir)
        commit = provenance.git_commit(arguments.project_dir)
        desired = configured(command, commit)
        rendered = rendering.render(
            desired,
            _observed(command, desired),
            warehouse_sql.files(command.settings),
            commit=commit,
            offline=arguments.offline,
        )
        rendered_folder.write(arguments.out, rendered.files, rendered.facts())
        if rendered.open_parameters:
            command.progress.note(f"warning: {rendering.left_open(rendered)}")
    out = str(arguments.out)
    command.terminal.show(rendering.parts(rendered, out), rendering.document(rendered, out))
    return 0


def _observed(command: Command, desired: Desired) -> Observed:
    """What is live now; what was released before tells nothing of it."""
    from deployment.observed import observe

    if command.arguments.offline:
        return NOTHING
    names = [definition.name for definition in desired.ml_pipelines]
    return observe(command.session.data_factory, command.session.machine_learning, names)
