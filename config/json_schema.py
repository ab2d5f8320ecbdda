"""The configuration's shape for editors: `schema.json` (base, environments) and `model.schema.json`.

Written by `python -m config.json_schema`; a test keeps both current. Files are layers, so nothing is
required in them and `null` removes; what is required of the merged whole is the loader's business.
"""

from __future__ import annotations

import ast
import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import monitoring_schema, output_schema, schema, training_schema

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = Path(__file__).parent
DRAFT: Final = "http://json-schema.org/draft-07/schema#"
MODULES: Final = (schema, output_schema, training_schema, monitoring_schema)
"""Where the classes are that describe the files."""


def environment_schema() -> dict[str, Any]:
    """Of base.yaml and <environment>.yaml, which may override parts of models."""
    made = _layer(schema.Settings.model_json_schema(ref_template="#/definitions/{model}"))
    del made["properties"]["environment"]
    return _titled(made, "adf-batch-scoring: an environment")


def model_schema() -> dict[str, Any]:
    """Of models/<model>.yaml; the model's name is the file's."""
    made = _layer(schema.Model.model_json_schema(ref_template="#/definitions/{model}"))
    return _titled(made, "adf-batch-scoring: a model")


def written() -> dict[Path, str]:
    """Each file and what it should hold."""
    made = {"schema.json": environment_schema(), "model.schema.json": model_schema()}
    return {
        FOLDER / name: json.dumps(body, indent=2, ensure_ascii=False) + "\n" for name, body in made.items()
    }


def _titled(made: dict[str, Any], title: str) -> dict[str, Any]:
    return {"$schema": DRAFT, "title": title, **{key: made[key] for key in sorted(made) if key != "title"}}


def _layer(made: dict[str, Any]) -> dict[str, Any]:
    definitions = made.pop("$defs")
    described = dict(_descriptions())
    for name, body in [*definitions.items(), (made["title"], made)]:
        body.pop("required", None)
        body.pop("title", None)
        for field, described_field in body.get("properties", {}).items():
            described_field.pop("title", None)
            if (name, field) in described:
                described_field["description"] = described[name, field]
    made["definitions"] = definitions
    return made


def _descriptions() -> Iterator[tuple[tuple[str, str], str]]:
    """(class, key) → the text under the field in its module; `from_` is the key `from`."""
    for node in (node for module in MODULES for node in ast.parse(inspect.getsource(module)).body):
        if isinstance(node, ast.ClassDef):
            for field, text in zip(node.body, node.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _is_text(text):
                    yield (node.name, field.target.id.rstrip("_")), " ".join(_text(text).split())


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _text(node: ast.stmt) -> str:
    return str(ast.literal_eval(node.value)) if isinstance(node, ast.Expr) else ""


if __name__ == "__main__":
    for path, content in written().items():
        path.write_text(content, encoding="utf-8")
