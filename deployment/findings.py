"""What is wrong with a folder of factory JSON, as users read it (text) and as scripts do (JSON). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from deployment.ci import Annotation
from deployment.report import Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment.factory_folder import Checked, Finding

COLUMNS: Final = ("severity", "id", "place", "path", "finding", "mend")
LONG: Final = frozenset({"path", "finding", "mend"})


def parts(checked: Checked) -> Iterator[Line | Table]:
    """A row a finding; the last line is the sum."""
    if checked.findings:
        yield Table(COLUMNS, [_row(finding) for finding in checked.findings], long=LONG)
    yield Line(summary_line(checked), "bold")


def _row(finding: Finding) -> list[str]:
    place = f"{finding.file}:{finding.line}"
    return [finding.severity, finding.rule, place, finding.path, finding.message, finding.hint]


def summary_line(checked: Checked) -> str:
    errors, warnings = checked.count("error"), checked.count("warning")
    lead = f"; {checked.outside} references lead to what is not among them" if checked.outside else ""
    return (
        f"Checked {checked.entities} entities in {checked.files} files: "
        f"{errors} errors, {warnings} warnings{lead}"
    )


def lines(checked: Checked) -> Iterator[Line]:
    """A line a finding, as a job's summary has them."""
    for each in checked.findings:
        where = f"{each.file}:{each.line}" + (f" {each.path}" if each.path else "")
        yield Line(f"{each.severity} {each.rule} {where}: {each.message} ({each.hint})")
    yield Line(summary_line(checked))


def annotated(checked: Checked) -> Iterator[Annotation]:
    for each in checked.findings:
        message = f"{each.message} ({each.hint})"
        yield Annotation(each.severity, message, each.file, each.line, each.rule)


def document(checked: Checked) -> dict[str, Any]:
    return {
        "factory": checked.folder,
        "findings": [
            {
                "id": each.rule,
                "severity": each.severity,
                "file": each.file,
                "line": each.line,
                "path": each.path,
                "message": each.message,
                "hint": each.hint,
            }
            for each in checked.findings
        ],
        "summary": {
            "errors": checked.count("error"),
            "warnings": checked.count("warning"),
            "files": checked.files,
            "entities": checked.entities,
            "references_outside": checked.outside,
        },
    }
