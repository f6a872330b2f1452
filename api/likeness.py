"""Where the vectors of an archive are, and what questions about what sounds alike need of a program."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import typer

from queries import Ears
from store import Server, Table
from store.vectors import FILE, Space, Vectors, VectorStore

__all__ = ["ears_of", "vectors_file"]


def vectors_file(location: Path | Server) -> Path:
    """Return the file of the vectors: in the archive, or beside the user's settings if that is on a server."""
    if isinstance(location, Path):
        return location / FILE
    server = hashlib.sha256(location.query.encode()).hexdigest()[:16]
    return Path(typer.get_app_dir("acousma")) / "vectors" / server / FILE


def ears_of(location: Path | Server, answer: Callable[[str], Table]) -> Ears:
    """Return what questions about what sounds alike need.

    Parameters
    ----------
    location : Path or Server
        Of the archive.
    answer : callable
        Answers a SELECT.
    """
    return Ears(VectorStore(vectors_file(location)), _words_in, answer)


def _words_in(space: Space, text: str) -> Vectors:
    """Read words; the libraries that run models take seconds to import."""
    from ingest.listeners.vectors import words_in

    return words_in(space, text)
