"""What was deployed stays known: one file a release, written once."""

from __future__ import annotations

from deployment.canonical import canonical
from deployment.releases import Releases
from deployment.resources import Observed
from tests.unit.deployment.fakes import OWNER, FakeLake, Live, Published, pipeline

PUBLISHED = {"score_churn": Published("score_churn", "i", "3", "f")}
LIVE = Live("pipeline", "score_churn", {**pipeline().properties, "description": None}, "e")
OBSERVED = Observed(True, (LIVE,), PUBLISHED)
WHEN = {"at": "2026-11-23T06:00:00Z", "by": "ada", "commit": "c0ffee"}


def test_releases_are_numbered_from_one_and_read_newest_first():
    """Each knows when, by whom and from which commit."""
    releases = Releases(FakeLake(), OWNER)
    releases.record(OBSERVED, **WHEN)
    releases.record(OBSERVED, **WHEN)

    assert [release.number for release in releases.last(5)] == [2, 1]
    assert releases.last()[0].commit == "c0ffee"
    assert releases.last()[0].ml_pipelines == ({"name": "score_churn", "version": "3", "fingerprint": "f"},)


def test_two_deployments_that_end_together_get_two_numbers():
    """The name is taken with a condition; whoever loses takes the next."""
    lake = FakeLake()
    first, second = Releases(lake, OWNER), Releases(lake, OWNER)
    second._numbers = list  # type: ignore[method-assign]  # it has listed before the first wrote

    assert first.record(OBSERVED, **WHEN).number == 1
    assert second.record(OBSERVED, **WHEN).number == 2


def test_a_release_remembers_bodies_as_they_mean():
    """Canonical, by address without case: what drift is measured against."""
    releases = Releases(FakeLake(), OWNER)
    releases.record(OBSERVED, **WHEN)

    bodies = releases.last()[0].bodies()

    assert bodies == {("pipeline", "score_churn"): canonical(pipeline().properties)}


def test_projects_and_environments_keep_apart():
    """One lake may serve several."""
    lake = FakeLake()
    Releases(lake, OWNER).record(OBSERVED, **WHEN)

    assert list(lake.files) == ["_deployments/shop/dev/releases/000001.json"]
