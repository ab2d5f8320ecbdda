"""How far a run's scoring is, for the line of who waits: what its workers say of it in the lake."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from deployment.errors import LakeError
from ml_pipelines.steps.landing import Receipt, progress_path, receipt_path
from ml_pipelines.steps.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deployment.gateways import LakeFiles

SECONDS_BETWEEN: Final = 5.0


@dataclass
class ScoringProgress:
    """Of one run: a request or two every SECONDS_BETWEEN, however often it is asked."""

    lake: LakeFiles
    clock: Callable[[], float] = time.monotonic
    _staging: str = ""
    _said: str = ""
    _asked: float = field(default=float("-inf"))

    def of(self, model: str, run: Mapping[str, Any]) -> str:
        """`about 36 % of 12 files, …`; empty where nothing is known, or nothing can be read."""
        if self.clock() - self._asked >= SECONDS_BETWEEN:
            self._asked = self.clock()
            try:
                self._said = self._read(receipt_path(model, str(run.get("runGroupId") or run["runId"])))
            except (LakeError, ValueError, TypeError):
                return self._said  # a courtesy: the run's own end says what is wrong
        return self._said

    def _read(self, receipt: str) -> str:
        if not self._staging:
            found = self.lake.read(receipt)
            self._staging = Receipt.from_json(found).staging if found else ""
        content = self.lake.read(progress_path(self._staging)) if self._staging else None
        return str(Progress.from_json(content)) if content else ""
