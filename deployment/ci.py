"""What a CI system is told beside the output: annotations at a file and line, and a summary of the job.

    GitHub Actions     `::error file=…,line=…::…`; the summary is appended to the file $GITHUB_STEP_SUMMARY
    Azure Pipelines    `##vso[task.logissue …]…`; the summary is a file that `##vso[task.uploadsummary]` names

Both read their commands from a step's stderr as they do from its stdout, so stdout stays the result alone.
Whatever is told comes from files that anybody may have written: `harmless` is the output in which neither
system finds a command, nor a terminal one of its own, and in a command every text is escaped as its
documentation says: "Workflow commands for GitHub Actions" and "Logging commands" of Azure Pipelines.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Literal, TextIO

LARGEST_SUMMARY: Final = 900_000
"""Bytes; GitHub refuses a summary of more than a megabyte as a whole."""
_COMMAND: Final = re.compile(
    r"(?:^|[\r\n\v\f\x1c-\x1e\x85\u2028\u2029])\s*:(?=:)|#(?=#(?:vso)?\[)", re.IGNORECASE
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_BACKTICKS: Final = re.compile(r"`+")


@dataclass(frozen=True)
class Annotation:
    """`file` as the user would name it, from the working directory; `title` is a rule's id, or a code."""

    severity: Literal["error", "warning"]
    message: str
    file: str | None = None
    line: int | None = None
    title: str = ""


class Ci(Protocol):
    def annotation(self, told: Annotation) -> str:
        """The command, one line."""
        ...

    def summarise(self, markdown: str) -> str:
        """Keep the summary; the command that this takes, or nothing. Raises OSError."""
        ...


@dataclass(frozen=True)
class GitHubActions:
    summary: Path | None
    workspace: str

    def annotation(self, told: Annotation) -> str:
        file = None if told.file is None else _below(told.file, self.workspace)
        line = None if told.line is None else str(told.line)
        said = {"file": file, "line": line, "title": told.title or None}
        properties = ",".join(f"{key}={_github(value, ':,')}" for key, value in said.items() if value)
        return f"::{told.severity}{' ' if properties else ''}{properties}::{_github(told.message)}"

    def summarise(self, markdown: str) -> str:
        if self.summary is not None:
            with self.summary.open("a", encoding="utf-8") as file:
                file.write(markdown)
        return ""


@dataclass(frozen=True)
class AzurePipelines:
    temporary: str | None
    workspace: str

    def annotation(self, told: Annotation) -> str:
        file = None if told.file is None else _below(told.file, self.workspace)
        line = None if told.line is None else str(told.line)
        said = {"type": told.severity, "sourcepath": file, "linenumber": line, "code": told.title or None}
        properties = "".join(f"{key}={_azure(value, ';]')};" for key, value in said.items() if value)
        return f"##vso[task.logissue {properties}]{_azure(told.message)}"

    def summarise(self, markdown: str) -> str:
        import tempfile

        descriptor, name = tempfile.mkstemp(".md", "adf-batch-scoring-", self.temporary)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(markdown)
        return f"##vso[task.uploadsummary]{_azure(name)}"


def ci_of(variables: Mapping[str, str]) -> Ci | None:
    """The system that runs this, as its documented variables say; None where a person does."""
    if variables.get("GITHUB_ACTIONS") == "true":
        summary = variables.get("GITHUB_STEP_SUMMARY")
        return GitHubActions(Path(summary) if summary else None, variables.get("GITHUB_WORKSPACE", ""))
    if variables.get("TF_BUILD", "").lower() == "true":
        return AzurePipelines(
            variables.get("AGENT_TEMPDIRECTORY"), variables.get("BUILD_SOURCESDIRECTORY", "")
        )
    return None


def markdown(title: str, lines: Iterable[str]) -> str:
    """A heading and the lines as they are: in a fence that nothing in them can close."""
    text = _shortened("\n".join(_CONTROL.sub("", line) for line in lines))
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"### {_heading(title)}\n\n{fence}text\n{text}\n{fence}\n\n"


def _heading(title: str) -> str:
    """No markup, and one line."""
    return re.sub(r"([\\`*_{}\[\]<>()#|!&])", r"\\\1", " ".join(title.split()))


def _shortened(text: str) -> str:
    encoded = text.encode()
    if len(encoded) <= LARGEST_SUMMARY:
        return text
    return encoded[:LARGEST_SUMMARY].decode(errors="ignore") + "\n… (the rest is in the job's log)"


def harmless(text: str) -> str:
    r"""The text, with a blank in what would be a command of a CI system; control characters, with which a
    terminal is cleared, renamed or made to lie, as `\x1b` is written.
    """
    shown = _CONTROL.sub(_written, text.replace("\r\n", "\n"))
    return _COMMAND.sub(lambda found: f"{found[0]} ", shown)


def _written(control: re.Match[str]) -> str:
    return control[0].encode("unicode_escape").decode()


def harmless_json(text: str) -> str:
    """The same document, in which the # of what would be a command is escaped."""
    return re.sub(r"#(?=(?:vso)?\[)", r"\\u0023", text, flags=re.IGNORECASE)


def tell(stream: TextIO, command: str) -> None:
    """A command is a line of its own."""
    stream.write(f"{command}\n")
    stream.flush()


def _github(text: str, reserved: str = "") -> str:
    return _escaped(text, {"%": "%25", "\r": "%0D", "\n": "%0A"} | {c: f"%{ord(c):02X}" for c in reserved})


def _azure(text: str, reserved: str = "") -> str:
    return _escaped(text, {"%": "%AZP25", "\r": "%0D", "\n": "%0A"} | {c: f"%{ord(c):02X}" for c in reserved})


def _escaped(text: str, codes: Mapping[str, str]) -> str:
    """Other control characters would only disturb the log."""
    return "".join(codes.get(char, "" if _CONTROL.match(char) else char) for char in text)


def _below(file: str, workspace: str) -> str:
    """As the system names it: from the folder that was checked out."""
    path = Path(file).absolute()
    return path.relative_to(workspace).as_posix() if workspace and path.is_relative_to(workspace) else file
