"""The command line as a process: what it imports, prints and returns, without any Azure."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
AZURE = ("azure", "azureml", "msrest", "requests", "aiohttp")
HEAVY = (*AZURE, "pydantic", "rich", "yaml", "pandas", "pyarrow", "adf", "ml_pipelines", "config")

FROM_ANOTHER_CLOUD = [
    *("--set", "models.diabetes.version.from=local-dev"),
    *("--set", "models.diabetes.version.version=7"),
]


def deploy(*arguments: str, code: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """deploy.py in a process of its own, from another folder than its own."""
    start = [str(REPOSITORY / "deploy.py")] if not code else ["-c", code]
    return subprocess.run(
        [sys.executable, *start, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        env=os.environ | variables,
        timeout=60,
    )


def imported_by(*arguments: str) -> set[str]:
    """Top-level packages that the command has imported when it ends."""
    code = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import deploy\n"
        "try:\n    deploy.main(sys.argv[1:])\n"
        "except SystemExit:\n    pass\n"
        "print('IMPORTED', *{name.split('.')[0] for name in sys.modules})"
    )
    ended = deploy(*arguments, code=code)
    (line,) = (line for line in ended.stdout.splitlines() if line.startswith("IMPORTED"))
    return set(line.split()[1:])


def test_help_imports_nothing_heavy():
    """It answers in the time that Python itself takes."""
    assert imported_by("--help") & set(HEAVY) == set()


def test_what_a_command_does_not_use_is_hidden_from_it():
    """By `main` where it has the process to itself, not where a test calls it."""
    lines = (
        f"import sys; sys.path.insert(0, {str(REPOSITORY)!r}); import deploy, runpy",
        "deploy.main(['plan', '--env', 'nowhere'])",
        "import paramiko",
        "sys.argv = ['deploy.py', 'plan', '--env', 'nowhere']",
        "try: runpy.run_path(deploy.__file__, run_name='__main__')",
        "except SystemExit: import aiohttp",
    )

    ended = deploy(code="\n".join(lines))

    assert ended.stderr.rstrip().endswith("ModuleNotFoundError: aiohttp is not used by this process")


def test_an_offline_plan_imports_no_azure_package_and_nothing_that_calls_one():
    """No network, no credentials: nothing that could use either is even loaded."""
    assert imported_by("plan", "--env", "prod", "--offline") & {*AZURE, "sandbox"} == set()


@pytest.mark.parametrize("environment", ["local", "local-dev", "local-prod", "dev", "prod"])
def test_our_own_environments_are_valid(environment):
    """The examples that users start from."""
    ended = deploy("plan", "--env", environment, "--offline")

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1].startswith("Plan: ")
    assert ended.stderr == ""


def test_an_offline_plan_in_json_is_one_document():
    """With the keys that scripts rely on."""
    document = json.loads(deploy("-e", "dev", "-o", "json", "plan", "--offline").stdout)

    assert document["env"] == "dev"
    assert document["summary"]["add"] == len(document["changes"])


def test_a_detailed_exit_code_tells_changes_from_none():
    """2 where there is something to change."""
    assert deploy("plan", "-e", "dev", "--offline", "--detailed-exitcode").returncode == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["paln", "-e", "dev"], "unknown verb"),
        (["render", "-e", "dev"], "required: --out"),
        (["render", "-e", "dev", "--offline", "--out", "/"], "is the folder that holds"),
        (["render", "-e", "dev", "--offline", "--out", "/dev/null"], "is a file"),
        (["plan"], "required: -e/--env"),
        (["plan", "-e", "prod", "--offline", *FROM_ANOTHER_CLOUD], "whose `azure.cloud` is local"),
        (["plan", "--factory", "."], "add --offline"),
        (["plan", "--factory", ".", "--offline", "-e", "dev"], "--factory with --env"),
        (["plan", "--factory", "/no", "--offline"], "does not exist"),
        (["-e", "pord"], "did you mean `prod`"),
        (["plan", "-e", "dev", "--offline", "--set", "lake.account=A"], "--set lake.account=A"),
        (["run", "-e", "local", "--model", "diabetic"], "no model `diabetic`"),
        (["run", "-e", "local", "--training", "--window", "2026-11-22"], "training has no window"),
        (["run", "-e", "local", "--from", "2026-11-22"], "two ends"),
        (["run", "-e", "local", "--limit", "5"], "--limit is about a range"),
        (["run", "-e", "local", "--yes"], "--yes is about a range"),
        (["run", "-e", "local", "--no-wait", "--max-parallel", "2"], "--no-wait starts all at once"),
    ],
)
def test_a_mistake_ends_with_64_and_says_what_to_do(arguments, message):
    """On stderr for people; stdout stays empty."""
    ended = deploy(*arguments)

    assert ended.returncode == 64
    assert message in ended.stderr
    assert ended.stdout == ""


def factory(folder: Path, **properties: object) -> str:
    """A folder with a pipeline in Data Factory's Git layout."""
    wait = {"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
    (folder / "pipeline").mkdir()
    body = {"name": "a", "properties": {"activities": [wait], **properties}}
    (folder / "pipeline/a.json").write_text(json.dumps(body, indent=1))
    return str(folder)


def test_the_factory_of_others_is_held_against_the_rules(tmp_path):
    """Without an environment; 1 where there is an error."""
    folder = factory(tmp_path, concurrency="many")
    ended = deploy("plan", "--offline", "--factory", folder)

    assert ended.returncode == 1, ended.stderr
    assert "ADF103" in ended.stdout
    assert ended.stdout.splitlines()[-1] == "Checked 1 entities in 1 files: 1 errors, 0 warnings"
    assert ended.stderr == ""


def test_the_findings_in_json_are_one_document(tmp_path):
    """With the keys that scripts rely on."""
    folder = factory(tmp_path, concurrency="many")
    document = json.loads(deploy("plan", "--offline", "--factory", folder, "-o", "json").stdout)

    assert document == {
        "factory": folder,
        "findings": [
            {
                "id": "ADF103",
                "severity": "error",
                "file": f"{folder}/pipeline/a.json",
                "line": 13,
                "path": "properties.concurrency",
                "message": "is 'many', expected an integer",
                "hint": "Write what is expected.",
            }
        ],
        "summary": {"errors": 1, "warnings": 0, "files": 1, "entities": 1, "references_outside": 0},
    }


def test_what_is_rendered_from_a_clean_configuration_is_clean(tmp_path):
    """But for the start that nobody knows offline."""
    out = str(tmp_path / "out")
    assert deploy("render", "-e", "prod", "--offline", "--out", out).returncode == 0
    found = json.loads(deploy("plan", "--offline", "--factory", out, "-o", "json").stdout)["findings"]

    assert [(each["id"], each["message"][:38]) for each in found] == [
        ("ADF608", "startTime: '<start of the first window"),
    ]


def test_checking_a_folder_imports_neither_azure_nor_the_configuration(tmp_path):
    """It is JSON and rules."""
    folder = factory(tmp_path)
    heavy = {*AZURE, "sandbox", "pydantic", "yaml", "pandas", "pyarrow", "rich"}

    assert imported_by("plan", "--offline", "--factory", folder, "-o", "json") & heavy == set()


def test_github_gets_annotations_and_a_summary_and_stdout_stays_one_document(tmp_path):
    """As a step of a job sees it."""
    folder = factory(tmp_path, concurrency="many")
    summary = tmp_path / "summary.md"
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": folder}
    ended = deploy("plan", "--offline", "--factory", folder, "-o", "json", **variables)

    assert json.loads(ended.stdout)["summary"]["errors"] == 1
    assert ended.stderr.startswith("::error file=pipeline/a.json,line=13,title=ADF103::is 'many'")
    assert "Checked 1 entities" in summary.read_text()

    planned = deploy("plan", "-e", "dev", "--offline", **variables)
    assert planned.stderr == ""
    assert "### Plan for dev" in summary.read_text()


def test_azure_pipelines_gets_issues_and_a_summary(tmp_path):
    """A wrong configuration is an issue at its file and line."""
    variables = {"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}
    planned = deploy("plan", "-e", "dev", "--offline", **variables)
    wrong = deploy("plan", "-e", "pord", "--offline", **variables)

    assert planned.stderr.startswith(f"##vso[task.uploadsummary]{tmp_path}/")
    assert "##vso[task.logissue type=error;" in wrong.stderr


def test_an_offline_rendering_imports_no_azure_package(tmp_path):
    """As an offline plan: no network, no credentials, no local Azure."""
    imported = imported_by("render", "--env", "local", "--offline", "--out", str(tmp_path))

    assert imported & {*AZURE, "sandbox"} == set()
    assert (tmp_path / "ARMTemplateForFactory.json").exists()


def test_an_offline_rendering_is_one_document_and_a_warning(tmp_path):
    """What nobody was asked for is null in the one, and counted in the other."""
    ended = deploy("render", "-e", "prod", "--offline", "-o", "json", "--out", str(tmp_path / "out"))
    document = json.loads(ended.stdout)
    there = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.json")}

    assert ended.returncode == 0, ended.stderr
    assert (document["env"], document["offline"]) == ("prod", True)
    assert there == set(document["files"])
    unknown = [name for name, value in document["parameters"].items() if value is None]
    assert ended.stderr == (
        f"warning: {len(unknown)} values are to be filled in: offline nobody is asked for them\n"
    )


def test_the_same_commit_renders_the_same_bytes(tmp_path):
    """Nothing in a file depends on the clock or on the folder."""
    for name in ("one", "two"):
        assert deploy("render", "-e", "prod", "--offline", "--out", str(tmp_path / name)).returncode == 0
    one, two = (
        {
            str(path.relative_to(tmp_path / name)): path.read_bytes()
            for path in (tmp_path / name).rglob("*.json")
        }
        for name in ("one", "two")
    )

    assert one == two


def test_a_mistake_in_json_is_a_document_on_stdout():
    """Scripts read one place, whatever happens."""
    ended = deploy("plan", "-e", "dev", "--offline", "-o", "json", "--set", "lake.acount=x")
    error = json.loads(ended.stdout)["error"]

    assert ended.returncode == 64
    assert {"code", "message", "file", "line", "hint"} <= set(error)
    assert error["hint"] == "did you mean `account`?"


def test_a_project_may_lie_anywhere(tmp_path):
    """--project-dir names the folder that holds config/."""
    ended = deploy("plan", "-e", "dev", "--offline", "--project-dir", str(tmp_path))

    assert ended.returncode == 64
    assert "a file config/<environment>.yaml" in ended.stderr


def test_without_an_identity_a_real_environment_says_so_in_one_line(monkeypatch):
    """Not with the list of nine credentials that were tried."""
    for name in [name for name in os.environ if name.startswith(("AZURE_", "IDENTITY_", "MSI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))

    ended = deploy("plan", "--env", "dev")

    assert ended.returncode == 1
    assert ended.stderr.splitlines()[0] == "error nobody is signed in to Azure here"
    assert "az login" in ended.stderr
    assert len(ended.stderr.splitlines()) == 2
