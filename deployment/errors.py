"""What stops a command.

    DeploymentError                 exit code 1
    ├── UsageError                  64: the command line
    ├── NotConfirmedError           64: something destructive, and nobody to ask
    ├── ForeignObjectsError         a name of ours is taken by what is not ours
    ├── NothingSelectedError        64: a --select that matches nothing
    ├── NotSelectedError            64: what is selected needs what is not
    ├── DriftError                  somebody changed by hand what the plan would overwrite
    ├── PlanFileError               64: a saved plan that is damaged, or of something else
    ├── PlanOutdatedError           75: what a saved plan was made against has changed since
    ├── UnknownReleaseError         64
    ├── OtherWorkspaceError         64: a release whose ML pipelines are not where the configuration says
    ├── UnreadableRecordError       a release or an attempt in the lake is damaged, or of a newer version
    ├── PastStartError              64: a new tumbling trigger would run what is past, and nobody said so
    ├── InvalidFactoryError         what we would deploy breaks Data Factory's own rules
    ├── NothingDeployedError        a command needs what no deployment has made yet
    ├── PromotionError              a model cannot be promoted; nothing was registered or deployed
    │   ├── SourceUnreadableError   the other environment's workspace is not there, or refuses
    │   ├── SourceVersionMissingError
    │   ├── RefusedVersionError     its gate refused it
    │   ├── NoDigestError           whoever registered the version did not say what its bytes are
    │   └── OtherBytesError         they are not those that were registered, or promoted before
    ├── NotLandedError              a window of which nothing has landed
    ├── RunsFailedError             a pipeline run that Data Factory lost
    ├── ApplyError                  steps of a plan that failed, each with its reason
    ├── VerificationError           what was read back is not what was written
    ├── SmokeTestError              the window that deploy --run scored failed
    ├── LockedError                 75: somebody else is deploying this environment, or running its windows
    ├── LockLostError               75: the lock ran out while this one slept, or could not renew it
    ├── LakeError                   the lake refused
    ├── InfrastructureError         something that must exist does not, or Resource Manager refused
    ├── NotSignedInError            no credential of azure-identity's chain works here
    ├── OutputError                 the result cannot be written to stdout
    ├── FolderError                 the folder to render into cannot be written
    ├── PageError                   64: the page of a status or a rehearsal cannot be written
    ├── LocalAzureError             the local Azure did not start
    │   └── LocalAzureBusyError     75: another one is starting or stopping
    └── InterruptedByUserError      130: Ctrl-C, after the triggers were put back

failures.py makes one shape of these, of the other packages' errors and of anything unforeseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FAILED, USAGE, RETRY, INTERRUPTED = 1, 64, 75, 130


class DeploymentError(Exception):
    code = "deployment"
    exit_code = FAILED
    details: tuple[str, ...] = ()
    """All of what the message sums up, where there is more than one thing wrong."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        self.hint = hint
        super().__init__(message)


class UsageError(DeploymentError):
    code = "usage"
    exit_code = USAGE


class NotConfirmedError(DeploymentError):
    code = "not_confirmed"
    exit_code = USAGE

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}, and nobody is there to confirm it", hint="read the plan, then add --yes")


class ForeignObjectsError(DeploymentError):
    code = "not_ours"

    def __init__(self, names: Iterable[str], owner: str) -> None:
        hint = f"rename one of them; ours carry the annotations (or tags) {owner}"
        super().__init__(f"these exist already and are not ours: {', '.join(names)}", hint=hint)


class NothingSelectedError(DeploymentError):
    code = "nothing_selected"
    exit_code = USAGE

    def __init__(self, glob: str, known: Sequence[str]) -> None:
        shown = ", ".join(known[:20]) + (f" and {len(known) - 20} more" if len(known) > 20 else "")
        super().__init__(f"--select {glob} matches nothing", hint=f"there is: {shown}")


class NotSelectedError(DeploymentError):
    code = "not_selected"
    exit_code = USAGE

    def __init__(self, missing: Sequence[tuple[str, str]]) -> None:
        self.details = tuple(
            f"{entity} refers to {needed}, which does not exist and is not selected"
            for entity, needed in dict.fromkeys(missing)
        )
        super().__init__("; ".join(self.details), hint="select it too, or deploy it first")


