"""What GitHub Actions and Azure Pipelines are told, in the forms that they document, read as they read it."""

from __future__ import annotations

import io
import json
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import InvalidConfigurationError, Problem, Where
from deployment.ci import (
    LARGEST_SUMMARY,
    Annotation,
    AzurePipelines,
    GitHubActions,
    ci_of,
    harmless,
    harmless_json,
    markdown,
)
from deployment.failures import failure_of
from deployment.report import Line, Table
from deployment.terminal import Terminal

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = GitHubActions(None, "")
AZURE = AzurePipelines(None, "")
texts = st.text() | st.text(st.sampled_from("%:,;]\r\n#[a0DA"))


def test_an_annotation_is_what_the_documentation_shows():
    """https://docs.github.com/actions: workflow commands; https://learn.microsoft.com: logging commands."""
    told = Annotation("error", "is 5", "pipeline/a.json", 7, "ADF101")

    assert GITHUB.annotation(told) == "::error file=pipeline/a.json,line=7,title=ADF101::is 5"
    assert (
        AZURE.annotation(told)
        == "##vso[task.logissue type=error;sourcepath=pipeline/a.json;linenumber=7;code=ADF101;]is 5"
    )
    assert GITHUB.annotation(Annotation("warning", "x")) == "::warning::x"
    assert AZURE.annotation(Annotation("warning", "x")) == "##vso[task.logissue type=warning;]x"


def as_github_reads(line: str) -> tuple[str, dict[str, str], str]:
    """actions/runner, ActionCommand.TryParseV2."""
    _, command, message = line.split("::", 2)
    name, _, said = command.partition(" ")
    pairs = (each.split("=", 1) for each in said.split(",") if each)

    def decoded(text: str, codes: str) -> str:
        for code, char in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
            if char in codes:
                text = text.replace(code, char)
        return text

    properties = {key: decoded(value, "\r\n:,%") for key, value in pairs}
    return name, properties, decoded(message, "\r\n%")


def as_azure_reads(line: str) -> tuple[str, dict[str, str], str]:
    """microsoft/azure-pipelines-agent, Command.TryParse."""
    start, end = line.index("##vso[") + 6, line.index("]")
    name, _, said = line[start:end].partition(" ")

    def decoded(text: str) -> str:
        for code, char in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")):
            text = text.replace(code, char)
        return text

    pairs = (each.split("=", 1) for each in said.split(";") if each)
    return name, {key: decoded(value) for key, value in pairs}, decoded(line[end + 1 :])


def kept(text: str) -> str:
    """Control characters that would only disturb the log are left out."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029]", "", text)


@given(message=texts, file=texts.filter(bool), title=texts.filter(lambda each: bool(kept(each))))
def test_whatever_a_text_holds_it_arrives_as_it_is_in_one_line(message: str, file: str, title: str):
    """No text ends a command early, adds a property, or begins another command."""
    told = Annotation("error", message, file, 3, title)
    for line, read in (
        (GITHUB.annotation(told), as_github_reads),
        (AZURE.annotation(told), as_azure_reads),
    ):
        _, properties, arrived = read(line)

        assert line.splitlines() == [line]
        assert arrived == kept(message)
        assert kept(title) in properties.values()
        assert properties.get("file", properties.get("sourcepath", "")) == kept(file)
        assert len(properties) <= 4


@given(texts | st.text(st.sampled_from(": #[vso\n\r\f\v\x85\u2028")))
def test_output_holds_no_command(text: str):
    """GitHub looks at a line's start, behind blanks; Azure Pipelines, and GitHub's old form, anywhere."""
    for line in harmless(text).splitlines():
        assert not line.lstrip().startswith("::")
        assert "##[" not in line
        assert "##vso[" not in line.lower()
    document = harmless_json(json.dumps({"x": text}, ensure_ascii=False))

    assert json.loads(document) == {"x": text}
    assert "##[" not in document
    assert "##vso[" not in document.lower()


@given(st.lists(texts | st.text(st.sampled_from("`~\n"))))
def test_nothing_in_a_summary_closes_its_fence(lines: list[str]):
    """What stands in the fence is text, whatever it says."""
    made = markdown("<b>`x`", lines)
    heading, _, opening, *rest = made.split("\n")
    body = rest[:-3]

    assert heading == r"### \<b\>\`x\`"
    assert rest[-3] == opening.removesuffix("text")
    assert not any(re.fullmatch(rf" {{0,3}}`{{{len(rest[-3])},}}\s*", line) for line in body)


def test_a_summary_is_no_larger_than_github_takes():
    """It would be refused as a whole."""
    made = markdown("plan", ["ä" * 600_000])

    assert len(made.encode()) < LARGEST_SUMMARY + 200
    assert "the rest is in the job's log" in made


@pytest.mark.parametrize(
    ("variables", "kind"),
    [
        ({}, None),
        ({"GITHUB_ACTIONS": "true"}, GitHubActions),
        ({"TF_BUILD": "True"}, AzurePipelines),
        ({"GITHUB_ACTIONS": "false", "TF_BUILD": ""}, None),
        ({"CI": "true"}, None),
    ],
)
def test_a_system_is_known_by_its_documented_variable(variables: dict[str, str], kind: type | None):
    """Others are not told anything."""
    assert type(ci_of(variables)) is (kind or type(None))


def test_a_file_is_named_from_the_folder_that_was_checked_out(tmp_path: Path):
    """Wherever in it the command ran."""
    inside, outside = str(tmp_path / "a/b.json"), "/elsewhere/b.json"
    ci = GitHubActions(None, str(tmp_path))

    assert "file=a/b.json::" in ci.annotation(Annotation("error", "x", inside))
    assert f"file={outside}::" in ci.annotation(Annotation("error", "x", outside))


def terminal(ci: GitHubActions | AzurePipelines | None, *, as_json: bool = False) -> Terminal:
    return Terminal(json=as_json, color=False, stdout=io.StringIO(), stderr=io.StringIO(), ci=ci)


def text_of(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_github_keeps_a_summary_behind_those_of_other_steps(tmp_path: Path):
    """The file is a job's; nothing is printed for it."""
    file = tmp_path / "summary.md"
    file.write_text("before\n")
    screen = terminal(GitHubActions(file, ""))
    screen.summarise("Plan for prod", [Line("Plan: 1 to add")])

    assert file.read_text() == "before\n### Plan for prod\n\n```text\nPlan: 1 to add\n```\n\n"
    assert text_of(screen.stdout) + text_of(screen.stderr) == ""


