"""What a plan goes for: the configuration, or an earlier release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployment import desired as desires
from deployment import rollback
from deployment.models import in_force

if TYPE_CHECKING:
    from deployment.resources import Desired
    from deployment.saved_plans import PlanOptions
    from deployment.verbs.command import Command


def wanted_of(command: Command, options: PlanOptions, commit: str = "") -> Desired:
    """Raises UnknownReleaseError, and the errors of a configuration that contradicts itself."""
    if options.release is None:
        return desires.build(command.settings, commit)
    release = command.releases.get(options.release)
    now = in_force(command.settings, command.session.machine_learning)
    newest = {name: str(version.version) for name, version in now.items()}
    return rollback.build(command.settings, release, newest)
