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

from store.base import GRAPH_TYPES, TABLE_TYPES, AnswerBytes, Dataset, Limits, Stats, Store, Table, Term
from store.binding import bind
from store.embedded import EmbeddedStore
from store.guard import QueryFacts, QueryForm, check_query, check_update, query_form
from store.remote import RemoteStore

__all__ = [
    "GRAPH_TYPES",
    "TABLE_TYPES",
    "AnswerBytes",
    "Dataset",
    "EmbeddedStore",
    "Limits",
    "QueryFacts",
    "QueryForm",
    "RemoteStore",
    "Stats",
    "Store",
    "Table",
    "Term",
    "bind",
    "check_query",
    "check_update",
    "open_store",
    "query_form",
]


def open_store(
    location: str | Path, *, writable: bool = False, limits: Limits | None = None, workers: int = 1
) -> Store:
    """Open the store at a place.

    Parameters
    ----------
    location : str or Path
        A folder; or the base URL (``http`` or ``https``) of a server that has ``/query``, ``/update`` and
        ``/store``, as the Oxigraph server does. For other paths make a :class:`RemoteStore`.
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
    if isinstance(location, str) and location.startswith(("http://", "https://")):
        base = location.rstrip("/")
        return RemoteStore(f"{base}/query", f"{base}/update", f"{base}/store", limits=limits, writable=writable)
    return EmbeddedStore(Path(location), limits=limits, workers=workers, writable=writable)
