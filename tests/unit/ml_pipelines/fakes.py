"""A lake in memory that keeps the real one's conditions, and builders of what the steps are given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ml_pipelines.steps.errors import InputChanged, LakeConflict, LakeError, LakePathMissing
from ml_pipelines.steps.lake import ABSENT, FileState, LakeFile
from ml_pipelines.steps.landing import DRAFTS, Record
from ml_pipelines.steps.work import Piece, Plan, WorkItem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path


@dataclass
class Stored:
    content: bytes
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)


class FakeLake:
    """Conditions, etags that survive a rename, and `before`/`after` hooks on every writing call."""

    def __init__(self, files: Mapping[str, bytes] | None = None) -> None:
        self.stored: dict[str, Stored] = {}
        self.before: Callable[[str, str], None] = lambda _operation, _path: None
        self.after: Callable[[str, str], None] = lambda _operation, _path: None
        self.old: set[str] = set()
        """Folders of attempts, and drafts, that nobody has touched for long."""
        self._number = 0
        for path, content in (files or {}).items():
            self.upload(path, content)

    def list_files(self, folder: str) -> list[LakeFile]:
        found = [path for path in self.stored if path.startswith(folder.rstrip("/") + "/")]
        if not found:
            raise LakePathMissing("list", folder)
        return [
            LakeFile(path, self.stored[path].etag, len(self.stored[path].content)) for path in sorted(found)
        ]

    def names(self, folder: str) -> list[str]:
        below = [path.removeprefix(folder + "/") for path in self.stored if path.startswith(folder + "/")]
        return [name for name in below if "/" not in name]

    def folders_older_than(self, root: str, _moment: datetime) -> list[str]:
        return sorted(
            folder
            for folder in self.old
            if folder.startswith(root) and any(path.startswith(folder + "/") for path in self.stored)
        )

    def delete_files_older_than(self, folder: str, _moment: datetime) -> None:
        self.before("delete", folder)
        for each in [each for each in self.stored if each in self.old and each.startswith(folder + "/")]:
            del self.stored[each]

    def state(self, path: str) -> FileState | None:
        there = self.stored.get(path)
        return FileState(there.etag, len(there.content), dict(there.metadata)) if there else None

    def chunks(
        self, path: str, *, etag: str | None = None, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        there = self.stored.get(path)
        if there is None or etag not in (None, there.etag):
            raise InputChanged(path) if etag else LakePathMissing("read", path)
        content = there.content[offset : None if length is None else offset + length]
        for start in range(0, len(content), 7):
            yield content[start : start + 7]

    def read(
        self, path: str, *, etag: str | None = None, offset: int = 0, length: int | None = None
    ) -> bytes:
        return b"".join(self.chunks(path, etag=etag, offset=offset, length=length))

    def download(self, path: str, target: Path, *, etag: str | None = None) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(self.read(path, etag=etag))

    def upload(self, path: str, content: bytes | Path, metadata: Mapping[str, str] | None = None) -> None:
        self.before("upload", path)
        self.old -= {folder for folder in self.old if path.startswith(folder + "/")}
        body = content if isinstance(content, bytes) else content.read_bytes()
        self._number += 1
        self.stored[path] = Stored(body, f"0x{self._number:04}", dict(metadata or {}))
        self.after("upload", path)

    def replace(self, path: str, content: bytes | Path, drafts: str = DRAFTS) -> None:
        draft = f"{drafts}/{self._number}"
        self.upload(draft, content)
        self.rename(draft, path)

    def rename(self, source: str, destination: str, *, expected_etag: str | None = None) -> None:
        self.before("rename", destination)
        there = self.stored.get(destination)
        if expected_etag is not None and (there.etag if there else ABSENT) != expected_etag:
            raise LakeConflict("rename", source, "ConditionNotMet")
        if source not in self.stored:
            raise LakePathMissing("rename", source)
        self.stored[destination] = self.stored.pop(source)
        self.after("rename", destination)

    def make_folder(self, path: str) -> None:
        self.before("make_folder", path)

    def delete_folder(self, path: str) -> None:
        self.before("delete_folder", path)
        for each in [each for each in self.stored if each.startswith(path + "/")]:
            del self.stored[each]


class Cut(LakeError):
    def __init__(self, operation: str, path: str) -> None:
        super().__init__(operation, path, "the connection was cut")


def plan(**changes: object) -> Plan:
    """A day of the model `churn`, one file of input, rows in, rows out."""
    usual = Plan(
        lake_url="https://lake",
        file_system="data",
        model="churn",
        registered_model="churn",
        model_version="3",
        model_sha256="-",
        window_id="2026-11-22T00-00-00Z",
        window_start="2026-11-22T00:00:00Z",
        window_end="2026-11-23T00:00:00Z",
        attempt="attempt-1",
        started="2026-11-23T06:00:00.000000+00:00",
        group_id="group-1",
        adf_run_id="adf-1",
        ml_run_id="ml-1",
        input_path="in",
        input_format="csv",
        input_digest="inputs",
        output_path="out",
        output_format="csv",
        maximum_file_bytes=0,
        destination_etag=ABSENT,
        row_key="id",
        duplicate_keys="error",
        passes="tables",
        returns="rows",
        score_script="score.py",
        max_quarantined_percent=0.0,
        code="code",
        git_commit="",
        digest="digest-1",
        empty_window="fail",
        files=1,
        input_bytes=1,
        items=1,
        run_columns=False,
        checks={},
        training_profile="",
        unchanged=False,
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def pieces(lake: FakeLake, folder: str = "in") -> tuple[Piece, ...]:
    """Every file of the folder, whole."""
    return tuple(
        Piece(file.path, file.path.removeprefix(folder + "/"), file.etag, file.size, 0, file.size)
        for file in lake.list_files(folder)
    )


def item(lake: FakeLake, **changes: object) -> WorkItem:
    found = pieces(lake)
    return WorkItem(0, plan(files=len(found), **changes), found)


def record(**changes: str) -> Record:
    usual = Record(
        attempt="attempt-1",
        started="2026-11-23T06:00:00",
        digest="digest-1",
        model="churn",
        model_version="3",
        model_sha256="-",
        window_id="w",
        window_start="s",
        window_end="e",
        group_id="group-1",
        adf_run_id="adf-1",
        ml_run_id="ml-1",
        code="code",
        git_commit="",
        input_digest="inputs",
        rows_in="2",
        rows_scored="2",
        rows_quarantined="0",
    )
    return replace(usual, **changes)
