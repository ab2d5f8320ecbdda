"""Each message that "bring your own model" says how to mend is provoked, and says what the page says."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from config.errors import ConfigurationError
from config.loader import load
from ml_pipelines.steps import errors, gate, models, prepare, results, tables, user_scripts
from tests.docs.pages import messages, shows
from tests.docs.project import Project

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PAGE = "docs/bring-your-own-model.md"
WINDOW = "2026-11-22T00-00-00Z"
PLACE = results.Place("wine", WINDOW, "cellar.csv", "rows")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.with_files_of(PAGE, tmp_path_factory.mktemp("page") / "clone")


@pytest.fixture
def project(written: Project, tmp_path: Path) -> Project:
    """The page's files, to be broken."""
    shutil.copytree(written.folder, tmp_path / "clone")
    return Project(tmp_path / "clone")


def refused(project: Project, old: str, new: str) -> str:
    """What the loader says once `old` is `new` in the model's file."""
    path = project.folder / "config/models/wine.yaml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigurationError) as caught:
        load(project.folder, "local")
    return str(caught.value)


def without_conda_file(project: Project) -> str:
    (project.folder / "models/wine/ml_environment.yml").unlink()
    return refused(project, "models/wine", "models/wine")


def raised(action: Callable[..., object], *arguments: object, **named: object) -> str:
    with pytest.raises(errors.StepError) as caught:
        action(*arguments, **named)
    return str(caught.value)


def trained(project: Project, old: str, new: str) -> str:
    """What a training run says once `old` is `new` in train.py."""
    source, output = project.folder / "models/wine", project.folder / "trained"
    script = source / "train.py"
    assert old in script.read_text()
    script.write_text(script.read_text().replace(old, new))
    output.mkdir()
    arguments = ["--input", str(project.folder / "data/wine/training"), "--output", str(output)]

    def train() -> None:
        user_scripts.run_script("train.py", [*arguments, "--trees", "1"], root=source)
        user_scripts.require_content("train.py", output)

    return raised(train)


class EmptyLake:
    def state(self, _path: str) -> None:
        return None

    def list_files(self, folder: str) -> list[str]:
        raise errors.LakePathMissing("list", folder)


def unpickled(project: Project) -> str:
    """A class that one script defines and pickles, and another script, which does not have it, loads."""
    pickled = str(project.folder / "scaler")
    dump = "import pickle, sys\nclass Scaler: ...\npickle.dump(Scaler(), open(sys.argv[1], 'wb'))"
    subprocess.run([sys.executable, "-c", dump, pickled], check=True)
    load_it = "import pickle, sys\npickle.load(open(sys.argv[1], 'rb'))"
    ended = subprocess.run(
        [sys.executable, "-c", load_it, pickled], capture_output=True, text=True, check=False
    )
    kind, _, text = ended.stderr.splitlines()[-1].partition(": ")
    assert kind == "AttributeError"
    return scoring_failed("init()", AttributeError(text))


def scoring_failed(where: str, cause: Exception) -> str:
    return str(errors.ScoringFailed("wine", WINDOW, f"score.py {where}", PLACE.files, cause))


def without_a_column(_: Project) -> str:
    with pytest.raises(KeyError) as caught:
        pd.DataFrame({"hue": [1.0]})[["hue", "ash"]]
    return scoring_failed("run()", caught.value)


def no_input(_: Project) -> str:
    return str(errors.InputMissing("wine", WINDOW, "raw/wine/incoming/2026/11/25/*.csv", "no such path"))


def below_the_gate(_: Project) -> str:
    return gate.decide({"accuracy": {"minimum": 0.9}}, {"accuracy": 0.87}, None, approve=True).reason


PROVOKED: dict[str, Callable[[Project], str]] = {
    "found no file `ml_environment.yml`": without_conda_file,
    "found `models/wines`": lambda project: refused(project, "models/wine", "models/wines"),
    "found an unknown key": lambda project: refused(project, "  row_key", "row_key"),
    "found the text `0.9`": lambda project: refused(project, "0.9", "'0.9'"),
    "there is no file at": lambda _: raised(prepare.fetch, EmptyLake(), "raw/wine/training", None),
    "train.py failed: exit code 1": lambda project: trained(
        project, 'args.input / "wines.csv"', '"wines.csv"'
    ),
    "train.py failed: it wrote nothing": lambda project: trained(project, "joblib.dump", "print"),
    "the gate demands": below_the_gate,
    "the model 'wine' has no approved version": lambda _: raised(models.choose, "wine", "approved", []),
    "no such path": no_input,
    "score.py run() raised": without_a_column,
    "score.py init() raised": unpickled,
    "run() was given": lambda _: raised(results.as_frame, np.zeros(29), 30, PLACE),
    "'cellar.csv' has no column": lambda _: raised(
        tables.check_key, pa.table({"hue": [1.0]}), "bottle", "cellar.csv"
    ),
}


def test_every_message_of_the_page_is_provoked_here() -> None:
    """None is made up."""
    told = [[begin for begin in PROVOKED if message.startswith(begin)] for message in messages(PAGE)]

    assert [len(each) for each in told] == [1] * len(PROVOKED)


@pytest.mark.parametrize("message", messages(PAGE))
def test_a_message_is_as_the_page_says(message: str, project: Project) -> None:
    """What a user looks for on the page is what he was told."""
    (provoke,) = (action for begin, action in PROVOKED.items() if message.startswith(begin))

    assert shows(message, provoke(project))
