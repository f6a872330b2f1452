"""Where the graph is kept: one interface, over a folder of this machine or any SPARQL 1.1 server.

Examples
--------
>>> import tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> with open_store(folder.name, writable=True) as archive:
...     archive.bulk_load(b'<http://e/w> <http://e/p> "gong" <http://e/run> .', ["http://e/run"])
...     archive.publish()
...     archive.ask("ASK { ?s ?p 'gong' }")
True
>>> folder.cleanup()
"""

from pathlib import Path

from store.base import GRAPH_TYPES, TABLE_TYPES, AnswerBytes, Dataset, Limits, Stats, Stop, Store, Table, Term
from store.binding import bind
from store.changes import Change, Condition, Load, Outcome
from store.embedded import EmbeddedStore
from store.guard import QueryFacts, QueryForm, check_query, check_update, query_form
from store.index.shortcuts import Plan, Shortcut
from store.index.shortcuts import Table as TableShortcut
from store.remote import RemoteStore
from store.server import Server, is_address
from store.using import with_using
from store.writing import DirectWriter, ProcessWriter, Writer

__all__ = [
    "GRAPH_TYPES",
    "TABLE_TYPES",
    "AnswerBytes",
    "Change",
    "Condition",
    "Dataset",
    "EmbeddedStore",
    "Limits",
    "Load",
    "Outcome",
    "Plan",
    "QueryFacts",
    "QueryForm",
    "RemoteStore",
    "Server",
    "Shortcut",
    "Stats",
    "Stop",
    "Store",
    "Table",
    "TableShortcut",
    "Term",
    "Writer",
    "bind",
    "check_query",
    "check_update",
    "is_address",
    "open_store",
    "open_writer",
    "query_form",
    "with_using",
]


def open_store(
    location: str | Path | Server, *, writable: bool = False, limits: Limits | None = None, workers: int = 1
) -> Store:
    """Open the store at a place.

    Parameters
    ----------
    location : str, Path or Server
        A folder; or the address of a server: see :meth:`store.server.Server.at`.
    writable : bool, default False
        Whether to write to it; one process at a time can.
    limits : Limits, optional
        How much a query may take.
    workers : int, default 1
        How many queries can run at once; for a folder only.

    Returns
    -------
    Store
        To be closed, or used in a ``with``.

    Raises
    ------
    StoreError
        One of its kinds, if it cannot be opened.
    """
    if isinstance(location, str) and is_address(location):
        location = Server.at(location)
    if isinstance(location, Server):
        return RemoteStore(location, limits=limits, writable=writable)
    return EmbeddedStore(Path(location), limits=limits, workers=workers, writable=writable)


def open_writer(location: str | Path | Server, limits: Limits | None = None) -> Writer:
    """Make what carries changes out for the clients of a server.

    Parameters
    ----------
    location : str, Path or Server
        As for :func:`open_store`.
    limits : Limits, optional
        How much a change may take.

    Returns
    -------
    Writer
        To be closed.
    """
    if isinstance(location, str) and is_address(location):
        location = Server.at(location)
    if isinstance(location, Server):
        return DirectWriter(RemoteStore(location, limits=limits, writable=True))
    return ProcessWriter(Path(location), limits or Limits())
