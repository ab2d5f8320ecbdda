"""One line a request, in a file of the state folder: instant, method, path, status, milliseconds.

No secret of ours: tokens are headers, which are not written, and the signature of a SAS is cut out.
"""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SECRET = re.compile(r"(?i)([?&](?:sig|signature|token|key|password|secret)=)[^&\s]*")
_FORMAT = "%(asctime)s.%(msecs)03dZ %(levelname).1s %(name)s %(message)s"


def open_log(file: Path) -> None:
    """Send everything this process logs to `file`, at most four times 10 MB of it."""
    handler = RotatingFileHandler(file, maxBytes=10_000_000, backupCount=3, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter(_FORMAT, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(_without_secrets)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    logging.getLogger("asyncio").setLevel(logging.ERROR)


def _without_secrets(record: logging.LogRecord) -> bool:
    record.msg = masked(record.getMessage())
    record.args = None
    return True


def masked(text: str) -> str:
    return _SECRET.sub(r"\1***", text)
