"""What may be asked of a rehearsal."""

from __future__ import annotations

import pytest

from adf.windows import format_instant
from deployment.arguments import GrammarError, parse
from deployment.errors import UsageError
from deployment.rehearsal.asked import asked_of
from tests.unit.deployment.rehearsal.timetables import settings

MONTH = ("--from", "2026-10-01", "--to", "2026-11-01")
SETTINGS = {"churn": {"scoring": {"node_count": 2}}, "cleaning": {"window": {"every": "hour"}}}


def asked(*words):
    return asked_of(parse(["run", "--env", "prod", "--simulate", *words]), settings(**SETTINGS))


def test_days_are_days_in_utc():
    """And instants are what they say, in whatever zone they say it."""
    month = asked(*MONTH)
    hours = asked("--from", "2026-10-01T06:00:00+02:00", "--to", "2026-10-01T06:00:00Z")

    assert (format_instant(month.start), format_instant(month.end)) == (
        "2026-10-01T00:00:00Z",
        "2026-11-01T00:00:00Z",
    )
    assert (hours.end - hours.start).total_seconds() == 2 * 3600


def test_a_window_that_fails_is_written_as_for_a_run():
    """A day, or an instant at which one starts; several of them."""
    told = asked(*MONTH, "--fail", "churn=2026-10-04", "--fail", "cleaning=2026-10-05T03:00:00Z")

    assert [(model, format_instant(window.start)) for model, window in told.failing] == [
        ("churn", "2026-10-04T00:00:00Z"),
        ("cleaning", "2026-10-05T03:00:00Z"),
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "rehearses a range"),
        (("--from", "2026-10-02"), "rehearses a range"),
        (("--from", "2026-10-02", "--to", "2026-10-01"), "ends before it begins"),
        (("--from", "2026-10-01", "--to", "2026-10-01"), "ends before it begins"),
        (("--from", "2025-01-01", "--to", "2026-10-01"), "too long a range"),
        (("--from", "October", "--to", "2026-10-01"), "--from: 'October'"),
        (("--from", "2026-10-32", "--to", "2026-11-01"), "--from: '2026-10-32'"),
        (("--from", "0001-01-01", "--to", "0001-02-01"), "before 1970"),
        ((*MONTH, "--model", "churn"), "the whole factory: --model"),
        ((*MONTH, "--no-wait"), "the whole factory: --no-wait"),
        ((*MONTH, "--dry-run"), "the whole factory: --dry-run"),
        ((*MONTH, "--only", "missing"), "the whole factory: --only"),
        ((*MONTH, "--limit", "5"), "the whole factory: --limit"),
        ((*MONTH, "--max-parallel", "2"), "the whole factory: --max-parallel"),
        ((*MONTH, "--nodes", "1"), "churn scores on 2 nodes"),
        ((*MONTH, "--fail", "chrun=2026-10-02"), "no model `chrun`"),
        ((*MONTH, "--fail", "churn"), "says no window"),
        ((*MONTH, "--fail", "churn=2026-10-02T03:00:00Z"), "it lies inside"),
        ((*MONTH, "--minutes", "churn=soon"), "'soon' is no number of minutes"),
        ((*MONTH, "--happened", "--seed", "3"), "--happened tells what was: --seed"),
        ((*MONTH, "--happened", "--arrivals", "f"), "--happened tells what was: --arrivals"),
        ((*MONTH, "--happened", "--as-new"), "--happened tells what was: --as-new"),
        ((*MONTH, "--minutes", "churn=nan"), "'nan' is no number of minutes"),
    ],
)
def test_what_cannot_be_rehearsed_is_refused(words, message):
    """Before anything is started."""
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        asked(*words)


@pytest.mark.parametrize(
    "words", [("--failures", "200"), ("--failures", "nan"), ("--nodes", "0"), ("--seed", "x")]
)
def test_numbers_out_of_range_are_no_command(words):
    with pytest.raises(GrammarError):
        asked(*MONTH, *words)
