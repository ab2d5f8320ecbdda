"""A model's life under its gate: trained, retrained worse, better, with other data, taken back.

The tests run in the order in which they stand; each training is the published pipeline's, in the local Azure.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from ml_pipelines.steps.check_results import from_text
from tests.functional.ml_pipelines.workspace import Ran, Workspace, day_of, new_model, script

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Model
    from ml_pipelines.gateway import RegisteredModel

ARGUMENTS = """
import argparse, json, pathlib
parser = argparse.ArgumentParser()
for name in ("--input", "--output", "--model", "--quality"):
    parser.add_argument(name)
given = parser.parse_args()
"""
TRAIN = ARGUMENTS + "pathlib.Path(given.output, 'quality.txt').write_text(given.quality)\n"
EVALUATE = (
    ARGUMENTS
    + """
quality = float(pathlib.Path(given.model, "quality.txt").read_text())
rows = len(pathlib.Path(given.input, "table.csv").read_text().splitlines()) - 1
output = pathlib.Path(given.output)
output.write_text(json.dumps({"quality": quality, "rows": rows}))
predictions = "".join(f"{quality * number}\\n" for number in range(50))
(output.parent / "predictions.csv").write_text("prediction\\n" + predictions)
"""
)
SCORE = "def init():\n    pass\ndef run(batch):\n    return [1.0] * len(batch)\n"
GATE = {"quality": {"minimum": 0.5, "margin": 0.05}}
CHECKS = {"minimum_rows": 50, "drift": {"maximum_psi": 0.2}}


def ages(start: int) -> bytes:
    return b"id,age\n" + b"".join(b"p%d,%d\n" % (number, start + number) for number in range(100))


@dataclass
class Life:
    workspace: Workspace
    folder: Path
    name: str = "gated"

    def model(self, quality: float = 0.8, **training: Any) -> Model:
        usual = {"data": "gated/training", "gate": GATE, "checks": CHECKS}
        usual |= {"hyperparameters": {"quality": quality}}
        return new_model(self.folder, self.name, training=usual | training)

    def train(self, quality: float = 0.8, beside: str = "approved", **training: Any) -> Ran:
        return self.workspace.train(self.model(quality, **training), champion=beside)

    def newest(self) -> RegisteredModel:
        return max(self.workspace.gateway.models(self.name), key=lambda each: each.version)

    def report(self, ran: Ran) -> str:
        return self.workspace.lake.read(ran.outcome.report).decode()


@pytest.fixture(scope="module")
def life(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Life:
    folder = script(tmp_path_factory.mktemp("gated"), SCORE, train__py=TRAIN, evaluate__py=EVALUATE)
    made = Life(workspace, folder)
    workspace.put({"gated/training/table.csv": ages(20), f"{day_of(made.model())}/in.csv": ages(20)})
    return made


def outcomes(ran: Ran) -> dict[str, str]:
    return {each.check: each.outcome for each in from_text(ran.outcome.checks)}


def test_the_first_model_has_no_champion_and_passes_by_itself(life):
    first = life.train(0.8)

    assert (first.outcome.status, first.outcome.decision) == ("committed", "approved")
    assert outcomes(first) == {"minimum_rows": "passed", "drift": "skipped", "metrics.quality": "passed"}
    assert "gated, version 1" in life.report(first)


def test_a_worse_model_is_registered_as_refused_and_the_run_is_red(life):
    """The tags, the receipt and the report say why; its numbers can be looked at."""
    worse = life.train(0.7)
    tags = life.newest().tags
    reason = "the gate demands quality >= 0.75 (version 1 has 0.8, margin 0.05), and it is 0.7"

    assert (worse.ml_run.status, worse.outcome.status) == ("Failed", "failed")
    assert (worse.outcome.decision, worse.outcome.model_version) == ("refused", "2")
    assert reason in worse.outcome.error
    assert {name: tags[name] for name in ("approved", "gate", "gate_reason", "champion", "gate_report")} == {
        "approved": "false",
        "gate": "refused",
        "gate_reason": reason,
        "champion": "1",
        "gate_report": worse.outcome.report,
    }
    assert json.loads(tags["champion_metrics"])["quality"] == 0.8
    assert "gated, version 2" in life.report(worse)


def test_nothing_is_scored_with_a_refused_model(life):
    """Neither as the newest nor by its number."""
    model = life.model()
    latest, pinned = (life.workspace.score(model, model_version=each) for each in ("latest", "2"))

    assert (latest.outcome.status, latest.outcome.model_version) == ("committed", "1")
    assert pinned.outcome.status == "failed"
    assert "version 2 was refused by its gate: the gate demands quality >= 0.75" in pinned.outcome.error


def test_a_better_model_is_approved_and_scores_the_next_window(life):
    better = life.train(0.9)
    scored = life.workspace.score(life.model())
    run = life.workspace.gateway._run(better.ml_run.id)

    assert (better.outcome.decision, better.outcome.model_version) == ("approved", "3")
    assert scored.outcome.model_version == "3"
    assert (run.get_tags()["gate"], run.get_tags()["gate_report"]) == ("passed", better.outcome.report)


def test_a_version_is_taken_back_by_setting_it(life):
    """And the next model is compared with that one, as with whatever is in use."""
    taken_back = life.workspace.score(life.model(), model_version="1")
    next_one = life.train(0.78, beside="1")

    assert (taken_back.outcome.status, taken_back.outcome.model_version) == ("committed", "1")
    assert (next_one.outcome.decision, life.newest().tags["champion"]) == ("approved", "1")


def test_data_that_have_drifted_are_not_trained_with(life):
    """Only prepare has run; nothing is registered, and the report shows which column it is."""
    life.workspace.put({"gated/later/table.csv": ages(60)})
    before = life.newest().version

    drifted = life.train(0.95, data="gated/later")
    ran = {step.name: step.status for step in drifted.ml_run.steps}

    assert (drifted.outcome.status, drifted.outcome.decision) == ("failed", "refused")
    assert "the check `drift` found 1 of 1 columns: " in drifted.outcome.error
    assert "Nothing was trained" in drifted.outcome.error
    assert (ran["prepare"], life.newest().version) == ("Failed", before)
    assert "of age, since version 4" in life.report(drifted)


def test_held_out_data_are_what_both_are_judged_with(life):
    """evaluate.py is given them, not the training data."""
    life.workspace.put({"gated/held_out/table.csv": ages(20).splitlines(keepends=True)[0] + b"q,30\n"})

    judged = life.train(0.9, held_out="gated/held_out", gate=GATE | {"rows": {"maximum": 1}})

    assert judged.outcome.decision == "approved"
    assert json.loads(life.newest().tags["metrics"])["rows"] == 1
    assert json.loads(life.newest().tags["champion_metrics"]) == {"quality": 0.78, "rows": 1}


@pytest.mark.parametrize(
    ("training", "said"),
    [
        ({"held_out": "gated/nowhere"}, "no file at 'gated/nowhere' in the lake (`training.held_out`)"),
        ({"gate": {"auc": {"minimum": 0.5}}}, "the gate demands auc, and evaluate.py gives quality, rows"),
    ],
)
def test_what_cannot_be_judged_is_an_error_and_registers_nothing(life, training, said):
    """Held-out data that are missing, a metric that the evaluation never gives."""
    before = life.newest().version

    ran = life.train(0.9, **training)

    assert (ran.outcome.status, ran.outcome.decision) == ("failed", "")
    assert said in ran.outcome.error
    assert life.newest().version == before


def test_a_champion_that_cannot_be_judged_is_named_and_can_be_left_out(life, tmp_path):
    """One of another make, registered by hand: evaluate.py cannot read it."""
    foreign = tmp_path / "weights.bin"
    foreign.write_bytes(b"?")
    registered = life.workspace.gateway.register_model(life.name, foreign, {"approved": "true"})

    failed = life.train(0.9)
    by_itself = life.train(0.9, champion="none", beside="-")

    assert f"the model 'gated' version {registered.version}, which is in use, cannot be judged" in (
        failed.outcome.error
    )
    assert "quality.txt" in failed.outcome.error
    assert (by_itself.outcome.decision, int(by_itself.outcome.model_version)) == (
        "approved",
        int(registered.version) + 1,
    )
