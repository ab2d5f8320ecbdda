"""The lake, for the steps: the only module here that speaks to ADLS Gen2. Azure is imported inside functions.

Nothing is written in place: `replace` and the commit both put a whole file beside and rename it. Etags are
kept without their quotation marks, since a listing and a HEAD disagree about them.
"""

from __future__ import annotations

import io
import os
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from .errors import InputChanged, LakeConflict, LakeError, LakePathMissing, describe
from .landing import DRAFTS, OURS_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

CHUNK_BYTES = 4 * 1024 * 1024
UPLOADS = 4
"""Chunks of a large file that are on their way at once."""
ABSENT = ""
RETRIES = {"retry_total": 6, "initial_backoff": 0.5, "increment_base": 2}
"""A throttled or restarting lake is asked again for about a minute; every request here may be repeated."""


@dataclass(frozen=True)
class LakeFile:
    path: str
    etag: str
    size: int


@dataclass(frozen=True)
class FileState:
    etag: str
    size: int
    metadata: Mapping[str, str]


def managed_identity() -> Any:  # noqa: ANN401 - azure-identity is imported late
    """The compute's identity; a user-assigned one says its client id in DEFAULT_IDENTITY_CLIENT_ID."""
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=os.environ.get("DEFAULT_IDENTITY_CLIENT_ID"))


