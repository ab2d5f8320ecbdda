"""Every page in Markdown: its links lead somewhere, its commands are understood, its tables are tables."""

from __future__ import annotations

import re
import shlex

import pytest

from deployment.arguments import parse
from tests.docs.pages import PAGES, REPOSITORY, prose, read

NAMES = [path.relative_to(REPOSITORY).as_posix() for path in PAGES]
README = read("README.md")


def anchors(page: str) -> set[str]:
    """As GitHub makes them of headings."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings}


def links() -> list[tuple[str, str]]:
    """(page, target) of every link that stays in the repository."""
    found = [(page, target) for page in NAMES for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    return [(page, target) for page, target in found if "://" not in target]


@pytest.mark.parametrize(("page", "target"), links())
def test_a_link_leads_to_a_file_and_its_heading(page, target):
    path, _, anchor = target.partition("#")
    file = (REPOSITORY / page).parent / path if path else REPOSITORY / page

    assert file.exists()
    assert not anchor or anchor in anchors(file.resolve().relative_to(REPOSITORY).as_posix())


def commands() -> list[tuple[str, str]]:
    """(page, command) of every `deploy.py`, in the text or in a block, but for those with gaps in them."""
    found = [
        (page, command.split("  ")[0].split("  #")[0].strip())
        for page in NAMES
        for command in re.findall(r"python (deploy\.py[^`\n]*)", read(page))
    ]
    return [(page, command) for page, command in found if not re.search(r"[\[<…]", command)]


@pytest.mark.parametrize(("page", "command"), commands())
def test_a_command_is_understood(page, command):
    """The grammar takes it as it stands."""
    given = parse(shlex.split(command)[1:])

    assert given.env or given.factory, page


@pytest.mark.parametrize("page", NAMES)
def test_a_table_has_as_many_cells_in_each_row(page):
    """GitHub drops what is too much."""
    for table in re.findall(r"(?:^\|.*\n)+", read(page), re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}
        assert len(cells) == 1, table


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:\w[\w.-]*/)+[\w.-]*|\w+\.md)`", README))))
def test_a_path_of_the_readme_exists(path):
    assert (REPOSITORY / path).exists()


def test_every_page_is_reached_from_the_readme():
    """Whoever starts there finds it."""
    reached = re.findall(r"\]\((docs/[\w-]+\.md)\)", README)

    assert [name for name in NAMES if name.startswith("docs/") and name not in reached] == []


def test_the_make_targets_of_the_readme_exist():
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = re.findall(r"^    make (\w+)", README, re.MULTILINE)

    assert {"demo", "test", "check"} <= set(targets)
    assert [target for target in targets if f"\n{target}:" not in makefile] == []
