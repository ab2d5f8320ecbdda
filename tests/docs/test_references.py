"""The two references say what the code says."""

from __future__ import annotations

import json
import re

import pytest

from config import json_schema
from deployment.arguments import verbs
from docs.generate import written
from tests.docs.pages import read


@pytest.mark.parametrize(("path", "content"), written().items(), ids=lambda each: getattr(each, "name", ""))
def test_a_reference_is_current(path, content):
    """`make generate` writes it."""
    assert path.read_text(encoding="utf-8") == content


def described():
    """(class, key) → what the schema for editors says of it."""
    for made in (json_schema.environment_schema(), json_schema.model_schema()):
        for name, body in [*made["definitions"].items(), (made["title"], made)]:
            for key, value in body.get("properties", {}).items():
                if "const" in value:
                    continue  # which kind of section it is: the section says what that means
                yield f"{name}.{key}", value.get("description", "")


@pytest.mark.parametrize(("key", "meaning"), sorted(set(described())), ids=lambda each: each[:40])
def test_every_key_says_what_it_means(key, meaning):
    """In a text under its field in config/schema.py: before the sentence that says where it ends in Azure."""
    assert meaning.partition("Azure: ")[0].strip(), key


def test_every_verb_and_option_is_in_the_reference():
    """As it is spelt."""
    page = read("docs/command-line.md")
    options = {name for verb in verbs().values() for name in verb._option_string_actions}

    assert [verb for verb in verbs() if f"\n## {verb}\n" not in page] == []
    assert [name for name in options - {"-h", "--help"} if not re.search(rf"`[^`\n]*{name}\b", page)] == []


@pytest.mark.parametrize(
    ("verb", "golden"),
    [("plan", "plan_everything"), ("plan --check-access", "access"), ("run", "run"), ("status", "status")],
)
def test_the_keys_of_a_json_document_are_there(verb, golden):
    """In what the golden files hold: all that the page names."""
    document = json.loads(read(f"tests/golden/output/{golden}.json"))
    (row,) = re.findall(rf"^\| `{verb}` \| (.*) \|$", read("docs/command-line.md"), re.MULTILINE)
    for key, inner in re.findall(r"`(\w+)`(?:: (?:a list of )?((?:`\w+`(?:, )?)+))?", row):
        there = document[key][0] if isinstance(document[key], list) else document[key]

        assert [name for name in re.findall(r"`(\w+)`", inner) if name not in there] == []


def test_a_table_keeps_its_columns():
    """A `|` in a cell is escaped."""
    assert "text\\|json" in read("docs/command-line.md")
