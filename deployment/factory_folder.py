"""A folder of factory JSON that somebody wrote → what is wrong with it, each thing with file and line.

    read every *.json ──► group: what is one factory? ──► adf.validation.lint ──► Findings

The files of a Git layout are one factory, and so are all loose documents; each ARM template is one by itself,
but for Studio's linked templates, which are one together. Only the first is complete: what a template or a
loose document refers to may exist in Azure.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adf import factory_files, validation
from adf.checks.references import outside
from adf.git_layout import FOLDERS
from adf.json_lines import lines_of
from adf.problems import Problem, inside
from adf.rules import RULES
from deployment.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adf.factory_files import Contents, Found
    from adf.rules import Severity

LARGEST_MEGABYTES: Final = 20
NOT_ENTERED: Final = ("node_modules",)
OF_THE_NAME: Final = ("ADF201", "ADF202", "ADF203")


@dataclass(frozen=True, order=True)
class Finding:
    """`file` is as the user would name it, `path` leads from the document's root."""

    file: str
    line: int
    rule: str
    path: str
    message: str
    hint: str

    @property
    def severity(self) -> Severity:
        return RULES[self.rule].severity


@dataclass(frozen=True)
class Checked:
    folder: str
    findings: list[Finding]
    files: int
    """That hold entities."""
    entities: int
    outside: int
    """References to what is in none of the files, where that is no error."""

    def count(self, severity: Severity) -> int:
        return sum(finding.severity == severity for finding in self.findings)


@dataclass
class _File:
    shown: str
    text: str
    contents: Contents

    def finding(self, rule: str, path: str, message: str, hint: str | None = None) -> Finding:
        line = _line(self.lines, path)
        return Finding(self.shown, line, rule, path, message, hint or RULES[rule].mend)

    @cached_property
    def lines(self) -> dict[str, int]:
        return lines_of(self.text)


@dataclass
class _Group:
    """The files of one factory."""

    complete: bool
    files: list[_File] = field(default_factory=list)


def check(folder: Path) -> Checked:
    """Raises UsageError where there is nothing to check."""
    findings: list[Finding] = []
    groups: dict[str, _Group] = {}
    for path in _json_files(folder):
        read = _read(folder, path)
        if isinstance(read, Finding):
            findings.append(read)
        else:
            findings += _of_file(read, path)
            complete = read.contents.form == "git"
            groups.setdefault(_group_of(read, path), _Group(complete)).files.append(read)
    checked = [_check(group) for group in groups.values()]
    findings += [each for found, _ in checked for each in found]
    whole = [file for group in groups.values() for file in group.files if file.contents.entities]
    if not whole and not findings:
        raise UsageError(
            f"--factory {folder} holds no JSON of a factory",
            hint="name the folder that holds pipeline/, trigger/ …",
        )
    return Checked(
        folder=str(folder),
        findings=sorted(set(findings)),
        files=len(whole),
        entities=sum(len(file.contents.entities) for file in whole),
        outside=sum(number for _, number in checked),
    )


# ------------------------------------------------------------------------------------------- reading


def _json_files(folder: Path) -> Iterator[Path]:
    """In the order of their names; a file by itself is one."""
    if folder.is_file():
        yield folder
        return
    if not folder.is_dir():
        raise UsageError(f"--factory {folder} does not exist", hint="name a folder, or an ARM template")
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each[0] != "." and each not in NOT_ENTERED)
        yield from (Path(where, name) for name in sorted(names) if name.endswith(".json"))


def _read(folder: Path, path: Path) -> _File | Finding:
    """The file, or why nobody can read it."""
    try:
        text = _text(path)
        relative = path.absolute().relative_to(folder.absolute().parent)
        return _File(str(path), text, factory_files.read(relative.as_posix(), text))
    except json.JSONDecodeError as error:
        return _unreadable(path, error.lineno, f"{error.msg} (column {error.colno})")
    except UnicodeDecodeError as error:
        return _unreadable(path, 1, f"is no UTF-8: {error.reason} at byte {error.start}")
    except OSError as error:
        return _unreadable(path, 1, f"cannot be read: {error.strerror}")
    except factory_files.UnfitFile as error:
        return _unreadable(path, 1, str(error))


