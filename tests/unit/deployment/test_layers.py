import ast
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]


def test_the_command_line_knows_the_engine_only():
    """deploy.py is a module, which import-linter does not read: of ours it imports deployment alone."""
    tree = ast.parse((REPOSITORY / "deploy.py").read_text(encoding="utf-8"))
    imports = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = {name.split(".")[0] for name in imports if (REPOSITORY / name.split(".")[0]).is_dir()}

    assert ours == {"deployment"}
