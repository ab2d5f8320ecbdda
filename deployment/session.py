"""An environment, opened: its addresses, its identity and one gateway for each service.

Local and public differ here and nowhere else. Gateways and the credential are made when they are first used.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from deployment import local_azure, present, provisioning, resource_manager
from deployment.errors import NotSignedInError

if TYPE_CHECKING:
    from adf.gateway import DataFactory
    from config.schema import Settings
    from deployment.lake import Lake
    from deployment.monitoring import Monitoring
    from deployment.progress import Progress
    from deployment.resource_manager import ResourceManager
    from ml_pipelines.gateway import MachineLearning

LOCAL_POLLING_SECONDS: Final = 0.2
AZURE_POLLING_SECONDS: Final = 15.0


class Session:
    """Not a context manager: nothing is held open that the end of the process does not close."""

    def __init__(self, settings: Settings, resource_manager_url: str, polling_seconds: float) -> None:
        self.settings = settings
        self.polling_seconds = polling_seconds
        self._url = resource_manager_url

    @cached_property
    def credential(self) -> Any:  # noqa: ANN401 - azure-identity's
        if self.settings.azure.cloud == "local":
            from azure.identity import ManagedIdentityCredential

            return ManagedIdentityCredential()
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()

    def sign_in(self) -> None:
        """Find out now whether there is an identity at all; raises NotSignedInError."""
        from azure.core.exceptions import ClientAuthenticationError

        try:
            self.token(resource_manager.AZURE)
        except ClientAuthenticationError as error:
            raise NotSignedInError from error

    def token(self, audience: str) -> str:
        """A bearer token; the Azure ML SDK asks for Azure's old management audience."""
        if audience.startswith("https://management."):
            audience = resource_manager.AZURE
        return str(self.credential.get_token(f"{audience.rstrip('/')}/.default").token)

    @cached_property
    def resources(self) -> ResourceManager:
        return resource_manager.ResourceManager(self.credential, self._url)

    @cached_property
    def monitoring(self) -> Monitoring:
        from deployment.monitoring import Monitoring

        return Monitoring(self.resources, self.settings)

    @cached_property
    def lake(self) -> Lake:
        from deployment.lake import Lake

        return Lake(self.settings.lake_url, self.settings.lake.file_system, self.credential)

    @cached_property
    def data_factory(self) -> DataFactory:
        from adf.gateway import DataFactory
        from adf.throttle import Throttle

        azure = self.settings.azure
        return DataFactory(
            subscription_id=azure.subscription_id,
            resource_group=azure.resource_group,
            factory=self.settings.data_factory.name,
            base_url=self._url,
            credential=self.credential,
            polling_interval=max(1, int(self.polling_seconds)),
            now=partial(present.now, self.settings),
            throttle=Throttle(burst=0) if azure.cloud == "local" else Throttle(),
        )

    @cached_property
    def machine_learning(self) -> MachineLearning:
        return self.machine_learning_of(self.settings)

    def machine_learning_of(self, settings: Settings) -> MachineLearning:
        """The workspace of an environment of the same cloud, with this one's identity."""
        from ml_pipelines.gateway import MachineLearning

        azure = settings.azure
        return MachineLearning(
            subscription_id=azure.subscription_id,
            resource_group=azure.resource_group,
            workspace=settings.machine_learning.workspace,
            token=self.token,
        )


def open_session(settings: Settings, progress: Progress, *, complete: bool = True) -> Session:
    """The environment, ready to be read and written; with `complete=False` whatever is missing of it in a
    subscription, or may not be read.

    Raises InfrastructureError, LocalAzureError and NotSignedInError.
    """
    if settings.azure.cloud == "local":
        azure = local_azure.ensure(settings.sandbox, progress)
        local_azure.point_at(azure)
        if (moment := present.shown(settings.sandbox.state, datetime.now(UTC))) is not None:
            progress.note(
                f"the local Azure of {settings.sandbox.state} is on a virtual clock: {moment:%FT%TZ}"
            )
        session = Session(settings, azure.control, LOCAL_POLLING_SECONDS)
        provisioning.make(settings, session.resources, session.lake, progress)
        return session
    session = Session(settings, resource_manager.AZURE, AZURE_POLLING_SECONDS)
    session.sign_in()
    if complete:
        provisioning.require(settings, session.resources, session.lake)
    return session
