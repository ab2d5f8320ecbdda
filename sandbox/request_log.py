"""One line a request, in a file of the state folder: instant (UTC), method, path, status, milliseconds, the
request's id as its sender got it, and of a refusal what was said.

No secret: headers and bodies are not written, and signatures, keys and codes in a path are cut out, also of
tracebacks. What a sender wrote stays one line.
"""

from __future__ import annotations

import logging
import re
import time
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from aiohttp import web

_SECRET = re.compile(
    r"(?i)([?&;](?:sig|signature|token|access_token|key|accountkey|code|password|secret)=)[^&;\s\"']*"
)
_CONTROL = {number: f"\\x{number:02x}" for number in (*range(32), 127)}
_LONGEST = 1000
_OUTPUT_BYTES = 1_000_000
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname).1s %(name)s %(message)s"


def open_log(file: Path, logger: str | None = None) -> None:
    """Send what `logger` logs, or everything this process does, to `file`: at most four times 10 MB."""
    handler = _Handler(file, maxBytes=10_000_000, backupCount=3, encoding="utf-8", delay=True)
    handler.setFormatter(_Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    logging.getLogger(logger).addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.ERROR)


def open_output(file: Path) -> BinaryIO:
    """For what a process prints; begins a new file after 1 MB and keeps the one before."""
    if file.exists() and file.stat().st_size > _OUTPUT_BYTES:
        file.replace(file.with_name(f"{file.name}.1"))
    return file.open("ab")


def write_request(
    log: logging.Logger, request: web.Request, status: int, started: float, request_id: str, refusal: str = ""
) -> None:
    """`started` is time.perf_counter's; `refusal` is code and message, of an error."""
    milliseconds = (time.perf_counter() - started) * 1000
    line = f"{request.method} {request.raw_path} {status} {milliseconds:.0f} ms {request_id} {refusal}"
    log.info("%s", line.rstrip())


class _Handler(RotatingFileHandler):
    def shouldRollover(self, _record: logging.LogRecord) -> bool:  # noqa: N802 - logging's name
        """Room for a line is left; the base class formats each one once more to know its length."""
        if self.stream is None:
            self.stream = self._open()
        return self.stream.tell() + _LONGEST >= self.maxBytes

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """A disk that is full has no room for this line either: what matters is said by who logs it."""


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        record.message = one_line(record.message)
        return super().formatMessage(record)

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


def one_line(text: str) -> str:
    line = text.translate(_CONTROL)
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"


def masked(text: str) -> str:
    return _SECRET.sub(r"\1***", text)
