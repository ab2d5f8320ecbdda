"""Writes what a state folder of today's format holds, as SQL: the fixture of test_formats.py. A script.

    python -m tests.fault.formats.write tests/fault/formats/0

Run it before a change of the format, into a folder named after the format that it replaces.
"""

from __future__ import annotations

import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

from tests.conftest import launch
from tests.fault.machine import GROUP, Machine
from tests.fault.test_machinelearning_killed import WORKSPACE
from tests.fault.test_machinelearning_killed import Machine as Workshop


def write(into: Path) -> None:
    with tempfile.TemporaryDirectory() as base:
        state = Path(base) / "state"
        _fill(state)
        into.mkdir(parents=True, exist_ok=True)
        for name in ("state", "lake"):
            database = sqlite3.connect(state / f"{name}.db")
            (number,) = database.execute("PRAGMA user_version").fetchone()
            lines = [*database.iterdump(), f"PRAGMA user_version = {number};"]
            (into / f"{name}.sql").write_text("\n".join(lines) + "\n")
            database.close()
        for name in ("machinelearning", "lake/keptlake"):
            shutil.copytree(state / name, into / name)


def _fill(state: Path) -> None:
    """One of each: a factory with a started trigger and a run, a published ML pipeline with a run, a file."""
    factories = Machine(state, launch)
    azure = factories.azure
    azure.arm("PUT", GROUP, {"location": "x"}).raise_for_status()
    factories.call("PUT", "", {"location": "x", "identity": {"type": "SystemAssigned"}})
    factories.waits("p", 0)
    factories.windows("p", 5)
    workshop = Workshop(state, lambda _: azure)
    workshop.json("PUT", WORKSPACE, {"location": "x"})
    workshop.json("PUT", f"{WORKSPACE}/computes/cpu", {"properties": {"computeType": "AmlCompute"}})
    run = workshop.submit(workshop.publish({"step.py": 'print("kept")\n'}, []))
    assert workshop.ended(run)["StatusCode"] == "Finished"
    with azure.lake_client("keptlake") as client:
        data = client.create_file_system("data", metadata={"of": "all"})
        data.get_file_client("kept").upload_data(b"kept", overwrite=True, metadata={"k": "v"})
    assert azure.stop() == 0


if __name__ == "__main__":
    write(Path(sys.argv[1]))
