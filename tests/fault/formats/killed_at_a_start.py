"""Die at every line of a first start and of an upgrade, one process a line; start again. A script: it forks.

python -m tests.fault.formats.killed_at_a_start FOLDER
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import certifi
from cryptography import x509

from sandbox import store, tls
from sandbox.datalake import catalog
from sandbox.identity import Identity
from sandbox.state import StateFolder
from tests.fault.forks import die_at_line, killed

HERE = Path(__file__).parent
TRACED = ("/tls.py", "/identity.py", "/database.py", "/state.py", "/store.py", "/catalog.py")
NOW = datetime(2026, 11, 25, tzinfo=UTC)


def a_small_world(file: Path) -> None:
    """Of the hundred and more authorities of the world three: each is as many lines to die at as another."""
    end = b"-----END CERTIFICATE-----\n"
    file.write_bytes(end.join(Path(certifi.where()).read_bytes().split(end)[:3]) + end)
    certifi.where = lambda: str(file)


def start(folder: StateFolder) -> None:
    """What a start writes before it is ready."""
    folder.prepare()
    lock = folder.lock()
    tls.ensure(folder.tls, NOW)
    Identity(folder.secret)
    store.Store(folder.path / "state.db").close()
    catalog.Catalog(folder.path / "lake.db").close()
    folder.announce({"pid": os.getpid()})
    os.close(lock)


def check(folder: StateFolder, documents: int) -> None:
    """A start after the kill has everything that a start that was never killed has."""
    start(folder)
    leaf, authority = (
        x509.load_pem_x509_certificate((folder.tls / name).read_bytes())
        for name in ("certificate.pem", "ca.pem")
    )
    leaf.verify_directly_issued_by(authority)
    assert (folder.tls / "ca.pem").read_bytes() in (folder.tls / "bundle.pem").read_bytes()
    assert len(list((folder.tls / "authorities").iterdir())) == 4
    assert len(folder.secret.read_bytes()) == 64
    with closing(sqlite3.connect(folder.path / "state.db")) as reader:
        assert reader.execute("PRAGMA user_version").fetchone() == (store.FORMAT.number,)
        assert reader.execute("SELECT count(*) FROM documents").fetchone() == (documents,)
    assert folder.announced() is not None
    assert not list(folder.path.glob("*.format-*"))


def dies_at(line: int, folder: StateFolder) -> bool:
    """Whether there was such a line."""

    def doomed() -> None:
        die_at_line(line, TRACED)
        start(folder)

    return killed(doomed)


def kill_everywhere(origin: Path, base: Path, documents: int) -> int:
    """How many lines it died at."""
    line = 0
    while True:
        line += 1
        folder = StateFolder(base / "state")
        shutil.rmtree(folder.path, ignore_errors=True)
        shutil.copytree(origin, folder.path)
        died = dies_at(line, folder)
        check(folder, documents)
        if not died:
            return line - 1


def main(base: Path) -> None:
    a_small_world(base / "world.pem")
    new, older, renewed = base / "new", base / "older", base / "renewed"
    for origin in (new, older):
        origin.mkdir()
    with closing(sqlite3.connect(older / "state.db")) as database:
        database.executescript((HERE / "0/state.sql").read_text())
        documents = database.execute("SELECT count(*) FROM documents").fetchone()[0]
    start(StateFolder(renewed))
    (renewed / "tls/ca.key").write_bytes(b"")
    for origin, expected in ((new, 0), (older, documents), (renewed, 0)):
        print(origin.name, kill_everywhere(origin, base, expected))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
