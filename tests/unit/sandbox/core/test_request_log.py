"""What a log line may say, and how much of it is kept."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest

from sandbox import request_log
from sandbox.request_log import masked, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import LocalAzure


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Logs, and gives the file."""
    name = f"test.{tmp_path.name}"
    request_log.open_log(tmp_path / "log", name)
    logger = logging.getLogger(name)
    logger.propagate = False

    def write(message: str, *arguments: object, error: Exception | None = None) -> str:
        logger.error(message, *arguments, exc_info=error)
        return (tmp_path / "log").read_text()

    yield write
    for handler in logger.handlers:
        handler.close()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /a?sv=1&sig=abc%3D&sr=b 200", "GET /a?sv=1&sig=***&sr=b 200"),
        ("GET /a?SIG=abc 200", "GET /a?SIG=*** 200"),
        ("GET /api?code=f%2Fx 200", "GET /api?code=*** 200"),
        ("'https://x/a?sig=abc' failed", "'https://x/a?sig=***' failed"),
        ("AccountName=a;AccountKey=abc==;x", "AccountName=a;AccountKey=***;x"),
        ("GET /design?x=1 200", "GET /design?x=1 200"),
    ],
)
def test_signatures_keys_and_codes_are_cut_out(line: str, expected: str) -> None:
    assert masked(line) == expected


def test_what_a_sender_wrote_stays_one_line_of_bounded_length() -> None:
    """Nobody writes lines of their own into the log."""
    assert one_line("a\r\n2026-01-01 fake\x1b[31m") == "a\\x0d\\x0a2026-01-01 fake\\x1b[31m"
    assert len(one_line("x" * 5000)) < 1100


def test_a_line_begins_with_the_instant_in_utc(log: Callable[..., str]) -> None:
    line = log("%s %s", "GET", "/a")

    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z E test\.\S+ GET /a\n", line)


def test_a_traceback_tells_no_secret_either(log: Callable[..., str]) -> None:
    written = log("failed", error=ValueError("https://x/a?sig=s3cr3t&x=1"))

    assert "ValueError: https://x/a?sig=***&x=1" in written


def test_a_refusal_is_told_with_the_id_that_its_sender_got(sandbox: LocalAzure) -> None:
    """Of both processes: method, path, status, milliseconds, request id, code and message."""
    from azure.core.exceptions import ResourceNotFoundError

    control = sandbox.arm("GET", "/subscriptions/none-of-ours").headers["x-ms-request-id"]
    with sandbox.lake_client("loglake") as client, pytest.raises(ResourceNotFoundError) as refused:
        client.create_file_system("data").get_file_client("gone").get_file_properties()
    assert refused.value.response is not None
    lake = refused.value.response.headers["x-ms-request-id"]

    logs = sandbox.state / "logs"
    told = rf"Z I sandbox\.control GET /subscriptions/none-\S+ 404 \d+ ms {control} SubscriptionNotFound: "
    assert re.search(told, (logs / "control.log").read_text())
    told = rf"Z I sandbox\.lake HEAD /loglake/data/gone 404 \d+ ms {lake} BlobNotFound: "
    assert re.search(told, (logs / "lake.log").read_text())


def test_what_a_process_prints_is_kept_once_more(tmp_path: Path) -> None:
    """Beyond 1 MB a new file begins; the one before stays."""
    file = tmp_path / "output.log"
    file.write_bytes(b"x" * 1_000_001)

    with request_log.open_output(file) as stream:
        stream.write(b"new")

    assert file.read_bytes() == b"new"
    assert (tmp_path / "output.log.1").stat().st_size == 1_000_001
    with request_log.open_output(file) as stream:
        stream.write(b"er")
    assert file.read_bytes() == b"newer"


def test_a_log_that_has_no_room_says_nothing_on_the_terminal(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with the disk is told by who finds it out, and without a traceback above."""
    name = f"test.{tmp_path.name}.full"
    request_log.open_log(tmp_path / "gone" / "log", name)

    logging.getLogger(name).error("the disk is full")

    assert capfd.readouterr().err == ""
