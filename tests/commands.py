"""The command line as a user types it, and what an archive holds after it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

from store import open_store

CLOCK = "1750000000"
"""What ``SOURCE_DATE_EPOCH`` fixes the time to."""

ROOT = Path(__file__).parents[1]

_SERVER = get_context("forkserver")
_SERVER.set_forkserver_preload([f"api.{name}" for name in ("ingesting", "asking", "describing", "keeping", "picture")])


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


def command(*arguments: str | Path) -> list[str]:
    """Return how to start the command line in this Python."""
    return [sys.executable, "-m", "api.cli", *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """Return an environment without settings of the machine, with a fixed clock."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ACOUSMA_")}
    return kept | {"SOURCE_DATE_EPOCH": CLOCK, "PYTHONPATH": str(ROOT), "COLUMNS": "200"} | changes


def typed(
    *arguments: str | Path, stdin: str | None = None, cwd: Path | None = None, **changes: str
) -> subprocess.CompletedProcess[str]:
    """Run ``acousma`` from nothing, as a shell does; keywords are environment variables."""
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, input=stdin, cwd=cwd, env=environment(**changes),
        check=False, timeout=120,
    )  # fmt: skip


def _be_the_command(arguments: list[str], surroundings: Mapping[str, str], out: Path | None) -> None:
    os.setsid()
    os.environ.clear()
    os.environ.update(surroundings)
    for stream, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(out / name if out else os.devnull, os.O_WRONLY | os.O_CREAT), stream)
    sys.argv = ["acousma", *arguments]
    from api import cli  # noqa: PLC0415 - after the streams are in place: it looks at them

    cli.main()


def start(*arguments: str | Path, out: Path | None = None, **changes: str) -> BaseProcess:
    """Start ``acousma`` in a process group of its own, with its libraries loaded beforehand.

    Parameters
    ----------
    *arguments : str or Path
    out : Path, optional
        Folder for the files ``stdout`` and ``stderr``.
    **changes : str
        Environment variables.
    """
    process = _SERVER.Process(target=_be_the_command, args=(list(map(str, arguments)), environment(**changes), out))
    process.start()
    return process


def acousma(*arguments: str | Path, **changes: str) -> Ended:
    """Run ``acousma`` in a process of its own; keywords are environment variables."""
    with TemporaryDirectory() as folder:
        out = Path(folder)
        process = start(*arguments, out=out, **changes)
        process.join(120)
        if process.exitcode is None:
            kill(process)
            raise TimeoutError(f"acousma {' '.join(map(str, arguments))} did not end in two minutes")
        written = [(out / name).read_bytes().decode("utf-8") for name in ("stdout", "stderr")]
    return Ended(process.exitcode, *written)


def kill(process: BaseProcess) -> None:
    """Kill the whole process group, workers too, without a warning."""
    assert process.pid is not None
    if process.is_alive():
        os.killpg(process.pid, signal.SIGKILL)
    process.join(10)


def runs(pid: int | str) -> bool:
    """Tell whether a process runs; one that has ended may stay in the list for a while."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def dump(archive: Path, target: Path) -> list[str]:
    """Return every published quad of an archive, as sorted lines of N-Quads."""
    with open_store(archive) as store:
        store.dump(None, target)
    return sorted(target.read_text(encoding="utf-8").splitlines())


def graph_of(line: str) -> str:
    """Return the named graph of a line of N-Quads."""
    return line.rsplit(" ", 2)[1].strip("<>")
