"""One file for people, written whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path


def write(file: Path, text: str) -> None:
    """In place of what was there; raises OSError, and then that is as it was."""
    draft = file.with_name(f".{file.name}.{uuid4().hex}")
    try:
        draft.write_text(text, encoding="utf-8")
        os.replace(draft, file)  # noqa: PTH105 - Path.replace is the same call
    except OSError:
        draft.unlink(missing_ok=True)
        raise