class DriftError(DeploymentError):
    code = "drift"

    def __init__(self, names: Sequence[str]) -> None:
        hint = "`plan` shows what was changed; --adopt says how to keep it, --force overwrites it"
        super().__init__(f"changed by hand since the last release: {', '.join(names)}", hint=hint)


class PlanFileError(DeploymentError):
    code = "plan_file"
    exit_code = USAGE


class PlanOutdatedError(DeploymentError):
    code = "plan_outdated"
    exit_code = RETRY

    def __init__(self, file: str, moved: Sequence[str]) -> None:
        self.details = tuple(f"{each} changed after {file} was made" for each in moved)
        super().__init__("; ".join(self.details), hint="make the plan again and look at it again")


class UnknownReleaseError(DeploymentError):
    code = "unknown_release"
    exit_code = USAGE

    def __init__(self, number: int, known: Sequence[int]) -> None:
        there = f"releases: {known[0]} to {known[-1]}" if known else "nothing was released yet"
        super().__init__(f"there is no release {number}", hint=f"{there}; `status` lists the last ones")


class OtherWorkspaceError(DeploymentError):
    code = "other_workspace"
    exit_code = USAGE

    def __init__(self, number: int, then: str, now: str) -> None:
        super().__init__(
            f"release {number} runs ML pipelines of the workspace {then}, and the configuration says {now}",
            hint=f"--set machine_learning.workspace={then} goes back to both",
        )


class UnreadableRecordError(DeploymentError):
    code = "unreadable_record"

    def __init__(self, path: str, reason: str) -> None:
        hint = "an older version of this program may not read what a newer one wrote; else remove the file"
        super().__init__(f"{path} in the lake cannot be read: {reason}", hint=hint)


class PastStartError(DeploymentError):
    code = "past_start"
    exit_code = USAGE

    def __init__(self, starts: Sequence[tuple[str, str]]) -> None:
        """`starts`: triggers by name, each with the start that it would be made with now."""
        self.starts = list(starts)
        self.details = tuple(
            f"trigger {name} is to be made now, and its `start` {start} is past" for name, start in starts
        )
        hint = "leave `start` out to begin with the next window, or say `backfill_from` in its place"
        super().__init__("; ".join(self.details), hint=hint)


class NothingDeployedError(DeploymentError):
    code = "nothing_deployed"

    def __init__(self, what: str, environment: str) -> None:
        super().__init__(f"{what} does not exist", hint=f"python deploy.py --env {environment}")


class PromotionError(DeploymentError):
    code = "promotion"


class SourceUnreadableError(PromotionError):
    def __init__(self, model: str, source: str, reason: str) -> None:
        first = f"deploy and train there first (python deploy.py --env {source})"
        hint = f"{first}, or have yourself given the role AzureML Data Scientist there"
        super().__init__(f"the model {model} cannot be promoted from {source}: {reason}", hint=hint)


class SourceVersionMissingError(PromotionError):
    def __init__(self, model: str, source: str, wanted: str, known: Sequence[int]) -> None:
        what = "approved version" if wanted == "approved" else f"version {wanted}"
        there = (
            f"there is {', '.join(map(str, sorted(known, reverse=True)[:10]))}" if known else "there is none"
        )
        hint = f"python deploy.py run --env {source} --training"
        super().__init__(f"the model {model} has no {what} in {source}: {there}", hint=hint)


class RefusedVersionError(PromotionError):
    def __init__(self, model: str, source: str, version: str, reason: str) -> None:
        hint = "promote another version, or overrule that by its tag `approved: true` in Azure ML"
        super().__init__(
            f"the model {model}, {source}:{version}, was refused by its gate: {reason}", hint=hint
        )


class NoDigestError(PromotionError):
    def __init__(self, model: str, source: str, version: str) -> None:
        hint = "register it by `run --training`, or with the tag sha256 that register_model computes"
        super().__init__(
            f"the model {model}, {source}:{version}, has no tag `sha256`: nobody can check its bytes",
            hint=hint,
        )


class OtherBytesError(PromotionError):
    """With `here`, a version was promoted before; else what was downloaded is not what was registered."""

    def __init__(self, model: str, meant: str, found: str, expected: str, here: str = "") -> None:
        before = (
            f"and was promoted with {expected} (version {here} here)"
            if here
            else f"and was registered with {expected}"
        )
        hint = "a version's bytes never change: find out who changed them, and promote another version"
        super().__init__(f"the model {model}, {meant}: its bytes have sha256 {found}, {before}", hint=hint)


