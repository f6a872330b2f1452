"""Worker processes evaluate queries, so that a query can be stopped, crash or run out of memory without harm.

pyoxigraph has no time limit of its own, and deep texts end the process it runs in: the only hard limit is to
end a process. A query therefore runs in one of a few workers (:mod:`store._worker`), each on the published
generation.

Conventions
-----------
- A worker starts when it is first needed and is used again; one query occupies one worker.
- Past its time limit a worker is killed and the next query gets a fresh one.
- The time of a query runs from its sending to the reading of the last byte of its answer, so that a slow
  reader cannot hold a worker either. A thread of the pool looks at the clock, whether the answer is being read or not.
- A query has a place among the quick ones first. When its quick time is over it moves to one of as many places for slow
  ones, with less of the processor, or is stopped if these are taken. So runaway queries, however many, hold up a quick
  one for no longer than the quick time.
"""

from __future__ import annotations

import json
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from typing import NoReturn, Self

from ontology.errors import (
    QueryBusy,
    QueryError,
    QueryLost,
    QueryTimeout,
    StoreError,
)
from store._process import Job, Worker
from store._reported import NARROW, raise_reported
from store._worker import BLOCK_BYTES
from store.base import Limits, Stop

__all__ = ["Answer", "Job", "WorkerPool"]

_TICK_SECONDS = 0.05
"""How often the clock is looked at."""


