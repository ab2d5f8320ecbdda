"""The schema that editors use is the schema that the loader enforces."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from config import json_schema
from config.documents import read

CONFIG = Path(json_schema.__file__).parent


def test_the_committed_schema_is_current():
    """`python -m config.json_schema` writes it."""
    for path, content in json_schema.written().items():
        assert path.read_text(encoding="utf-8") == content, path.name


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.name)
def test_our_own_environments_fit_the_schema_they_name(path):
    """Their first line names it for the YAML language server."""
    assert path.read_text().startswith("# yaml-language-server: $schema=schema.json\n")
    jsonschema.validate(read(path, path.name).values, json_schema.environment_schema())


@pytest.mark.parametrize("path", sorted((CONFIG / "models").glob("*.yaml")), ids=lambda path: path.name)
def test_our_own_models_fit_the_schema_they_name(path):
    """Their first line names it, one folder up."""
    assert path.read_text().startswith("# yaml-language-server: $schema=../model.schema.json\n")
    jsonschema.validate(read(path, path.name).values, json_schema.model_schema())


def test_a_field_says_in_the_editor_what_it_says_in_the_source():
    """Descriptions come from the texts under the fields."""
    window = json_schema.model_schema()["definitions"]["Window"]["properties"]

    assert window["time_zone"]["description"] == "A Windows time zone name, as Data Factory wants it."
