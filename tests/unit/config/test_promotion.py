"""`version` of a model in an environment's file: from where, which one, and no contradiction."""

from __future__ import annotations

import pytest

from config.errors import InvalidConfigurationError
from config.loader import load
from tests.unit.config import project

TRAINED = f"{project.MODEL}training:\n  data: raw\n"
PROMOTED = """\
azure: {subscription_id: 11111111-1111-1111-1111-111111111111, resource_group: rg-shop}
models:
  churn:
    version: {from: dev, version: 7}
"""


def loaded(folder, prod: str = PROMOTED, model: str = TRAINED):
    project.write(folder, model=model)
    (folder / "config/prod.yaml").write_text(prod)
    return load(folder, "prod").models["churn"]


def test_a_promoted_model_is_scored_with_by_its_name_there(tmp_path):
    assert loaded(tmp_path).model_version == "dev:7"


def test_a_promoted_model_is_trained_elsewhere(tmp_path):
    assert loaded(tmp_path).training is None


def test_a_promoted_model_is_trained_here_too_where_that_is_said(tmp_path):
    assert loaded(tmp_path, PROMOTED.replace("7}", "7, training: true}")).training is not None


@pytest.mark.parametrize(
    ("written", "error"),
    [
        ("from: devv, version: 7", r"prod.yaml:4: models.churn.version.from: .*did you mean `dev`"),
        ("from: prod, version: 7", r"models.churn.version.from: found this environment"),
        ("from: dev, version: newest", r"prod.yaml:4: .*`approved` or the number of a version"),
        ("form: dev, version: 7", r"an unknown key, expected one of from, training, version"),
    ],
)
def test_what_could_not_be_promoted_is_told_with_its_line(tmp_path, written, error):
    with pytest.raises(InvalidConfigurationError, match=error):
        loaded(tmp_path, PROMOTED.replace("from: dev, version: 7", written))


def test_two_ways_to_say_what_is_scored_with_are_refused(tmp_path):
    model = TRAINED.replace("scoring:\n", "scoring:\n  model_version: latest\n")

    with pytest.raises(InvalidConfigurationError, match=r"churn.yaml:3: .*`latest` beside `version`"):
        loaded(tmp_path, model=model)
