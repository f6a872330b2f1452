"""Worker processes evaluate queries, so that a query can be stopped, crash or run out of memory without harm.

pyoxigraph has no time limit of its own, and deep texts end the process it runs in: the only hard limit is to
end a process. A query therefore runs in one of a few workers (:mod:`store._worker`), each on the published
generation.

Conventions
-----------
- A worker starts when it is first needed and is used again; one query occupies one worker.
- Past its time limit a worker is killed and the next query gets a fresh one.
- The time of a query runs from its sending to the reading of the last byte of its answer, so that a slow
  reader cannot hold a worker either.
"""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import NoReturn, Self

from ontology.errors import (
    QueryError,
    QueryLost,
    QuerySyntaxError,
    QueryTimeout,
    QueryTooLarge,
    StoreError,
    StoreMissing,
)
from store import _worker
from store.base import Dataset, Limits

__all__ = ["Answer", "Job", "WorkerPool"]

_START_SECONDS = 30.0
_NARROW = "name a work, a concept or a run in the query, or add LIMIT"


@dataclass(frozen=True)
class Job:
    """One query for a worker, checked by :mod:`store.guard` beforehand.

    Parameters
    ----------
    folder : str
        The generation to read.
    text : str
        The query.
    media_type : str
        The form of the answer.
    union : bool
        Whether the default graph is the union of all named graphs.
    dataset : Dataset or None
        The graphs that the request names, if it does.
    """

    folder: str
    text: str
    media_type: str
    union: bool
    dataset: Dataset | None = None


class _Worker:
    """One worker process and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        self._socket, theirs = socket.socketpair()
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the worker, in kill()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", _worker.__file__, str(theirs.fileno()), json.dumps(asdict(limits))],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._messages,
                process_group=0,
            )
        try:
            self.receive(time.monotonic() + _START_SECONDS)
        except TimeoutError:
            self.kill()
            raise QueryLost(f"the process for queries did not start within {_START_SECONDS:g} s") from None
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, job: Job) -> None:
        payload = json.dumps(asdict(job)).encode()
        self._socket.settimeout(_START_SECONDS)
        try:
            self._socket.sendall(_worker.FRAME.pack(b"Q", len(payload)) + payload)
        except OSError:
            self._raise_lost()

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        """Return the kind and the payload of the next frame; raise TimeoutError past the deadline."""
        kind, length = _worker.FRAME.unpack(self._exactly(_worker.FRAME.size, deadline))
        return kind, self._exactly(length, deadline)

    def _exactly(self, size: int, deadline: float) -> bytes:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            try:
                count = self._socket.recv_into(view)
            except ConnectionError:
                count = 0
            if not count:
                self._raise_lost()
            view = view[count:]
        return bytes(data)

    def _raise_lost(self) -> NoReturn:
        """Say how the process ended."""
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            code = 0
        if code == -signal.SIGALRM:
            raise TimeoutError
        self._messages.seek(0)
        said = self._messages.read().decode(errors="replace").strip().partition("\n")[0]  # then the backtrace
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        raise QueryLost(
            f"the process that evaluated the query ended ({how}{': ' + said if said else ''})",
            "an answer; the archive is unharmed",
            "make the query shallower, or its intermediate results smaller, and send it again",
        )

    def kill(self) -> None:
        """End the process at once and forget it."""
        self._process.kill()
        self._process.wait()
        self._socket.close()
        self._messages.close()


class Answer(Iterator[bytes]):
    """The bytes of an answer, block by block; it holds its worker until it is read to its end or closed.

    Parameters
    ----------
    pool : WorkerPool
        Where the worker goes back to.
    worker : _Worker
        The worker to which the query has been sent.
    limits : Limits
        The time limit.
    """

    def __init__(self, pool: WorkerPool, worker: _Worker, limits: Limits) -> None:
        self._pool = pool
        self._worker: _Worker | None = worker
        self._limits = limits
        self._deadline = time.monotonic() + limits.seconds
        self._first: bytes | None = None

    def start(self) -> Self:
        """Wait for the first block, so that early errors are raised before anything is handed out."""
        self._first = next(self, b"")
        return self

    def __next__(self) -> bytes:
        if self._first:
            block, self._first = self._first, None
            return block
        if self._worker is None:
            raise StopIteration
        try:
            kind, payload = self._worker.receive(self._deadline)
        except TimeoutError:
            self.close()
            raise QueryTimeout(
                f"the query took longer than {self._limits.seconds:g} s and was stopped", None, _NARROW
            ) from None
        except BaseException:
            self.close()
            raise
        if kind == b"D":
            return payload
        self._release()
        if kind == b"X":
            _raise(**json.loads(payload))
        raise StopIteration

    def close(self) -> None:
        """Give up the rest of the answer: the worker is killed, for nothing else stops it."""
        if self._worker is not None:
            worker, self._worker = self._worker, None
            worker.kill()
            self._pool.put_back(None)

    def _release(self) -> None:
        worker, self._worker = self._worker, None
        self._pool.put_back(worker)

    def __del__(self) -> None:
        self.close()


class WorkerPool:
    """Up to ``size`` workers, shared by any number of threads.

    Parameters
    ----------
    size : int
        How many queries can run at once.
    limits : Limits
        Memory of a worker, and how long a query waits for one.
    """

    def __init__(self, size: int, limits: Limits) -> None:
        self._limits = limits
        self._free = threading.BoundedSemaphore(size)
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False
        self._finalizer = weakref.finalize(self, _kill_all, self._idle)

    def answer(self, job: Job) -> Answer:
        """Evaluate a query and return its answer, of which the first block is there.

        Raises
        ------
        QueryTimeout
            If no worker became free, or the limit passed.
        QueryLost
            If the process ended.
        QuerySyntaxError, QueryTooLarge, QueryError, StoreMissing
            If the worker says so.
        """
        if not self._free.acquire(timeout=self._limits.wait_seconds):
            raise QueryTimeout(
                f"all workers were busy for {self._limits.wait_seconds:g} s",
                "a free worker",
                "ask again a little later",
            )
        worker = None
        try:
            worker = self._take()
            worker.send(job)
        except BaseException:
            if worker is not None:
                worker.kill()
            self.put_back(None)
            raise
        return Answer(self, worker, self._limits).start()

    def put_back(self, worker: _Worker | None) -> None:
        """Take back a worker that finished its answer, or None for one that was killed."""
        if worker is not None:
            with self._lock:
                if not self._closed:
                    self._idle.append(worker)
                    worker = None
            if worker is not None:
                worker.kill()
        self._free.release()

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", "an open store", "open it again")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.kill()
        return _Worker(self._limits)

    def close(self) -> None:
        """End all workers; one that is answering ends with its answer."""
        with self._lock:
            self._closed = True
        self._finalizer()


def _kill_all(workers: list[_Worker]) -> None:
    while workers:
        workers.pop().kill()


def _raise(kind: str, message: str) -> NoReturn:
    """Raise what a worker reported."""
    match kind:
        case "syntax":
            raise QuerySyntaxError(f"the query is not SPARQL: {message}", None, "check the text at that place")
        case "large":
            raise QueryTooLarge(f"the answer has {message}; nothing of it is returned", None, _NARROW)
        case "store":
            raise StoreMissing(f"the published archive cannot be opened: {message}", None, "publish it again")
    raise QueryError(f"the query could not be evaluated: {message}")
