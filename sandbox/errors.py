"""What the control process answers when it does not do as asked, in Resource Manager's error format.

AzureError            status, code, message, target: exactly what goes over the wire
├── NotEmulated       501: the real service has this operation, the local Azure does not
├── Misdirected       421: meant for another host, whose name leads here
└── Unauthorized      401, with the challenge that azure-core understands
SandboxError          the local Azure cannot start, go on or be stopped; shown on its terminal, never sent
├── FolderInUse       another sandbox holds the state folder
├── FolderUnusable    it is no folder, or not one to write to
├── FolderNotOurs     it holds what this program never wrote
├── DatabaseNotOurs   as above, or it cannot be read
├── NewerFormat       a newer version of this program wrote it
├── UpgradeFailed     what an older version wrote could not be brought to today's format
├── PortInUse         something else listens
├── PortUnusable      it cannot be listened on
├── NoStepPython      what is to run the steps is no program
├── LakeDied          the lake's process ended and cannot be started
├── StartFailed       the process that was started ended before it was ready
├── OwnerOutOfReach   what holds the folder is no process that can be seen from here
├── RunsElsewhere     it runs already, on other ports than those asked for
├── RunsOnOtherClock  it runs already, on the other kind of clock
├── WasOnVirtualClock the folder's past is one that a virtual clock has shown
├── WasOnWorldClock   the folder's past is the world's
├── OtherStart        the folder's virtual clock began at another instant
├── ClockFileDamaged  nobody can tell what the folder's virtual clock shows
├── NoVirtualClock    the one that runs is on the world's clock, which nobody advances
├── NotRunning        there is none to be asked
├── NotAdvanced       it refused to advance, or ended on the way
└── StillStopping     it was told to stop, and has not
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime
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


class Misdirected(AzureError):
    """A page in a browser may give its own host the address of this machine: it gets nothing here."""

    def __init__(self, host: str) -> None:
        super().__init__(
            421, "MisdirectedRequest", f"This is the local Azure at 127.0.0.1 and localhost, not {host!r}."
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
        super().__init__(
            f"another local Azure (pid {pid}) uses this folder: {folder}; "
            f"stop it with: {stop_command(folder)}"
        )


class FolderUnusable(SandboxError):
    def __init__(self, folder: Path, reason: str | None) -> None:
        super().__init__(f"the folder {folder} cannot be used: {reason}; {_ANOTHER_FOLDER}")


class FolderNotOurs(SandboxError):
    def __init__(self, folder: Path, foreign: str) -> None:
        super().__init__(
            f"the folder {folder} holds something else ('{foreign}') and was left as it is; "
            f"{_ANOTHER_FOLDER}, an empty or a new one"
        )


class DatabaseNotOurs(SandboxError):
    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} was not written by the local Azure, or is damaged ({reason}), and was left as it is: "
            f"move it away to begin without what it holds, or {_ANOTHER_FOLDER}"
        )


class NewerFormat(SandboxError):
    def __init__(self, file: Path, found: int, known: int) -> None:
        super().__init__(
            f"{file} was written by a newer version of the local Azure (format {found}; this one knows "
            f"{known}) and was left as it is: update this program, or {_ANOTHER_FOLDER}"
        )


class UpgradeFailed(SandboxError):
    def __init__(self, file: Path, found: int, wanted: int, reason: str) -> None:
        super().__init__(
            f"{file} could not be brought from format {found} to {wanted} ({reason}); it is as it was: make "
            f"room and start again, or {_ANOTHER_FOLDER}"
        )


class PortInUse(SandboxError):
    def __init__(self, port: int, option: str, holder: str) -> None:
        super().__init__(
            f"port {port} on 127.0.0.1 is in use by {holder}, or choose another port with {option} "
            "(sandbox.port in the environment's configuration)"
        )


class PortUnusable(SandboxError):
    def __init__(self, port: int, option: str, reason: str | None) -> None:
        super().__init__(f"port {port} on 127.0.0.1 cannot be used: {reason}; choose another with {option}")


class NoStepPython(SandboxError):
    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path} is no program: give --step-python (or SANDBOX_STEP_PYTHON) the path of the Python that "
            "runs the steps, such as .venv/bin/python"
        )


class LakeDied(SandboxError):
    def __init__(self, exit_code: int | None, last_word: str, log: Path) -> None:
        super().__init__(f"the lake's process ended with exit code {exit_code}: {last_word} (its log: {log})")


class StartFailed(SandboxError):
    def __init__(self, exit_code: int, said: str, logs: Path) -> None:
        super().__init__(
            said or f"the local Azure ended ({exit_code}) without a word; its logs are in {logs}"
        )


class RunsElsewhere(SandboxError):
    def __init__(self, folder: Path, control: str) -> None:
        super().__init__(
            f"the local Azure of {folder} runs already, with other ports, on {control}; stop it first with: "
            f"{stop_command(folder)}"
        )


class RunsOnOtherClock(SandboxError):
    def __init__(self, folder: Path, clock: str) -> None:
        super().__init__(
            f"the local Azure of {folder} runs already, on the {clock} clock; stop it first with: "
            f"{stop_command(folder)}"
        )


class WasOnVirtualClock(SandboxError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the folder {folder} was used on a virtual clock, and its runs and fires lie in that clock's "
            f"time: start it with --clock virtual, or {_ANOTHER_FOLDER}; deleting the folder begins anew"
        )


class WasOnWorldClock(SandboxError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the folder {folder} was used on the world's clock, and would be of no use any more once it has "
            f"seen a time to come: start it without --clock virtual, or {_ANOTHER_FOLDER} (without --state "
            f"it is .sandbox{VIRTUAL})"
        )


class OtherStart(SandboxError):
    def __init__(self, folder: Path, began: datetime, asked: datetime, now: datetime) -> None:
        super().__init__(
            f"the virtual clock of {folder} began at {_shown(began)} and shows {_shown(now)}; it does not "
            f"begin again at {_shown(asked)}: leave out --clock-start to go on, or {_ANOTHER_FOLDER}; "
            "deleting the folder begins anew"
        )


class ClockFileDamaged(SandboxError):
    def __init__(self, file: Path, reason: object) -> None:
        super().__init__(
            f"{file} does not say what the virtual clock shows ({reason}): write into it "
            '{"start": INSTANT, "now": INSTANT, "going_since": null}, with a "now" that is not before the '
            f"newest run's, or {_ANOTHER_FOLDER}"
        )


class NoVirtualClock(SandboxError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"the local Azure of {folder} is on the world's clock, which nobody advances: start one with "
            "python -m sandbox --clock virtual"
        )


class NotRunning(SandboxError):
    def __init__(self, folder: Path) -> None:
        super().__init__(
            f"no local Azure answers on {folder}: start one with python -m sandbox --clock virtual, or say "
            "with --state where it has its folder"
        )


class NotAdvanced(SandboxError):
    def __init__(self, reason: str) -> None:
        super().__init__(f"the clock was not advanced: {reason}")


class OwnerOutOfReach(SandboxError):
    def __init__(self, folder: Path, pid: str) -> None:
        super().__init__(
            f"the local Azure of {folder} (pid {pid}) is no process of yours on this machine: stop it where, "
            "and as whom, it was started"
        )


class StillStopping(SandboxError):
    exit_code = 75

    def __init__(self, folder: Path, pid: int, seconds: float) -> None:
        super().__init__(
            f"the local Azure of {folder} (pid {pid}) has not stopped within {seconds:.0f} s; {folder}/logs "
            f"says what it does. To insist: {stop_command(folder)} --now"
        )


VIRTUAL = "-virtual"
"""What the name of a folder ends with that nobody named, and whose clock is virtual."""
_ANOTHER_FOLDER = "choose another with --state (sandbox.state in the environment's configuration)"


def stop_command(folder: Path) -> str:
    return f"python -m sandbox stop --state {shlex.quote(str(folder))}"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