def test_azure_pipelines_is_told_which_file_to_take(tmp_path: Path):
    """A file a summary, in the folder that the agent empties."""
    screen = terminal(AzurePipelines(str(tmp_path), ""))
    screen.summarise("Plan for prod", [Line("Plan: 1 to add")])
    [file] = tmp_path.iterdir()

    assert text_of(screen.stderr) == f"##vso[task.uploadsummary]{file}\n"
    assert file.read_text().endswith("```text\nPlan: 1 to add\n```\n\n")


def test_a_summary_that_cannot_be_kept_is_a_warning(tmp_path: Path):
    """What was deployed is deployed."""
    screen = terminal(GitHubActions(tmp_path / "no/summary.md", ""))
    screen.summarise("Plan", [])

    assert text_of(screen.stderr) == (
        "::warning::the job's summary cannot be written: No such file or directory\n"
    )


def test_each_problem_of_a_configuration_is_annotated_at_its_place():
    """stdout stays one document; a variable has no file."""
    problems = [
        Problem(Where("config/prod.yaml", 4), "lake.account", "`X`", "a name"),
        Problem(Where("ADFBATCH__A"), "a", "`1`", "nothing"),
    ]
    screen = terminal(GITHUB, as_json=True)
    screen.fail(failure_of(InvalidConfigurationError(problems)))
    first, second = text_of(screen.stderr).splitlines()

    assert first.startswith(
        "::error file=config/prod.yaml,line=4,title=configuration::config/prod.yaml:4: lake"
    )
    assert second.startswith("::error title=configuration::ADFBATCH__A: a: found")
    assert json.loads(text_of(screen.stdout))["error"]["file"] == "config/prod.yaml"


def test_where_no_system_reads_along_nothing_is_told():
    """A person sees the result and the errors."""
    screen = terminal(None)
    screen.annotate([Annotation("error", "x")])
    screen.summarise("Plan", [Line("x")])

    assert text_of(screen.stdout) + text_of(screen.stderr) == ""


def test_a_hostile_name_in_a_table_is_no_command():
    """Factories come from pull requests."""
    screen = terminal(GITHUB)
    screen.show([Line("x\n::add-mask::y"), Table(("name",), [["##vso[task.setvariable variable=a]b"]])], {})

    assert harmless(text_of(screen.stdout)) == text_of(screen.stdout)


@pytest.mark.parametrize("control", ["\x1b]0;mine\x07", "\x1b[2J", "\x9b2J", "\x08", "\r"])
def test_an_error_of_a_script_is_no_command_of_the_terminal(control: str):
    """It is shown as it would be written in the script, and can be searched for."""
    screen = terminal(None)
    screen.show([Line(f"ValueError: bad {control}row\r\nnext")], {})

    assert text_of(screen.stdout) == f"ValueError: bad {control.encode('unicode_escape').decode()}row\nnext\n"
