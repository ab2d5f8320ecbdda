"""The gate and the checks of training data: what makes no sense is told before anything is deployed."""

from __future__ import annotations

import pytest

from config.errors import ConfigurationError
from config.loader import load
from tests.unit.config import project

TRAINING = "models.churn.training"


def load_with(tmp_path, *options: str):
    folder = project.write(tmp_path, model=f"{project.MODEL}training: {{data: raw/churn/training}}\n")
    return load(folder, "dev", options=[f"{TRAINING}.{option}" for option in options])


def test_without_a_gate_every_model_passes_and_is_compared_with_nothing_more(tmp_path):
    training = load_with(tmp_path).models["churn"].training

    assert training is not None
    assert (training.gate, training.held_out, training.champion) == ({}, None, "in_use")


def test_a_metric_may_not_be_worse_at_all_unless_a_margin_says_so(tmp_path):
    training = load_with(tmp_path, "gate.r2.minimum=0.4").models["churn"].training

    assert training is not None
    assert training.gate["r2"].margin == 0.0


@pytest.mark.parametrize(
    ("options", "key", "said"),
    [
        (["gate.r2.margin=0.1"], "gate.r2", "a metric without a bound"),
        (["gate.r2.margin=-0.1", "gate.r2.minimum=0"], "gate.r2.margin", "greater than or equal to 0"),
        (["gate.r2.minimum=0.1", "gate.r2.maximum=0.9"], "gate.r2", "`better: higher` or `better: lower`"),
        (
            ["gate.r2.minimum=0.9", "gate.r2.maximum=0.1", "gate.r2.better=higher"],
            "gate.r2.minimum",
            "0.9 above `maximum` 0.1",
        ),
        (["gate.r2.minimum=.nan"], "gate.r2.minimum", "finite number"),
        (["gate.r2.better=larger"], "gate.r2.better", "'higher' or 'lower'"),
        (["gate.metric=r2"], "gate.metric", "a map of `key: value` lines"),
        (["champion=latest"], "champion", "'in_use' or 'none'"),
        (["held_out=raw/churn/training/kept"], "held_out", "a path outside `data`, `raw/churn/training`"),
        (["held_out=raw/churn/training/"], "held_out", "a path outside `data`"),
        (["held_out=/raw"], "held_out", "a path inside the file system"),
        (
            ["checks.columns.age.minimum=5", "checks.columns.age.maximum=1"],
            "checks.columns.age.minimum",
            "5 above",
        ),
        (["checks.drift.maximum_psi=0"], "checks.drift.maximum_psi", "greater than 0"),
        (["checks.drift.against=training"], "checks.drift.against", "an unknown key"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_key(tmp_path, options, key, said):
    with pytest.raises(ConfigurationError) as raised:
        load_with(tmp_path, *options)

    (found,) = raised.value.problems
    assert found.key == f"{TRAINING}.{key}"
    assert said in f"{found.found}; {found.expected}"


def test_held_out_data_beside_the_training_data_are_apart(tmp_path):
    """A name that begins alike is another folder."""
    training = load_with(tmp_path, "held_out=raw/churn/training_not").models["churn"].training

    assert training is not None
    assert training.held_out == "raw/churn/training_not"
