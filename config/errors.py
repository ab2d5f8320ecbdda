"""What can be wrong with a configuration.

ConfigurationError
├── InvalidConfigurationError     every problem of the files, the variables and --set, together
└── UnknownEnvironmentError       no config/<environment>.yaml
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Where:
    """A file (as the user would name it) and a line from 1; or a variable or option, which has no line."""

    source: str
    line: int | None = None

    def __str__(self) -> str:
        return self.source if self.line is None else f"{self.source}:{self.line}"


@dataclass(frozen=True)
class Problem:
    """One repair instruction. `key` is dotted from the root of the merged configuration."""

    where: Where
    key: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        subject = f"{self.key}: " if self.key else ""
        return f"{self.where}: {subject}found {self.found}, expected {self.expected}{self.hint}"

    @property
    def hint(self) -> str:
        return "" if self.nearest is None else f" (did you mean `{self.nearest}`?)"


class ConfigurationError(Exception):
    """The base of everything this package raises."""

    code = "configuration"

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


class InvalidConfigurationError(ConfigurationError):
    """Every problem that was found; never only the first."""


class UnknownEnvironmentError(ConfigurationError):
    """No file describes the environment that was asked for."""

    def __init__(self, environment: str, existing: list[str], nearest: str | None) -> None:
        expected = f"one of {', '.join(existing)}" if existing else "a file config/<environment>.yaml"
        where = Where("--env")
        super().__init__([Problem(where, "", f"environment `{environment}`", expected, nearest)])
