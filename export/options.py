"""What a format may be told, and what every format is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal, Protocol

from pyoxigraph import Quad

from export.material import Material

__all__ = ["Format", "Options", "Served", "Sound", "Writer", "software_version"]


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound that a manifest paints or links.

    Parameters
    ----------
    address : str
    media_type : str
    label : str
        What tells it from the others.
    """

    address: str
    media_type: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Served:
    """What a server offers beside a manifest.

    Parameters
    ----------
    state : {"open", "private", "absent"}
        Whether the sound may be heard by all, only by some, or is not there.
    sounds : tuple of Sound
        What is painted: the access copy, then renditions as models hear it. Empty unless the sound is open.
    masters : tuple of Sound
        The files themselves.
    picture : (str, int, int) or None
        Name below the manifest, width and height in pixels of what is painted where no sound is.
    """

    state: Literal["open", "private", "absent"]
    sounds: tuple[Sound, ...] = ()
    masters: tuple[Sound, ...] = ()
    picture: tuple[str, int, int] | None = None


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
    nanopub : callable or None
        Gives the quads of the nanopublication of an annotation, from its IRI.
    served : Served or None
        What a server offers beside a IIIF manifest; None for a manifest in a file.
    """

    base: str | None = None
    audio: str | None = None
    language: str = "en"
    profile: Literal["full", "plain"] = "full"
    quads: Callable[[], Iterator[Quad]] | None = None
    nanopub: Callable[[str], list[Quad]] | None = None
    served: Served | None = None


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
    media_type : str
    title : str
        What it is, for people.
    write : Writer
    """

    name: str
    suffix: str
    media_type: str
    title: str
    write: Writer


def software_version() -> str:
    """Return the version of Acousma, or ``0`` where it is not installed."""
    try:
        return version("acousma")
    except PackageNotFoundError:
        return "0"
