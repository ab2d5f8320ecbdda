"""One worker process of a ParallelRunStep. Started as a script by `parallel_run_driver`, standard library
only.

    python -P parallel_run_worker.py <socket fd> <entry script> <step arguments ...>

It says `ready` once the entry script's init() is done, then answers one line of JSON a mini-batch, and
calls shutdown(), where the script has one, when the driver closes the socket, and says `finished`.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import signal
import socket
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

_PR_SET_PDEATHSIG = 1


class BadReturn(TypeError):
    """run() must say which inputs it processed: an element of a list, or a row of a DataFrame, for each."""

    def __init__(self, value: object) -> None:
        super().__init__(
            f"run() returned {type(value).__name__}; it must return a list or a pandas DataFrame"
        )


class ScriptNotFound(FileNotFoundError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"the entry script {path} is not in the snapshot")


def main() -> int:
    _die_with_parent()
    stream = socket.socket(fileno=int(sys.argv[1])).makefile("rw", encoding="utf-8")
    sys.argv = sys.argv[2:]
    try:
        script = _load(Path(sys.argv[0]))
        if hasattr(script, "init"):
            script.init()
    except BaseException as error:  # noqa: BLE001 - init() may end with SystemExit: any end is told
        _say(stream, {"event": "broken", **_failure(error)})
        return 1
    _say(stream, {"event": "ready"})
    for line in stream:
        _say(stream, _process(script, json.loads(line)))
    if hasattr(script, "shutdown"):
        script.shutdown()
    _say(stream, {"event": "finished"})
    return 0


def _load(path: Path) -> ModuleType:
    """The script under its own name, so that what it pickles can be read again; its folder and the snapshot
    on the path.
    """
    if not path.is_file():
        raise ScriptNotFound(path)
    sys.path[:0] = [str(path.resolve().parent), str(Path.cwd())]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ScriptNotFound(path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def _process(script: ModuleType, order: dict[str, Any]) -> dict[str, Any]:
    try:
        result = script.run(list(order["files"]))
        rows = _rows(result)
        if order["rows_file"]:
            _keep(rows, Path(order["rows_file"]))
    except BaseException as error:  # noqa: BLE001 - SystemExit in run() is a failed mini-batch
        return {"event": "failed", **_failure(error)}
    return {"event": "done", "processed": len(rows)}


def _rows(result: Any) -> list[str]:  # noqa: ANN401 - whatever the user's run() returns
    """As the service writes them with append_row: an element is its text, a DataFrame's row its values, one
    space apart.
    """
    if hasattr(result, "to_csv"):
        text: str = result.to_csv(sep=" ", header=False, index=False)
        return text.splitlines() if len(result) else []
    if isinstance(result, (list, tuple)) or type(result).__name__ == "ndarray":
        return [str(element) for element in result]
    raise BadReturn(result)


def _keep(rows: list[str], file: Path) -> None:
    """A retried mini-batch replaces its rows; a killed worker leaves none."""
    draft = file.with_suffix(".part")
    draft.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    draft.replace(file)


def _failure(error: BaseException) -> dict[str, str]:
    with suppress(ValueError):  # the user's script may have closed it
        sys.stdout.flush()
    return {
        "error": "".join(traceback.format_exception_only(error)).strip().splitlines()[-1],
        "traceback": "".join(traceback.format_exception(error)),
    }


def _say(stream: Any, message: dict[str, Any]) -> None:  # noqa: ANN401 - a text stream
    stream.write(json.dumps(message) + "\n")
    stream.flush()


def _die_with_parent() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
