"""Who carries changes out: a process of its own beside an archive in a folder, or a server.

Conventions
-----------
- The writing process opens the archive when a change comes and closes it when none has come for a moment, so that
  another program (an ingest) can write in turn. While another one is writing, a change waits for a while and is then
  turned away; readers are not concerned.
- A change is answered when it is stored and published: every later query sees it, and it outlives this process.
- A change that takes too long is ended with its process; the store rolls it back.
"""

from __future__ import annotations

import multiprocessing
import resource
import signal
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

from ontology.errors import AcousmaError, QueryBusy, QueryTimeout, StoreError, StoreLocked
from store._worker import forbid_sockets
from store.base import Limits
from store.changes import Change, Outcome, carry_out
from store.children import end_with_parent
from store.embedded import EmbeddedStore
from store.remote import RemoteStore

__all__ = ["DirectWriter", "ProcessWriter", "Writer"]

_IDLE_SECONDS = 0.25
"""How long the writing process keeps the archive open without a change."""

_TURN_SECONDS = 1.0
"""After how long it lets go of the archive although changes keep coming, so that another program gets its turn."""

_PAUSE_SECONDS = 0.1
"""For how long it then lets go; longer than others wait between two attempts."""

_PUBLISH_SECONDS = 30.0
"""How long publishing may take after the change itself, which has a limit of its own."""

_RETRY_SECONDS = 0.05


class Writer(Protocol):
    """Whoever carries changes out, one after the other; safe from any thread."""

    def apply(self, change: Change) -> Outcome:
        """Make a change and publish it, or raise; see :func:`store.changes.carry_out`."""
        ...

    def close(self) -> None:
        """Wait for the change that is being made, and take no more."""
        ...


class DirectWriter:
    """Carries changes out on a server.

    Parameters
    ----------
    store : RemoteStore
        Open for writing. This must be the only process that writes to it.
    """

    def __init__(self, store: RemoteStore) -> None:
        self._store = store
        self._lock = threading.Lock()

    def apply(self, change: Change) -> Outcome:
        """Make a change."""
        with self._lock:
            return carry_out(self._store, change)

    def close(self) -> None:
        """Wait for the change that is being made."""
        with self._lock:
            self._store.close()


class ProcessWriter:
    """Carries changes out on an archive in a folder, in a process of its own.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    limits : Limits
        ``seconds`` is the most an update may take, ``wait_seconds`` how long a change waits for its turn.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self._folder = folder
        self._limits = limits
        self._lock = threading.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._closed = False

    def apply(self, change: Change) -> Outcome:
        """Make a change and publish it.

        Raises
        ------
        QueryBusy
            If others were before it for too long.
        QueryTimeout
            If it took too long; nothing of it is stored.
        StoreLocked
            If another program is writing.
        AcousmaError
            What :func:`store.changes.carry_out` raises.
        """
        if not self._lock.acquire(timeout=self._limits.wait_seconds):
            raise QueryBusy(
                f"other changes took {self._limits.wait_seconds:g} s", "its turn", "send it again a little later"
            )
        try:
            if self._closed:
                raise StoreError("the archive is being closed", None, "send the change again a little later")
            return self._send(change)
        finally:
            self._lock.release()

    def _send(self, change: Change) -> Outcome:
        connection = self._connected()
        try:
            connection.send(change)
            if not connection.poll(self._limits.seconds + self._limits.wait_seconds):
                self._end()
                raise QueryTimeout(
                    f"the update took longer than {self._limits.seconds:g} s and was stopped", None,
                    "make it narrower, or send it in parts",
                )  # fmt: skip
            answer = connection.recv()
            if answer is None:  # stored; what follows is its publication
                if not connection.poll(_PUBLISH_SECONDS):
                    self._end()
                    raise StoreError("the change was stored but could not be published in time")
                answer = connection.recv()
        except (EOFError, OSError) as error:
            self._end()
            raise StoreError(
                "the process that writes ended; it is not known whether the change was stored", None,
                "look whether it was before sending it again",
            ) from error  # fmt: skip
        if isinstance(answer, AcousmaError):
            raise answer
        assert isinstance(answer, Outcome), "the process answers with an outcome or an error"
        return answer

    def _connected(self) -> Connection:
        if self._connection is None or self._process is None or not self._process.is_alive():
            self._end()
            context = multiprocessing.get_context("spawn")
            self._connection, theirs = context.Pipe()
            self._process = context.Process(target=_write, args=(theirs, self._folder, self._limits), daemon=True)
            self._process.start()
            theirs.close()
        return self._connection

    def _end(self) -> None:
        if self._connection is not None:
            self._connection.close()
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        self._connection = self._process = None

    def close(self) -> None:
        """Wait for the change that is being made, and take no more."""
        with self._lock:
            self._closed = True
            if self._connection is not None and self._process is not None:
                self._connection.close()  # the process ends when it has closed the archive
                self._process.join(_PUBLISH_SECONDS)
                self._connection = None
            self._end()


def _write(connection: Connection, folder: Path, limits: Limits) -> None:
    """Be the writing process: carry out changes until the parent goes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory_bytes, limits.memory_bytes))
    forbid_sockets()
    end_with_parent()
    store: EmbeddedStore | None = None
    first, opened = True, 0.0
    with suppress(EOFError, OSError):
        while True:
            if store is not None and not connection.poll(_IDLE_SECONDS):
                store.close()
                store = None
            change: Change = connection.recv()
            try:
                if store is not None and time.monotonic() - opened > _TURN_SECONDS:
                    store.close()
                    store = None
                    time.sleep(_PAUSE_SECONDS)
                if store is None:
                    store, opened = _opened(folder, limits), time.monotonic()
                    if first:  # another process may have been killed before it published
                        store.publish()
                        first = False
                outcome = carry_out(store, change)
                connection.send(None)
                if outcome.failed is None:
                    store.publish()
                connection.send(outcome)
            except AcousmaError as error:
                connection.send(error)
            except (MemoryError, RecursionError) as error:
                connection.send(StoreError(f"the change needs too much memory ({type(error).__name__})"))
    if store is not None:
        store.close()


def _opened(folder: Path, limits: Limits) -> EmbeddedStore:
    """Open the archive for writing, waiting for whoever else does."""
    deadline = time.monotonic() + limits.wait_seconds
    while True:
        try:
            return EmbeddedStore(folder, limits=limits, writable=True)
        except StoreLocked:
            if time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
