"""What is written, what is replaced, and what is nobody's to touch."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from deployment.errors import FolderError, UsageError
from deployment.rendered_folder import MANIFEST, WRITING, WRITTEN, refuse_unfit, write

REPOSITORY = Path(__file__).resolve().parents[3]
FIRST = {"pipeline/a.json": b"a1", "trigger/t.json": b"t1", "publish_config.json": b"{}"}
SECOND = {"pipeline/a.json": b"a2", "pipeline/b.json": b"b2", "publish_config.json": b"{}"}


def seen(folder: Path) -> dict[str, bytes]:
    files = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in files.items() if name != MANIFEST}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "out"


@pytest.fixture
def rendered(out: Path) -> Path:
    write(out, FIRST, {"env": "dev"})
    return out


def test_a_folder_that_is_not_there_is_made(out):
    """With all above it; nothing else is left beside it."""
    write(out, FIRST, {})

    assert seen(out) == FIRST
    assert list(out.parent.iterdir()) == [out]


def test_an_empty_folder_is_filled(tmp_path):
    write(tmp_path, FIRST, {})

    assert seen(tmp_path) == FIRST


def test_a_second_rendering_leaves_nothing_of_the_first(rendered):
    """Its stale files go, and folders that hold nothing any more."""
    write(rendered, SECOND, {})

    assert seen(rendered) == SECOND
    assert not (rendered / "trigger").exists()
    assert {path.name for path in rendered.iterdir()} == {"pipeline", "publish_config.json", MANIFEST}


def test_files_of_others_stay_as_they_are(rendered):
    """In our folders too: a factory may be shared, and the folder a repository."""
    others = {"README.md": b"theirs", "pipeline/theirs.json": b"theirs", ".git/HEAD": b"main"}
    (rendered / ".git").mkdir()
    for name, content in others.items():
        (rendered / name).write_bytes(content)

    write(rendered, SECOND, {})

    assert seen(rendered) == SECOND | others


@pytest.mark.parametrize("name", ["pipeline/a.json", "trigger/t.json"])
def test_a_file_that_was_edited_is_neither_replaced_nor_removed(rendered, name):
    """Somebody's work is in it: nothing is written at all."""
    (rendered / name).write_bytes(b"edited")

    with pytest.raises(UsageError, match=f"edited since: {name}"):
        write(rendered, SECOND, {})
    assert seen(rendered) == FIRST | {name: b"edited"}


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path):
    (tmp_path / "publish_config.json").write_bytes(b"theirs")

    with pytest.raises(UsageError, match=r"not rendered, or edited since: publish_config\.json"):
        write(tmp_path, FIRST, {})
    assert seen(tmp_path) == {"publish_config.json": b"theirs"}


def test_a_file_of_somebody_else_that_is_the_same_is_in_nobodys_way(tmp_path):
    """And a file of ours that is gone is written again."""
    (tmp_path / "publish_config.json").write_bytes(FIRST["publish_config.json"])

    write(tmp_path, FIRST, {})
    (tmp_path / "trigger/t.json").unlink()
    write(tmp_path, FIRST, {})

    assert seen(tmp_path) == FIRST


def test_many_files_in_the_way_are_told_in_short(tmp_path):
    files = {f"pipeline/{number}.json": b"ours" for number in range(9)}
    (tmp_path / "pipeline").mkdir()
    for name in files:
        (tmp_path / name).write_bytes(b"theirs")

    with pytest.raises(UsageError, match=r"pipeline/4\.json and 4 more"):
        write(tmp_path, files, {})


@pytest.mark.parametrize(
    "make", [lambda path: path.write_text("x"), lambda path: path.symlink_to(path.parent.parent)]
)
def test_a_folder_of_ours_that_is_none_is_in_the_way(rendered, make):
    """A link would lead out of the folder."""
    make(rendered / "dataset")

    with pytest.raises(UsageError, match="edited since: dataset"):
        write(rendered, {"dataset/d.json": b"d"}, {})


