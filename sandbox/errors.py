"""What the control process answers when it does not do as asked, in Resource Manager's error format.

AzureError            status, code, message, target: exactly what goes over the wire
├── NotEmulated       501: the real service has this operation, the local Azure does not
└── Unauthorized      401, with the challenge that azure-core understands
SandboxError          the local Azure cannot start or go on; shown on its terminal, never sent
├── FolderInUse       another sandbox holds the state folder
├── FolderUnusable    it is no folder, or not one to write to
├── PortInUse         something else listens
├── NoStepPython      what is to run the steps is no program
└── LakeDied          the lake's process ended and cannot be started
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class AzureError(Exception):
    """An answer `{"error": {"code", "message", "target", "details": []}}`, `x-ms-error-code` beside it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.headers = headers or {}

    def body(self) -> dict[str, object]:
        """`details` is a list even when empty: the Azure ML SDK's own repr fails on null."""
        return {"error": {"code": self.code, "message": self.message, "target": self.target, "details": []}}


class NotEmulated(AzureError):
    """The operation exists in Azure and not here: refused by name, never half done."""

    def __init__(self, operation: str) -> None:
        super().__init__(
            501,
            "NotImplementedByLocalAzure",
            f"{operation} is not implemented by the local Azure; sandbox/README.md lists what is.",
        )


class Unauthorized(AzureError):
    def __init__(self, message: str) -> None:
        challenge = 'Bearer error="invalid_token", error_description="The local Azure issues its own tokens"'
        super().__init__(401, "InvalidAuthenticationToken", message, headers={"WWW-Authenticate": challenge})


class SandboxError(Exception):
    """The local Azure cannot start; `exit_code` is the process's."""

    exit_code = 1


class FolderInUse(SandboxError):
    exit_code = 75

    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(f"another local Azure (pid {pid}) uses this folder: {folder}")


class FolderUnusable(SandboxError):
    def __init__(self, folder: Path, reason: str | None) -> None:
        super().__init__(f"the folder {folder} cannot be used: {reason}; choose another with --state")


class PortInUse(SandboxError):
    def __init__(self, port: int, option: str) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is in use by another program: stop it, or choose another port with "
            f"{option} (sandbox.port in the environment's configuration)"
        )


class NoStepPython(SandboxError):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is no program: give --step-python (or SANDBOX_STEP_PYTHON) the path of the Python that "
            "runs the steps, such as .venv/bin/python"
        )


class LakeDied(SandboxError):
    def __init__(self, exit_code: int | None, log: Path) -> None:
        super().__init__(f"the lake's process ended with exit code {exit_code}; its log is {log}")
