"""Keeping a model fed: items are made ahead in a thread, and items of like length come together.

Conventions
-----------
Nothing here knows what the items are. How many are in memory is bounded: by what is read ahead for sorting, and by the
queue between the thread and whoever takes them.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice
from typing import TypeVar

__all__ = ["AHEAD", "bucketed", "prefetched"]

_Item = TypeVar("_Item")

AHEAD = 4
"""Batches that are read ahead and sorted by length."""
_PATIENCE = 0.1
"""Seconds after which a thread looks whether anybody still waits for it."""


def bucketed(items: Iterable[_Item], ahead: int, length: Callable[[_Item], int]) -> Iterator[_Item]:
    """Yield items so that those of like length are near each other, which saves padding.

    Parameters
    ----------
    items : iterable
    ahead : int
        Items that are looked at together; order changes only among these.
    length : callable

    Examples
    --------
    >>> list(bucketed(["aaa", "b", "cc", "d"], 3, len))
    ['b', 'cc', 'aaa', 'd']
    """
    coming = iter(items)
    while some := list(islice(coming, ahead)):
        yield from sorted(some, key=length)


def prefetched(items: Iterable[_Item], depth: int) -> Generator[_Item]:
    """Yield items that a thread makes ahead.

    Parameters
    ----------
    items : iterable
        Taken in another thread.
    depth : int
        Items that wait at most.

    Yields
    ------
    item
        In the order of `items`; an error in making one is raised where it would have come.

    Examples
    --------
    >>> list(prefetched(iter([1, 2, 3]), 2))
    [1, 2, 3]
    """
    ready: queue.Queue[tuple[list[_Item], BaseException | None]] = queue.Queue(depth)
    given_up = threading.Event()

    def put(what: tuple[list[_Item], BaseException | None]) -> None:
        while not given_up.is_set():
            try:
                ready.put(what, timeout=_PATIENCE)
                return
            except queue.Full:
                continue

    def make() -> None:
        try:
            for item in items:
                put(([item], None))
                if given_up.is_set():
                    return
            put(([], None))
        except BaseException as error:  # noqa: BLE001 - raised again where the item is taken
            put(([], error))

    thread = threading.Thread(target=make, name="prefetch", daemon=True)
    thread.start()
    try:
        while True:
            some, error = ready.get()
            if error is not None:
                raise error
            if not some:
                return
            yield some[0]
    finally:
        given_up.set()
        thread.join()
