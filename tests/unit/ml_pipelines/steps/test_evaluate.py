"""The evaluate step: the user's script judges the new model, and the champion with the same data."""

from __future__ import annotations

import json

import pytest

from ml_pipelines.steps import errors, evaluate
from ml_pipelines.steps.parameters import Arguments

SCRIPT = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in ("--input", "--model", "--output"):
    parser.add_argument(name, type=pathlib.Path)
given = parser.parse_args()
said = json.loads((given.model / "metrics.json").read_text())
given.output.write_text(json.dumps(said | {"rows": len(list(given.input.iterdir()))}))
"""


@pytest.fixture
def judged(tmp_path, monkeypatch):
    """`judged(new, champion)`: what evaluate leaves of models that say their own metrics."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "evaluate.py").write_text(SCRIPT)

    def run(new, champion=None, gate='{"r2": {"minimum": 0}}'):
        facts = {"champion": champion and {"name": "churn", "version": "3", "sha256": "-"}}
        files = {
            "data/a.csv": "",
            "trained/metrics.json": json.dumps(new),
            "facts/facts.json": json.dumps(facts),
            "azureml-models/churn/3/model/metrics.json": json.dumps(champion),
        }
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        given = {"model": "churn", "gate": gate} | {
            each: each for each in ("data", "trained", "facts", "metrics")
        }
        evaluate._evaluate(
            Arguments([part for name, value in given.items() for part in (f"--abs-{name}", value)])
        )
        found = sorted((tmp_path / "metrics").rglob("metrics.json"))
        return {path.parent.name: json.loads(path.read_text()) for path in found}

    return run


def test_both_are_judged_by_the_same_script_with_the_same_data(judged):
    assert judged({"r2": 0.5}, {"r2": 0.4}) == {
        "metrics": {"r2": 0.5, "rows": 1},
        "champion": {"r2": 0.4, "rows": 1},
    }


@pytest.mark.parametrize("case", [{"champion": None}, {"champion": {"r2": 0.4}, "gate": "-"}])
def test_where_nothing_is_compared_the_champion_is_not_judged(judged, case):
    """There is none, or there is no gate."""
    assert set(judged({"r2": 0.5}, **case)) == {"metrics"}


@pytest.mark.parametrize(
    ("champion", "said"),
    [
        ({"auc": 0.4}, "evaluate.py gives r2 not at all"),
        ({"r2": float("nan")}, "evaluate.py gives r2 nan"),
        ({"r2": "good"}, "is no flat object of numbers"),
        ("weights", "evaluate.py failed: exit code 1; its last line: TypeError"),
    ],
)
def test_a_champion_without_metrics_is_named_with_its_version(judged, champion, said):
    """And what to do: the new model is neither refused nor approved for it."""
    with pytest.raises(errors.ChampionNotJudged, match=r"'churn' version 3, which is in use") as raised:
        judged({"r2": 0.5}, champion)

    assert said in str(raised.value)
    assert "`training.champion: none`" in str(raised.value)


def test_a_new_model_without_the_metric_ends_before_the_champion_is_judged(judged):
    with pytest.raises(errors.MetricMissing, match=r"evaluate\.py gives auc, rows"):
        judged({"auc": 0.5}, {"r2": 0.4})
