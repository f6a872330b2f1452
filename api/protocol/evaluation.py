"""Queries on their way to the store: they wait for their turn without holding up the server, in no thread of it.

Conventions
-----------
- An archive in a folder is asked through the sockets of its worker processes, at which the event loop waits. A store
  elsewhere is asked in a thread.
- Whole answers of up to `_LONGEST_KEPT` bytes are kept for as long as the published state is the same, and given to who
  asks the same again; those of queries that use the clock or chance are not.
"""

import asyncio
import re
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from functools import partial

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request
from starlette.types import Receive

from ontology.errors import QueryBusy, QueryTimeout, StoreMissing
from store import AnswerBytes, Dataset, EmbeddedStore, Limits, Plan, Stop, Store
from store.planning import explained, planned
from store.workers import Answer, Job

__all__ = ["Evaluation", "KeptAnswer", "StreamedAnswer", "Turns", "stopped_when_gone"]

_VOLATILE = re.compile(r"\b(?:RAND|NOW|UUID|STRUUID|BNODE)\b|\\u", re.IGNORECASE)
"""Functions that give something else each time, and escapes that could spell them."""
_LONGEST_KEPT = 1 << 20
_MOST_KEPT = 64 << 20
_UNWATCHED_SECONDS = 0.02
"""How long a query is evaluated before it is watched whether its client is still there."""


class KeptAnswer(Iterator[bytes]):
    """A whole answer.

    Parameters
    ----------
    whole : bytes
    """

    def __init__(self, whole: bytes) -> None:
        self.whole = whole
        self._left = whole

    def __next__(self) -> bytes:
        if not self._left:
            raise StopIteration
        block, self._left = self._left, b""
        return block

    def close(self) -> None:
        """Do nothing: nothing is being evaluated."""


class StreamedAnswer(Iterator[bytes]):
    """An answer that is kept when it has been read to its end and was not too long.

    Parameters
    ----------
    answer : Answer
    job : Job
    kept : _Kept
    """

    def __init__(self, answer: Answer, job: Job, kept: "_Kept") -> None:
        self._answer, self._job, self._kept = answer, job, kept
        self._noted: bytearray | None = bytearray()

    def __next__(self) -> bytes:
        block = next(self._answer, b"")
        if self._noted is not None:
            if not block:
                self._kept.keep(self._job, bytes(self._noted))
            self._noted += block
            if len(self._noted) > _LONGEST_KEPT:
                self._noted = None
        if not block:
            raise StopIteration
        return block

    async def block(self) -> bytes:
        """Return the next block; empty at the end."""
        await _readable(self._answer)
        return next(self, b"")

    def close(self) -> None:
        """Give up the rest of the answer."""
        self._answer.close()