def _text(path: Path) -> str:
    if not path.is_file():
        raise factory_files.UnfitFile("is no file")
    if path.stat().st_size > LARGEST_MEGABYTES * 2**20:
        raise factory_files.UnfitFile(f"is larger than {LARGEST_MEGABYTES} MB")
    return path.read_text(encoding="utf-8-sig")


def _unreadable(path: Path, line: int, why: str) -> Finding:
    return Finding(str(path), line, "ADF101", "", why, RULES["ADF101"].mend)


def _of_file(file: _File, path: Path) -> Iterator[Finding]:
    contents = file.contents
    if not contents.recognised and path.parent.name in FOLDERS.values():
        expected = "expected an object with a text `name` and an object `properties`"
        yield file.finding("ADF103", "", f"is no {path.parent.name}: {expected}")
    elif not contents.recognised:
        yield file.finding("ADF102", "", "is JSON, and nothing of a factory")
    for key in contents.repeated:
        yield file.finding("ADF106", "", f"the key {key!r} stands twice in one object")
    if contents.form == "git":
        for found in contents.entities:
            if found.entity.name != path.stem:
                yield file.finding("ADF105", "name", f"is {found.entity.name!r}, and the file {path.name}")


# ------------------------------------------------------------------------------------------- checking


def _group_of(file: _File, path: Path) -> str:
    match file.contents.form:
        case "git":
            return f"git {path.parent.parent}"
        case "template" if path.parent.name == "linkedTemplates":
            return f"template {path.parent}"
        case "template":
            return f"template {path}"
        case _:
            return "loose"


def _check(group: _Group) -> tuple[list[Finding], int]:
    """What is wrong, and how many references lead to what is in no file."""
    homes = [(file, found) for file in group.files for found in file.contents.entities]
    first = {str(found.entity): (file, found) for file, found in reversed(homes)}
    again = [(file, found) for file, found in homes if first[str(found.entity)][1] is not found]
    entities = [found.entity for _, found in first.values()]
    known = _global_parameters(group.files)
    problems = validation.lint(entities, complete=group.complete, global_parameters=known)
    findings = [_placed(problem, *(first.get(problem.entity) or homes[0])) for problem in problems]
    for file, found in again:
        findings += _of_double(file, found, is_loose=file.contents.form == "loose")
    return findings, 0 if group.complete else outside(entities)


def _of_double(file: _File, found: Found, *, is_loose: bool) -> Iterator[Finding]:
    """Of a name that was there before. Loose documents need not be of one factory."""
    if not is_loose:
        message = f"there is another {found.entity} of this name"
        yield _placed(Problem("ADF202", str(found.entity), "", message), file, found)
    for problem in validation.lint([found.entity], complete=False):
        yield _placed(problem, file, found)


def _placed(problem: Problem, file: _File, found: Found) -> Finding:
    path = found.path
    if problem.path:
        path = inside(path, problem.path)
    elif problem.rule in OF_THE_NAME:
        path = inside(found.path.removesuffix("properties").removesuffix("."), "name")
    return file.finding(problem.rule, path, problem.message, problem.hint)


def _global_parameters(files: Iterable[_File]) -> frozenset[str] | None:
    said = [each.contents.global_parameters for each in files if each.contents.global_parameters is not None]
    return frozenset().union(*said) if said else None


def _line(lines: dict[str, int], path: str) -> int:
    """Of the path, or of the innermost thing around it that stands in the file."""
    while path not in lines:
        cut = max(path.rfind("."), path.rfind("["), 0)
        path = path[:cut]
    return lines[path]
