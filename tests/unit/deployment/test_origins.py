"""Which key decides a property: found by changing each key, on the configuration of this repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.loader import load, positions
from deployment import report
from deployment.canonical import Difference
from deployment.desired import build, contracts
from deployment.origins import Origins
from deployment.resources import Address, Change

REPOSITORY = Path(__file__).parents[3]
OPTIONS = ["models.diabetes.schedules.score.daily.delay_minutes=30"]


@pytest.fixture(scope="module")
def settings():
    return load(REPOSITORY, "local", options=OPTIONS)


@pytest.fixture(scope="module")
def origins(settings):
    return Origins(settings, contracts(settings), positions(REPOSITORY, "local", options=OPTIONS))


@pytest.fixture(scope="module")
def entities(settings):
    return {entity.name: entity for entity in build(settings).entities}


@pytest.mark.parametrize(
    ("entity", "path", "key", "source"),
    [
        (
            "tr_score_diabetes_daily",
            "typeProperties.delay",
            "models.diabetes.schedules.score.daily.delay_minutes",
            f"--set {OPTIONS[0]}",
        ),
        ("tr_score_diabetes_daily", "runtimeState", "schedules", "config/local.yaml"),
        (
            "tr_train_diabetes_monthly",
            "typeProperties.recurrence.startTime",
            "models.diabetes.schedules.train.monthly.start",
            "config/models/diabetes.yaml",
        ),
        (
            "score_diabetes",
            "activities[score].policy.timeout",
            "models.diabetes.scoring.timeout_minutes",
            None,
        ),
        (
            "score_diabetes",
            "activities[score].typeProperties.experimentName",
            "machine_learning.experiment",
            "config/base.yaml",
        ),
        ("ls_azureml", "typeProperties.resourceGroupName", "azure.resource_group", "config/local.yaml"),
        ("ls_lake", "typeProperties.url", "lake.account or lake.url or sandbox.port", "config/local.yaml"),
    ],
)
def test_the_key_that_moves_a_property_decides_it(origins, entities, entity, path, key, source):
    """And where it was set last; nowhere, where its default holds."""
    origin = origins.of(entities[entity], path)

    assert origin.key == key
    assert (origin.where and origin.where.source) == source


@pytest.mark.parametrize(
    "path", ["description", "activities[score].typeProperties.mlPipelineEndpointId", "x"]
)
def test_what_no_key_moves_has_no_origin(origins, entities, path):
    assert origins.of(entities["score_diabetes"], path) is None


def test_what_several_keys_may_set_is_theirs_together(origins, entities):
    """A schedule appears with its first hour, week day or month day."""
    origin = origins.of(entities["tr_train_diabetes_monthly"], "typeProperties.recurrence.schedule")

    assert origin.key == "models.diabetes.schedules.train.monthly"


def test_how_to_keep_a_change_by_hand_is_told_by_key_or_by_path(origins, entities):
    """The key with its line, or else the JSON path and the value."""
    by_hand = (Difference("typeProperties.maxConcurrency", 1, 4), Difference("description", None, "mine"))
    entity = entities["tr_score_diabetes_daily"]
    step = Change("drift", Address("trigger", entity.name), (), by_hand, entity)

    lines = [line.text.strip() for line in report._adopting_lines(step, origins)]

    key = "models.diabetes.schedules.score.daily.max_concurrency"
    assert lines == [
        f"to keep it: change {key}, by default so that typeProperties.maxConcurrency = 4",
        'to keep it: no key decides it; trigger/tr_score_diabetes_daily: description = "mine"',
    ]
