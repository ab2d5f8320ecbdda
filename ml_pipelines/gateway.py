"""Azure Machine Learning: the only module that imports azureml, and only inside functions.

In go definitions and names, out come plain values; nothing of the SDK leaves this module. A compute, a
datastore, an ML environment that is named is looked up, never created. No schedule is ever made here.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, assert_never

from ml_pipelines import sdk
from ml_pipelines.definition import (
    CondaSpecification,
    MlEnvironment,
    MlPipelineDefinition,
    RegisteredMlEnvironment,
)
from ml_pipelines.errors import (
    ComputeMissing,
    ComputeUnfit,
    DatastoreMissing,
    EndpointMissing,
    MlEnvironmentMissing,
    MlRunMissing,
    ModelMissing,
    ServiceRefused,
    WorkspaceMissing,
)
from ml_pipelines.gateway_steps import StepBuilder
from ml_pipelines.observed import (
    ActivePipeline,
    MlRun,
    MlSchedule,
    MlStepRun,
    PublishedMlPipeline,
    RegisteredModel,
    error_of,
    status_of,
)
from ml_pipelines.sdk_at_work import at_work, quieten, said, service
from ml_pipelines.snapshot import write_snapshot
from ml_pipelines.steps.work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

ACTIVE = "Active"


class MachineLearning:
    """One workspace. `token` gives an access token for an audience (a URL, with its last slash or not)."""

    def __init__(
        self, *, subscription_id: str, resource_group: str, workspace: str, token: Callable[[str], str]
    ) -> None:
        self._subscription_id = subscription_id
        self._resource_group = resource_group
        self._workspace_name = workspace
        self._token = token
        self._found: Any = None

    # --------------------------------------------------------------------------------- looking up

    @property
    def _workspace(self) -> Any:  # noqa: ANN401 - azureml.core.Workspace
        sdk.prepare()
        if self._found is None:
            from azureml.core import Workspace
            from azureml.core.authentication import TokenAuthentication
            from azureml.exceptions import ProjectSystemException, UserErrorException, WorkspaceException

            quieten()
            with service(f"look up the workspace {self._workspace_name}"):
                try:
                    self._found = Workspace.get(
                        name=self._workspace_name,
                        auth=TokenAuthentication(self._token),
                        subscription_id=self._subscription_id,
                        resource_group=self._resource_group,
                    )
                except (ProjectSystemException, UserErrorException, WorkspaceException) as error:
                    reason = said(error)
                    raise WorkspaceMissing(self._workspace_name, self._resource_group, reason) from error
        return self._found

    def check(self, compute: str, ml_environment: MlEnvironment, node_count: int = 1) -> None:
        """Raises what `publish` would miss: the compute, the datastore or the ML environment."""
        self._compute(compute, node_count)
        self._datastore()
        if isinstance(ml_environment, RegisteredMlEnvironment):
            self._environment(ml_environment)

    def _compute(self, name: str, node_count: int) -> Any:  # noqa: ANN401 - azureml's ComputeTarget
        from azureml.core.compute import AmlCompute, ComputeTarget
        from azureml.exceptions import ComputeTargetException

        workspace = self._workspace
        try:
            found = ComputeTarget(workspace, name)
        except ComputeTargetException as error:
            with service("list the computes"):
                existing = sorted(each.name for each in ComputeTarget.list(workspace))
            raise ComputeMissing(name, self._workspace_name, existing) from error
        if node_count > 1 and not isinstance(found, AmlCompute):
            raise ComputeUnfit(name, self._workspace_name, f"a {found.type} cannot give {node_count} nodes")
        most = found.scale_settings.maximum_node_count if isinstance(found, AmlCompute) else node_count
        if node_count > most:
            why = f"`scoring.node_count` is {node_count}, and it has {most} nodes at most"
            raise ComputeUnfit(name, self._workspace_name, why)
        return found

    def _datastore(self) -> Any:  # noqa: ANN401 - azureml's datastore
        try:
            with service("look up the default datastore"):
                found = self._workspace.get_default_datastore()
        except ServiceRefused as error:
            raise DatastoreMissing(self._workspace_name, str(error)) from error
        if found is None:
            raise DatastoreMissing(self._workspace_name, "none is set")
        return found

    def _environment(self, wanted: MlEnvironment) -> Any:  # noqa: ANN401 - azureml.core.Environment
        from azureml.core import Environment

        match wanted:
            case CondaSpecification(name=name, source=source):
                return Environment.from_conda_specification(name, str(source))
            case RegisteredMlEnvironment(name=name, version=version):
                return self._registered_environment(name, version, str(wanted))
        assert_never(wanted)

    def _registered_environment(self, name: str, version: str | None, wanted: str) -> Any:  # noqa: ANN401
        from azureml.core import Environment

        try:
            return Environment.get(self._workspace, name, version)
        except Exception as error:  # a plain one, with the status in its text
            if "Code: 404" not in str(error):
                raise ServiceRefused(f"look up the ML environment {wanted}", said(error)) from error
            with service("list the ML environments"):
                existing = sorted(each for each in Environment.list(self._workspace))
            own = [each for each in existing if not each.startswith("AzureML-")]
            raise MlEnvironmentMissing(wanted, self._workspace_name, own) from error

    # --------------------------------------------------------------------------------- publishing

    def published(self, names: Iterable[str]) -> dict[str, PublishedMlPipeline]:
        """The active endpoints among `names`; absent and retired ones are left out."""
        found = {name: self._endpoint(name) for name in names}
        return {
            name: PublishedMlPipeline.of(endpoint)
            for name, endpoint in found.items()
            if endpoint is not None and endpoint.status == ACTIVE
        }

    def _endpoint(self, name: str) -> Any | None:  # noqa: ANN401 - azureml's PipelineEndpoint
        workspace = self._workspace
        from azureml.pipeline.core import PipelineEndpoint
        from msrest.exceptions import HttpOperationError

        with service(f"look up the endpoint {name}"):
            try:
                return PipelineEndpoint.get(workspace, name=name)
            except HttpOperationError as error:
                if error.response.status_code != HTTPStatus.NOT_FOUND:
                    raise
        return None

    def active_pipelines(self) -> dict[str, ActivePipeline]:
        """The enabled pipelines of the workspace by id, whoever published them. One request."""
        workspace = self._workspace
        from azureml.pipeline.core import PublishedPipeline

        with service("list the published pipelines"):
            found = PublishedPipeline.list(workspace, active_only=True)
        return {each.id: ActivePipeline.of(each) for each in found}

    def schedules(self) -> list[MlSchedule]:
        """The enabled schedules of the workspace, whoever made them. One request."""
        workspace = self._workspace
        from azureml.pipeline.core import Schedule

        with service("list the schedules"):
            return [MlSchedule.of(each) for each in Schedule.list(workspace, active_only=True)]

    def publish(self, definition: MlPipelineDefinition) -> PublishedMlPipeline:
        """The endpoint, with this content as its default version; unchanged content publishes nothing.

        Content that was published before is made the default again: that is what a roll-back is.
        """
        endpoint = self._endpoint(definition.name)
        if endpoint is None:
            return PublishedMlPipeline.of(self._create_endpoint(definition))
        with service(f"publish {definition.name}"):
            if endpoint.status != ACTIVE:
                endpoint.enable()
            version = _version_with(endpoint, definition.fingerprint)
            if version is None:
                endpoint.add_default(self._publish_content(definition))
            else:
                _make_default(endpoint, version)
            return PublishedMlPipeline.of(endpoint)

    def take_back(self, name: str, version: str) -> PublishedMlPipeline:
        """The endpoint, with a version that it had before as its default. Raises EndpointMissing."""
        endpoint = self._endpoint(name)
        if endpoint is None or version not in {each.version for each in endpoint.pipeline_version_list}:
            raise EndpointMissing(
                name if endpoint is None else f"{name} version {version}", self._workspace_name
            )
        with service(f"take {name} back to version {version}"):
            if endpoint.status != ACTIVE:
                endpoint.enable()
            _make_default(endpoint, version)
            return PublishedMlPipeline.of(endpoint)

    def _create_endpoint(self, definition: MlPipelineDefinition) -> Any:  # noqa: ANN401
        from azureml.pipeline.core import PipelineEndpoint

        pipeline = self._publish_content(definition)
        with service(f"create the endpoint {definition.name}"):
            return PipelineEndpoint.publish(
                self._workspace, definition.name, definition.description, pipeline
            )

    def _publish_content(self, definition: MlPipelineDefinition) -> Any:  # noqa: ANN401
        """A published pipeline whose `version` is the fingerprint."""
        from azureml.pipeline.core import Pipeline

        workspace = self._workspace
        with tempfile.TemporaryDirectory(prefix="abs-snapshot-") as folder, at_work():
            write_snapshot(definition, Path(folder))
            steps = self._steps(definition, folder)
            with service(f"publish {definition.name}"):
                pipeline = Pipeline(workspace, steps=steps, default_datastore=self._datastore())
                return pipeline.publish(
                    name=definition.name,
                    description=definition.description,
                    version=definition.fingerprint,
                    continue_on_step_failure=False,
                )

    def _steps(self, definition: MlPipelineDefinition, folder: str) -> list[Any]:
        """Azure ML's steps, in order; folders handed from step to step lie in the default datastore."""
        builder = StepBuilder(
            folder,
            self._environment(definition.ml_environment),
            self._compute(definition.compute, definition.node_count),
            definition.parameters,
        )
        for step in definition.steps:
            builder.add(step)
        return list(builder.built.values())

    def disable_version(self, name: str, version: str) -> None:
        """Disable what was published as this version; its runs stay. Not the endpoint's default."""
        endpoint = self._endpoint(name)
        if endpoint is None or endpoint.default_version == version:
            return
        with service(f"disable version {version} of {name}"):
            pipeline = endpoint.get_pipeline(version)
            if pipeline.status == ACTIVE:
                pipeline.disable()

    def retire(self, name: str) -> None:
        """Disable the endpoint and its pipelines; their runs stay. Raises EndpointMissing."""
        endpoint = self._endpoint(name)
        if endpoint is None:
            raise EndpointMissing(name, self._workspace_name)
        with service(f"retire {name}"):
            endpoint.disable()
            for pipeline in endpoint.list_pipelines():
                pipeline.disable()

    # --------------------------------------------------------------------------------- models

    def models(self, name: str) -> list[RegisteredModel]:
        """Every version, the newest first; none is no error."""
        workspace = self._workspace
        from azureml.core import Model

        with service(f"list the models {name}"):
            found = [RegisteredModel.of(each) for each in Model.list(workspace, name=name)]
        return sorted(found, key=lambda each: -each.version)

    def download_model(self, name: str, version: int, target: Path) -> Path:
        """The model's one file or folder, below `target`. Raises ModelMissing."""
        workspace = self._workspace
        from azureml.core import Model
        from azureml.exceptions import WebserviceException

        try:
            found = Model(workspace, name=name, version=version)
        except WebserviceException as error:
            raise ModelMissing(name, version, self._workspace_name) from error
        with service(f"download the model {name}"):
            found.download(str(target), exist_ok=True)
        entries = list(target.iterdir())
        return entries[0] if len(entries) == 1 else target

    def register_model(self, name: str, content: Path, tags: Mapping[str, str]) -> RegisteredModel:
        """Register a file or folder, by its own name, as the next version; its sha256 becomes a tag."""
        workspace = self._workspace
        from azureml.core import Model

        tagged = {**tags, "sha256": digest_of_folder(content)}
        with (
            _below_working_folder(content) as found,
            at_work(),
            service(f"register the model {name}"),
        ):
            return RegisteredModel.of(Model.register(workspace, str(found), name, tags=tagged))

    # --------------------------------------------------------------------------------- runs

    def ml_run(self, run_id: str) -> MlRun:
        """A run and its steps as they are now. Raises MlRunMissing."""
        run = self._run(run_id)
        with service(f"read the run {run_id}"):
            status = status_of(run)
            steps = tuple(MlStepRun.of(each) for each in run.get_children())
            own, address = error_of(run.get_details()), run.get_portal_url()
        ordered = tuple(reversed(steps))
        error = next((step.error for step in ordered if step.error), own)
        return MlRun(run.id, status, error, ordered, address)

    def log_tail(self, run_id: str, lines: int = 40) -> str:
        """The last lines of the failed step's log, or of the last step's; `""` where there is none yet."""
        run = self.ml_run(run_id)
        step = next((each for each in run.steps if each.status == "Failed"), None) or (
            run.steps[-1] if run.steps else None
        )
        if step is None:
            return ""
        with service(f"read the log of {step.id}"), tempfile.TemporaryDirectory() as folder:
            found = [Path(each) for each in self._run(step.id).get_all_logs(destination=folder)]
            return "\n".join(_last_log(found)[-lines:])

    def _run(self, run_id: str) -> Any:  # noqa: ANN401 - azureml.core.Run
        workspace = self._workspace
        from azureml._restclient.exceptions import ServiceException
        from azureml.core import Run
        from azureml.exceptions import AzureMLException

        with service(f"read the run {run_id}"):
            try:
                return Run.get(workspace, run_id)
            except (ServiceException, AzureMLException) as error:
                missing = getattr(error, "status_code", 0) == HTTPStatus.NOT_FOUND
                if missing or "not found" in str(error).lower():
                    raise MlRunMissing(run_id, self._workspace_name) from error
                raise


