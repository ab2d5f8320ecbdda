"""stdout as a shell may leave it: closed, full, read by nobody, or unable to show a letter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PLAN = [sys.executable, "deploy.py", "plan", "--env", "local", "--offline"]


def shell(line: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`$PLAN` is the command; its exit code is the line's."""
    environment = {**os.environ, **variables, "PLAN": " ".join(PLAN)}
    command = ["bash", "-o", "pipefail", "-c", line]
    return subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("line", ["$PLAN -o {form} | true", "$PLAN -o {form} >&-", "$PLAN -o {form} 2>&-"])
def test_a_reader_that_leaves_is_no_failure(form, line):
    """`deploy.py … | head -1`: the command has done its work all the same."""
    ended = shell(line.format(form=form))

    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_full_disk_is_said_where_it_still_can_be(form):
    """In a line on stderr, where the result is text; the exit code tells in any case."""
    ended = shell(f"$PLAN -o {form} >/dev/full")

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ("error the result cannot be written: No space left on device" in ended.stderr) == (form == "text")


def test_a_terminal_that_lacks_letters_gets_a_question_mark_and_json_its_escapes():
    """Old terminals and bare cron jobs are ASCII: no traceback, and no document that cannot be read."""
    wrong = "--set data_factory.name=fä"

    text = shell(f"$PLAN {wrong}", PYTHONIOENCODING="ascii")
    document = shell(f"$PLAN {wrong} -o json", PYTHONIOENCODING="ascii")

    assert (text.returncode, document.returncode) == (64, 64)
    assert "found `f?`" in text.stderr
    assert "found `fä`" in json.loads(document.stdout)["error"]["message"]
