"""A model version on a node's disk: fetched once, checked, and found by the user's init()."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ml_pipelines.steps import ml_run, models
from ml_pipelines.steps.errors import ModelDamaged
from ml_pipelines.steps.work import digest_of_folder

if TYPE_CHECKING:
    from pathlib import Path


def load(_name: str, version: str, target: Path) -> None:
    (target / "model").mkdir()
    (target / "model" / "weights").write_text(version)


def counted(root: Path) -> str:
    """A slow download that leaves a mark; at the module's top, since processes are given it."""

    def slow(name: str, version: str, target: Path) -> None:
        with (root / "downloads").open("a") as marks:
            marks.write("x")
        time.sleep(0.2)
        load(name, version, target)

    return models.fetch("churn", "3", "-", slow, root)


def test_workers_that_start_at_once_download_once(tmp_path):
    """The first takes the lock, the others find the model when they get it."""
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(counted, [tmp_path] * 4)

    assert (tmp_path / "downloads").read_text() == "x"
    assert set(found) == {digest_of_folder(tmp_path / "azureml-models/churn/3/model")}


def test_a_download_that_breaks_off_leaves_nothing_behind(tmp_path):
    """The next try starts anew."""

    def broken(_name: str, _version: str, target: Path) -> None:
        (target / "half").write_text("")
        raise ConnectionError

    with pytest.raises(ConnectionError):
        models.fetch("churn", "3", "-", broken, tmp_path)
    models.fetch("churn", "3", "-", load, tmp_path)

    assert [path.name for path in (tmp_path / "azureml-models/churn/3").iterdir()] == ["model"]


def test_other_bytes_than_were_registered_are_not_scored_with(tmp_path):
    """And are not kept."""
    with pytest.raises(ModelDamaged, match=r"churn.*version 3.*registered with feed"):
        models.fetch("churn", "3", "feed", load, tmp_path)

    assert not (tmp_path / "azureml-models/churn/3").exists()


def test_a_folders_digest_is_that_of_its_names_and_contents(tmp_path):
    """Not of where it is; a moved byte or a renamed file changes it."""
    for name in ("one", "two"):
        (tmp_path / name / "sub").mkdir(parents=True)
        (tmp_path / name / "sub/a").write_text("1")
    same = digest_of_folder(tmp_path / "one") == digest_of_folder(tmp_path / "two")
    (tmp_path / "two/sub/a").rename(tmp_path / "two/sub/b")

    assert (same, digest_of_folder(tmp_path / "one") == digest_of_folder(tmp_path / "two")) == (True, False)


def test_get_model_path_finds_exactly_this_version(tmp_path):
    """The SDK's own look-up, without a run context and without a network."""
    models.fetch("churn", "3", "-", load, tmp_path)
    program = "from azureml.core import Model; print(Model.get_model_path('churn'))"

    found = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "azureml-models/churn/3/model"


def test_the_run_context_is_hidden_only_meanwhile(monkeypatch):
    """The driver around the user's code keeps its own."""
    monkeypatch.setenv("AZUREML_RUN_ID", "run")

    with ml_run.hidden():
        hidden = "AZUREML_RUN_ID" in os.environ

    assert (hidden, os.environ["AZUREML_RUN_ID"]) == (False, "run")
