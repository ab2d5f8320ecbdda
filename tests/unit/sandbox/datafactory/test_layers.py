"""The modules of the local Data Factory stand in layers: each imports what is below it, never above."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = Path(__file__).parents[4]
PACKAGE = "sandbox.datafactory"
LAYERS = (
    {"routes"},
    {"service", "responses"},
    {"triggers"},
    {"engine"},
    {"entities", "factories"},
    {"checks", "conditions"},
    {"activities"},
    {"frame", "view", "parameters", "waiting", "runs", "run_queries"},
    {"values", "references", "known_types", "connection_strings"},
    {"errors"},
    {"models"},
)
EACH_BY_ITSELF = """
import importlib, sys
for module in sys.argv[1:]:
    for loaded in [one for one in sys.modules if one.startswith("sandbox.")]:
        del sys.modules[loaded]
    importlib.import_module(module)
"""


def modules() -> Iterator[tuple[str, Path]]:
    """Dotted name and file; a package goes by its own name."""
    for file in sorted((PROJECT / "sandbox/datafactory").rglob("*.py")):
        parts = file.relative_to(PROJECT).with_suffix("").parts
        yield ".".join(part for part in parts if part != "__init__"), file


def imported(file: Path) -> Iterator[str]:
    """Also what is imported for types only: who knows whom is the same question."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            yield str(node.module)


def layer(module: str) -> int:
    name = module.removeprefix(f"{PACKAGE}.").split(".")[0]
    return next(number for number, names in enumerate(LAYERS) if name in names)


def test_no_module_imports_from_a_layer_above() -> None:
    upwards = [
        f"{module} imports {other}"
        for module, file in modules()
        if module != PACKAGE
        for other in imported(file)
        if layer(other) < layer(module)
    ]

    assert upwards == []


def test_every_module_can_be_imported_first() -> None:
    """A circle of imports works or breaks with the order: here is none."""
    names = [name for name, _ in modules()]

    subprocess.run([sys.executable, "-c", EACH_BY_ITSELF, *names], cwd=PROJECT, check=True)
