"""The Azure ML SDK at work: quiet, one task at a time where it changes the process, its errors as ours."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING

from ml_pipelines.errors import ServiceRefused

if TYPE_CHECKING:
    from collections.abc import Iterator

NOISY = ("azureml", "msrest", "urllib3", "azure.identity", "adal-python")

_ONE_AT_A_TIME = threading.RLock()


def quieten() -> None:
    """Its loggers tell nothing, on a terminal where a plan is read: what fails is raised, and told once."""
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL)


@contextmanager
def at_work() -> Iterator[None]:
    """Publishing and registering, one at a time, without what the SDK does to the whole process.

    It prints to stdout, which is for results; it warns of what is not the user's to mend; and it puts the
    snapshot's folder first on sys.path, where a user's `rich.py` would hide the real one.
    """
    with _ONE_AT_A_TIME, Path(os.devnull).open("w") as nowhere, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kept = list(sys.path)
        try:
            with redirect_stdout(nowhere):
                yield
        finally:
            sys.path[:] = kept


def said(error: BaseException) -> str:
    """The first line of what the SDK says; some of its errors keep it in `message`."""
    text = str(getattr(error, "message", "") or error).strip()
    return text.splitlines()[0] if text else type(error).__name__


@contextmanager
def service(operation: str) -> Iterator[None]:
    """The SDK's many errors as ServiceRefused; what is ours passes."""
    from azure.core.exceptions import AzureError
    from azureml._restclient.exceptions import ServiceException
    from azureml.exceptions import AzureMLException
    from msrest.exceptions import ClientException

    try:
        yield
    except (AzureError, AzureMLException, ClientException, ServiceException, OSError) as error:
        raise ServiceRefused(operation, said(error)) from error
