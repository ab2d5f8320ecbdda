"""Count, for each conformance file, how many of its cases hold in every test that reads them."""

import re

import pytest

_CASE = re.compile(r"\[(?P<file>[\w.]+\.json)-(?P<case>.+)\]$")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter):
    held: dict[str, dict[str, bool]] = {}
    for outcome in ("passed", "failed", "error"):
        for report in terminalreporter.stats.get(outcome, []):
            if match := _CASE.search(report.nodeid):
                cases = held.setdefault(match["file"], {})
                cases[match["case"]] = cases.get(match["case"], True) and outcome == "passed"
    for file, cases in sorted(held.items()):
        terminalreporter.write_line(f"conformance: {file}: {sum(cases.values())}/{len(cases)}")