def test_nothing_is_removed_through_a_link(rendered, tmp_path):
    """What a stale file's folder points to now is somebody else's, whatever it holds."""
    (rendered / "trigger").rename(tmp_path / "theirs")
    (rendered / "trigger").symlink_to(tmp_path / "theirs")

    with pytest.raises(UsageError, match="edited since: trigger"):
        write(rendered, SECOND, {})
    assert (tmp_path / "theirs/t.json").read_bytes() == b"t1"


@pytest.mark.parametrize(
    "content",
    [
        "{",
        "[]",
        '{"files": []}',
        '{"files": {"../a.json": "0"}}',
        '{"files": {"/etc/a.json": "0"}}',
        '{"files": {".git/a.json": "0"}}',
        '{"files": {"a/b/c.json": "0"}}',
        '{"files": {"a.json": 1}}',
        '{"files": {"a.txt": "0"}}',
    ],
)
def test_a_manifest_that_is_not_ours_is_believed_in_nothing(tmp_path, content):
    """It could name what somebody else needs."""
    (tmp_path / MANIFEST).write_text(content)

    with pytest.raises(UsageError, match="not what `render` wrote"):
        write(tmp_path, FIRST, {})
    assert (tmp_path / MANIFEST).read_text() == content


def test_the_manifest_says_what_was_rendered_and_from_where(rendered):
    """Facts, and a digest a file."""
    manifest = json.loads((rendered / MANIFEST).read_bytes())

    assert manifest["env"] == "dev"
    assert list(manifest["files"]) == sorted(FIRST)


def test_what_an_attempt_has_left_is_swept(rendered):
    """One that died before its rename: it never stood."""
    (rendered / WRITING / "pipeline").mkdir(parents=True)
    (rendered / WRITING / "pipeline/half.json").write_bytes(b"ha")

    write(rendered, SECOND, {})

    assert seen(rendered) == SECOND


def test_an_edit_under_an_unfinished_rendering_is_not_lost(rendered, tmp_path):
    """The next one refuses to complete it over the edit."""
    write(tmp_path / "other", SECOND, {})
    (tmp_path / "other").rename(rendered / WRITTEN)
    (rendered / "pipeline/a.json").write_bytes(b"edited")

    with pytest.raises(UsageError, match="edited since"):
        write(rendered, FIRST, {})
    assert (rendered / "pipeline/a.json").read_bytes() == b"edited"


def test_two_at_once_are_one_after_the_other(rendered):
    """Whichever is last, the folder is one rendering."""
    threads = [threading.Thread(target=write, args=(rendered, each, {})) for each in (FIRST, SECOND) * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert seen(rendered) in (FIRST, SECOND)


def test_a_disk_that_refuses_is_told(tmp_path):
    """The folder's own parent is a file."""
    (tmp_path / "file").write_text("x")

    with pytest.raises(FolderError, match="cannot be written: "):
        write(tmp_path / "file" / "out", FIRST, {})


@pytest.mark.parametrize("folder", [REPOSITORY, REPOSITORY.parent, Path("/"), REPOSITORY / "adf"])
def test_the_repository_is_nothing_to_render_into(folder):
    """Nor what holds it, nor a folder of it that has files."""
    with pytest.raises(UsageError, match="folder"):
        refuse_unfit(folder, REPOSITORY)


def test_a_file_is_nothing_to_render_into(tmp_path):
    (tmp_path / "file").write_text("x")

    with pytest.raises(UsageError, match="is a file"):
        refuse_unfit(tmp_path / "file", REPOSITORY)


def test_a_new_folder_in_the_project_is_fine_and_stays_so(tmp_path):
    """Absent at first, ours later."""
    out = tmp_path / "rendered"
    refuse_unfit(out, tmp_path)
    write(out, FIRST, {})

    refuse_unfit(out, tmp_path)