class Answer(Iterator[bytes]):
    """The bytes of an answer, block by block; it holds its worker until it is read to its end or closed.

    Parameters
    ----------
    pool : WorkerPool
        Where the worker goes back to.
    worker : Worker
        The worker to which the query has been sent.
    limits : Limits
        The time limits.
    """

    def __init__(self, pool: WorkerPool, worker: Worker, limits: Limits) -> None:
        self._pool = pool
        self._worker: Worker | None = worker
        self._limits = limits
        began = time.monotonic()
        self._quick_until = began + limits.quick_seconds
        self._deadline = began + limits.seconds
        self._slow = self._reading = False
        self._awaited: Worker | None = None
        self._stopped: QueryError | None = None
        self._lock = threading.RLock()
        self._first: bytes | None = None

    def start(self) -> Self:
        """Wait for the first full block or the end, so that what goes wrong by then is raised before bytes are given.

        An answer shorter than a block is thus whole when it is handed out.
        """
        begun = bytearray()
        while len(begun) < BLOCK_BYTES and (block := next(self, b"")):
            begun += block
        self._first = bytes(begun)
        return self

    def wait_begins(self) -> int | None:
        """Return the descriptor to wait at for the next block, without a thread; None where there is no need to wait.

        Until `wait_ends` nobody closes the descriptor.
        """
        with self._lock:
            if self._first or self._worker is None or self._worker.has_frame:
                return None
            self._reading, self._awaited = True, self._worker
            return self._worker.fileno()

    def wait_ends(self) -> None:
        """Say that nobody waits at the descriptor any more."""
        with self._lock:
            worker, self._awaited, self._reading = self._awaited, None, False
            if worker is not None and worker is not self._worker:
                worker.kill()  # it was stopped meanwhile

    @property
    def whole(self) -> bytes | None:
        """The answer, if all of it is here and nothing of it has been read; else None."""
        with self._lock:
            return self._first if self._worker is None and self._stopped is None else None

    def __next__(self) -> bytes:
        if self._first:
            block, self._first = self._first, None
            return block
        with self._lock:
            worker = self._worker
            self._reading = worker is not None
        if worker is None:
            raise self._stopped or StopIteration
        try:
            kind, payload = worker.receive(self._deadline + _TICK_SECONDS)
        except TimeoutError:
            self.stop(self._too_late())
        except BaseException:
            with self._lock:
                self._reading = False
            if self._stopped is None:
                self.close()
                raise
        else:
            if kind == b"D":
                return self._block(worker, payload)
            return self._end(worker, kind, payload)
        worker.kill()
        raise self._stopped or StopIteration

    def _block(self, worker: Worker, payload: bytes) -> bytes:
        with self._lock:
            self._reading = False
            if self._stopped is not None:
                worker.kill()
        return payload

    def look_at_clock(self, now: float) -> bool:
        """Stop the query if its time is over, move it to the slow ones if it is no longer quick.

        Returns
        -------
        bool
            Whether it is still being answered.
        """
        with self._lock:
            if self._worker is None:
                return False
            if now > self._deadline:
                self.stop(self._too_late())
            elif not self._slow and now > self._quick_until:
                if self._pool.move_to_slow():
                    self._slow = True
                    self._worker.slow_down()
                else:
                    self.stop(_no_room(self._limits))
            return self._worker is not None

    def _too_late(self) -> QueryTimeout:
        return QueryTimeout(f"the query took longer than {self._limits.seconds:g} s and was stopped", None, NARROW)

    def stop(self, error: QueryError) -> None:
        """End the worker and let whoever reads the answer find an error."""
        with self._lock:
            worker, self._worker = self._worker, None
            if worker is None:
                return
            self._stopped = error
            if self._reading:
                worker.end()  # whoever reads from it then forgets it
            else:
                worker.kill()
            self._pool.put_back(None, slow=self._slow)

    def give_up(self) -> None:
        """Stop the query because nobody waits for its answer any more."""
        self.stop(QueryLost("the query was given up by whoever asked"))

    def close(self) -> None:
        """Give up the rest of the answer: the worker is killed, for nothing else stops it."""
        with self._lock:
            if self._reading:
                self.give_up()  # another thread is reading: it forgets the worker
                return
            worker, self._worker = self._worker, None
            if worker is not None:
                worker.kill()
                self._pool.put_back(None, slow=self._slow)

    def _end(self, worker: Worker, kind: bytes, payload: bytes) -> NoReturn:
        """Give the worker back, one that was made slow excepted, and end as it says."""
        with self._lock:
            reuse = self._worker is worker and not self._slow
            if self._worker is worker:
                self._worker = None
                self._pool.put_back(worker if reuse else None, slow=self._slow)
            self._stopped = None  # the answer was whole before the clock came
        if not reuse:
            worker.kill()
        if kind == b"X":
            raise_reported(**json.loads(payload))
        raise StopIteration

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
        self._free_for_slow = threading.BoundedSemaphore(size)
        self._idle: list[Worker] = []
        self._open: weakref.WeakSet[Answer] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._clock: threading.Thread | None = None
        self._closed = False
        self._waiting: list[Callable[[], None]] = []
        self._finalizer = weakref.finalize(self, _kill_all, self._idle)

    def answer(self, job: Job, stop: Stop | None = None) -> Answer:
        """Evaluate a query and return its answer, of which the first block is there.

        Parameters
        ----------
        job : Job
        stop : Stop, optional
            By which the query can be given up meanwhile.

        Raises
        ------
        QueryBusy
            If no worker became free, or there was no room for a slow query.
        QueryTimeout
            If the limit passed.
        QueryLost
            If the process ended.
        QuerySyntaxError, QueryTooLarge, QueryError, StoreMissing
            If the worker says so.
        """
        if not self._free.acquire(timeout=self._limits.wait_seconds):
            raise QueryBusy(
                f"all workers were busy for {self._limits.wait_seconds:g} s",
                "a free worker",
                "ask again a little later",
            )
        answer = self.begin(job, stop, start=True)
        assert answer is not None, "a worker was started"
        return answer.start()

    def take_place(self) -> bool:
        """Take the place of a query, if there is one; `begin` uses it."""
        return self._free.acquire(blocking=False)

    def leave_place(self) -> None:
        """Give back a place that was taken and not used."""
        self._release(self._free)

    def begin(self, job: Job, stop: Stop | None = None, *, start: bool) -> Answer | None:
        """Send a query to a worker, in the place that was taken, and return its answer, not yet started.

        Parameters
        ----------
        job : Job
        stop : Stop, optional
            By which the query can be given up meanwhile.
        start : bool
            Whether to start a worker where none waits, which takes a few hundredths of a second.

        Returns
        -------
        Answer or None
            None, if there is no worker; the place stays taken.
        """
        worker = None
        try:
            worker = self._take_idle()
            if worker is None:
                if not start:
                    return None
                worker = Worker(self._limits)
            worker.send(job)
        except BaseException:
            if worker is not None:
                worker.kill()
            self.leave_place()
            raise
        answer = Answer(self, worker, self._limits)
        self._watch(answer)
        if stop is not None:
            stop.when(answer.give_up)
        return answer

    def when_free(self, tell: Callable[[], None]) -> None:
        """Call ``tell``, from any thread, each time a query could begin again."""
        self._waiting.append(tell)

    def _release(self, places: threading.BoundedSemaphore) -> None:
        places.release()
        if places is self._free:
            for tell in self._waiting:
                tell()

    def _watch(self, answer: Answer) -> None:
        """Put an answer under the clock, which starts with the first one and ends when there is none."""
        with self._lock:
            self._open.add(answer)
            if self._clock is None:
                self._clock = threading.Thread(target=_run_clock, args=(weakref.ref(self),), daemon=True)
                self._clock.start()

    def look_at_clock(self) -> bool:
        """Look at all answers once, and tell whether there are any."""
        with self._lock:
            answers = list(self._open)
        over = [answer for answer in answers if not answer.look_at_clock(time.monotonic())]
        with self._lock:
            self._open.difference_update(over)
            if not self._open:
                self._clock = None
            return bool(self._open)

    def move_to_slow(self) -> bool:
        """Give a query a place among the slow ones and free its own, if there is room."""
        if not self._free_for_slow.acquire(blocking=False):
            return False
        self._release(self._free)
        return True

    def put_back(self, worker: Worker | None, *, slow: bool = False) -> None:
        """Take back a worker that finished its answer, or None for one that was killed."""
        if worker is not None:
            with self._lock:
                if not self._closed:
                    self._idle.append(worker)
                    worker = None
            if worker is not None:
                worker.kill()
        self._release(self._free_for_slow if slow else self._free)

    def _take_idle(self) -> Worker | None:
        with self._lock:
            if self._closed:
                raise StoreError("the store is closed", "an open store", "open it again")
            while self._idle:
                worker = self._idle.pop()
                if worker.alive:
                    return worker
                worker.kill()
        return None

    def close(self) -> None:
        """End all workers; one that is answering ends with its answer."""
        with self._lock:
            self._closed = True
        self._finalizer()


def _run_clock(pool: weakref.ref[WorkerPool]) -> None:
    while True:
        time.sleep(_TICK_SECONDS)
        there = pool()
        if there is None or not there.look_at_clock():
            return
        del there


def _no_room(limits: Limits) -> QueryBusy:
    return QueryBusy(
        f"the query took longer than {limits.quick_seconds:g} s, and there is no room for more slow queries",
        "a quick query, or a free place",
        f"ask again a little later, or {NARROW}",
    )


def _kill_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().kill()
