"""The gate: what a new model must be, by itself and beside the champion judged with the same data. Pure.

`training.gate` says of each metric its bounds, by how much it may be worse than the champion's, and which is
better. The decision knows all results, not only the first that is bad: so one run says all that is wrong.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from .check_results import judged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .check_results import CheckResult

METRICS = "metrics."
MARGIN = ".margin"
"""What the names of results begin and end with."""
Better = Literal["higher", "lower"]
Gate = Literal["passed", "refused", "none"]
Word = Literal["approved", "refused", "passed"]
"""`passed`: somebody is to approve it yet (`training.approve: false`)."""


@dataclass(frozen=True)
class Demand:
    """What one metric must be."""

    metric: str
    minimum: float | None
    maximum: float | None
    margin: float
    better: Better

    @classmethod
    def of(cls, metric: str, said: Mapping[str, Any]) -> Self:
        minimum, maximum = said.get("minimum"), said.get("maximum")
        better: Better = said.get("better") or ("lower" if minimum is None else "higher")
        return cls(metric, minimum, maximum, said.get("margin", 0.0), better)

    @property
    def bounds(self) -> str:
        signs = ((">=", self.minimum), ("<=", self.maximum))
        return " and ".join(f"{sign} {shown(bound)}" for sign, bound in signs if bound is not None)

    def by_itself(self, value: float) -> CheckResult:
        """NaN is within no bounds."""
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        name = f"{METRICS}{self.metric}"
        return judged(name, shown(value), self.bounds or "a number", passed=low <= value <= high)

    def worst(self, champion: float) -> float:
        """The worst that it may be beside a champion that has this."""
        return champion - self.margin if self.better == "higher" else champion + self.margin

    def beside(self, value: float, champion: float, version: str) -> CheckResult:
        worst = self.worst(champion)
        better = value >= worst if self.better == "higher" else value <= worst
        passed = better or math.isclose(value, worst, rel_tol=1e-9, abs_tol=1e-12)
        sign = ">=" if self.better == "higher" else "<="
        compared = f"version {version} has {shown(champion)}, margin {shown(self.margin)}"
        allowed = f"{sign} {shown(worst)} ({compared})"
        return judged(f"{METRICS}{self.metric}{MARGIN}", shown(value), allowed, passed=passed)


def demands(gate: Mapping[str, Mapping[str, Any]]) -> list[Demand]:
    return [Demand.of(metric, said) for metric, said in gate.items()]


@dataclass(frozen=True)
class Decision:
    """`approve`: whether a model that passes may be scored with at once."""

    gate: Gate
    approve: bool
    results: tuple[CheckResult, ...]

    @property
    def approved(self) -> bool:
        return self.approve and not self.refused

    @property
    def refused(self) -> bool:
        return self.gate == "refused"

    @property
    def word(self) -> Word:
        return "refused" if self.refused else "approved" if self.approve else "passed"

    @property
    def reason(self) -> str:
        return reason_of(self.results)


def reason_of(results: Sequence[CheckResult]) -> str:
    """What was refused, in one sentence; `""` where nothing was."""
    failed = [each for each in results if each.failed]
    others = [f"the check {each}" for each in failed if not _is_of_metric(each)]
    metrics = ", ".join(_demanded(each) for each in failed if _is_of_metric(each))
    return "; ".join([*others, *([f"the gate demands {metrics}"] if metrics else [])])


def _is_of_metric(result: CheckResult) -> bool:
    return result.check.startswith(METRICS)


def _demanded(result: CheckResult) -> str:
    metric = result.check.removeprefix(METRICS).removesuffix(MARGIN)
    return f"{metric} {result.allowed}, and it is {result.found}"


def decide(
    gate: Mapping[str, Mapping[str, Any]],
    challenger: Mapping[str, float],
    champion: tuple[str, Mapping[str, float]] | None,
    *,
    approve: bool,
    others: Sequence[CheckResult] = (),
) -> Decision:
    """Of metrics that have all that the gate names; `champion`: its version and its metrics.

    `others` are judged already, as the training data are.
    """
    results = (*others, *_judge(demands(gate), challenger, champion))
    refused = any(each.failed for each in results)
    return Decision("refused" if refused else "passed" if gate else "none", approve, results)


def _judge(
    demanded: Sequence[Demand],
    challenger: Mapping[str, float],
    champion: tuple[str, Mapping[str, float]] | None,
) -> Iterator[CheckResult]:
    for each in demanded:
        value = challenger[each.metric]
        if each.bounds or champion is None:
            yield each.by_itself(value)
        if champion is not None:
            version, metrics = champion
            yield each.beside(value, metrics[each.metric], version)


def shown(value: float) -> str:
    return f"{value:.6g}"
