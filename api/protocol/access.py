"""Who sent a request, and whether they may do what it asks.

Conventions
-----------
Reading is open to all, or to those with a token. Writing takes a token (RFC 6750), unless the server was started with
open writes, which it takes on a loopback address only. Then a web page of another site must not write through the
browser of whoever started it: requests that name another origin or another host are refused.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from fastapi import Request

from api.protocol.problems import Problem
from api.tokens import Role, Token, Tokens

__all__ = ["LOOPBACK", "Access", "Hearing", "Writes"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="acousma"'}


class Writes(StrEnum):
    """Who may write."""

    TOKEN = "token"
    OPEN = "open"
    NONE = "none"


class Hearing(StrEnum):
    """Who may hear the sound of recordings; whoever is signed in may, except with ``none``."""

    LICENSED = "licensed"
    TOKEN = "token"
    OPEN = "open"
    NONE = "none"


@dataclass(frozen=True)
class Access:
    """What the server allows.

    Parameters
    ----------
    tokens : Tokens
    writes : Writes
    public : bool
        Whether reading is open to all.
    hearing : Hearing
        Who may hear the sound of recordings.
    """

    tokens: Tokens
    writes: Writes = Writes.TOKEN
    public: bool = True
    hearing: Hearing = Hearing.LICENSED

    def reader(self, request: Request) -> Token | None:
        """Return the token of a request that reads; None if it has none and needs none.

        Raises
        ------
        Problem
            401, if the token is not valid, or there is none and reading is not open.
        """
        token = self._token(request)
        if token is None and not self.public:
            raise Problem(401, "No token was sent. Expected: Authorization: Bearer TOKEN, to read here.", _CHALLENGE)
        return token

    def writer(self, request: Request, role: Role) -> Token | None:
        """Return the token of a request that writes; None if writing is open and none was sent.

        Parameters
        ----------
        request : Request
        role : Role
            The least role that may do it.

        Raises
        ------
        Problem
            401 or 403, if it may not.
        """
        if self.writes is Writes.NONE:
            raise Problem(403, "This server cannot be written to.")
        token = self._token(request)
        if token is None and self.writes is Writes.OPEN:
            _refuse_strangers(request)
            return None
        if token is None:
            raise Problem(401, "No token was sent. Expected: Authorization: Bearer TOKEN, to write here.", _CHALLENGE)
        if not token.role.includes(role):
            raise Problem(403, f"The token is that of a {token.role.value}. Expected: a {role.value}.")
        return token

    def _token(self, request: Request) -> Token | None:
        shown = request.headers.get("authorization")
        if shown is None:
            return None
        scheme, _, secret = shown.partition(" ")
        token = self.tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            challenge = {"WWW-Authenticate": f'{_CHALLENGE["WWW-Authenticate"]}, error="invalid_token"'}
            raise Problem(401, "The token is unknown, expired or revoked. Expected: a valid Bearer token.", challenge)
        request.scope.setdefault("state", {})["token"] = token.id
        return token


def _refuse_strangers(request: Request) -> None:
    """Refuse a write that a page of another site sends through a browser."""
    host = urlsplit(f"//{request.headers.get('host', '')}")
    origin = request.headers.get("origin")
    same = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if host.hostname not in LOOPBACK or not same:
        raise Problem(403, "A page of another site, or another name of this host, asked to write. Expected: a token.")
