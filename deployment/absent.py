"""What a command does not use of what is installed: a fifth of a second of its imports."""

from __future__ import annotations

from ml_pipelines.steps.absent import ASYNCIO, SSH, hide


def hide_unused() -> None:
    """For the whole process: `deploy.py` alone may say so, since who imports this may use them."""
    hide(*ASYNCIO, *SSH)