class Lake:
    """One file system. `url` is the account's DFS address, `https://<account>.dfs.core.windows.net`.

    Azure's packages are imported by the first request: a step that only speaks to the lake when it fails
    does not pay their 0.6 s. `options` are those of Microsoft's client.
    """

    def __init__(
        self,
        url: str,
        file_system: str,
        credential: Any = None,  # noqa: ANN401
        **options: Any,  # noqa: ANN401
    ) -> None:
        self._url = url
        self._name = file_system
        self._credential = credential
        self._options = RETRIES | options
        self._client: Any = None
        self._connecting = threading.Lock()
        self.now = time.time

    @property
    def _files(self) -> Any:  # noqa: ANN401 - azure's FileSystemClient, imported late
        with self._connecting:
            if self._client is None:
                self._client = self._connect()
        return self._client

    def _connect(self) -> Any:  # noqa: ANN401 - as above
        from azure.storage.filedatalake import DataLakeServiceClient

        service = DataLakeServiceClient(
            self._url,
            credential=self._credential or managed_identity(),
            max_single_get_size=CHUNK_BYTES,
            max_chunk_get_size=CHUNK_BYTES,
            **self._options,
        )
        return service.get_file_system_client(self._name)

    # ------------------------------------------------------------------------------------- reading

    def list_files(self, folder: str) -> list[LakeFile]:
        """Every file below `folder`, by path; raises LakePathMissing where there is no such folder."""
        with _errors("list", folder):
            found = [
                LakeFile(each.name, _bare(each.etag), int(each.content_length or 0))
                for each in self._files.get_paths(folder, recursive=True)
                if not each.is_directory
            ]
        return sorted(found, key=lambda each: each.path)

    def names(self, folder: str) -> list[str]:
        """Of the files directly in `folder`; none where there is no such folder."""
        try:
            with _errors("list", folder):
                found = [
                    each.name
                    for each in self._files.get_paths(folder, recursive=False)
                    if not each.is_directory
                ]
        except LakePathMissing:
            return []
        return [name.rpartition("/")[2] for name in found]

    def folders_older_than(self, root: str, moment: datetime) -> list[str]:
        """The folders two levels below `root` under which nothing was written since `moment`."""
        newest: dict[str, datetime] = {}
        try:
            with _errors("list", root):
                for each in self._files.get_paths(root, recursive=True):
                    names = each.name.removeprefix(root).strip("/").split("/")
                    if len(names) >= 2:
                        folder = "/".join((root, *names[:2]))
                        written = each.last_modified.replace(tzinfo=UTC)
                        newest[folder] = max(written, newest.get(folder, written))
        except LakePathMissing:
            return []
        return sorted(folder for folder, written in newest.items() if written < moment)

    def delete_files_older_than(self, folder: str, moment: datetime) -> None:
        """Of the files directly in `folder`, those that nobody has written since `moment`."""
        try:
            with _errors("list", folder):
                found = [
                    each.name
                    for each in self._files.get_paths(folder, recursive=False)
                    if not each.is_directory and each.last_modified.replace(tzinfo=UTC) < moment
                ]
        except LakePathMissing:
            return
        for path in found:
            self._delete(path)

    def _delete(self, path: str) -> None:
        try:
            with _errors("delete", path):
                self._files.get_file_client(path).delete_file()
        except LakePathMissing:
            pass  # somebody was faster

    def state(self, path: str) -> FileState | None:
        """None where there is no such file; a folder is no file."""
        try:
            with _errors("look at", path):
                found = self._files.get_file_client(path).get_file_properties()
        except LakePathMissing:
            return None
        metadata = dict(found.metadata or {})
        if metadata.get("hdi_isfolder") == "true":
            return None
        return FileState(_bare(found.etag), int(found.size), metadata)

    def chunks(
        self, path: str, *, etag: str | None = None, offset: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """The bytes [offset, offset + length); with `etag` every request is conditional: InputChanged."""
        if length == 0:
            return
        # An empty file has no range: the whole of a file is asked for without one.
        part = {"offset": offset, "length": length} if offset or length is not None else {}
        try:
            with _errors("read", path):
                stream = self._files.get_file_client(path).download_file(**part, **_if_match(etag))
                yield from stream.chunks()
        except (LakeConflict, LakePathMissing):
            if etag is None:
                raise
            raise InputChanged(path) from None

    def read(
        self, path: str, *, etag: str | None = None, offset: int = 0, length: int | None = None
    ) -> bytes:
        return b"".join(self.chunks(path, etag=etag, offset=offset, length=length))

    def download(self, path: str, target: Path, *, etag: str | None = None) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as stream:
            for chunk in self.chunks(path, etag=etag):
                stream.write(chunk)

    # ------------------------------------------------------------------------------------- writing

    def upload(self, path: str, content: bytes | Path, metadata: Mapping[str, str] | None = None) -> None:
        """Write `path`, which nobody reads yet; parents appear by themselves.

        The client ends an upload on condition that nobody else has written, and sends that request again when
        its reply is lost: then the first has done it, and the second is refused.
        """
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        described = dict(metadata or {})
        try:
            self._upload(path, content, size, described)
        except LakeConflict:
            found = self.state(path)
            if found is None or (found.size, dict(found.metadata)) != (size, described):
                raise

    def _upload(self, path: str, content: bytes | Path, size: int, metadata: Mapping[str, str]) -> None:
        client = self._files.get_file_client(path)
        with _errors("write", path), _opened(content) as stream:
            if size:
                client.upload_data(
                    stream,
                    length=size,
                    overwrite=True,
                    metadata=metadata,
                    chunk_size=CHUNK_BYTES,
                    max_concurrency=UPLOADS if size > CHUNK_BYTES else 1,
                )
            else:
                client.create_file(metadata=metadata)  # the SDK uploads no empty content at all

    def replace(self, path: str, content: bytes | Path, drafts: str = DRAFTS) -> None:
        """Put `content` at `path` so that a reader finds the old or the new, never a part; so does another
        writer, whose own draft is another file. A crash may leave one in the folder `drafts`, which is
        collected by age (tidying.py).
        """
        begun, draft = self.now(), f"{drafts}/{uuid.uuid4().hex}"
        self.upload(draft, content)
        try:
            self.rename(draft, path)
        except LakePathMissing:
            # Its folder is not there yet: asked for only now, since it nearly always is.
            self.make_folder(path.rpartition("/")[0])
            self._rename_again(draft, path, begun)

    def _rename_again(self, draft: str, path: str, begun: float) -> None:
        try:
            self.rename(draft, path)
        except LakePathMissing:
            # Nobody else renames this draft: the reply to a first request was lost. Unless this process stood
            # still for so long that the draft may have been collected.
            if self.state(path) is None or self.now() - begun > OURS_SECONDS:
                raise

    def rename(self, source: str, destination: str, *, expected_etag: str | None = None) -> None:
        """One request. `expected_etag`: None = whatever is there, ABSENT = nothing may be there.

        Raises LakeConflict when the destination is otherwise, LakePathMissing when the source is not there.
        """
        with _errors("rename", source):
            self._files.get_file_client(source).rename_file(
                f"{self._name}/{destination}", **_condition(expected_etag)
            )

    def make_folder(self, path: str) -> None:
        """Make `path` and its parents; nothing happens where it exists."""
        try:
            with _errors("make the folder", path):
                self._files.get_directory_client(path).create_directory(**_condition(ABSENT))
        except LakeConflict:
            pass  # it is there, which is all that is wanted

    def delete_folder(self, path: str) -> None:
        """Delete `path` and all below it; nothing happens where it does not exist."""
        try:
            with _errors("delete", path):
                self._files.get_directory_client(path).delete_directory()
        except LakePathMissing:
            pass  # somebody was faster


def _opened(content: bytes | Path) -> BinaryIO:
    return io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")


def _condition(expected_etag: str | None) -> dict[str, Any]:
    from azure.core import MatchConditions

    if expected_etag is None:
        return {}
    if expected_etag == ABSENT:
        return {"match_condition": MatchConditions.IfMissing}
    return {"match_condition": MatchConditions.IfNotModified, "etag": f'"{expected_etag}"'}


def _if_match(etag: str | None) -> dict[str, Any]:
    return _condition(etag) if etag else {}


def _bare(etag: str | None) -> str:
    return (etag or "").strip('"')


@contextmanager
def _errors(operation: str, path: str) -> Iterator[None]:
    """Azure's errors in this package's words."""
    from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

    try:
        yield
    except ResourceNotFoundError as error:
        raise LakePathMissing(operation, path) from error
    except HttpResponseError as error:
        kind: Callable[[str, str, str], LakeError] = (
            LakeConflict if error.status_code in (409, 412) else LakeError
        )
        said = getattr(error, "error_code", None)
        code = getattr(said, "value", said) or error.status_code
        raise kind(operation, path, f"{code}: {error.reason}") from error
    except AzureError as error:
        raise LakeError(operation, path, describe(error)) from error
