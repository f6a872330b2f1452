"""Where a SPARQL 1.1 server is, and how it is spoken to.

Conventions
-----------
- An address whose last part is ``sparql`` or ``query`` is that of the queries; updates are then sent to ``update`` and
  graphs to ``store`` beside it. Any other address is the base of all three, as the Oxigraph server has them.
- An address of updates or of graphs that is given is used as it is, and so is then the address of the queries.
- A password or a token is never part of an address, so that it stands in no message, log or shell history of others.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from ontology.errors import InputError

__all__ = ["Server", "is_address"]

_QUERIES = ("sparql", "query")


def is_address(text: str) -> bool:
    """Tell whether a text is the address of a server, not the name of a folder."""
    return text.lower().startswith(("http://", "https://"))


@dataclass(frozen=True)
class Server:
    """A SPARQL 1.1 server.

    Parameters
    ----------
    query : str
        Address of its queries.
    update, graphs : str or None
        Addresses of its updates and of its graphs (Graph Store Protocol); None to find them beside the queries.
    user, password : str or None
        Who asks, for servers that want it (Digest or Basic authentication); sent only when the server asks for it.
    token : str or None
        A bearer token, sent with every request; Acousma's own server takes one.
    attempts : int
        How often a request is sent at most while the server is down or busy, if sending it again is safe.
    write_seconds : float
        How long the server may be silent while it stores something.

    Raises
    ------
    InputError
        If an address is none, or holds a password; or if user and password are not both given.
    """

    query: str
    update: str | None = None
    graphs: str | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    attempts: int = 3
    write_seconds: float = 600.0

    def __post_init__(self) -> None:
        for address in (self.query, self.update, self.graphs):
            if address is not None:
                _check(address)
        if (self.user is None) is not (self.password is None):
            raise InputError(
                f"the store has a {'password' if self.user is None else 'user'} and no "
                f"{'user' if self.user is None else 'password'}", "both, or neither",
                "set ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD",
            )  # fmt: skip
        if self.user is not None and self.token is not None:
            raise InputError(
                "the store has a user with a password and a token", "one of them",
                "unset ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD, or ACOUSMA_STORE_TOKEN",
            )  # fmt: skip

    @classmethod
    def at(cls, address: str, *, as_given: bool = False) -> Self:
        """Return the server at an address; of its queries, or the base of them.

        Parameters
        ----------
        address : str
        as_given : bool
            Whether it is the address of the queries whatever its end is.

        Examples
        --------
        >>> Server.at("http://localhost:7878").query
        'http://localhost:7878/query'
        >>> Server.at("https://example.org/acousma/sparql").query
        'https://example.org/acousma/sparql'
        """
        base = address.rstrip("/")
        return cls(base if as_given or base.rpartition("/")[2] in _QUERIES else f"{base}/query")

    def beside(self, name: str) -> str:
        """Return the address of a name beside the queries."""
        return f"{self.query.rpartition('/')[0]}/{name}"

    def __str__(self) -> str:
        return self.query


def _check(address: str) -> None:
    parts = urlsplit("")
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if right and (parts.username is not None or parts.password is not None):
        raise InputError(
            f"the address of the store at {parts.hostname} holds a user or a password", "an address without",
            "set ACOUSMA_STORE_USER and ACOUSMA_STORE_PASSWORD",
        )  # fmt: skip
    if not right or parts.query or parts.fragment or not address.isascii() or any(one <= " " for one in address):
        raise InputError(
            f"{address!r} is no address of a SPARQL server", "one like https://example.org/sparql", "correct it"
        )
