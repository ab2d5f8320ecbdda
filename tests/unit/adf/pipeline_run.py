"""Data Factory's rules of a pipeline run, as documented, small enough to be read: the judge of our pipelines.

Not the sandbox's engine: that one is held against Microsoft's cases, this one says what our JSON comes to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from adf.language import Scope, evaluate

Outcome = tuple[str, dict[str, Any]]
"""A status and what `activity('…')` shows of it."""


@dataclass
class PipelineRun:
    """Runs a body's activities; `outcomes` says how those end that reach outside of Data Factory."""

    body: Mapping[str, Any]
    outcomes: Mapping[str, Outcome]
    pipeline: Mapping[str, Any]
    statuses: dict[str, str] = field(default_factory=dict)
    shown: dict[str, Any] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)

    def status(self) -> str:
        return "Succeeded" if self._all_succeed(self.body["activities"]) else "Failed"

    def scope(self) -> Scope:
        return Scope(pipeline=self.pipeline, activities=self.shown)

    def _all_succeed(self, activities: list[dict[str, Any]]) -> bool:
        by_name = {activity["name"]: activity for activity in activities}
        pending = dict(by_name)
        while pending:
            ready = [a for a in pending.values() if not set(_parents(a)) & set(pending)]
            for activity in ready:
                self._finish(pending.pop(activity["name"]))
        inner = {parent for activity in activities for parent in _parents(activity)}
        return all(self._succeeded(by_name[name], by_name) for name in by_name if name not in inner)

    def _succeeded(self, activity: dict[str, Any], by_name: Mapping[str, Any]) -> bool:
        """A skipped leaf is replaced by its parents."""
        status = self.statuses[activity["name"]]
        if status == "Skipped":
            return all(self._succeeded(by_name[parent], by_name) for parent in _parents(activity))
        return status == "Succeeded"

    def _finish(self, activity: dict[str, Any]) -> None:
        name = activity["name"]
        holds = all(
            self.statuses[entry["activity"]] in entry["dependencyConditions"]
            or (
                "Completed" in entry["dependencyConditions"]
                and self.statuses[entry["activity"]] in ("Succeeded", "Failed")
            )
            for entry in activity["dependsOn"]
        )
        self.statuses[name] = self._run(activity) if holds else "Skipped"
        self.shown.setdefault(name, {"status": self.statuses[name]})

    def _run(self, activity: dict[str, Any]) -> str:
        match activity["type"]:
            case "Fail":
                return self._fail(
                    activity, str(evaluate(activity["typeProperties"]["message"], self.scope()))
                )
            case "IfCondition":
                holds = evaluate(activity["typeProperties"]["expression"], self.scope())
                assert isinstance(holds, bool)
                branch = "ifTrueActivities" if holds else "ifFalseActivities"
                if self._all_succeed(activity["typeProperties"].get(branch, [])):
                    return "Succeeded"
                return self._show_inner(activity, activity["typeProperties"][branch])
        status, shown = self.outcomes[activity["name"]]
        self.shown[activity["name"]] = {"status": status, **shown}
        return status

    def _fail(self, activity: dict[str, Any], message: str) -> str:
        self.messages.append(message)
        self.shown[activity["name"]] = {"status": "Failed", "error": {"message": message}}
        return "Failed"

    def _show_inner(self, activity: dict[str, Any], within: list[dict[str, Any]]) -> str:
        """A container fails in the service's words."""
        [inner] = [each["name"] for each in within if self.statuses.get(each["name"]) == "Failed"]
        said = self.shown[inner].get("error", {}).get("message")
        message = (
            f"Activity failed because an inner activity failed; Inner activity name: {inner}, Error: {said}"
        )
        self.shown[activity["name"]] = {"status": "Failed", "error": {"message": message}}
        return "Failed"


def _parents(activity: Mapping[str, Any]) -> list[str]:
    return [entry["activity"] for entry in activity["dependsOn"]]
