"""A copy of this checkout, as somebody has it who cloned it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.loader import load
from deployment import desired
from tests.docs.pages import REPOSITORY, blocks, patched

if TYPE_CHECKING:
    from config.schema import Settings
    from tests.docs.pages import Block

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".sandbox", ".*_cache", "__pycache__", "tests")
FOREIGN = ("AZURE_", "AZUREML_", "IDENTITY_", "MSI_", "ARM_")


@dataclass(frozen=True)
class Project:
    folder: Path
    port: int = 0

    @classmethod
    def copied(cls, folder: Path, port: int = 0) -> Project:
        shutil.copytree(REPOSITORY, folder, ignore=NOT_COPIED)
        return cls(folder, port)

    @classmethod
    def with_files_of(cls, page: str, folder: Path) -> Project:
        """A copy with the files of a page that tells how a model is made; nothing is deployed."""
        project = cls.copied(folder)
        for block in blocks(page):
            if block.file is not None:
                project.write(block)
            elif block.text.startswith(("cp ", "python notebooks/wine_data.py")):
                assert project.run(block.text).returncode == 0
        return project

    def write(self, block: Block) -> None:
        """What a page says about a file: all of it, or a change."""
        assert block.file is not None
        path = self.folder / block.file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(patched(path.read_text(), block.text) if block.language == "diff" else block.text)

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """A command as a page shows it; `python` is ours, the local Azure's ports are the test's."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
        return subprocess.run(
            ["sh", "-e", "-c", command],
            cwd=self.folder,
            env=kept | {"PATH": path, "ADFBATCH__SANDBOX__PORT": str(self.port)},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def settings(self, block: Block, model: str) -> Settings:
        """The configuration with what a page's block says added, as the file of an environment of its own.

        Everything is built of it, so that what only the building refuses is refused here too.
        """
        added = f"models:\n  {model}:\n{textwrap.indent(block.text, '    ')}"
        local = (self.folder / "config/local.yaml").read_text()
        text = local + (added if block.kind == "model" else block.text)
        (self.folder / "config/page.yaml").write_text(text)
        settings = load(self.folder, "page")
        desired.build(settings)
        return settings
