"""Expressions, against the answers of Microsoft's engine and the documentation's examples."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

from adf.language import ABSENT, LanguageError, Scope, evaluate, parse
from adf.language.functions import FUNCTIONS
from tests.conformance.cases import FOLDER, cases


def scope_of(case: dict[str, Any]) -> Scope:
    state = case.get("state") or {}
    facts: dict[str, Any] = {
        "pipeline": state.get("params", ABSENT),
        "item": state.get("item", ABSENT),
        "variables": state.get("variables", {}),
        "activities": state.get("activities", {}),
    }
    if clock := case.get("clock"):
        facts["now"] = lambda: datetime.fromisoformat(re.sub(r"(\.\d{6})\d*Z", r"\1+00:00", clock))
    return Scope(**facts)


def written(value: object) -> str:
    """Text that tells 1 from 1.0 and from true, as the cases do."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("case", cases("expressions.json"))
def test_an_expression_gives_what_the_engine_gives(case: dict[str, Any]):
    """The value, or an error where the engine has one or Data Factory does not document the function."""
    if "adf" in case or "error" in case:
        with pytest.raises(LanguageError):
            evaluate(case["expression"], scope_of(case))
        return
    value = evaluate(case["expression"], scope_of(case))
    if case.get("volatile"):
        value, case["result"] = type(value), type(case["result"])
        assert case["result"] == value
        return

    assert written(case["result"]) == written(value)


@pytest.mark.parametrize("case", cases("expressions_documented.json"))
def test_an_example_of_the_documentation_is_right_or_known_to_be_wrong(case: dict[str, Any]):
    """The documented value, the engine's where the documentation errs, or a form where chance decides."""
    if "engine_error" in case:
        with pytest.raises(LanguageError):
            evaluate(case["expression"], scope_of(case))
        return
    value = evaluate(case["expression"], scope_of(case))
    if pattern := case.get("pattern"):
        choices = pattern.removeprefix("one of ")
        matches = (
            str(value) in choices.split(",") if choices != pattern else re.fullmatch(pattern, str(value))
        )
        assert matches
        return

    assert written(case["expected"]) == written(value)


@pytest.mark.parametrize("case", cases("expressions_realworld.json"))
def test_an_expression_of_a_real_factory_parses(case: dict[str, Any]):
    """Whatever a public factory holds is read, but for what the engine refuses too."""
    try:
        parse(case["expression"])
    except LanguageError:
        assert case["parse"] == "error"
    else:
        assert case["parse"] == "ok"


def test_every_documented_function_exists_with_its_arity():
    """No function is missing, none is invented, and each takes as many arguments as documented."""
    file = FOLDER / "expression_functions.json"
    if not file.is_file():
        pytest.skip(f"no expression_functions.json in {FOLDER}")
    documented = {
        name.lower(): (facts["min"], facts["max"]) for name, facts in json.loads(file.read_text()).items()
    }
    undocumented_argument = {"formatdatetime": (1, 3)}

    declared = {name: (function.fewest, function.most) for name, function in FUNCTIONS.items()}
    assert documented | undocumented_argument == declared
