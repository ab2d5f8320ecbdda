"""The references, made from the code that they describe: configuration, command line, lint rules, access.

    python -m docs.generate

A test keeps them current. What a key means is the text under its field in config/schema.py, where a last
sentence `Azure: …` says where it ends; what a name may look like is in config/checks.py; what an option means
is its help in deployment/arguments.py, what a rule says in adf/rules.py, who needs which role in
deployment/access.py. Only what none of these says stands here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from docs.generate import access, command_line, configuration, lint_rules

FOLDER: Final = Path(__file__).parents[1]
NOTICE: Final = (
    "<!-- Made by `python -m docs.generate`: change the code that it describes, not this page. -->"
)


def written() -> dict[Path, str]:
    """Each page and what it should hold."""
    made = {
        "configuration.md": configuration.page(),
        "command-line.md": command_line.page(),
        "lint-rules.md": lint_rules.page(),
        "access.md": access.page(),
    }
    return {FOLDER / name: "\n".join([NOTICE, "", *lines]).rstrip() + "\n" for name, lines in made.items()}
