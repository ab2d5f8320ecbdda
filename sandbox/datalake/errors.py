"""The lake's refusals. Each knows its code on both interfaces: the same fact is `PathNotFound` to a Data Lake
client and `BlobNotFound` to a Blob client.

    LakeError
    ├── not there            AccountNotFound FilesystemNotFound PathNotFound SourcePathNotFound
    │                        RenameDestinationParentPathNotFound
    ├── there, but           FilesystemAlreadyExists PathAlreadyExists PathConflict DirectoryNotEmpty
    │                        InvalidSourceOrDestinationResourceType InvalidRenameSourcePath
    │                        InvalidFlushOperation
    ├── conditions           ConditionNotMet SourceConditionNotMet NotModified
    ├── leases               LeaseError (code given: there are ten)
    ├── malformed            BadRequest (code given) InvalidFlushPosition InvalidRange LengthRequired
    ├── who are you          AuthenticationMissing AuthenticationInvalid SignatureMismatch
    └── not now, not here    ServerBusy Ordered NotImplementedHere

And one that is never sent: CoarseTimes, a SandboxError, when the disk cannot hold a lake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sandbox.errors import SandboxError
from sandbox.identity import TENANT

if TYPE_CHECKING:
    from pathlib import Path


class LakeError(Exception):
    """`message` is for people; clients decide by `status` and `code`."""

    status: ClassVar[int] = 400
    code: ClassVar[str] = "InvalidInput"
    blob_code: ClassVar[str | None] = None
    text: ClassVar[str] = "One of the request inputs is not valid."

    def __init__(self, detail: str = "") -> None:
        self.message = f"{self.text} {detail}".strip()
        self.headers: dict[str, str] = {}
        super().__init__(self.message)

    @property
    def http_status(self) -> int:
        return self.status

    def code_for(self, *, blob: bool) -> str:
        return (blob and self.blob_code) or self.code


class AccountNotFound(LakeError):
    status = 404
    code = "ResourceNotFound"
    text = "The specified storage account does not exist: create it through Resource Manager."


class FilesystemNotFound(LakeError):
    status = 404
    code = "FilesystemNotFound"
    blob_code = "ContainerNotFound"
    text = "The specified filesystem does not exist."


class PathNotFound(LakeError):
    status = 404
    code = "PathNotFound"
    blob_code = "BlobNotFound"
    text = "The specified path does not exist."


class SourcePathNotFound(LakeError):
    status = 404
    code = "SourcePathNotFound"
    text = "The source path for a rename operation does not exist."


class RenameDestinationParentPathNotFound(LakeError):
    status = 404
    code = "RenameDestinationParentPathNotFound"
    text = "The parent directory of the destination path does not exist."


class FilesystemAlreadyExists(LakeError):
    status = 409
    code = "FilesystemAlreadyExists"
    blob_code = "ContainerAlreadyExists"
    text = "The specified filesystem already exists."


class PathAlreadyExists(LakeError):
    status = 409
    code = "PathAlreadyExists"
    blob_code = "BlobAlreadyExists"
    text = "The specified path already exists."


class PathConflict(LakeError):
    status = 409
    code = "PathConflict"
    blob_code = "ResourceTypeMismatch"
    text = "The specified path, or an element of the path, exists and its resource type is invalid for this operation."  # noqa: E501 - Azure's sentence


class DirectoryNotEmpty(LakeError):
    status = 409
    code = "DirectoryNotEmpty"
    blob_code = "DirectoryIsNotEmpty"
    text = "The recursive query parameter value must be true to delete a non-empty directory."


class InvalidSourceOrDestinationResourceType(LakeError):
    status = 409
    code = "InvalidSourceOrDestinationResourceType"
    text = "The source and destination resource type must be identical."


class InvalidRenameSourcePath(LakeError):
    status = 409
    code = "InvalidRenameSourcePath"
    text = "The source directory is the destination directory, or one of its parents."


class InvalidFlushOperation(LakeError):
    status = 409
    code = "InvalidFlushOperation"
    text = "The resource was created or modified by the Blob service API: the Data Lake API cannot write it."


class ConditionNotMet(LakeError):
    status = 412
    code = "ConditionNotMet"
    text = "The condition specified using HTTP conditional header(s) is not met."


class SourceConditionNotMet(LakeError):
    status = 412
    code = "SourceConditionNotMet"
    text = "The source condition specified using HTTP conditional header(s) is not met."


class NotModified(LakeError):
    """A read whose `If-None-Match` or `If-Modified-Since` says that the client has it already."""

    status = 304
    code = "ConditionNotMet"
    text = "The condition specified using HTTP conditional header(s) is not met."


class LeaseError(LakeError):
    """409 when the lease operation itself is refused, 412 when a lease stands in the way of another
    operation.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"The lease does not allow this ({code}).")
        self._status = status
        self._code = code

    @property
    def http_status(self) -> int:
        return self._status

    def code_for(self, *, blob: bool) -> str:  # noqa: ARG002 - leases have one name on both interfaces
        return self._code


class BadRequest(LakeError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self._code = code

    def code_for(self, *, blob: bool) -> str:  # noqa: ARG002 - these codes are common to both interfaces
        return self._code


class InvalidFlushPosition(LakeError):
    code = "InvalidFlushPosition"
    text = "The uploaded data is not contiguous or the position query parameter value is not equal to the length of the file after appending the uploaded data."  # noqa: E501 - Azure's sentence


class InvalidRange(LakeError):
    status = 416
    code = "InvalidRange"
    text = "The range specified is invalid for the current size of the resource."

    def __init__(self, size: int) -> None:
        super().__init__()
        self.headers = {"Content-Range": f"bytes */{size}"}


class LengthRequired(LakeError):
    status = 411
    code = "MissingContentLengthHeader"
    text = "Content-Length is required."


class AuthenticationMissing(LakeError):
    """With the challenge that makes azure-core ask its credential (again)."""

    status = 401
    code = "NoAuthenticationInformation"
    text = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."  # noqa: E501 - Azure's sentence

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail)
        login = f"https://login.microsoftonline.com/{TENANT}/oauth2/authorize"
        challenge = f"Bearer authorization_uri={login} resource_id=https://storage.azure.com"
        self.headers = {"WWW-Authenticate": challenge}


class AuthenticationInvalid(AuthenticationMissing):
    code = "InvalidAuthenticationInfo"


class SignatureMismatch(LakeError):
    status = 403
    code = "AuthenticationFailed"
    text = "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."  # noqa: E501 - Azure's sentence


class ServerBusy(LakeError):
    status = 503
    code = "ServerBusy"
    text = "The server is currently unable to receive requests. Please retry your request."


class Ordered(LakeError):
    """A refusal that a test ordered (sandbox/faults.py)."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self._status = status
        self._code = code
        self.headers = headers or {}

    @property
    def http_status(self) -> int:
        return self._status

    def code_for(self, *, blob: bool) -> str:  # noqa: ARG002 - the order names the code
        return self._code


class NotImplementedHere(LakeError):
    status = 501
    code = "NotImplementedByLocalAzure"

    def __init__(self, operation: str) -> None:
        super().__init__()
        self.message = f"{operation} is not implemented by the local Azure; sandbox/README.md lists what is."


class CoarseTimes(SandboxError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"{folder} lies on a file system that rounds modification times: choose another --state folder, "
            "on a Linux file system"
        )
