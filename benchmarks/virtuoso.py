"""A Virtuoso of its own on the loopback address, in a folder that goes with it: for tests, and to compare with.

Conventions
-----------
- It is the program of the machine (Debian: ``virtuoso-opensource``), as its maker built it; nothing is downloaded.
- A query runs in one thread, as in a worker process of ours.
"""

import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CONSOLE", "PROGRAM", "WHY_NOT", "Virtuoso", "running"]

PROGRAM = shutil.which("virtuoso-t")
CONSOLE = shutil.which("isql-vt") or shutil.which("isql-v")
WHY_NOT = "the programs virtuoso-t and isql-vt (Debian: apt-get install virtuoso-opensource) are not there"

_SETTINGS = """
[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase

[TempDatabase]
DatabaseFile = {folder}/temp.db
TransactionFile = {folder}/temp.trx
MaxCheckpointRemap = 2000
Striping = 0

[Parameters]
ServerPort = 127.0.0.1:{sql_port}
DisableUnixSocket = 1
MaxClientConnections = 10
CaseMode = 2
DirsAllowed = {folder}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}
ThreadsPerQuery = 1
MaxQueryMem = 512M

[HTTPServer]
ServerPort = 127.0.0.1:{http_port}
ServerRoot = {folder}
MaxClientConnections = 10
ServerThreads = 10
EnabledGzipContent = 0

[SPARQL]
ResultSetMaxRows = {rows}
MaxQueryExecutionTime = {seconds}

[Client]
SQL_QUERY_TIMEOUT = 0
"""


@dataclass(frozen=True)
class Virtuoso:
    """A running server.

    Parameters
    ----------
    url : str
        Address of its queries.
    sql_port : int
        Where its console connects.
    """

    url: str
    sql_port: int

    def console(self, *statements: str) -> None:
        """Run statements as its administrator."""
        for statement in statements:
            done = subprocess.run(
                [str(CONSOLE), str(self.sql_port), "dba", "dba", "ERRORS=STDOUT", f"exec={statement}"],
                check=False, capture_output=True, text=True,
            )  # fmt: skip
            assert "*** Error" not in done.stdout, done.stdout

    def load(self, nquads: Path) -> None:
        """Load an N-Quads file from its folder by its own bulk loader, and write all of it to the disk."""
        self.console(f"ld_dir('{nquads.parent}', '{nquads.name}', '')", "rdf_loader_run()", "checkpoint")


@contextmanager
def running(folder: Path, *, rows: int = 1_000_000, buffers: int = 10_000, seconds: int = 20) -> Iterator[Virtuoso]:
    """Run a Virtuoso until the end of the block; its administrator is ``dba`` with the password ``dba``.

    Parameters
    ----------
    folder : Path
        Empty, or that of an earlier one, whose triples it then has.
    rows : int
        After how many rows it cuts an answer off.
    buffers : int
        How many pages of 8 KiB it keeps in memory.
    seconds : int
        How long a query may take.
    """
    sql_port, http_port = _free_port(), _free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(
        _SETTINGS.format(
            folder=folder, sql_port=sql_port, http_port=http_port, rows=rows, buffers=buffers,
            dirty=buffers * 3 // 5, seconds=seconds,
        )
    )  # fmt: skip
    (folder / "virtuoso.lck").unlink(missing_ok=True)  # of an earlier one, which was killed
    command = [str(PROGRAM), "+foreground", "+configfile", str(settings)]
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(process, f"http://127.0.0.1:{http_port}/sparql", folder)
        yield Virtuoso(f"http://127.0.0.1:{http_port}/sparql", sql_port)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, (folder / "output.log").read_text()
        try:
            urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Virtuoso does not answer")
