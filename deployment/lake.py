"""The lake (ADLS Gen2): small files by path. The only module beside the steps that speaks to it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from io import SEEK_CUR, SEEK_END, SEEK_SET, RawIOBase
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from deployment.errors import LakeError
from ml_pipelines.steps.landing import DRAFTS, OURS_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Lake:
    """One file system of one account. Safe for threads."""

    def __init__(self, url: str, file_system: str, credential: Any) -> None:  # noqa: ANN401 - azure-identity's
        from azure.storage.filedatalake import ExponentialRetry, FileSystemClient

        self.url = url
        self.name = file_system
        self.now = time.time
        # The SDK's own retries wait 15 s and more: too long for somebody who looks at a terminal.
        retries = ExponentialRetry(initial_backoff=1, increment_base=2, retry_total=4, random_jitter_range=1)
        self._client: Any = FileSystemClient(url, file_system, credential=credential, retry_policy=retries)

    def exists(self) -> bool:
        with _as_lake_errors(self.name):
            return bool(self._client.exists())

    def create_file_system(self) -> None:
        with _as_lake_errors(self.name):
            self._client.create_file_system()

    def read(self, path: str) -> bytes | None:
        """The file's content; None where there is no such file."""
        from azure.core.exceptions import ResourceNotFoundError

        with _as_lake_errors(path):
            try:
                return bytes(self._client.get_file_client(path).download_file().readall())
            except ResourceNotFoundError:
                return None

    def open(self, path: str) -> LakeFile:
        """The file for reading; only what is read is fetched. Raises LakeError where it is absent."""
        with _as_lake_errors(path):
            found = self._client.get_file_client(path).get_file_properties()
        return LakeFile(self._client.get_file_client(path), path, int(found.size), str(found.etag))

    def holds(self, path: str) -> bool:
        with _as_lake_errors(path):
            return bool(self._client.get_file_client(path).exists())

    def names(self, folder: str) -> list[str]:
        """Names directly in the folder; none where there is no folder."""
        from azure.core.exceptions import ResourceNotFoundError

        with _as_lake_errors(folder):
            try:
                paths = [str(path.name) for path in self._client.get_paths(folder, recursive=False)]
            except ResourceNotFoundError:
                return []
        return [path.rsplit("/", 1)[-1] for path in paths]

    def create(self, path: str, content: bytes) -> bool:
        """Write a new file as a whole, or not at all; False where the path is taken.

        Staged beside it and renamed on condition that the name is free, so no reader ever sees a part.
        """
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        draft = self._draft(path, content)
        with _as_lake_errors(path):
            try:
                draft.client.rename_file(f"{self.name}/{path}", match_condition=MatchConditions.IfMissing)
            except ResourceExistsError:
                return self._was_renamed(draft)
            except ResourceNotFoundError:
                if not self._was_renamed(draft):
                    raise
        return True

    def replace(self, path: str, content: bytes) -> None:
        """Write a file as a whole, in place of what is there if anything is."""
        from azure.core.exceptions import ResourceNotFoundError

        draft = self._draft(path, content)
        with _as_lake_errors(path):
            try:
                draft.client.rename_file(f"{self.name}/{path}")
            except ResourceNotFoundError:
                if not self._was_renamed(draft):
                    raise

    def remove(self, path: str) -> None:
        """No error where there is no such file."""
        from azure.core.exceptions import ResourceNotFoundError

        with _as_lake_errors(path):
            try:
                self._client.get_file_client(path).delete_file()
            except ResourceNotFoundError:
                return

    def _draft(self, path: str, content: bytes) -> _Draft:
        """The content beside `path`, whose folder exists, to be renamed. What a crash leaves is collected by
        the runs of any model of this lake (ml_pipelines/steps/tidying.py).
        """
        begun, draft = self.now(), f"{DRAFTS}/{uuid4().hex}"
        self.write(draft, content)
        with _as_lake_errors(path):
            self._client.create_directory(path.rpartition("/")[0])
        return _Draft(self._client.get_file_client(draft), begun)

    def _was_renamed(self, draft: _Draft) -> bool:
        """Whether it was renamed after all: nobody else touches it, and the SDK asks again for a lost answer.
        Not where this process stood still for so long that the draft may have been collected.
        """
        from azure.core.exceptions import ResourceNotFoundError

        try:
            draft.client.delete_file()
        except ResourceNotFoundError:
            return self.now() - draft.begun <= OURS_SECONDS
        return False

    def write(self, path: str, content: bytes) -> None:
        """Write a file in place: for paths that nobody reads yet."""
        with _as_lake_errors(path):
            client = self._client.get_file_client(path)
            client.create_file()
            if content:
                client.append_data(content, offset=0, length=len(content))
            client.flush_data(len(content))

    def acquire_lease(self, path: str, seconds: int, holder: str) -> Lease | None:
        """A lease on the file, which is made where it is absent; None where somebody else has one."""
        from azure.core.exceptions import HttpResponseError

        self._make_empty(path)
        client = self._client.get_file_client(path)
        with _as_lake_errors(path):
            try:
                lease = client.acquire_lease(lease_duration=seconds)
            except HttpResponseError as error:
                if error.status_code == 409:
                    return None
                raise
        held = Lease(path, lease)
        try:
            with _as_lake_errors(path):
                client.set_metadata({"holder": holder}, lease=lease)
        except LakeError:
            held.release()
            raise
        return held

    def lease_holder(self, path: str) -> str:
        with _as_lake_errors(path):
            metadata = self._client.get_file_client(path).get_file_properties().metadata or {}
        return str(metadata.get("holder", "somebody"))

    def _make_empty(self, path: str) -> None:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError

        with _as_lake_errors(path):
            try:
                client = self._client.get_file_client(path)
                client.create_file(match_condition=MatchConditions.IfMissing)
            except (ResourceExistsError, ResourceModifiedError):
                return

    def upload(self, local: Path, path: str) -> None:
        self.write(path, local.read_bytes())


