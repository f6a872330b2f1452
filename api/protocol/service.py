"""What the doors of the server share."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Request

from api.protocol.access import Access
from api.protocol.evaluation import Evaluation
from ontology.mint import Minter
from store import Limits, Server, Store, Writer

__all__ = ["PATHS", "Paths", "Service"]

_HTTP = re.compile(r"https?://[^/?#]+/(?:[^?#]*/)?", re.ASCII)


@dataclass(frozen=True)
class Paths:
    """Where the doors are, below the base of the archive and without a slash before."""

    query: str = "sparql"
    update: str = "update"
    graphs: str = "store"
    annotations: str = "annotations/"
    void: str = ".well-known/void"


PATHS = Paths()


@dataclass(frozen=True)
class Service:
    """A server around an archive.

    Parameters
    ----------
    store : Store
        Where queries of clients are evaluated.
    own : Store
        Where queries of the server itself are; so that they do not wait for those of clients.
    writer : Writer or None
        Carries changes out; None where nothing can be written.
    access : Access
    limits : Limits
    base : str
        Base IRI of the archive's data.
    name : str
        What the archive is called.
    folder : Path or None
        Folder of the archive; None where it is on another server.
    server : Server or None
        That server.
    """

    store: Store
    own: Store
    writer: Writer | None
    access: Access
    limits: Limits
    base: str
    name: str = "Acousma"
    folder: Path | None = None
    server: Server | None = None
    queries: Evaluation = field(init=False)
    inside: Evaluation = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "queries", Evaluation(self.store, self.limits))
        object.__setattr__(self, "inside", Evaluation(self.own, self.limits))

    @property
    def location(self) -> Path | Server:
        """Where the archive is: its folder, or the server that has it."""
        location = self.folder or self.server
        assert location is not None, "an archive is in a folder or on a server"
        return location

    @property
    def minter(self) -> Minter:
        """What makes the IRIs of the archive."""
        return Minter(self.base)

    @property
    def is_web(self) -> bool:
        """Whether the base IRI is an address of the web, so that annotations can have addresses."""
        return _HTTP.fullmatch(self.base) is not None

    def address(self, request: Request, path: str) -> str:
        """Return the address of a door as the client wrote it."""
        host = request.headers.get("host")
        return f"{request.scope['scheme']}://{host if host else request.url.netloc}/{path}"
