"""The workflows that users copy: they parse, their commands are understood, they may do what they must."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest

from config import documents
from deployment.arguments import parse
from tests.docs.pages import REPOSITORY, read

FILES = ["ci/github-actions.yml", "ci/azure-pipelines.yml"]
VALUES = {"$ENVIRONMENT": "prod", "$(environment)": "prod", "$(Pipeline.Workspace)": "/workspace"}


def loaded(file: str) -> Any:
    """Duplicate keys are errors; `on` is a word."""
    document = documents.Document()
    documents.parse(read(file), file, document)
    assert not document.problems
    return document.values


def texts(body: Any) -> list[str]:
    """Every text of a document."""
    if isinstance(body, dict):
        return [text for value in body.values() for text in texts(value)]
    if isinstance(body, list):
        return [text for value in body for text in texts(value)]
    return [body] if isinstance(body, str) else []


def commands(file: str) -> list[str]:
    lines = [line.strip() for text in texts(loaded(file)) for line in text.splitlines()]
    return [line for line in lines if line.startswith("python deploy.py")]


@pytest.mark.parametrize("file", FILES)
def test_each_command_is_understood(file: str):
    """Validate, plan, deploy: in this order, and the deployment applies the plan that was kept."""
    understood = []
    for command in commands(file):
        for variable, value in VALUES.items():
            command = command.replace(variable, value)  # noqa: PLW2901
        understood.append(parse(shlex.split(command)[2:]))

    assert [given.verb for given in understood] == ["plan", "plan", "deploy"]
    assert [given.env for given in understood] == ["prod"] * 3
    assert [given.verb == "plan" and given.offline for given in understood] == [True, False, False]
    assert understood[1].out.name == understood[2].plan.name


@pytest.mark.parametrize("file", FILES)
def test_no_secret_is_asked_for(file: str):
    """Neither a stored one nor one that is handed on."""
    text = re.sub(r"^\s*#.*$", "", read(file), flags=re.MULTILINE)

    assert not re.search(r"secret|password|client-secret|creds|addSpnToEnvironment", text, re.IGNORECASE)


@pytest.mark.parametrize("file", FILES)
def test_what_is_installed_is_what_the_lock_says(file: str):
    """With hashes, as `make setup` does."""
    installs = [text for text in texts(loaded(file)) if "pip install" in text]

    assert len(installs) == 3
    assert all("--require-hashes --no-deps -r requirements.lock" in text for text in installs)


def test_github_jobs_may_do_what_they_must():
    """Nothing by default; a token for Azure only where Azure is asked; no job keeps the checkout's token."""
    workflow = loaded("ci/github-actions.yml")
    jobs = workflow["jobs"]
    permissions = {name: dict(job["permissions"]) for name, job in jobs.items()}

    assert workflow["permissions"] == {}
    assert permissions == {
        "validate": {"contents": "read"},
        "plan": {"contents": "read", "id-token": "write"},
        "deploy": {"contents": "read", "id-token": "write"},
    }
    assert set(workflow["on"]) == {"pull_request", "push"}
    checkouts = [step for job in jobs.values() for step in job["steps"] if "checkout" in step.get("uses", "")]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False] * 3


def test_only_main_deploys_on_github_and_never_two_at_once():
    """Behind the environment's reviewers, from the plan that they have read."""
    deploy = loaded("ci/github-actions.yml")["jobs"]["deploy"]

    assert deploy["if"] == "github.event_name == 'push'"
    assert deploy["environment"] == "prod"
    assert deploy["concurrency"] == {"group": "deploy-prod", "cancel-in-progress": False}
    assert deploy["needs"] == "plan"


def test_no_expression_of_github_stands_in_a_script():
    """What comes from outside, a branch's name say, would be run."""
    jobs = loaded("ci/github-actions.yml")["jobs"]
    scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]

    assert not any("${{" in script for script in scripts)


def test_only_main_deploys_on_azure_pipelines():
    """In a deployment job, whose environment asks its approvers."""
    stages = {stage["stage"]: stage for stage in loaded("ci/azure-pipelines.yml")["stages"]}
    [job] = stages["deploy"]["jobs"]
    connections = re.findall(r"azureSubscription: (\S+)", read("ci/azure-pipelines.yml"))

    assert "refs/heads/main" in stages["deploy"]["condition"]
    assert "PullRequest" in stages["deploy"]["condition"]
    assert job["environment"] == "prod"
    assert connections == ["batch-scoring-plan", "batch-scoring-deploy"]


@pytest.mark.parametrize("word", ["batch-scoring-plan", "batch-scoring-deploy", "AZURE_PLAN_CLIENT_ID"])
def test_what_the_workflows_name_the_page_says_how_to_make(word: str):
    """Nobody searches for it in YAML."""
    assert word in read("docs/ci.md")
    variables = set(re.findall(r"vars\.(\w+)", read("ci/github-actions.yml")))
    assert all(variable in read("docs/ci.md") for variable in variables)
    assert (REPOSITORY / "requirements.lock").exists()


@pytest.mark.parametrize("file", FILES)
def test_what_is_made_by_others_is_listed_as_unproven(file: str):
    """Actions and tasks, with their versions: nobody here could run them."""
    named = re.findall(r"(?:uses|task): (\S+)", read(file))

    assert named
    assert [each for each in named if f"`{each}`" not in read("docs/unproven.md")] == []
