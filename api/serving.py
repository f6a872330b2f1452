"""What a server holds open while it runs."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from api.protocol.access import LOOPBACK, Access, Writes
from api.protocol.service import Service
from api.settings import Settings
from api.tokens import Tokens
from ontology.errors import InputError
from store import Server, open_store, open_writer

__all__ = ["opened_service"]

_OWN_WORKERS = 2
"""How many of the server's own queries run at once."""


@contextmanager
def opened_service(settings: Settings) -> Iterator[Service]:
    """Open all that a server needs, and close it in the end.

    Raises
    ------
    InputError
        If writing is to be open to all on an address that others reach.
    StoreError
        If the archive cannot be opened.
    """
    if settings.writes is Writes.OPEN and settings.host not in LOOPBACK:
        raise InputError(
            f"writing is open to all, and the server is to listen on {settings.host}", "127.0.0.1, to try things out",
            "leave ACOUSMA_WRITES out, and make tokens with: acousma token create NAME",
        )  # fmt: skip
    with ExitStack() as stack:
        store = stack.enter_context(open_store(settings.location, limits=settings.limits, workers=settings.workers))
        own = stack.enter_context(open_store(settings.location, limits=settings.limits, workers=_OWN_WORKERS))
        writer = None
        if settings.writes is not Writes.NONE:
            writer = stack.enter_context(closing(open_writer(settings.location, settings.limits)))
        access = Access(Tokens(settings.tokens_file), settings.writes, settings.public, settings.audio)
        location = settings.location
        yield Service(
            store,
            own,
            writer,
            access,
            settings.limits,
            settings.base_iri,
            folder=location if isinstance(location, Path) else None,
            server=location if isinstance(location, Server) else None,
        )
