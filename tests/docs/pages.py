"""The pages of the documentation as tests read them: their fenced blocks, and what stands around them.

A block's file is named by a line of its own above it; a `diff` block changes that file, any other is it.
`sh` blocks are commands, a `text` block below is what they print (`…` stands for anything). In `yaml model`
and `yaml environment` the second word, which readers do not see, says what the keys are keys of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted(path for pattern in ("*.md", "docs/*.md", "sandbox/*.md") for path in REPOSITORY.glob(pattern))
_BLOCK = re.compile(
    r"^(?:`(?P<file>[^`\n]+)`\n\n)?```(?P<info>[^\n]*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_MESSAGE = re.compile(r"^- (?P<ticks>`+)(?P<said>.+?)(?P=ticks): ", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    language: str
    kind: str
    text: str
    file: str | None
    line: int


def read(page: str) -> str:
    return (REPOSITORY / page).read_text(encoding="utf-8")


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in its order."""
    text = read(page)
    for found in _BLOCK.finditer(text):
        language, _, kind = found["info"].partition(" ")
        line = text.count("\n", 0, found.start("info")) + 1
        yield Block(language, kind, found["text"], found["file"], line)


def messages(page: str) -> list[str]:
    """The messages that a page says how to mend: list items that begin with one."""
    return [found["said"] for found in _MESSAGE.finditer(read(page))]


def prose(page: str) -> str:
    """A page without its fenced blocks: what stands in those is no Markdown."""
    return re.sub(r"^```.*?^```$", "", read(page), flags=re.DOTALL | re.MULTILINE)


def shows(shown: str, printed: str) -> bool:
    """Whether these lines were printed in this order, whatever stands between them and behind them.

    Blanks count as one; `…` stands for anything.
    """
    lines = (
        " ".join(re.escape(word).replace("…", ".*?") for word in line.split()) for line in shown.splitlines()
    )
    squeezed = "\n".join(" ".join(line.split()) for line in printed.splitlines())
    return re.search(".*?\n(?:.*\n)*?".join(filter(None, lines)), squeezed) is not None


def patched(text: str, diff: str) -> str:
    """The text after a change that is shown as lines kept (` `), taken out (`-`) and put in (`+`)."""
    lines = diff.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] != "+")
    after = "".join(line[1:] for line in lines if line[0] != "-")
    assert text.count(before) == 1, f"the page's change does not fit: {before}"
    return text.replace(before, after)
