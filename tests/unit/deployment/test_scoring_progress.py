"""What who waits for a run sees of its scoring."""

from __future__ import annotations

import pytest

from deployment.errors import LakeError
from deployment.scoring_progress import ScoringProgress
from ml_pipelines.steps.landing import Receipt, progress_path, receipt_path
from ml_pipelines.steps.progress import Progress
from tests.unit.deployment.fakes import FakeLake

RUN = {"runId": "run-1", "runGroupId": "group-1"}
STARTED = Receipt(
    status="started",
    group_id="group-1",
    adf_run_id="run-1",
    ml_run_id="ml-1",
    model="m",
    staging="_staging/m/w/a",
)
TOLD = Progress(41, 120, 5000, 416, 17)


@pytest.fixture
def lake() -> FakeLake:
    return FakeLake(
        {
            receipt_path("m", "group-1"): STARTED.to_json(),
            progress_path("_staging/m/w/a"): TOLD.to_json(),
        }
    )


def test_it_is_what_the_workers_said_last(lake):
    """Found by the receipt of the run's group."""
    assert ScoringProgress(lake).of("m", RUN) == "about 41 % of 120 files, 5,000 rows, 416 rows/s, 17 s left"


@pytest.mark.parametrize("kept", [0, 1])
def test_before_there_is_anything_it_is_empty(lake, kept):
    """No receipt yet; a receipt and no progress."""
    for path in list(lake.files)[kept:]:
        del lake.files[path]

    assert ScoringProgress(lake).of("m", RUN) == ""


def test_however_often_it_is_asked_the_lake_is_asked_seldom(lake):
    """A local run is polled five times a second."""
    reads: list[str] = []

    class Counting(FakeLake):
        def read(self, path: str) -> bytes | None:
            reads.append(path)
            return super().read(path)

    progress = ScoringProgress(Counting(lake.files), iter(number / 5 for number in range(1000)).__next__)
    for _ in range(60):
        progress.of("m", RUN)

    assert len(reads) < 8


def test_what_cannot_be_read_is_no_error(lake):
    """Its absence harms nobody; the run itself says what is wrong."""

    class Refusing(FakeLake):
        def read(self, path: str) -> bytes | None:
            raise LakeError(f"cannot read {path}")

    assert ScoringProgress(Refusing(lake.files)).of("m", RUN) == ""
    lake.files[progress_path("_staging/m/w/a")] = b"{"
    assert ScoringProgress(lake).of("m", RUN) == ""
