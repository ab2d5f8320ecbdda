"""Resource Manager's limits, kept by all threads together.

A subscription takes bursts of 200 writes and then 10 a second (a bucket of tokens); whoever goes on after
that is told 429 and for how many seconds to wait. One worker that is told so knows it for all: nobody sends
before that moment. https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling

Requests leave a little apart, too: those that leave together are answered together, and then each thread
waits for all the others' turns at the processor, round after round. Where answers come at once, so do they.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

BURST = 200
WRITES_A_SECOND = 10.0
LONGEST_PAUSE_SECONDS = 300.0
WRITES = frozenset({"PUT", "POST", "PATCH", "DELETE"})
APART_SECONDS = 0.005
"""At most between two requests: 200 a second are more than one process prepares anyway."""
APART_OF_AN_ANSWER = 0.05
"""Of the time that the last answer took: twenty are under way then, more than there are workers."""
SENT = "abs_sent"
"""When, in a request's context."""
TOO_MANY = 429
TINY = 1e-6
"""Less is a rounding error: waiting for it would never end."""


class Throttle:
    """Safe for threads. `burst` 0: no bucket, as a local Azure has none; 429 is honoured all the same."""

    def __init__(
        self,
        burst: int = BURST,
        per_second: float = WRITES_A_SECOND,
        *,
        most_apart: float = APART_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._burst = burst
        self._per_second = per_second
        self._most_apart = most_apart
        self._apart = 0.0
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._tokens = float(burst)
        self._counted_at = clock()
        self._paused_until = 0.0
        self._next_turn = 0.0

    def before(self, method: str) -> None:
        """Return when a request of this method may be sent."""
        if (seconds := self._turn()) > 0:
            self._sleep(seconds)
        while (seconds := self._wait_seconds(method)) > 0:
            self._sleep(seconds)

    def now(self) -> float:
        """By the clock that `after` is told of."""
        return self._clock()

    def after(self, status: int, retry_after: str | None, sent: float | None = None) -> None:
        """Take note of the answer to what was `sent` then: 429 stops everybody until Retry-After, a number of
        seconds, is over.
        """
        if sent is not None:
            self._apart = min(self._most_apart, (self._clock() - sent) * APART_OF_AN_ANSWER)
        if status != TOO_MANY:
            return
        try:
            seconds = float(retry_after or 1)
        except ValueError:
            seconds = 1.0
        with self._lock:
            until = self._clock() + min(seconds, LONGEST_PAUSE_SECONDS)
            self._paused_until = max(self._paused_until, until)

    def _turn(self) -> float:
        """How many seconds from now the turn is that this takes."""
        with self._lock:
            now = self._clock()
            turn = max(now, self._next_turn)
            self._next_turn = turn + self._apart
            return turn - now

    def _wait_seconds(self, method: str) -> float:
        """0 where the request may go now, and its token is taken."""
        with self._lock:
            now = self._clock()
            if now < self._paused_until:
                return self._paused_until - now
            if method not in WRITES or not self._burst:
                return 0
            grown = self._tokens + (now - self._counted_at) * self._per_second
            self._tokens, self._counted_at = min(float(self._burst), grown), now
            if self._tokens < 1 - TINY:
                return (1 - self._tokens) / self._per_second
            self._tokens -= 1
            return 0


def policy(throttle: Throttle) -> Any:  # noqa: ANN401 - azure-core's policy, imported late
    """As a policy of the SDK's pipeline, inside its retries: every try waits, every answer is noted."""
    from azure.core.pipeline.policies import SansIOHTTPPolicy

    class ThrottlePolicy(SansIOHTTPPolicy):  # type: ignore[misc]
        def on_request(self, request: Any) -> None:  # noqa: ANN401
            throttle.before(request.http_request.method)
            request.context[SENT] = throttle.now()

        def on_response(self, request: Any, response: Any) -> None:  # noqa: ANN401
            answer = response.http_response
            throttle.after(answer.status_code, answer.headers.get("Retry-After"), request.context[SENT])

    return ThrottlePolicy()