class _Kept:
    """Whole answers by what was asked, the longest unused go first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[Job, bytes] = OrderedDict()
        self._size = 0

    def get(self, job: Job) -> bytes | None:
        """Return the answer to a query, if it is kept."""
        answer = self._answers.get(job)
        if answer is not None:
            self._answers.move_to_end(job)
        return answer

    def keep(self, job: Job, answer: bytes) -> None:
        """Keep an answer for as long as nothing is published."""
        if len(answer) > _LONGEST_KEPT or _VOLATILE.search(job.text):
            return
        newest = next(reversed(self._answers), None)
        if newest is not None and newest.folder != job.folder:
            self._answers.clear()
            self._size = 0
        self._size += len(answer) + len(job.text) - len(self._answers.pop(job, b""))
        self._answers[job] = answer
        while self._size > _MOST_KEPT:
            gone, bytes_ = self._answers.popitem(last=False)
            self._size -= len(bytes_) + len(gone.text)


class Turns:
    """The places of a pool of workers, given to requests in the order in which they came."""

    def __init__(self, store: EmbeddedStore, limits: Limits, waiting: int) -> None:
        self.pool = store.pool
        self._limits = limits
        self._most = waiting
        self._waiting: deque[asyncio.Future[None]] = deque()
        self.pool.when_free(self._free)

    def __len__(self) -> int:
        return len(self._waiting)

    def _free(self) -> None:
        """Wake the first who waits; called from any thread."""
        if self._waiting:
            with suppress(RuntimeError, IndexError):  # the loop has ended; nobody waits any more
                self._waiting[0].get_loop().call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.done():
                first.set_result(None)
                return

    async def take(self) -> None:
        """Wait for a place and take it.

        Raises
        ------
        QueryBusy
            If too many wait, or none became free.
        """
        if not self._waiting and self.pool.take_place():
            return
        if len(self._waiting) >= self._most:
            raise QueryBusy(f"{self._most} queries are waiting", "a shorter queue", "ask again a little later")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(self._limits.wait_seconds):
                # looked at after it was noted that one waits: what becomes free in another thread before tells nobody
                while not (self._waiting[0] is turn and self.pool.take_place()):
                    await turn
                    turn = loop.create_future()
                    self._waiting.appendleft(turn)
        except TimeoutError:
            self._wake()
            raise QueryBusy(
                f"all workers were busy for {self._limits.wait_seconds:g} s", "a free worker",
                "ask again a little later",
            ) from None  # fmt: skip
        except asyncio.CancelledError:
            self._wake()  # it may have been this one's turn
            raise
        finally:
            with suppress(ValueError):
                self._waiting.remove(turn)


class Evaluation:
    """Lets queries wait for their turn without holding up the rest of the server.

    Parameters
    ----------
    store : Store
        Where they are evaluated.
    limits : Limits
    at_once, waiting : int
        How many may be on their way to a store elsewhere, and how many may wait; others are turned away at once.
    """

    def __init__(self, store: Store, limits: Limits, at_once: int = 16, waiting: int = 64) -> None:
        self._store = store
        self._asking = CapacityLimiter(at_once)
        self.reading = CapacityLimiter(64)
        self._most_waiting = waiting
        self._turns = Turns(store, limits, waiting) if isinstance(store, EmbeddedStore) else None
        self._open = 0
        self._kept = _Kept()

    def load(self) -> tuple[int, int]:
        """Return how many queries are on their way to the store, and how many wait."""
        if self._turns is not None:
            return self._open, len(self._turns)
        now = self._asking.statistics()
        return now.borrowed_tokens, now.tasks_waiting

    async def answer(
        self,
        request: Request,
        text: str | Plan,
        media_type: str,
        *,
        dataset: Dataset | None = None,
        base: str | None = None,
    ) -> AnswerBytes:
        """Evaluate a query and return its answer, of which the first block is there.

        Raises
        ------
        AcousmaError
            One of its kinds, if there is none.
        """
        store = self._store
        if self._turns is None or not isinstance(store, EmbeddedStore):
            return await self._in_thread(request, text, media_type, dataset, base)
        while True:
            job = store.job(text, media_type, dataset=dataset, base=base)
            known = self._kept.get(job)
            if known is not None:
                return KeptAnswer(known)
            try:
                answer = await self._evaluated(request.receive, self._turns, job)
            except QueryTimeout as error:
                raise explained(error, planned(text)) from error
            except StoreMissing:  # the state that was to be read went before it was opened
                if store.job(text, media_type, dataset=dataset, base=base) == job:
                    raise
                continue
            whole = answer.whole
            if whole is None:
                return StreamedAnswer(answer, job, self._kept)
            self._kept.keep(job, whole)
            return KeptAnswer(whole)

    async def _evaluated(self, receive: Receive, turns: Turns, job: Job) -> Answer:
        """Return the answer of a worker, when it has begun to come."""
        stop, loop = Stop(), asyncio.get_running_loop()
        watched = loop.call_later(_UNWATCHED_SECONDS, lambda: watching.append(_watch(receive, stop)))
        watching: list[asyncio.Task[None]] = []
        self._open += 1
        try:
            await turns.take()
            answer = turns.pool.begin(job, stop, start=False)
            if answer is None:
                answer = await anyio.to_thread.run_sync(partial(turns.pool.begin, job, stop, start=True))
                assert answer is not None, "a worker was started"
            try:
                await _readable(answer)
                return answer.start()
            except BaseException:
                answer.close()
                raise
        finally:
            self._open -= 1
            watched.cancel()
            for task in watching:
                task.cancel()

    async def _in_thread(
        self, request: Request, text: str | Plan, media_type: str, dataset: Dataset | None, base: str | None
    ) -> AnswerBytes:
        if self._asking.statistics().tasks_waiting >= self._most_waiting:
            raise QueryBusy(f"{self._most_waiting} queries are waiting", "a shorter queue", "ask again a little later")
        stop = Stop()
        call = partial(self._store.serialise, text, media_type, dataset=dataset, base=base, stop=stop)
        async with stopped_when_gone(request.receive, stop):
            return await anyio.to_thread.run_sync(call, limiter=self._asking)


async def _readable(answer: Answer) -> None:
    """Wait until the first bytes of an answer are there, or its worker has ended."""
    descriptor = answer.wait_begins()
    if descriptor is None:
        return
    loop = asyncio.get_running_loop()
    there: asyncio.Future[None] = loop.create_future()

    def tell() -> None:
        if not there.done():
            there.set_result(None)

    loop.add_reader(descriptor, tell)
    try:
        await there
    finally:
        loop.remove_reader(descriptor)
        answer.wait_ends()


def _watch(receive: Receive, stop: Stop) -> asyncio.Task[None]:
    """Give a query up when the client goes away."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        stop.give_up()

    return asyncio.create_task(watch())


@asynccontextmanager
async def stopped_when_gone(receive: Receive, stop: Stop) -> AsyncIterator[None]:
    """Give a query up when the client goes away meanwhile."""
    watching = _watch(receive, stop)
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
