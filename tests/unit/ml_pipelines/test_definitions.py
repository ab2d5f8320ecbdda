"""Definitions: what an ML pipeline is made of, and the fingerprint of that."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from ml_pipelines import batch_scoring, errors, training
from ml_pipelines.definition import Note, ParallelStep, Parameter, Read
from ml_pipelines.steps.parameters import BATCH_PARAMETERS, TRAINING_PARAMETERS
from tests.unit.ml_pipelines import models

BUILDS = (batch_scoring.build, training.build)


def build(source, make=batch_scoring.build, **changes):
    return make(models.settings(), models.model(source, **changes), models.sources())


@pytest.mark.parametrize("make", BUILDS)
def test_the_fingerprint_is_the_same_in_every_folder(tmp_path, make):
    """Where the files are on this machine is no content."""
    here, there = models.folder(tmp_path / "here"), tmp_path / "deep/er/there"
    shutil.copytree(here, there)

    assert build(here, make).fingerprint == build(there, make).fingerprint


@pytest.mark.parametrize("make", BUILDS)
def test_the_fingerprint_is_the_same_in_every_process(tmp_path, make):
    """Neither the clock nor the order of a hash table is in it."""
    source = models.folder(tmp_path)
    program = (
        "import sys; from pathlib import Path; from tests.unit.ml_pipelines import models;"
        f"from {make.__module__} import build;"
        "print(build(models.settings(), models.model(Path(sys.argv[1])), models.sources()).fingerprint)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, str(source)], capture_output=True, text=True, check=True
    )

    assert found.stdout.strip() == build(source, make).fingerprint


@pytest.mark.parametrize("make", BUILDS)
@pytest.mark.parametrize("other", [{"project": "other"}, {"environment": "prod"}])
def test_each_installation_publishes_its_own(tmp_path, make, other):
    """Of one workspace: what another one published, it may disable when it does not need it any more."""
    source = models.folder(tmp_path)
    theirs = models.settings().model_copy(update=other)

    made = make(theirs, models.model(source), models.sources())

    assert made.fingerprint != build(source, make).fingerprint


@pytest.mark.parametrize(
    "changes",
    [
        {"score__py": "def run(b):\n    return b\n"},
        {"ml_environment.yml": "dependencies: [python=3.12]\n"},
        {"neighbour.py": "x = 1\n"},
    ],
)
def test_changed_files_are_other_content(tmp_path, changes):
    """A script, the conda specification, a file beside them."""
    before = build(models.folder(tmp_path)).fingerprint
    for name, text in changes.items():
        (tmp_path / name.replace("__", ".")).write_text(text)

    assert build(tmp_path).fingerprint != before


@pytest.mark.parametrize(
    "changes",
    [
        {"scoring": {"input": "raw/elsewhere", "row_key": "id"}},
        {"scoring": {"input": "raw/{window_start:yyyy/MM/dd}", "row_key": "id", "node_count": 2}},
        {"window": {"every": "hour"}},
        {"output": {"path": "predictions/churn", "format": "csv"}},
        {"output": {"path": "predictions/churn", "run_columns": False}},
        {"output": {"path": "predictions/churn", "checks": {"minimum_rows": 1}}},
        {"scoring": {"input": "raw/{window_start:yyyy/MM/dd}", "row_key": "id", "duplicate_keys": "allow"}},
    ],
)
def test_changed_configuration_is_other_content(tmp_path, changes):
    """Whatever reaches a step as an argument or a parameter, or says how it runs."""
    source = models.folder(tmp_path)

    assert build(source, **changes).fingerprint != build(source).fingerprint


def test_checks_reach_stage_as_they_are_said(tmp_path):
    """Without the defaults, so that a new key of ours publishes nothing anew; and `-` for none."""
    said = {"minimum_rows": 1, "drift": {"against": "training", "column": "risk"}}
    output = {"path": "predictions/churn", "checks": said}
    source = models.folder(tmp_path)

    assert json.loads(argument_of(build(source, output=output).steps[0], "--abs-checks")) == said
    assert argument_of(build(source).steps[0], "--abs-checks") == "-"
    register = build(source, training.build, output=output).steps[-1]
    assert argument_of(register, "--abs-score-column") == "risk"


def trained(source, **said):
    return build(source, training.build, training={"data": "raw/churn"} | said)


def test_the_gate_and_the_checks_reach_the_steps_that_need_them(tmp_path):
    """Without the defaults; a drift of which nothing more is said is watched all the same."""
    source = models.folder(tmp_path)
    gate, checks = {"r2": {"minimum": 0.4}}, {"drift": {}}

    made = trained(source, gate={"r2": {"minimum": 0.4, "margin": 0.0}}, checks=checks)

    steps = {step.name: step for step in made.steps}
    for name in ("prepare", "evaluate", "register"):
        assert json.loads(argument_of(steps[name], "--abs-gate")) == gate
    for name in ("prepare", "register"):
        assert json.loads(argument_of(steps[name], "--abs-checks")) == checks
    assert argument_of({step.name: step for step in trained(source).steps}["register"], "--abs-gate") == "-"


def test_both_models_are_judged_with_the_held_out_data_where_there_are_some(tmp_path):
    """Else with the training data, of which evaluate.py keeps a part apart."""
    source = models.folder(tmp_path)
    apart, usual = trained(source, held_out="raw/apart").steps, trained(source).steps

    assert argument_of(apart[0], "--abs-held-out") == "raw/apart"
    assert [argument_of(each[2], "--abs-data") for each in (apart, usual)] == [Read("held_out"), Read("data")]
    assert argument_of(apart[1], "--abs-data") == Read("data")


def test_pinning_another_version_publishes_no_training(tmp_path):
    """Each run is told which version is in use."""
    source = models.folder(tmp_path)
    pinned = {"input": "raw", "row_key": "id", "model_version": "7"}
    free = {"input": "raw", "row_key": "id"}

    made = [build(source, training.build, scoring=each) for each in (pinned, free)]

    assert made[0].fingerprint == made[1].fingerprint


def argument_of(step, name: str):
    return step.arguments[step.arguments.index(name) + 1]


@pytest.mark.parametrize("make", BUILDS)
def test_the_git_commit_is_told_but_is_no_content(tmp_path, make):
    """A commit that changes nothing here publishes nothing."""
    source = models.folder(tmp_path)
    first, second = (
        make(models.settings(), models.model(source), models.sources(), git_commit=commit) for commit in "ab"
    )

    assert first.fingerprint == second.fingerprint
    assert [a.text for step in first.steps for a in step.arguments if isinstance(a, Note)] == ["a"]


@pytest.mark.parametrize("make", BUILDS)
def test_no_argument_and_no_default_is_empty(tmp_path, make):
    """Data Factory and Azure ML both lose an empty string; `-` means none."""
    definition = build(models.folder(tmp_path), make, scoring={"input": "raw"})

    assert all(definition.parameters.values())
    assert "" not in [argument for step in definition.steps for argument in step.arguments]


@pytest.mark.parametrize(
    ("make", "declared"), [(batch_scoring.build, BATCH_PARAMETERS), (training.build, TRAINING_PARAMETERS)]
)
def test_every_declared_parameter_reaches_a_step(tmp_path, make, declared):
    """A parameter that no step takes would be refused when the factory passes it."""
    definition = build(models.folder(tmp_path), make)
    used = {a.name for step in definition.steps for a in step.arguments if isinstance(a, Parameter)}

    assert (set(definition.parameters), used) == (set(declared), set(declared))


def test_scoring_tolerates_no_error(tmp_path):
    """One work item is one mini-batch; nodes and processes are the configuration's."""
    step = build(models.folder(tmp_path)).steps[1]

    assert isinstance(step, ParallelStep)
    assert (step.name, step.entry_script, step.node_count, step.process_count_per_node) == (
        "score", "score_entry.py", 1, 2,
    )  # fmt: skip


