"""What a format may be told, and what every format is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Protocol

from pyoxigraph import Quad

from export.material import Material

__all__ = ["Format", "Options", "Writer", "software_version"]


@dataclass(frozen=True, slots=True)
class Options:
    """How to write.

    Parameters
    ----------
    base : str or None
        Absolute IRI ending in ``/``, below which the documents will be served (IIIF only).
    audio : str or None
        Address of the sound, for formats that name it; else the name of the file.
    language : str
        Language tag of labels; where a label is missing, English.
    profile : {"full", "plain"}
        Shape of a IIIF manifest.
    quads : callable or None
        Gives all that is stored of the recording, for the RDF formats.
    """

    base: str | None = None
    audio: str | None = None
    language: str = "en"
    profile: Literal["full", "plain"] = "full"
    quads: Callable[[], Iterator[Quad]] | None = None


class Writer(Protocol):
    """A function that writes one format."""

    def __call__(self, material: Material, options: Options, notes: list[str], /) -> Iterator[bytes]:
        """Yield the document piece by piece; note what the format cannot hold.

        Parameters
        ----------
        material : Material
        options : Options
        notes : list of str
            Complete when all pieces have been given.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """One format.

    Parameters
    ----------
    name : str
        What users call it.
    suffix : str
        Ending of file names, with the dot.
    title : str
        What it is, for people.
    write : Writer
    """

    name: str
    suffix: str
    title: str
    write: Writer


def software_version() -> str:
    """Return the version of Acousma, or ``0`` where it is not installed."""
    try:
        return version("acousma")
    except PackageNotFoundError:
        return "0"
