"""``acousma export``: from the store to a file or to standard output, whole or not at all."""

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.markup import escape
from rich.progress import DownloadColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from api.settings import Settings
from export.dump import stored_quads
from export.formats import FORMATS, find_format
from export.nanopub import nanopublication
from export.options import Options
from export.reading import find_recording, read_material
from export.words import one_line, stem
from ontology.errors import InputError
from ontology.mint import Minter
from store import open_store

__all__ = ["ExportOptions", "export_recording", "give", "list_formats", "shown"]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What was typed after ``acousma export``."""

    format: str
    name: str
    out: Path | None
    options: Options


def list_formats(out: TextIO) -> None:
    """Print the formats, one per line, with the ending of their files."""
    width = max(map(len, FORMATS))
    out.writelines(f"{one.name:<{width}}  {one.suffix:<9}  {one.title}\n" for one in FORMATS.values())


def shown(note: str) -> str:
    """Return a note as it can be printed."""
    return escape(one_line(note))


def export_recording(settings: Settings, wanted: ExportOptions) -> list[str]:
    """Write one recording in one format; return what it could not hold.

    Parameters
    ----------
    settings : Settings
    wanted : ExportOptions

    Raises
    ------
    UnknownName
        If the name stands for no recording, or for several.
    InputError
        If the format is unknown, or the file cannot be written; then nothing is left behind.
    """
    format_ = find_format(wanted.format)
    notes: list[str] = []
    with open_store(settings.location, limits=settings.limits) as store:
        recording = find_recording(store, wanted.name)
        material = read_material(store, recording)
        minter = Minter(settings.base_iri)
        options = replace(
            wanted.options, quads=lambda: stored_quads(store, recording),
            nanopub=lambda iri: nanopublication(store, iri, minter),
        )  # fmt: skip
        pieces = format_.write(material, options, notes)
        target = wanted.out
        if target is not None and target.is_dir():
            target /= stem(material) + format_.suffix
        give(pieces, target)
    return [*notes, *(f"{one.iri} was left out: {one.reason}" for one in material.left)]


def give(pieces: Iterator[bytes], target: Path | None) -> None:
    """Write pieces to a file, or to standard output without one, whole or not at all.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    if target is None:
        _print(pieces)
    else:
        _save(_shown(pieces), target)


def _shown(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Pass pieces on and show on a terminal how much has been written."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from pieces
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("written", total=None)
        for piece in pieces:
            yield piece
            progress.advance(task, len(piece))


def _print(pieces: Iterator[bytes]) -> None:
    """Give pieces to standard output when all of them could be made."""
    with tempfile.TemporaryFile() as draft:
        draft.writelines(pieces)
        draft.seek(0)
        sys.stdout.flush()
        while block := draft.read(1 << 20):
            sys.stdout.buffer.write(block)
    sys.stdout.flush()


def _save(pieces: Iterator[bytes], target: Path) -> None:
    draft = target.with_name(f".{target.name}.new")
    try:
        with draft.open("wb") as file:
            file.writelines(pieces)
        draft.replace(target)
    except OSError as error:
        raise InputError(
            f"{target} cannot be written ({error.strerror})", "a file in a folder that is there"
        ) from error
    finally:
        draft.unlink(missing_ok=True)
