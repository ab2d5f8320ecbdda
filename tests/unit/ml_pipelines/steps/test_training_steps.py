"""The training steps around the user's scripts."""

from __future__ import annotations

import pytest

from ml_pipelines.steps import errors, evaluate, prepare, train, user_scripts
from ml_pipelines.steps.parameters import Arguments, argument, literal
from tests.unit.ml_pipelines.fakes import FakeLake


def test_a_script_that_ends_badly_is_named_with_its_last_line(tmp_path):
    """The cause is what a traceback ends with."""
    (tmp_path / "train.py").write_text("print('starts')\nraise ValueError('alpha is negative')\n")

    with pytest.raises(
        errors.ScriptFailed, match=r"train\.py failed: exit code 1; .*ValueError: alpha is negative"
    ):
        user_scripts.run_script("train.py", [], tmp_path)


def test_a_script_that_is_killed_says_so(tmp_path):
    """Out of memory, most often."""
    (tmp_path / "train.py").write_text("import os\nos.kill(os.getpid(), 9)\n")

    with pytest.raises(errors.ScriptFailed, match="signal 9"):
        user_scripts.run_script("train.py", [], tmp_path)


def test_a_script_that_writes_nothing_has_failed(tmp_path):
    """Whatever its exit code says."""
    with pytest.raises(errors.ScriptFailed, match="wrote nothing"):
        user_scripts.require_content("train.py", tmp_path)


def test_hyperparameters_are_arguments():
    """`--name value`, a boolean in the way of JSON."""
    found = train.as_arguments({"alpha": 0.5, "deep": True, "kind": "a b"})

    assert found == ["--alpha", "0.5", "--deep", "true", "--kind", "a b"]


@pytest.mark.parametrize(
    ("path", "files"),
    [
        ("raw/patients.csv", {"patients.csv"}),
        ("raw", {"patients.csv", "more/others.csv"}),
        ("raw/*.csv", {"patients.csv"}),
    ],
)
def test_training_data_are_a_file_a_folder_or_a_pattern(tmp_path, path, files):
    """Below the local folder they have the names that they have below that path."""
    lake = FakeLake({"raw/patients.csv": b"1", "raw/more/others.csv": b"2", "raw/_log": b"3"})

    facts = prepare.fetch(lake, path, tmp_path)

    assert {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()} == files
    assert facts["files"] == len(files)


def test_the_digest_of_the_training_data_is_that_of_names_and_contents(tmp_path):
    """Not of etags, which a copy to another account changes."""
    lake, copy = FakeLake({"raw/a.csv": b"1"}), FakeLake({"other": b"", "raw/a.csv": b"1"})

    digests = {
        prepare.fetch(each, "raw", tmp_path / name)["data_digest"]
        for name, each in (("l", lake), ("c", copy))
    }

    assert len(digests) == 1


@pytest.mark.parametrize("missing", ["nowhere", "raw/*.parquet"])
def test_training_data_that_are_missing(tmp_path, missing):
    """The path is in the error."""
    with pytest.raises(errors.StepError, match=r"nowhere|parquet"):
        prepare.fetch(FakeLake({"raw/a.csv": b"1"}), missing, tmp_path)


@pytest.mark.parametrize("text", ["", "[1]", '{"r2": "good"}', '{"r2": {"a": 1}}', '{"ok": true}'])
def test_metrics_are_a_flat_object_of_numbers(tmp_path, text):
    """Anything else is evaluate.py's error."""
    (tmp_path / "metrics.json").write_text(text)

    with pytest.raises(errors.ScriptFailed, match=r"evaluate\.py"):
        evaluate.read_metrics(tmp_path / "metrics.json")


def test_a_metric_that_evaluate_never_gives_is_an_error_not_a_refusal():
    """Nothing is judged by what is not there; the metrics that there are are named."""
    with pytest.raises(errors.MetricMissing, match=r"demands r2, and evaluate\.py gives rmse, rows"):
        evaluate.require_metrics("churn", {"r2": {}}, {"rmse": 1.0, "rows": 2.0})


def test_maps_are_passed_as_json():
    """None is an empty one; anything else is named."""
    found = Arguments(["--abs-gate", '{"r2": {}}', "--abs-checks", "-", "--abs-x", "[1]", "--abs-y", "{"])

    assert (found.document("gate"), found.document("checks"), found.document("z")) == ({"r2": {}}, {}, {})
    for name in "xy":
        with pytest.raises(errors.BadArgument, match="a map in JSON"):
            found.document(name)


def test_arguments_are_read_without_abbreviation():
    """Unknown ones are ignored, `-` is none, and what is missing is named."""
    found = Arguments(["stage", "--abs-model", "churn", "--other", "x", "--abs-row-key", "-", "--abs-n", "7"])

    assert (found.text("model"), found.optional("row-key"), found.number("n")) == ("churn", None, 7)
    with pytest.raises(errors.ArgumentMissing, match="--abs-mod is missing"):
        found.text("mod")
    with pytest.raises(errors.BadArgument, match="a whole number"):
        found.number("model")


def test_an_argument_is_never_empty():
    """`-` stands for nothing."""
    assert [literal(value) for value in (None, "", True, 0, "x")] == ["-", "-", "true", "0", "x"]
    assert argument("row_key") == "--abs-row-key"