class LakeFile(RawIOBase):
    """One version of a file: where it is replaced meanwhile, reading on is a LakeError, never a mixture."""

    def __init__(self, client: Any, path: str, size: int, etag: str) -> None:  # noqa: ANN401 - the SDK's
        self._client = client
        self._path = path
        self._size = size
        self._etag = etag
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        self._at = offset + {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - any writable buffer
        from azure.core import MatchConditions

        length = max(min(len(buffer), self._size - self._at), 0)
        if length:
            with _as_lake_errors(self._path):
                condition = {"etag": self._etag, "match_condition": MatchConditions.IfNotModified}
                part = self._client.download_file(offset=self._at, length=length, **condition)
                buffer[:length] = part.readall()
        self._at += length
        return length


class Lease:
    def __init__(self, path: str, lease: Any) -> None:  # noqa: ANN401 - the SDK's
        self._path = path
        self._lease = lease

    def renew(self) -> None:
        with _as_lake_errors(self._path):
            self._lease.renew()

    def release(self) -> None:
        with _as_lake_errors(self._path):
            self._lease.release()


class _Draft(NamedTuple):
    """The SDK's client of a file that is to be renamed, and when it was begun."""

    client: Any
    begun: float


@contextmanager
def _as_lake_errors(path: str) -> Iterator[None]:
    """The SDK's errors in our words, with the path that they concern."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        yield
    except ClientAuthenticationError as error:
        raise LakeError(
            f"the lake does not know who asks for {path}: {_said(error)}", hint="az login"
        ) from error
    except HttpResponseError as error:
        hint = "the role Storage Blob Data Contributor is needed" if error.status_code == 403 else ""
        raise LakeError(f"the lake refused {path}: {_said(error)}", hint=hint) from error
    except AzureError as error:
        raise LakeError(f"the lake cannot be reached for {path}: {_said(error)}") from error


def _said(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
