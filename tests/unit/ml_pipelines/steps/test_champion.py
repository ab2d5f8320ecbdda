"""Which version a new model is compared with, and whether it still is the one in use at the end."""

from __future__ import annotations

import pytest

from ml_pipelines.steps import champion, errors, models
from ml_pipelines.steps.champion import Champion
from ml_pipelines.steps.models import ModelVersion
from ml_pipelines.steps.training_table import DESCRIPTION_FILE, Description

APPROVED = ModelVersion("churn", 1, {"approved": "true", "sha256": "s1"})
REFUSED = ModelVersion("churn", 2, {"approved": "false", "gate": "refused"})
PROMOTED = ModelVersion("churn", 3, {"source_environment": "dev", "source_version": "7"})
ALL = [APPROVED, REFUSED, PROMOTED]


@pytest.mark.parametrize(
    ("wanted", "version"), [("approved", "1"), ("1", "1"), ("latest", "3"), ("dev:7", "3")]
)
def test_it_is_the_version_that_scores(wanted, version):
    found = champion.choose("churn", wanted, ALL)

    assert found is not None
    assert found.version == version


@pytest.mark.parametrize(
    ("wanted", "versions"), [(None, ALL), ("approved", []), ("approved", [REFUSED]), ("latest", [])]
)
def test_there_is_none_where_none_is_wanted_or_there_yet(wanted, versions):
    """The first model is judged by itself."""
    assert champion.choose("churn", wanted, versions) is None


def test_a_version_that_is_named_must_be_there_and_not_be_refused():
    """Nothing would be scored with it either."""
    with pytest.raises(errors.ModelNotRegistered, match="no version 9"):
        champion.choose("churn", "9", ALL)
    with pytest.raises(errors.ModelRefused):
        champion.choose("churn", "2", ALL)


def test_the_later_steps_are_told_which_one_it_is():
    found = champion.choose("churn", "approved", ALL)

    assert found is not None
    assert Champion.from_document(found.document()) == found
    assert Champion.from_document(None) is None


def test_what_it_was_trained_with_is_read_from_its_own_folder(tmp_path, monkeypatch):
    """None where it does not say."""
    monkeypatch.chdir(tmp_path)
    described = Description(3, {"age": "int64"}, ())
    for version, files in (
        ("1", {DESCRIPTION_FILE: described.to_json(), "weights": ""}),
        ("2", {"weights": ""}),
    ):
        folder = tmp_path / models.MODELS_FOLDER / "churn" / version / "model"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text)

    found = [Champion("churn", each, "-").described() for each in "12"]

    assert [(each.version, each.described) for each in found] == [("1", described), ("2", None)]


def test_a_model_of_one_file_is_judged_in_the_folder_that_holds_it(tmp_path, monkeypatch):
    """evaluate.py is given a folder, whoever registered what."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / models.MODELS_FOLDER / "churn/1"
    folder.mkdir(parents=True)
    (folder / "weights.bin").write_text("")

    assert Champion("churn", "1", "-").folder() == folder
