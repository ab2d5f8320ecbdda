"""Every error as users and scripts see it."""

from __future__ import annotations

import io

import pytest

from adf.errors import NotFound
from config.errors import InvalidConfigurationError, Problem, Where
from deployment.errors import (
    ApplyError,
    InterruptedByUserError,
    LocalAzureBusyError,
    NotConfirmedError,
    PlanOutdatedError,
    UsageError,
)
from deployment.failures import failure_of
from deployment.terminal import Terminal
from ml_pipelines.errors import MachineLearningError


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (UsageError("x"), "usage", 64),
        (NotConfirmedError("x"), "not_confirmed", 64),
        (
            InvalidConfigurationError([Problem(Where("config/dev.yaml", 3), "a", "b", "c")]),
            "configuration",
            64,
        ),
        (LocalAzureBusyError("x"), "local_azure", 75),
        (InterruptedByUserError(), "interrupted", 130),
        (KeyboardInterrupt(), "interrupted", 130),
        (ApplyError([("pipeline a", "no")], 0), "apply", 1),
        (NotFound("read", status=404, code="c", message="m"), "data_factory", 1),
        (MachineLearningError("x"), "machine_learning", 1),
        (ZeroDivisionError("x"), "internal", 1),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error, code, exit_code):
    """0 fine, 1 failed, 64 usage or configuration, 75 worth a retry, 130 interrupted."""
    failure = failure_of(error)

    assert (failure.code, failure.exit_code) == (code, exit_code)


def test_a_configuration_error_points_at_the_first_problem_and_tells_all():
    """File and line for an annotation, the rest as a list."""
    problems = [
        Problem(Where("config/dev.yaml", 3), "lake.acount", "an unknown key", "one of account", "account"),
        Problem(Where("--set a=b"), "a", "an unknown key", "one of azure"),
    ]

    error = failure_of(InvalidConfigurationError(problems)).document()["error"]

    assert error["file"] == "config/dev.yaml"
    assert error["line"] == 3
    assert error["hint"] == "did you mean `account`?"
    assert error["message"].endswith("(and 1 more)")
    assert len(error["problems"]) == 2


def test_an_option_is_no_file():
    """An annotation with a file that does not exist helps nobody."""
    problem = Problem(Where("--set a=b"), "a", "an unknown key", "one of azure")

    assert failure_of(InvalidConfigurationError([problem])).file is None


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (PlanOutdatedError("plan.json", ["trigger a", "trigger b"]), "make the plan again"),
        (UsageError("x", hint="leave it out"), "leave it out"),
        (InvalidConfigurationError([Problem(Where("a.yaml", 3), "a", "b", "c", "aa")]), "did you mean `aa`?"),
    ],
)
def test_how_to_mend_it_is_said_once_to_people_too(error, hint):
    """However many things are wrong."""
    terminal = Terminal(color=False, stdout=io.StringIO(), stderr=(stderr := io.StringIO()), ci=None)

    terminal.fail(failure_of(error))

    assert stderr.getvalue().count(hint) == 1
