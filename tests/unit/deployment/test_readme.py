import re
import shlex
from pathlib import Path

import pytest

from deployment.arguments import parse

REPOSITORY = Path(__file__).parents[3]
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"`python (deploy\.py[^`]*)`", README)
PATHS = sorted(set(re.findall(r"`((?:\w[\w.-]*/)+[\w.-]*|\w+\.md)`", README)))
TARGETS = re.findall(r"^    make (\w+)", README, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_readme_is_understood(command):
    """The grammar takes it as it stands."""
    assert parse(shlex.split(command)[1:]).env


@pytest.mark.parametrize("path", PATHS)
def test_a_path_of_the_readme_exists(path):
    assert (REPOSITORY / path).exists()


def test_the_make_targets_of_the_readme_exist():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")

    assert {"demo", "test", "check"} <= set(TARGETS)
    assert [target for target in TARGETS if f"\n{target}:" not in makefile] == []
