"""A Virtuoso with the triples of an archive, for ``python -m benchmarks.questions --virtuoso``.

Conventions
-----------
- It loads the N-Quads file by its own bulk loader (``ld_dir``, ``rdf_loader_run``) and ends with a checkpoint.
- It is asked as a user's is: through :class:`store.RemoteStore`, on the loopback address, in the form that
  :mod:`store._virtuoso` gives to a question.
- It keeps up to 2 GiB of pages in memory, which is more than these archives take. It may take as long for a question as
  ours; one that goes on longer is ended with the server, which is started again.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import virtuoso
from store import Limits, RemoteStore, Server

__all__ = ["Peer", "beside"]

_BUFFERS = 250_000
_GRACE_SECONDS = 5


class Peer:
    """A Virtuoso and a store on it.

    Parameters
    ----------
    folder : Path
        Its folder, empty.
    seconds : int
        How long a question may take.
    """

    def __init__(self, folder: Path, seconds: int) -> None:
        self._folder, self._seconds = folder, seconds
        self._running = ExitStack()
        self.start()

    def start(self) -> None:
        """Start it, again if it runs."""
        self._running.close()
        self._server = self._running.enter_context(
            virtuoso.running(self._folder, buffers=_BUFFERS, seconds=self._seconds)
        )
        limit = float(self._seconds + _GRACE_SECONDS)
        self.store = self._running.enter_context(
            RemoteStore(Server(self._server.url), limits=Limits(seconds=limit, quick_seconds=limit))
        )

    def load(self, nquads: Path) -> int:
        """Load a file, and return how many quads it then has in graphs that are not its own."""
        own = self._folder / nquads.name
        os.link(nquads, own)
        self._server.load(own)
        own.unlink()
        return self.store.stats().quads

    def size(self) -> int:
        """Return the bytes of its database on the disk."""
        return (self._folder / "virtuoso.db").stat().st_size

    def close(self) -> None:
        """End it."""
        self._running.close()


@contextmanager
def beside(nquads: Path, seconds: int) -> Iterator[Peer]:
    """Run a Virtuoso with the quads of a file until the end of the block; print what loading took.

    Parameters
    ----------
    nquads : Path
        Beside it the server has its folder, for as long as it runs.
    seconds : int
        How long a question may take.

    Raises
    ------
    SystemExit
        If Virtuoso is not there.
    """
    if virtuoso.PROGRAM is None or virtuoso.CONSOLE is None:
        raise SystemExit(virtuoso.WHY_NOT)
    folder = nquads.with_suffix(".virtuoso").absolute()
    folder.mkdir()
    try:
        peer = Peer(folder, seconds)
        try:
            began = time.perf_counter()
            quads = peer.load(nquads)
            taken = time.perf_counter() - began
            print(f"  Virtuoso: {quads:,} triples loaded, {quads / taken:,.0f} per second, ", end="")
            print(f"{peer.size() / quads:.0f} bytes per triple on disk", flush=True)
            yield peer
        finally:
            peer.close()
    finally:
        shutil.rmtree(folder)
