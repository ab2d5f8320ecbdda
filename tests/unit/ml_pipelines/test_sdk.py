"""What the Azure ML SDK finds when it is imported."""

from __future__ import annotations

import os
from pathlib import Path

from ml_pipelines.sdk import ensure_home


def test_a_home_that_can_be_written_is_kept(tmp_path: Path) -> None:
    variables = {"HOME": str(tmp_path)}

    ensure_home(variables)

    assert variables == {"HOME": str(tmp_path)}


def test_without_a_usable_home_there_is_one_for_the_time_of_the_process(tmp_path: Path) -> None:
    """Whoever signed in with the Azure CLI is still signed in."""
    variables = {"HOME": str(tmp_path / "none")}

    ensure_home(variables)

    assert os.access(variables["HOME"], os.W_OK)
    assert Path(variables["HOME"]) != tmp_path / "none"
    assert variables["AZURE_CONFIG_DIR"] == str(tmp_path / "none/.azure")


def test_an_unset_home_is_made_good_too() -> None:
    """The SDK cannot be imported without one."""
    variables: dict[str, str] = {}

    ensure_home(variables)

    assert os.access(variables["HOME"], os.W_OK)
