"""A copy of this checkout, as somebody has it who cloned it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from config.loader import load
from tests.docs.pages import REPOSITORY, blocks, patched, shows

if TYPE_CHECKING:
    from config.schema import Settings
    from tests.docs.pages import Block

NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".sandbox*", ".*_cache", "*.pyc.*", "tests")
"""What was compiled goes with it, but for what is being written: a clone would compile all of it anew."""
STOP_SECONDS = 30
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

    def follow(self, page: str) -> None:
        """Write the page's files and run its commands, in its order; each prints what the page shows."""
        printed = ""
        for block in blocks(page):
            if block.file is not None:
                self.write(block)
            elif block.language == "sh":
                ended = self.run(block.text)
                assert ended.returncode == 0, f"{page}:{block.line}\n{ended.stdout}{ended.stderr}"
                printed = ended.stdout
            elif block.language == "text":
                assert shows(block.text, printed), f"{page}:{block.line} is not what is printed:\n{printed}"

    def stop_local_azure(self) -> None:
        """If one runs; returns when it has ended."""
        lock = self.folder / ".sandbox/lock"
        if lock.exists():
            os.kill(int(lock.read_text()), signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while (self.folder / ".sandbox/endpoints.json").exists() and time.monotonic() < deadline:
            time.sleep(0.1)

    def settings(self, block: Block | None, model: str) -> Settings:
        """The local environment with schedules on, and what a page's block adds to it or to the model."""
        text = (self.folder / "config/local.yaml").read_text()
        if block is not None:
            indented = textwrap.indent(block.text, "    ")
            text += f"models:\n  {model}:\n{indented}" if block.kind == "model" else block.text
        (self.folder / "config/page.yaml").write_text(text)
        return load(self.folder, "page", options=["schedules=on"])
