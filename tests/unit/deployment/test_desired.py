"""Settings joined into everything that should exist."""

from __future__ import annotations

from pathlib import Path

import pytest

from adf.errors import DataFactoryError
from config.loader import load
from deployment import desired
from deployment.errors import InvalidFactoryError
from deployment.planner import plan
from deployment.resources import NOTHING

REPOSITORY = Path(desired.__file__).parents[1]


@pytest.fixture
def settings():
    return load(REPOSITORY, "prod")


def test_every_model_has_its_ml_pipelines_and_the_pipelines_that_run_them(settings):
    """One name on both sides."""
    wanted = desired.build(settings)

    ml_pipelines = {definition.name for definition in wanted.ml_pipelines}
    assert ml_pipelines == {entity.name for entity in wanted.entities if entity.kind == "pipeline"}
    assert ml_pipelines == {"score_diabetes", "train_diabetes"}


def test_all_that_we_make_carries_the_annotations_that_make_it_ours(settings):
    """What lacked them could never be changed again."""
    wanted = desired.build(settings)

    for entity in wanted.entities:
        assert set(wanted.owner.annotations) <= set(entity.properties["annotations"]), entity.name


def test_the_same_settings_make_the_same_wishes(settings):
    """Nothing depends on the clock; a commit makes no definition another one."""
    first, second = desired.build(settings, "c0ffee"), desired.build(settings, "deadbeef")

    fingerprints = [[each.fingerprint for each in wanted.ml_pipelines] for wanted in (first, second)]
    assert fingerprints[0] == fingerprints[1]
    assert first.entities == second.entities
    assert plan(first, NOTHING).summary() == plan(second, NOTHING).summary()


def test_windows_that_are_not_the_grids_are_refused_before_anything_is_written(settings):
    """A tumbling trigger must score windows of the model's grid."""
    model = settings.models["diabetes"]
    daily = model.schedules.score["daily"].model_copy(update={"start": "2026-11-01T05:00:00Z"})
    schedules = model.schedules.model_copy(update={"score": {"daily": daily}})
    models = {"diabetes": model.model_copy(update={"schedules": schedules})}

    with pytest.raises(DataFactoryError, match="no window of the model's grid"):
        desired.build(settings.model_copy(update={"models": models}))


def test_what_data_factory_would_refuse_is_all_said_at_once():
    """With every problem in the details."""
    error = InvalidFactoryError(["pipeline a: too long", "trigger b: no such zone"])

    assert error.details == ("pipeline a: too long", "trigger b: no such zone")
    assert error.exit_code == 64