# ------------------------------------------------------------------------------------------- into our words


def _version_with(endpoint: Any, fingerprint: str) -> str | None:  # noqa: ANN401
    """The endpoint's version that has this content: its default, else the newest; looked up one by one."""
    newest_first = sorted((each.version for each in endpoint.pipeline_version_list), key=int, reverse=True)
    default = endpoint.default_version
    candidates = [default, *(each for each in newest_first if each != default)]
    return next((each for each in candidates if endpoint.get_pipeline(each).version == fingerprint), None)


def _make_default(endpoint: Any, version: str) -> None:  # noqa: ANN401
    pipeline = endpoint.get_pipeline(version)
    if pipeline.status != ACTIVE:
        pipeline.enable()
    if endpoint.default_version != version:
        endpoint.set_default_version(version)


def _last_log(files: list[Path]) -> list[str]:
    """The lines of the user's own log where there is one, else of the driver's."""
    preferred = sorted(
        files, key=lambda each: ("std_log" not in each.name, "70_driver" not in each.name, each.name)
    )
    return preferred[0].read_text(errors="replace").splitlines() if preferred else []


@contextmanager
def _below_working_folder(content: Path) -> Iterator[Path]:
    """`content`, or a copy: the SDK registers only what lies below the working folder."""
    if content.is_relative_to(Path.cwd()):
        yield content
        return
    with tempfile.TemporaryDirectory(prefix=".abs-", dir=Path.cwd()) as folder:
        copy = Path(folder) / content.name
        shutil.copytree(content, copy) if content.is_dir() else shutil.copyfile(content, copy)
        yield copy
