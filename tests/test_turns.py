"""Requests wait for workers in the order in which they came, and whoever gives up holds nobody up."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.protocol.evaluation import Turns
from ontology.errors import QueryBusy
from store import EmbeddedStore, Limits
from tests.endpoint import make_archive


@pytest.fixture
def turns(tmp_path: Path) -> Iterator[Turns]:
    make_archive(tmp_path / "archive")
    with EmbeddedStore(tmp_path / "archive", workers=1) as store:
        yield Turns(store, Limits(wait_seconds=0.3), 5)


def test_places_are_given_in_the_order_of_asking(turns: Turns) -> None:
    order: list[int] = []

    async def ask(number: int) -> None:
        await turns.take()
        order.append(number)
        await asyncio.sleep(0.01)
        turns.pool.leave_place()

    async def all_at_once() -> None:
        await asyncio.gather(*(ask(number) for number in range(5)))

    asyncio.run(all_at_once())
    assert order == [0, 1, 2, 3, 4] and len(turns) == 0


def test_who_gives_up_or_waits_too_long_leaves_the_queue(turns: Turns) -> None:
    async def go() -> None:
        await turns.take()
        late = asyncio.create_task(turns.take())
        gone = asyncio.create_task(turns.take())
        await asyncio.sleep(0.01)
        gone.cancel()
        with pytest.raises(QueryBusy):
            await late
        assert len(turns) == 0
        turns.pool.leave_place()
        await asyncio.wait_for(turns.take(), 0.1)

    asyncio.run(go())


def test_a_place_that_another_thread_leaves_is_taken_at_once(turns: Turns) -> None:
    async def go() -> None:
        for _ in range(50):
            await turns.take()
            waiting = asyncio.create_task(turns.take())
            await asyncio.gather(asyncio.to_thread(turns.pool.leave_place), waiting)
            turns.pool.leave_place()

    asyncio.run(go())


def test_the_queue_has_an_end(turns: Turns) -> None:
    async def go() -> None:
        await turns.take()
        waiting = [asyncio.create_task(turns.take()) for _ in range(5)]
        await asyncio.sleep(0.01)
        with pytest.raises(QueryBusy, match="5 queries are waiting"):
            await turns.take()
        for task in waiting:
            task.cancel()

    asyncio.run(go())
