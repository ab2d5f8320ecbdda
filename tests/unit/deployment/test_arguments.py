"""The command line's grammar."""

from __future__ import annotations

import pytest

from deployment.arguments import GrammarError, asks_for_json, parse


@pytest.mark.parametrize(
    ("line", "verb"),
    [
        ("--env dev", "deploy"),
        ("-e dev -o json", "deploy"),
        ("deploy --env dev", "deploy"),
        ("--env dev plan --offline", "plan"),
        ("--set a.b=plan run -e dev", "run"),
        ("-e run status", "status"),
        ("-e dev --out plan render", "render"),
    ],
)
def test_the_verb_may_stand_anywhere_and_is_deploy_where_there_is_none(line, verb):
    """An option's value is never taken for a verb."""
    assert parse(line.split()).verb == verb


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("pln -e dev", "did you mean `plan`"),
        ("publish -e dev", "verbs: deploy, plan, run, status, render, destroy"),
        ("render -e dev", "--help"),
        ("render -e dev --out=", "--help"),
        ("plan", "--help"),
        ("plan -e dev --yes", "--help"),
        ("plan -e dev --off", "--help"),
        ("plan -e dev -o xml", "--help"),
        ("plan status -e dev", "--help"),
        ("plan -e", "--help"),
        ("status -e dev --head 0", "--help"),
        ("status -e dev --head 9999999999", "--help"),
        ("run -e dev --window 2026-11-20 --window 2026-11-21", "--help"),
        ("run -e dev --model a --model b", "--help"),
        ("", "--help"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_a_hint(line, hint):
    """No abbreviations, no option of another verb."""
    with pytest.raises(GrammarError) as raised:
        parse(line.split())
    assert hint in raised.value.hint


@pytest.mark.parametrize(
    "line",
    [
        "run -e dev --window=",
        "run -e dev --from= --to=",
        "run -e dev --model=",
        "run -e dev --html=",
        "status -e dev --model=",
        "status -e dev --model churn --window=",
        "status -e dev --html=",
    ],
)
def test_a_variable_that_is_not_set_is_no_option_that_was_left_out(line):
    """`run --window "$DAY"` would score the last complete window."""
    with pytest.raises(GrammarError, match="expected a value, found an empty text"):
        parse(line.split())

    with pytest.raises(GrammarError, match="expected a value, found an empty text"):
        parse(["status", "-e", "dev", ""])


def test_set_may_be_given_more_than_once():
    """The later wins, which is the loader's business."""
    assert parse(["-e", "dev", "--set", "a=1", "--set", "b=2"]).set == ["a=1", "b=2"]


@pytest.mark.parametrize("line", ["-o json", "--output json x", "--output=json", "-ojson"])
def test_json_is_meant_even_where_the_rest_is_nonsense(line):
    """A script that made a mistake still reads JSON."""
    assert asks_for_json(line.split())
    assert not asks_for_json(["-o", "text", "json"])
    assert not asks_for_json([])


@pytest.mark.parametrize("line", ["plan --offline --factory DIR", "--factory DIR plan --offline"])
def test_a_folder_takes_the_place_of_an_environment(line):
    """For plan only: everything else needs settings."""
    assert parse(line.split()).env is None
    with pytest.raises(GrammarError, match="required: -e/--env"):
        parse(["plan", "--offline"])
    with pytest.raises(GrammarError, match="required: -e/--env"):
        parse(["deploy"])
    with pytest.raises(GrammarError, match="an empty text"):
        parse(["plan", "--factory", ""])
