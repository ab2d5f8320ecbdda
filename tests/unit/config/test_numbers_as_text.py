"""A number where text is wanted is text: as it was written last, and checked like any other."""

from __future__ import annotations

import pytest

from config.errors import ConfigurationError
from config.loader import load
from tests.unit.config import project

WEEKLY = "{type: calendar, frequency: Week, start: 2026-11-01T06:00:00, hours: [3], %s}"
MONTHLY = "{type: calendar, frequency: Month, start: 2026-11-01T06:00:00, hours: [3], %s}"
DAILY = "{type: calendar, frequency: Day, start: %s}"


def found(folder, *options: str) -> list[str]:
    with pytest.raises(ConfigurationError) as raised:
        load(folder, "dev", options=options)
    return [each.found for each in raised.value.problems]


@pytest.mark.parametrize(
    ("option", "number"),
    [
        ("lake.account=12", "12"),
        ("data_factory.name=1", "1"),
        ("models.churn.window.every=15", "15"),
        ("models.churn.window.time_zone=1", "the time zone `1`"),
        ("models.churn.schedules.score.x=" + WEEKLY % "week_days: [3]", "3"),
        ("models.churn.schedules.score.x=" + MONTHLY % "monthly_occurrences: [1]", "1"),
        ("models.churn.schedules.score.x=" + DAILY % "2026", "2026"),
    ],
)
def test_a_number_is_checked_as_the_text_it_is_taken_for(tmp_path, option, number):
    """`lake.account: 12` is two characters, and not three."""
    (only,) = found(project.write(tmp_path), option)

    assert only.replace("`", "") == number.replace("`", "")


def test_a_number_inside_an_option_is_spelt_as_in_the_option(tmp_path):
    """Not as in the weaker layer, which said something else there."""
    model = project.MODEL.replace("scoring:\n", "scoring:\n  row_key: 7\n")
    folder = project.write(tmp_path, model=model)

    settings = load(folder, "dev", options=["models.churn.scoring={row_key: 0x10}"])

    assert settings.models["churn"].scoring.row_key == "0x10"