def test_the_snapshot_is_the_users_folder_and_our_steps(tmp_path):
    """Ours lie in abs_steps/, with the window grid beside them."""
    paths = {file.path for file in build(models.folder(tmp_path)).snapshot}

    assert {
        "score.py",
        "score_entry.py",
        "abs_step.py",
        "abs_steps/stage.py",
        "abs_steps/windows.py",
    } <= paths


@pytest.mark.parametrize("ignore_file", [".amlignore", ".gitignore"])
def test_ignored_files_are_not_shipped(tmp_path, ignore_file):
    """Git's patterns, in .amlignore or, where there is none, in .gitignore."""
    source = models.folder(
        tmp_path, sample__a="x", deep__note="x", keep="x", **{ignore_file: "sample/\n*note\n!keep\n"}
    )

    paths = {file.path for file in build(source).snapshot}

    assert "keep" in paths
    assert not paths & {"sample/a", "deep/note", ignore_file}


def test_amlignore_hides_gitignore(tmp_path):
    """As in Azure ML: the first that exists counts alone."""
    source = models.folder(tmp_path, a="x", b="x", **{".amlignore": "a\n", ".gitignore": "b\n"})

    assert {"a", "b"} & {file.path for file in build(source).snapshot} == {"b"}


@pytest.mark.parametrize("name", ["score_entry.py", "abs_step.py", "abs_steps__mine.py", "azureml-models__x"])
def test_our_names_are_reserved(tmp_path, name):
    """A file of that name would be hidden, or hide ours."""
    with pytest.raises(errors.ReservedName, match="churn"):
        build(models.folder(tmp_path, **{name: "x"}))


