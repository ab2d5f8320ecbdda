"""What an expression may see at one place of one run: the run's facts, ended activities, the loop's item."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from adf.language import ABSENT, LanguageError, Scope, evaluate
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sandbox.datafactory.models import FactoryId, Json, JsonValue


@dataclass
class RunningPipeline:
    """One pipeline run under way. `system` is what pipeline() gives beside its parameters."""

    factory: FactoryId
    run_id: str
    definition_name: str
    definition: Json
    parameters: Json
    global_parameters: Json
    system: Mapping[str, Any]
    now: Callable[[], datetime]
    variables: Json = field(default_factory=dict)
    return_value: Json | None = None
    reused: Mapping[str, Json] = field(default_factory=dict)
    """Path of an activity → its run in the run that this one repairs."""

    def kept(self) -> Json:
        """What a run that waits for its turn begins with, as JSON: these fields and no others."""
        names = "definition_name definition parameters global_parameters system variables reused"
        return {name: getattr(self, name) for name in names.split()}

    def accessor(self) -> Json:
        """What pipeline() is."""
        return {**self.system, "parameters": self.parameters, "globalParameters": self.global_parameters}


@dataclass(frozen=True)
class Frame:
    """`activities` are those of this scope that ended; those of the scopes around it are visible too."""

    run: RunningPipeline
    around: Frame | None = None
    path: str = ""
    top: str = ""
    """The outermost container around, in the pipeline's own list of activities."""
    item: Any = ABSENT
    dataset: Any = ABSENT
    linked_service: Any = ABSENT
    activities: Json = field(default_factory=dict)
    may_reuse: bool = True
    """False below an activity that runs anew because something before it did: its inputs may have changed."""

    def evaluate(self, value: JsonValue) -> JsonValue:
        """Every expression inside `value`, evaluated; a failure fails the activity (InvalidTemplate)."""
        if isinstance(value, str) and "@" not in value:
            return value
        try:
            return evaluate(value, self._scope())
        except LanguageError as error:
            raise ActivityFailed(
                "InvalidTemplate", f"The expression cannot be evaluated: {error}."
            ) from error

    def inside(self, container: str, iteration: int | None = None) -> Frame:
        """The frame of a container's activities, or of one iteration of a loop's."""
        step = container if iteration is None else f"{container}[{iteration}]"
        return replace(
            self, around=self, path=f"{self.path}{step}/", top=self.top or container, activities={}
        )

    def with_item(self, item: JsonValue) -> Frame:
        return replace(self, item=item)

    def anew(self) -> Frame:
        return replace(self, may_reuse=False)

    def of_dataset(self, parameters: Json) -> Frame:
        """Inside a dataset: its parameters, and neither the pipeline's facts nor activities."""
        return replace(self, dataset=parameters, linked_service=ABSENT)

    def of_linked_service(self, parameters: Json) -> Frame:
        return replace(self, linked_service=parameters, dataset=ABSENT)

    def visible(self) -> Json:
        """Name → fact of the activities that ended, here and around."""
        return {**(self.around.visible() if self.around else {}), **self.activities}

    def _scope(self) -> Scope:
        inside_entity = self.dataset is not ABSENT or self.linked_service is not ABSENT
        if inside_entity:
            return Scope(dataset=self.dataset, linked_service=self.linked_service, now=self.run.now)
        return Scope(
            pipeline=self.run.accessor(),
            variables=self.run.variables,
            activities=self.visible(),
            item=self.item,
            now=self.run.now,
        )
