"""A Virtuoso of its own on the loopback address, in a folder that goes with it."""

import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.endpoint import free_port

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
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
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
MaxQueryExecutionTime = 20

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
                capture_output=True, text=True,
            )  # fmt: skip
            assert "*** Error" not in done.stdout, done.stdout


@contextmanager
def running(folder: Path, *, rows: int = 1_000_000) -> Iterator[Virtuoso]:
    """Run a Virtuoso until the end of the block; its administrator is ``dba`` with the password ``dba``.

    Parameters
    ----------
    folder : Path
        Empty.
    rows : int
        After how many rows it cuts an answer off.
    """
    sql_port, http_port = free_port(), free_port()
    settings = folder / "virtuoso.ini"
    settings.write_text(_SETTINGS.format(folder=folder, sql_port=sql_port, http_port=http_port, rows=rows))
    command = [str(PROGRAM), "+foreground", "+configfile", str(settings)]
    with (folder / "output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    try:
        _wait(process, f"http://127.0.0.1:{http_port}/sparql", folder)
        yield Virtuoso(f"http://127.0.0.1:{http_port}/sparql", sql_port)
    finally:
        process.kill()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", url: str, folder: Path) -> None:
    for _ in range(600):
        assert process.poll() is None, (folder / "output.log").read_text()
        try:
            urllib.request.urlopen(f"{url}?query=ASK%7B%7D", timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Virtuoso does not answer")
