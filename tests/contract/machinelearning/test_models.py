"""Registered models through the real SDK, from outside a run."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest


def register(workspace: Any, path: Path, name: str, **options: Any) -> Any:
    """The SDK takes a model from below the current folder only."""
    from azureml.core import Model

    with contextlib.chdir(path.parent):
        return Model.register(workspace, path.name, name, **options)


@pytest.fixture(scope="module")
def versions(workspace: Any, tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    """Two versions of one folder model, the first one approved."""
    made = []
    for text, tags in (("first", {"approved": "yes"}), ("second", {})):
        root = tmp_path_factory.mktemp(text) / "model"
        (root / "sub").mkdir(parents=True)
        (root / "sub" / "weights.txt").write_text(text)
        (root / "meta.json").write_text("{}")
        made.append(register(workspace, root, "two_versions", tags=tags, properties={"p": text}))
    return made


def test_versions_count_up_and_the_newest_is_the_default(workspace: Any, versions: list[Any]) -> None:
    from azureml.core import Model

    assert [model.version for model in versions] == [1, 2]
    assert Model(workspace, "two_versions").version == 2
    assert [one.version for one in Model.list(workspace, name="two_versions")] == [2, 1]


@pytest.mark.usefixtures("versions")
def test_a_pinned_version_is_downloaded(workspace: Any, tmp_path: Path) -> None:
    """The first, although a newer one exists: the folder with its subfolders, byte for byte."""
    from azureml.core import Model

    Model(workspace, "two_versions", version=1).download(str(tmp_path))

    found = {str(one.relative_to(tmp_path)): one.read_text() for one in tmp_path.rglob("*") if one.is_file()}
    assert found == {"model/sub/weights.txt": "first", "model/meta.json": "{}"}


@pytest.mark.usefixtures("versions")
def test_models_are_found_by_tag(workspace: Any) -> None:
    from azureml.core import Model

    found = Model.list(workspace, name="two_versions", tags=[["approved", "yes"]])

    assert [one.version for one in found] == [1]


def test_a_tag_is_added_later(workspace: Any, versions: list[Any]) -> None:
    """Approval is a tag."""
    from azureml.core import Model

    versions[1].add_tags({"gate": "passed"})

    assert Model(workspace, "two_versions").tags == {"gate": "passed"}


def test_an_unknown_model_is_named(workspace: Any) -> None:
    from azureml.core import Model
    from azureml.exceptions import WebserviceException

    with pytest.raises(WebserviceException, match="nobody"):
        Model(workspace, "nobody")
    with pytest.raises(WebserviceException, match="two_versions:99 not found"):
        Model(workspace, "two_versions", version=99)


def test_a_large_file_goes_in_blocks(workspace: Any, tmp_path: Path) -> None:
    """Above 64 MB the SDK sends blocks and a list of them."""
    content = bytes(range(256)) * (66 * 4096)
    (tmp_path / "big.bin").write_bytes(content)

    model = register(workspace, tmp_path / "big.bin", "big")

    assert Path(model.download(str(tmp_path / "back"))).read_bytes() == content


def test_a_model_is_deleted(workspace: Any, tmp_path: Path) -> None:
    from azureml.core import Model

    (tmp_path / "m.txt").write_text("x")
    register(workspace, tmp_path / "m.txt", "short_lived").delete()

    assert Model.list(workspace, name="short_lived") == []


def test_any_name_a_file_may_have_comes_back_as_it_was(workspace: Any, tmp_path: Path) -> None:
    """The SDK encodes the address of an upload twice, and that of a download once."""
    from azureml.core import Model

    names = {"a b.txt", "ümlaut/ß.txt", "50%.txt", "a%20b.txt", "plus+and&.txt", "empty"}
    root = tmp_path / "a model"
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("" if name == "empty" else name)

    register(workspace, root, "odd_names")
    Model(workspace, "odd_names").download(str(tmp_path / "back"))

    back = tmp_path / "back" / "a model"
    found = {str(each.relative_to(back)): each.read_text() for each in back.rglob("*") if each.is_file()}
    assert found == {name: "" if name == "empty" else name for name in names}
