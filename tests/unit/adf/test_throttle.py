"""Resource Manager's limits: nobody sends what would be refused, and one worker's 429 is everybody's."""

from __future__ import annotations

import threading
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adf.gateway import DataFactory
from adf.throttle import LONGEST_PAUSE_SECONDS, Throttle
from tests.unit.adf.scripted_azure import ScriptedAzure


class Signed:
    """A credential."""

    def get_token(self, *_: str, **__: Any) -> Any:
        return SimpleNamespace(token="t", expires_on=2**40)


class Time:
    """Passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def throttle(burst: int = 200, per_second: float = 10, most_apart: float = 0) -> tuple[Throttle, Time]:
    time = Time()
    return Throttle(burst, per_second, most_apart=most_apart, clock=time.clock, sleep=time.sleep), time


@given(st.integers(1, 30), st.integers(0, 100), st.sampled_from([0.5, 1.0, 10.0]))
def test_no_span_of_time_sees_more_writes_than_the_bucket_gives(burst, writes, per_second):
    """In any span of t seconds at most burst + t times the rate are sent."""
    limited, time = throttle(burst, per_second)
    sent = []
    for _ in range(writes):
        limited.before("PUT")
        sent.append(time.now)

    for first in range(len(sent)):
        for last in range(first, len(sent)):
            assert last - first + 1 <= burst + (sent[last] - sent[first]) * per_second + 1e-6


def test_a_burst_is_not_slowed_and_what_comes_after_is():
    limited, time = throttle()
    for _ in range(200):
        limited.before("PUT")
    assert time.now == 0

    for _ in range(20):
        limited.before("DELETE")
    assert time.now == pytest.approx(2.0)


def test_reads_are_not_counted():
    limited, time = throttle(burst=1)
    for _ in range(100):
        limited.before("GET")

    assert time.now == 0


@pytest.mark.parametrize(
    ("retry_after", "pause"), [("7", 7), (None, 1), ("soon", 1), ("999999", LONGEST_PAUSE_SECONDS)]
)
def test_a_429_stops_reads_and_writes_of_everybody(retry_after, pause):
    """For as long as the service says; a second if it says nothing, never for ever."""
    limited, time = throttle(burst=0)
    limited.after(429, retry_after)

    limited.before("GET")

    assert time.now == pytest.approx(pause)


@given(
    st.lists(st.tuples(st.sampled_from(["GET", "PUT"]), st.sampled_from([0, 0.001, 1.0])), max_size=50),
    st.sampled_from([0, 0.004, 0.05, 0.1, 3.0]),
)
def test_requests_leave_apart_by_a_part_of_what_an_answer_takes_and_none_waits_longer(requests, answer):
    """However they come: at once, or with pauses in between."""
    limited, time = throttle(burst=0, most_apart=0.005)
    limited.after(200, None, sent=time.now - answer)
    apart = min(0.005, answer / 20)
    sent = []
    for method, pause in requests:
        time.now += pause
        asked = time.now
        limited.before(method)
        sent.append(time.now)
        assert time.now - asked <= apart + 1e-9

    assert all(after - before >= apart - 1e-9 for before, after in pairwise(sent))


def test_a_429_holds_those_too_who_wait_for_their_turn():
    limited, time = throttle(burst=0, most_apart=3)
    limited.after(200, None, sent=-60)
    limited.before("GET")
    limited.after(429, "7")
    limited.before("GET")

    assert time.now == pytest.approx(7)


def test_other_answers_stop_nobody():
    limited, time = throttle(burst=0)
    limited.after(503, "30")
    limited.before("PUT")

    assert time.now == 0


def test_the_gateway_notes_what_it_is_told_and_goes_on():
    """A 429 to one call is known before the next try of any."""
    azure = ScriptedAzure().refuses(429, "TooManyRequests", "wait").then(200, {"name": "f"})
    limited, time = throttle()
    factory = DataFactory(
        subscription_id="s", resource_group="rg", factory="f", credential=Signed(), throttle=limited,
        transport=azure.transport(), retry_backoff_factor=0,
    )  # fmt: skip

    assert factory.factory() == {"name": "f"}
    assert time.now == pytest.approx(1)


def test_threads_share_the_bucket():
    """Eight of them get no more than one would."""
    limited = Throttle(burst=5, per_second=1000)
    threads = [threading.Thread(target=limited.before, args=("PUT",)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert limited._tokens < 5
