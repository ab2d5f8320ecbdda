"""Before the Azure ML SDK is imported: it reads its cloud at its import, and writes to `~/.azureml`."""

from __future__ import annotations

import atexit
import os
import pwd
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from ml_pipelines.errors import SecondCloud

if TYPE_CHECKING:
    from collections.abc import MutableMapping

CLOUD_VARIABLES = ("ARM_CLOUD_METADATA_URL", "AZUREML_CURRENT_CLOUD")
_CLOUD: list[str] = []


def prepare() -> None:
    """Raises SecondCloud where the SDK was imported for another cloud than the environment names now."""
    here = " ".join(os.environ.get(name, "") for name in CLOUD_VARIABLES).strip() or "the public cloud"
    if not _CLOUD:
        _CLOUD.append(here)
    if _CLOUD[0] != here:
        raise SecondCloud(_CLOUD[0], here)
    ensure_home()


def ensure_home(variables: MutableMapping[str, str] = os.environ) -> None:
    """Where HOME is unset or cannot be written (a container, a build agent): one for this process's time.

    What the Azure CLI knows stays where it is.
    """
    home = Path(variables.get("HOME") or pwd.getpwuid(os.getuid()).pw_dir)
    if not os.access(home, os.W_OK | os.X_OK):
        variables.setdefault("AZURE_CONFIG_DIR", str(home / ".azure"))
        made = tempfile.TemporaryDirectory(prefix="azureml-home-", ignore_cleanup_errors=True)
        atexit.register(made.cleanup)
        home = Path(made.name)
    variables["HOME"] = str(home)
