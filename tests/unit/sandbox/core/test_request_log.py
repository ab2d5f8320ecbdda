"""What a log line may say."""

from __future__ import annotations

import pytest

from sandbox.request_log import masked


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /a?sv=1&sig=abc%3D&sr=b 200", "GET /a?sv=1&sig=***&sr=b 200"),
        ("GET /a?SIG=abc 200", "GET /a?SIG=*** 200"),
        ("GET /design?x=1 200", "GET /design?x=1 200"),
    ],
)
def test_signatures_are_cut_out(line: str, expected: str) -> None:
    assert masked(line) == expected
