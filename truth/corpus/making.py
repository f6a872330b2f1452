"""Making a corpus: every clip and étude that is missing, one after the other or in several processes."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from ontology.errors import AcousmaError
from store.children import end_with_parent
from truth.corpus import archive
from truth.corpus.clips import check_possible
from truth.corpus.items import Item, Plan, Record, make_item

__all__ = ["Made", "make"]


@dataclass(frozen=True)
class Made:
    """One item that has been made, or was there.

    Parameters
    ----------
    item : Item
        Clip or étude.
    record : dict
        Its line of the manifest.
    new : bool
        Whether it was made now.
    """

    item: Item
    record: Record
    new: bool


def make(root: Path, plan: Plan, processes: int = 1) -> Iterator[Made]:
    """Make a corpus, or what is missing of it.

    Parameters
    ----------
    root : Path
        The folder.
    plan : Plan
        What it is to hold.
    processes : int, optional
        Clips rendered at the same time; the result is the same for any number.

    Yields
    ------
    Made
        Each item of the plan as it is done; the manifest is written after the last.

    Raises
    ------
    CorpusError
        If the folder holds something else.
    UnknownName
        If the generators do not make a concept that was asked for.
    AcousmaError
        If a process was ended from outside; what was made stays.
    """
    check_possible(plan.selection)
    known = archive.prepare(root, plan)
    for item in plan.items:
        if item in known:
            yield Made(item, known[item], False)
    for made in _each(root, plan, archive.missing(plan, known), processes):
        known[made.item] = made.record
        yield made
    archive.finish(root, plan, known)


def _each(root: Path, plan: Plan, items: list[Item], processes: int) -> Iterator[Made]:
    if processes <= 1 or len(items) < 2:
        for item in items:
            yield Made(item, make_item(root, plan, item), True)
        return
    with ProcessPoolExecutor(processes, get_context("spawn"), end_with_parent) as pool:
        try:
            yield from _together(root, plan, items, pool)
        except BrokenProcessPool as error:
            raise AcousmaError(
                "a process that was rendering a clip was ended from outside", "memory for all of them",
                "ask for fewer --processes; what was made stays, and the same command goes on from here",
            ) from error  # fmt: skip
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _together(root: Path, plan: Plan, items: list[Item], pool: ProcessPoolExecutor) -> Iterator[Made]:
    waiting: deque[tuple[Item, Future[Record]]] = deque()
    for item in items:
        waiting.append((item, pool.submit(make_item, root, plan, item)))
        if len(waiting) > 64:
            first, future = waiting.popleft()
            yield Made(first, future.result(), True)
    for first, future in waiting:
        yield Made(first, future.result(), True)
