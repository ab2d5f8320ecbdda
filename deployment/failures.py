"""Every error in one shape, as the command line tells it: on stderr for people, as JSON for scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adf.errors import DataFactoryError
from config.errors import ConfigurationError
from deployment.ci import Annotation
from deployment.errors import FAILED, INTERRUPTED, USAGE, DeploymentError
from ml_pipelines.errors import MachineLearningError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from config.errors import Problem


@dataclass(frozen=True)
class Failure:
    """An error as users and scripts see it."""

    code: str
    message: str
    exit_code: int
    file: str | None = None
    line: int | None = None
    hint: str | None = None
    details: tuple[str, ...] = ()
    places: tuple[tuple[str | None, int | None], ...] = ()
    """File and line of each of the details, where they have one."""

    def annotations(self) -> Iterator[Annotation]:
        """Each thing that is wrong, for the CI system to show where it stands."""
        told = self.details or (self.message,)
        places = self.places or ((self.file, self.line),) * len(told)
        for text, (file, line) in zip(told, places, strict=True):
            yield Annotation("error", text, file, line, self.code)

    def document(self) -> dict[str, object]:
        body: dict[str, object] = {"code": self.code, "message": self.message}
        body |= {"file": self.file, "line": self.line, "hint": self.hint}
        if self.details:
            body["problems"] = list(self.details)
        return {"error": body}


EXPECTED = (DeploymentError, ConfigurationError, DataFactoryError, MachineLearningError, KeyboardInterrupt)


def failure_of(error: BaseException) -> Failure:
    match error:
        case ConfigurationError():
            return _configuration(error)
        case DeploymentError():
            hint = error.hint or None
            return Failure(error.code, str(error), error.exit_code, hint=hint, details=error.details)
        case DataFactoryError():
            return _foreign("data_factory", error)
        case MachineLearningError():
            return _foreign("machine_learning", error)
        case KeyboardInterrupt():
            return Failure("interrupted", "interrupted", INTERRUPTED)
        case _:
            hint = "this is a fault of this program; the traceback above says where"
            return Failure("internal", f"{type(error).__name__}: {error}", FAILED, hint=hint)


def _foreign(code: str, error: Exception) -> Failure:
    return Failure(code, str(error), FAILED, hint=getattr(error, "hint", None) or None)


def _configuration(error: ConfigurationError) -> Failure:
    first = error.problems[0]
    more = len(error.problems) - 1
    message = str(first) + (f" (and {more} more)" if more else "")
    nearest = None if first.nearest is None else f"did you mean `{first.nearest}`?"
    details = tuple(str(problem) for problem in error.problems)
    places = tuple((_file(problem), problem.where.line) for problem in error.problems)
    return Failure(error.code, message, USAGE, _file(first), first.where.line, nearest, details, places)


def _file(problem: Problem) -> str | None:
    """A variable or an option is no file."""
    return problem.where.source if problem.where.source.endswith(".yaml") else None
