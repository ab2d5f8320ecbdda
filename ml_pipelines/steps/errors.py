"""What can go wrong in a step. The text of each is what the receipt, and so the factory, shows.

StepError
├── ArgumentMissing          a --abs-… argument that the step needs
├── BadArgument              an argument that cannot be read
├── BadTemplate              an input path template with an unknown field or token
├── EventPathUnmatched       a storage event's path says no window, or not one
├── InputMissing             no input folder, or an empty one, and the model says that is a failure
├── InputUnexpected          a file that is not of the input's format
├── InputChanged             the input was replaced while the window was scored
├── InputUnreadable          an input file that is no table: no UTF-8, no Parquet, a column twice
├── ColumnMissing            an input file without the row key
├── KeyUnusable              a row key of a type that has no text
├── ModelNotRegistered       no such model, version, or approved version
├── ModelDamaged             the model's bytes are not those that were registered
├── ScriptMissing            the user's script is not in the snapshot, or is no script for this
├── ScriptFailed             the user's training script ended badly
├── ScoringFailed            the user's init() or run() raised
├── WrongResultLength        run() returned more or fewer results than it was given
├── WrongResult              run() returned what is no result
├── TypesDisagree            a column of the results has types that no type holds together
├── ListsDisagree            run() returned lists of another length for other rows
├── NotForCsv                a column of the results that CSV has no form for
├── RowsUnaccounted          rows in ≠ rows scored + rows quarantined
├── TooManyQuarantined       more bad rows than the model allows
├── PartsMissing             a work item left no part
├── DuplicateKeys            rows with one row key, where that is an error
├── ReservedColumn           run() returned a column with a name of ours
├── CheckImpossible          a check that needs what is not there
├── ChecksFailed             the window is whole, and not as `output.checks` says it must be
├── TrainingDataUnreadable   the training data are no table, and are to be checked
├── TrainingDataRefused      they are not as `training.checks` says they must be
├── MetricMissing            evaluate.py does not give a metric that the gate names
├── ChampionNotJudged        the version in use cannot be judged with the new model's data
├── GateNotPassed            the new model is not as `training.gate` says it must be
├── ModelRefused             the version that is to score did not pass its gate
├── Superseded               a later attempt has landed this window
└── LakeError                the lake refused
    ├── LakePathMissing
    └── LakeConflict         a condition did not hold
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from .check_results import whole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .check_results import CheckResult
    from .landing import Receipt


class StepError(Exception):
    """Base of everything that a step raises by itself."""


class ArgumentMissing(StepError):
    def __init__(self, name: str) -> None:
        super().__init__(f"the argument --abs-{name} is missing")


class BadArgument(StepError):
    def __init__(self, name: str, found: str, expected: str) -> None:
        super().__init__(f"--abs-{name} is {found!r}; expected {expected}")


class BadTemplate(StepError):
    def __init__(self, template: str, found: str, expected: str) -> None:
        super().__init__(f"the path template {template!r} has {found!r}; expected {expected}")


class EventPathUnmatched(StepError):
    def __init__(self, path: str, template: str, found: str) -> None:
        super().__init__(
            f"the storage event of {path!r} says no window: {found}. Its path is read by the input template "
            f"{template!r}, as far as the last folder with a field"
        )


class InputMissing(StepError):
    def __init__(self, model: str, window: str, path: str, found: str) -> None:
        super().__init__(
            f"{model}, window {window}: {found} at {path!r}. Set `scoring.empty_window: land_empty` "
            "if a window without input is right for this model"
        )


class InputUnexpected(StepError):
    def __init__(self, model: str, window: str, path: str, expected: str) -> None:
        super().__init__(
            f"{model}, window {window}: {path!r} is no {expected} file. Say which files are input, as in "
            f"`scoring.input: …/*.{expected}`"
        )


class InputChanged(StepError):
    def __init__(self, path: str) -> None:
        super().__init__(f"the input {path!r} was replaced or removed while its window was being scored")
        self.path = path


class InputUnreadable(StepError):
    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"the input {path!r} cannot be read: {why}")


class ColumnMissing(StepError):
    def __init__(self, path: str, column: str, found: Sequence[str]) -> None:
        names = re.split("[;|\\t]", found[0]) if len(found) == 1 else []
        hint = ". Are its values separated by commas? Save it so" if column in names else ""
        super().__init__(
            f"{path!r} has no column {column!r} (`scoring.row_key`); it has {', '.join(found)}{hint}"
        )


class KeyUnusable(StepError):
    def __init__(self, path: str, column: str, kind: object) -> None:
        super().__init__(
            f"{path!r} has the row key {column!r} (`scoring.row_key`) as {kind}; expected whole numbers, "
            "texts or times. Write it as text, or name another column"
        )


class ModelNotRegistered(StepError):
    def __init__(self, name: str, version: str, existing: Sequence[str]) -> None:
        what = {"approved": "no approved version", "latest": "no version"}.get(
            version, f"no version {version}"
        )
        source, colon, number = version.rpartition(":")
        if colon:
            what = f"no version that was promoted from {source}, version {number}"
        nothing = (
            "nothing is registered under that name. Train it (`run --training`), or promote it "
            "(docs/migrating.md)"
        )
        there = f"registered: {', '.join(existing)}" if existing else nothing
        super().__init__(f"the model {name!r} has {what} in this workspace; {there}")


class ModelDamaged(StepError):
    def __init__(self, name: str, version: str, found: str, expected: str) -> None:
        super().__init__(
            f"the model {name!r} version {version} has sha256 {found}, but was registered with {expected}"
        )


class ScriptMissing(StepError):
    def __init__(self, script: str, why: str) -> None:
        super().__init__(f"{script} cannot be used: {why}")


class ScriptFailed(StepError):
    def __init__(self, script: str, cause: str) -> None:
        super().__init__(f"{script} failed: {cause}")


class ScoringFailed(StepError):
    def __init__(
        self, model: str, window: str, where: str, files: str, cause: BaseException, hint: str = ""
    ) -> None:
        self.cause = f"{where} raised {describe(cause)}"
        self.concerns_rows = isinstance(cause, Exception) and not isinstance(cause, MemoryError)
        """Not a wish to end the process, nor a machine that is too small."""
        more = hint if self.concerns_rows else ""
        super().__init__(f"{model}, window {window}, {files}: {self.cause}{more}")


class WrongResultLength(StepError):
    def __init__(self, model: str, window: str, files: str, expected: int, found: int, unit: str) -> None:
        super().__init__(
            f"{model}, window {window}, {files}: run() was given {expected} {unit} "
            f"and returned {found} results"
        )


class WrongResult(StepError):
    def __init__(self, model: str, window: str, files: str, found: str, expected: str) -> None:
        super().__init__(f"{model}, window {window}, {files}: run() returned {found}; expected {expected}")


class TypesDisagree(StepError):
    """Each side is a type and the files whose results have it."""

    def __init__(
        self, column: str, one: tuple[object, str], other: tuple[object, str], cause: str = ""
    ) -> None:
        why = cause or "no one type holds both"
        super().__init__(
            f"the results' column {column!r} is {one[0]} for {one[1]} and {other[0]} for {other[1]}: {why}. "
            "Have run() return the same type always: `.astype('Int64')`, for one, keeps whole numbers whole "
            "where some are missing, `.astype(str)` makes texts. (A row key is as its file has it)"
        )


class ListsDisagree(StepError):
    """Each side is the columns that became of the results, and the files that these are of."""

    def __init__(self, one: tuple[Sequence[str], str], other: tuple[Sequence[str], str]) -> None:
        said = (f"{', '.join(map(repr, columns))} for {files}" for columns, files in (one, other))
        super().__init__(
            f"the columns of the results are {' and '.join(said)}: have run() return equally many values for "
            "each row, always, or a DataFrame whose columns have names (one of lists, where their lengths "
            "differ: `pd.DataFrame({'values': lists})`)"
        )


class NotForCsv(StepError):
    def __init__(self, column: str, kind: object) -> None:
        super().__init__(
            f"the results' column {column!r} is {kind}, for which CSV has no form. Have run() return "
            "a column for each value, or set `output.format: parquet`"
        )


class RowsUnaccounted(StepError):
    def __init__(self, where: str, rows_in: int, scored: int, quarantined: int) -> None:
        super().__init__(
            f"{where}: {rows_in} rows came in, {scored} were scored and {quarantined} quarantined: "
            f"{rows_in - scored - quarantined} are unaccounted for"
        )


class TooManyQuarantined(StepError):
    """Knows the receipt: how many rows came in, and how many of them were scored."""

    def __init__(self, receipt: Receipt, rejected: int, allowed: float, first: str) -> None:
        super().__init__(
            f"{receipt.model}, window {receipt.window_id}: {rejected} of {receipt.rows_in} rows cannot be "
            f"scored, more than `scoring.max_quarantined_percent: {allowed:g}`. The first: {first}"
        )
        self.receipt = receipt


class PartsMissing(StepError):
    def __init__(self, model: str, window: str, missing: Sequence[str], expected: int) -> None:
        super().__init__(
            f"{model}, window {window}: {len(missing)} of {expected} work items left no part, "
            f"the first is {missing[0]}"
        )


class DuplicateKeys(StepError):
    def __init__(self, model: str, window: str, key: str, count: int, first: str) -> None:
        rows = "1 row has" if count == 1 else f"{count} rows have"
        super().__init__(
            f"{model}, window {window}: {rows} the {key!r} of another (`scoring.row_key`). "
            f"The first: {first}. Set `scoring.duplicate_keys` to keep_first, keep_last or allow if that is "
            "right for this model"
        )


class ReservedColumn(StepError):
    def __init__(self, model: str, column: str, why: str) -> None:
        super().__init__(f"{model}: run() returned a column {column!r}, {why}")


class CheckImpossible(StepError):
    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where} cannot be checked: {why}")


class ChecksFailed(StepError):
    """Knows the receipt: what was scored, what each check found, and where the file lies."""

    def __init__(self, receipt: Receipt, staged: str, results: Sequence[CheckResult], days: int) -> None:
        said = "; ".join(f"the check {result}" for result in results if result.failed)
        super().__init__(
            f"{receipt.model}, window {receipt.window_id}: {said}. Nothing was published; the file that "
            f"failed lies at {staged!r} for {days} days"
        )
        self.receipt = replace(receipt, path="", staged=staged, checks=whole(results))


class TrainingDataUnreadable(StepError):
    def __init__(self, file: str, why: str) -> None:
        super().__init__(f"the training data {file!r} cannot be checked (`training.checks.files`): {why}")


class TrainingDataRefused(StepError):
    """Knows the receipt: what each check found, and where the report lies."""

    def __init__(self, receipt: Receipt, reason: str) -> None:
        super().__init__(f"{receipt.model}: {reason}. Nothing was trained; the report is {receipt.report!r}")
        self.receipt = receipt


class MetricMissing(StepError):
    def __init__(self, model: str, metric: str, found: Sequence[str]) -> None:
        super().__init__(
            f"{model}: the gate demands {metric}, and evaluate.py gives {', '.join(found) or 'no metrics'}: "
            "let it write that too, or take it out of `training.gate`; nothing was registered"
        )


class ChampionNotJudged(StepError):
    def __init__(self, name: str, version: str, cause: str) -> None:
        super().__init__(
            f"the model {name!r} version {version}, which is in use, cannot be judged with the new one's "
            f"data: {cause}. Mend that, or set `training.champion: none` to compare with nothing; "
            "nothing was registered"
        )


class GateNotPassed(StepError):
    """Knows the receipt: the version that is registered as refused, and where the report lies."""

    def __init__(self, receipt: Receipt, reason: str) -> None:
        super().__init__(
            f"{receipt.model}: {reason}. Version {receipt.model_version} is registered as refused, and "
            f"nothing is scored with it; the report is {receipt.report!r}"
        )
        self.receipt = receipt


class ModelRefused(StepError):
    def __init__(self, name: str, version: str, reason: str) -> None:
        super().__init__(
            f"the model {name!r} version {version} was refused by its gate: "
            f"{reason or 'it does not say why'}. "
            "Name another, or overrule that by its tag `approved: true` in Azure ML"
        )


class Superseded(StepError):
    def __init__(self, path: str, started: str, by: str) -> None:
        super().__init__(
            f"{path!r} was landed meanwhile by {by}; this attempt started at {started} and gives way"
        )


class LakeError(StepError):
    def __init__(self, operation: str, path: str, cause: str) -> None:
        super().__init__(f"the lake refused to {operation} {path!r}: {cause}")
        self.path = path


class LakePathMissing(LakeError):
    def __init__(self, operation: str, path: str) -> None:
        super().__init__(operation, path, "there is nothing at that path")


class LakeConflict(LakeError):
    """The path is not as the caller's condition says: somebody else was there."""


def describe(cause: BaseException) -> str:
    """`KeyError: 'age'`: the type and the first line of the text that says more; Azure ML's errors begin with
    a line that repeats the type.
    """
    try:
        text = str(cause).encode(errors="backslashreplace").decode()
        said = (line.strip() for line in text.splitlines())
        lines = [line for line in said if line and line.rstrip(":") != type(cause).__name__]
    except Exception as error:  # noqa: BLE001 - of a user's class
        lines = [f"(it has no text: {type(error).__name__})"]
    return f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__


def counted_files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
