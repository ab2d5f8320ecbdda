"""What a plan goes for: the configuration, or an earlier release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config.errors import InvalidConfigurationError, Problem
from config.findings import nearest_position
from deployment import desired as desires
from deployment import promotion, rollback
from deployment.errors import SourceUnreadableError
from deployment.models import in_force
from ml_pipelines.errors import MachineLearningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.schema import Settings
    from deployment.promotion import Promotion
    from deployment.resources import Desired
    from deployment.saved_plans import PlanOptions
    from deployment.verbs.command import Command
    from ml_pipelines.gateway import MachineLearning


def wanted_of(command: Command, options: PlanOptions, commit: str = "") -> Desired:
    """Raises UnknownReleaseError, OtherWorkspaceError, PromotionError, and the errors of a configuration that
    contradicts itself.
    """
    if options.release is None:
        return configured(command, commit)
    release = command.releases.get(options.release)
    now = in_force(command.settings, command.session.machine_learning)
    newest = {name: str(version.version) for name, version in now.items()}
    return rollback.build(command.settings, release, newest)


def configured(command: Command, commit: str = "") -> Desired:
    """What the configuration says; where a version is promoted, by its number there."""
    settings = command.settings
    if getattr(command.arguments, "offline", False):
        sources_of(command)  # refuses what no network is needed to see
        return desires.build(settings, commit, promotion.offline(settings))
    promotions = tuple(_promotions(command))
    return desires.build(promotion.resolved(settings, promotions), commit, promotions)


def _promotions(command: Command) -> Iterator[Promotion]:
    for _, model in sorted(command.settings.models.items()):
        if model.version is not None:
            source = _source(command, model.name, model.version.from_)
            registry = command.session.machine_learning_of(source)
            try:
                yield promotion.look_up(model, model.version.version, source, registry)
            except MachineLearningError as error:
                raise SourceUnreadableError(model.name, source.environment, str(error)) from error


def sources_of(command: Command) -> list[Settings]:
    """The environments that models are promoted from, each once, by name."""
    models = sorted(command.settings.models.items())
    named = {model.version.from_: name for name, model in models if model.version is not None}
    return [_source(command, model, environment) for environment, model in sorted(named.items())]


def _source(command: Command, model: str, name: str) -> Settings:
    """The other environment as its own files say it: what is overridden here is meant for this one.

    Raises InvalidConfigurationError with the line where it is of another cloud.
    """
    own, source = command.settings, _settings_of(command, name)
    if source.azure.cloud != own.azure.cloud:
        key = ("models", model, "version", "from")
        found = f"`{name}`, whose `azure.cloud` is {source.azure.cloud}"
        expected = f"an environment of the cloud {own.azure.cloud}, as {own.environment} is"
        where = nearest_position(command.positions(), key)
        problem = Problem(where, ".".join(key), found, expected)
        raise InvalidConfigurationError([problem])
    return source


def _settings_of(command: Command, environment: str) -> Settings:
    from config.loader import load

    return load(command.arguments.project_dir, environment)


def workspace_of(command: Command, environment: str) -> MachineLearning:
    """The workspace that another environment's files name."""
    return command.session.machine_learning_of(_settings_of(command, environment))
