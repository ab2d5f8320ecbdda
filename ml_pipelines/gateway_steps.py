"""The gateway's other file: Azure ML's step objects from a definition's steps.

Like gateway.py it imports azureml inside functions, and nothing else in the package does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

from ml_pipelines.definition import Argument, Note, ParallelStep, Parameter, Read, ScriptStep, Written

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class StepClasses:
    """Azure ML's step classes: the public ones, or their bases, which make the same payload."""

    script: Any
    parallel: Any
    parallel_configuration: Any


def step_classes() -> StepClasses:
    """From azureml-pipeline-steps where it is installed; it cannot be on Python 3.12 and newer."""
    try:
        from azureml.pipeline.steps import ParallelRunConfig, ParallelRunStep, PythonScriptStep
    except ImportError:
        from azureml.pipeline.core._parallel_run_config_base import _ParallelRunConfigBase
        from azureml.pipeline.core._parallel_run_step_base import _ParallelRunStepBase
        from azureml.pipeline.core._python_script_step_base import _PythonScriptStepBase

        return StepClasses(_PythonScriptStepBase, _ParallelRunStepBase, _ParallelRunConfigBase)
    return StepClasses(PythonScriptStep, ParallelRunStep, ParallelRunConfig)


class StepBuilder:
    """Azure ML's steps from ours; remembers the folders that steps hand to each other."""

    def __init__(self, folder: str, environment: Any, compute: Any, defaults: Mapping[str, str]) -> None:  # noqa: ANN401
        from azureml.pipeline.core import PipelineParameter

        self._folder, self._environment, self._compute = folder, environment, compute
        self._parameters = {name: PipelineParameter(name, default) for name, default in defaults.items()}
        self._folders: dict[str, Any] = {}
        self._classes = step_classes()
        self.built: dict[str, Any] = {}

    def add(self, step: ScriptStep | ParallelStep) -> None:
        match step:
            case ScriptStep():
                self.built[step.name] = self._script(step)
            case ParallelStep():
                self.built[step.name] = self._parallel(step)
            case _:
                assert_never(step)

    def _script(self, step: ScriptStep) -> Any:  # noqa: ANN401
        from azureml.core.runconfig import RunConfiguration

        configuration = RunConfiguration()
        configuration.environment = self._environment
        configuration.max_run_duration_seconds = step.timeout_minutes * 60
        built = self._classes.script(
            name=step.name,
            script_name=step.script,
            arguments=[self._argument(each) for each in step.arguments],
            compute_target=self._compute,
            runconfig=configuration,
            source_directory=self._folder,
            allow_reuse=False,
        )
        for name in step.after:
            built.run_after(self.built[name])
        return built

    def _parallel(self, step: ParallelStep) -> Any:  # noqa: ANN401
        configuration = self._classes.parallel_configuration(
            environment=self._environment,
            entry_script=step.entry_script,
            source_directory=self._folder,
            compute_target=self._compute,
            node_count=step.node_count,
            process_count_per_node=step.process_count_per_node,
            mini_batch_size="1",
            error_threshold=0,
            output_action="summary_only",
            run_max_try=step.run_max_try,
            run_invocation_timeout=step.run_invocation_timeout_seconds,
        )
        return self._classes.parallel(
            name=step.name,
            parallel_run_config=configuration,
            inputs=[self._folders[step.reads].as_input(step.reads)],
            arguments=[self._argument(each) for each in step.arguments],
            allow_reuse=False,
        )

    def _argument(self, argument: Argument) -> Any:  # noqa: ANN401
        from azureml.data import OutputFileDatasetConfig

        match argument:
            case str():
                return argument
            case Note(text=text):
                return text
            case Parameter(name=name):
                return self._parameters[name]
            case Written(folder=folder):
                self._folders[folder] = OutputFileDatasetConfig(name=folder)
                return self._folders[folder]
            case Read(folder=folder):
                return self._folders[folder].as_input(folder)
        assert_never(argument)
