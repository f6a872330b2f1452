"""The command ``acousma export``: what is said of a recording, for other programs.

Exit codes are those of ``api.cli``.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Store, examples
from api.settings import load_settings

__all__ = ["exports"]

_ERR = Console(stderr=True)

exports = typer.Typer(rich_markup_mode="markdown")


class Profile(StrEnum):
    """Shape of a IIIF manifest."""

    FULL = "full"
    PLAIN = "plain"


@exports.command(
    "export",
    epilog=examples(
        "acousma export mei Bell --out bell.mei",
        "acousma export audacity Bell > bell.txt",
        "acousma export jams 'Étude aux objets entendus' --out exports",
    ),
)
def export(
    format_: Annotated[
        str | None, typer.Argument(metavar="FORMAT", help="Name of a format; none lists them all.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Argument(metavar="WORK|RECORDING", help="Title, part of a title, file name, or IRI of one recording."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE|FOLDER", help="Where to write; else standard output.")
    ] = None,
    audio: Annotated[str | None, typer.Option(metavar="URL", help="Address of the sound; else its file name.")] = None,
    base: Annotated[str | None, typer.Option(metavar="URL", help="Where a IIIF manifest will be served.")] = None,
    language: Annotated[
        str, typer.Option(metavar="TAG", help="Language of labels; English where there is none.")
    ] = "en",
    profile: Annotated[Profile, typer.Option(help="Shape of a IIIF manifest.")] = Profile.FULL,
    store: Store = None,
) -> None:
    """Write what is said of a recording in a format that other programs open.

    What the format cannot hold is said on standard error.
    """
    from api import exporting
    from export.options import Options

    if format_ is None:
        exporting.list_formats(sys.stdout)
        return
    if name is None:
        raise typer.BadParameter("name a work or a recording after the format")
    options = Options(base, audio, language, profile.value)
    wanted = exporting.ExportOptions(format_, name, out, options)
    for note in exporting.export_recording(load_settings(store), wanted):
        _ERR.print(f"[yellow]note:[/yellow] {exporting.shown(note)}", highlight=False, soft_wrap=True)
