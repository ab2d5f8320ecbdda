"""What happened in the local Azure is told as a rehearsal is, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployment.errors import UsageError
from deployment.rehearsal.happened import require_local
from deployment.rehearsal.story import story
from deployment.rehearsal.text import parts, summary_line
from tests.unit.deployment.rehearsal.timetables import run, settings, timetable


def test_an_environment_in_azure_is_refused():
    with pytest.raises(UsageError, match="--happened reads the local Azure, and prod is in Azure"):
        require_local(settings())


def test_what_happened_is_not_called_a_rehearsal():
    happened = replace(timetable(run("t", "score_ours", "06T05:00", "06T05:20")), seed=None)
    told = story(happened, settings(ours={}))

    heading = next(parts(told)).text
    assert heading.startswith("What happened in prod from 2026-03-01T00:00:00Z")
    assert summary_line(told).startswith("Triggers started 1 pipeline runs; windows: 1 landed")
