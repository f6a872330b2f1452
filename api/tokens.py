"""Who may do what: bearer tokens, each of one person with one role, kept as sums.

Conventions
-----------
A token is 32 random bytes, shown once when it is made. The file holds its SHA-256 sum: a random token of this length
cannot be guessed from it, so a slow sum, as for passwords, would add nothing. The file is replaced in one step, is
readable by its owner only, and is read again when it has changed: a revoked token is refused at once.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from ontology.errors import InputError, UnknownName

__all__ = ["Role", "Token", "Tokens"]

_PREFIX = "acousma_"
_MOST_NAME = 200


class Role(StrEnum):
    """What a token allows; each role may do what those before it may."""

    READER = "reader"
    ANNOTATOR = "annotator"
    CURATOR = "curator"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may do what another may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Token:
    """What is known of a token.

    Parameters
    ----------
    id : str
        By which it is named and revoked.
    person : str
        Name of the person whose token it is; the creator of what is written with it.
    role : Role
    sha256 : str
        Sum of the token.
    created : str
        When it was made, in UTC.
    expires, revoked : str or None
        When it ends, or was ended.
    """

    id: str
    person: str
    role: Role
    sha256: str
    created: str
    expires: str | None = None
    revoked: str | None = None

    def is_valid(self, now: datetime) -> bool:
        """Tell whether the token is good at a time."""
        return self.revoked is None and (self.expires is None or now < datetime.fromisoformat(self.expires))


class Tokens:
    """The tokens of one archive.

    Parameters
    ----------
    file : Path
        Where they are kept; made with the first.
    clock : callable
        Returns the time.
    """

    def __init__(self, file: Path, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._file = file
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._known: tuple[Token, ...] = ()

    def create(self, person: str, role: Role, days: float | None = None) -> tuple[Token, str]:
        """Make a token.

        Parameters
        ----------
        person : str
            Name of the person.
        role : Role
        days : float, optional
            For how long it is good.

        Returns
        -------
        token : Token
        secret : str
            The token itself; it is not kept.

        Raises
        ------
        InputError
            If the name is empty or too long, or the days are not above 0.
        """
        name = " ".join(person.split())
        if not 0 < len(name) <= _MOST_NAME or not name.isprintable():
            raise InputError(f"{person!r} was given as the name of a person", f"1 to {_MOST_NAME} characters")
        if days is not None and not days > 0:
            raise InputError(f"{days:g} days were given", "a number above 0")
        secret = _PREFIX + secrets.token_urlsafe(32)
        now = self._clock()
        expires = None if days is None else (now + timedelta(days=days)).isoformat(timespec="seconds")
        token = Token(secrets.token_hex(4), name, role, _sum(secret), now.isoformat(timespec="seconds"), expires)
        with self._changing() as tokens:
            tokens.append(token)
        return token, secret

    def revoke(self, id_: str) -> Token:
        """End a token.

        Raises
        ------
        UnknownName
            If there is none of this id.
        """
        with self._changing() as tokens:
            for number, token in enumerate(tokens):
                if token.id == id_:
                    ended = token.revoked or self._clock().isoformat(timespec="seconds")
                    tokens[number] = replace(token, revoked=ended)
                    return tokens[number]
        raise UnknownName(f"no token has the id {id_!r}", "the id of a token", "list them with: acousma token list")

    def all(self) -> tuple[Token, ...]:
        """Return all tokens, in the order in which they were made.

        Raises
        ------
        InputError
            If the file cannot be read.
        """
        with self._lock:
            try:
                stat = self._file.stat()
            except FileNotFoundError:
                self._seen, self._known = None, ()
            else:
                mark = (stat.st_mtime_ns, stat.st_ino)
                if mark != self._seen:
                    self._known, self._seen = tuple(self._read()), mark
            return self._known

    def find(self, secret: str) -> Token | None:
        """Return the valid token that a client has shown, or None."""
        shown, found = _sum(secret), None
        for token in self.all():  # all are compared, so that the time tells nothing
            if hmac.compare_digest(token.sha256, shown):
                found = token
        return found if found is not None and found.is_valid(self._clock()) else None

    def _read(self) -> Iterator[Token]:
        try:
            for entry in json.loads(self._file.read_text(encoding="utf-8"))["tokens"]:
                yield Token(**{**entry, "role": Role(entry["role"])})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{self._file.name} cannot be read ({error})", "a file of tokens", "restore it") from error

    @contextmanager
    def _changing(self) -> Iterator[list[Token]]:
        """Give all tokens for a change, which is written when it is done; one program at a time."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.with_suffix(".lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            tokens = list(self._read()) if self._file.exists() else []
            yield tokens
            fresh = self._file.with_suffix(".new")
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"tokens": [asdict(token) for token in tokens]}, file, ensure_ascii=False, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self._file)


def _sum(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="replace")).hexdigest()