class NotLandedError(DeploymentError):
    code = "not_landed"

    def __init__(self, model: str, window: str, environment: str) -> None:
        hint = f"python deploy.py run --env {environment} --model {model} --window {window}"
        super().__init__(f"{model}: nothing has landed for the window {window}", hint=hint)


class ApplyError(DeploymentError):
    code = "apply"

    def __init__(self, failures: Sequence[tuple[str, str]], not_tried: int) -> None:
        self.failures = list(failures)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failures)
        rest = f" ({not_tried} later steps were not tried)" if not_tried else ""
        super().__init__(f"{reasons}{rest}", hint="mend the cause and deploy again: what is done stays done")


class VerificationError(DeploymentError):
    code = "verification"

    def __init__(self, names: Iterable[str]) -> None:
        hint = "somebody may have changed them meanwhile; `plan` shows the differences"
        super().__init__(f"read back and found different: {', '.join(names)}", hint=hint)


class InvalidFactoryError(DeploymentError):
    code = "invalid_factory"
    exit_code = USAGE

    def __init__(self, problems: Sequence[object]) -> None:
        self.details = tuple(str(problem) for problem in problems)
        super().__init__("; ".join(self.details))


class RunsFailedError(DeploymentError):
    code = "run_failed"


class SmokeTestError(DeploymentError):
    code = "smoke_test"

    def __init__(self, failures: Sequence[str], taken_back: int | None) -> None:
        self.details = tuple(failures)
        stays = "what was deployed stays: mend the cause, or `deploy --release` an earlier one"
        hint = stays if taken_back is None else f"taken back: release {taken_back} is as before"
        said = "; ".join(failures)
        super().__init__(f"deployed, and its smoke test failed: {said}", hint=hint)


class LockedError(DeploymentError):
    code = "locked"
    exit_code = RETRY

    def __init__(self, doing: str, holder: str, seconds: int) -> None:
        hint = f"wait for it; if it has died, its lock is free after {seconds} s"
        super().__init__(f"{holder} is {doing} at this moment", hint=hint)


class LockLostError(DeploymentError):
    code = "lock_lost"
    exit_code = RETRY

    def __init__(self, doing: str) -> None:
        hint = "the same command again does the rest; a deployment first starts the triggers that it stopped"
        super().__init__(f"the lock could not be kept: somebody else may be {doing} by now", hint=hint)


class LakeError(DeploymentError):
    code = "lake"


class InfrastructureError(DeploymentError):
    code = "infrastructure"


class NotSignedInError(DeploymentError):
    code = "credentials"

    def __init__(self) -> None:
        hint = (
            "az login, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET (-v: all that was tried)"
        )
        super().__init__("nobody is signed in to Azure here", hint=hint)


class OutputError(DeploymentError):
    code = "output"

    def __init__(self, reason: str | None) -> None:
        hint = "the command itself has done its work; `status` shows it"
        super().__init__(f"the result cannot be written: {reason}", hint=hint)


class FolderError(DeploymentError):
    code = "folder"

    def __init__(self, folder: object, error: OSError) -> None:
        where = f" ({error.filename})" if error.filename else ""
        hint = "what was rendered there before is as it was, or is completed by the next `render`"
        super().__init__(f"{folder} cannot be written: {error.strerror or error}{where}", hint=hint)


class PageError(DeploymentError):
    code = "page"
    exit_code = USAGE

    def __init__(self, file: object, error: OSError) -> None:
        hint = "--html FILE names a file in a folder that exists"
        super().__init__(f"{file} cannot be written: {error.strerror}", hint=hint)


class LocalAzureError(DeploymentError):
    code = "local_azure"


class LocalAzureBusyError(LocalAzureError):
    exit_code = RETRY


class InterruptedByUserError(DeploymentError):
    code = "interrupted"
    exit_code = INTERRUPTED

    def __init__(self, put_back: Sequence[str] = (), going_on: Sequence[str] = ()) -> None:
        what = f"; triggers put back: {', '.join(put_back)}" if put_back else ""
        what += f"; still going on in Data Factory: {', '.join(going_on)}" if going_on else ""
        super().__init__(f"interrupted{what}")