def test_an_ignored_file_may_have_any_name(tmp_path):
    """What is not shipped is in nobody's way."""
    source = models.folder(tmp_path, **{"score_entry.py": "x", ".amlignore": "score_entry.py\n"})

    assert build(source).fingerprint


@pytest.mark.parametrize(
    ("make", "missing"),
    [
        (batch_scoring.build, "score.py"),
        (training.build, "train.py"),
        (training.build, "evaluate.py"),
        (batch_scoring.build, "ml_environment.yml"),
    ],
)
def test_a_script_that_is_missing_is_named_before_anything_is_published(tmp_path, make, missing):
    """With the model, the folder and what the script is for."""
    with pytest.raises(errors.ScriptMissing, match=missing):
        build(models.folder(tmp_path, **{missing: ""}), make)


def test_an_ml_environment_may_be_one_that_is_registered(tmp_path):
    """`name` or `name:version`, where the folder has no such file."""
    definition = build(models.folder(tmp_path), ml_environment="shared:4")

    assert str(definition.ml_environment) == "shared:4"


def test_a_windows_time_zone_becomes_the_one_that_python_knows(tmp_path):
    """Data Factory wants Windows names, the compute has IANA's."""
    arguments = (
        build(models.folder(tmp_path), window={"time_zone": "W. Europe Standard Time"}).steps[0].arguments
    )

    assert arguments[arguments.index("--abs-window-zone") + 1] == "Europe/Berlin"


def test_an_unknown_time_zone_is_refused(tmp_path):
    """Before it fails on the compute."""
    with pytest.raises(errors.UnknownTimeZone, match="Mars"):
        build(models.folder(tmp_path), window={"time_zone": "Mars Standard Time"})


def test_a_bad_template_is_refused(tmp_path):
    """Before it fails on the compute."""
    with pytest.raises(errors.BadInputTemplate, match="churn"):
        build(models.folder(tmp_path), scoring={"input": "raw/{day}"})


def test_definitions_need_no_azure(tmp_path):
    """`plan --offline` builds them without loading the SDK."""
    program = (
        "import sys; from pathlib import Path; from tests.unit.ml_pipelines import models;"
        "from ml_pipelines import batch_scoring, training, gateway;"
        "[m.build(models.settings(), models.model(Path(sys.argv[1])), models.sources())"
        " for m in (batch_scoring, training)];"
        "assert not [n for n in sys.modules if n.split('.')[0] in ('azure', 'azureml', 'pandas', 'pyarrow')]"
    )
    subprocess.run([sys.executable, "-c", program, str(models.folder(tmp_path))], check=True)
