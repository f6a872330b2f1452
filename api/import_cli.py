"""The command ``acousma import``: what other programs said of recordings.

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

__all__ = ["imports"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)

imports = typer.Typer(rich_markup_mode="markdown")


class ImportFormat(StrEnum):
    """Which format files are in."""

    AUTO = "auto"
    WHISPER_AT = "whisper-at"
    LTU = "ltu"
    PIPELINE = "pipeline"
    CSV = "csv"
    JSONL = "jsonl"
    JAMS = "jams"
    IIIF = "iiif"
    WEBVTT = "webvtt"
    ELAN = "elan"
    AUDACITY = "audacity"
    SONIC_VISUALISER = "sonic-visualiser"


class Labels(StrEnum):
    """What imported labels are."""

    ANY = "any"
    AUDIOSET = "audioset"
    ACOUSMA = "acousma"


@imports.command(
    "import",
    epilog=examples(
        "acousma import tags.txt --recordings sounds --model 'Whisper-AT@large-v1'",
        "acousma import inference_log/*.json --catalogue catalogue.csv --model 'LTU-AS@ltuas_long_noqa_a6'",
        "acousma import Bell.txt --recordings sounds --person 'Ada Lind'",
        "acousma import answers.csv piece.jams --recordings sounds --least 0.5 --report report.csv",
    ),
)
def import_(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="What other programs wrote.")],
    recordings: Annotated[
        list[Path] | None, typer.Option(metavar="FOLDER", help="The sound files they speak of; repeatable.")
    ] = None,
    catalogue: Annotated[Path | None, typer.Option(help="CSV that names the sound files and their works.")] = None,
    format_: Annotated[
        ImportFormat, typer.Option("--format", help="Of the files; auto looks at each.")
    ] = ImportFormat.AUTO,
    model: Annotated[
        str | None, typer.Option(metavar="NAME[@VERSION]", help="Who said it, where the files do not tell.")
    ] = None,
    person: Annotated[
        str | None, typer.Option(metavar="NAME", help="The person who said it, where the files do not tell.")
    ] = None,
    envelope: Annotated[str | None, typer.Option(help="What the model hears: see `acousma models`.")] = None,
    least: Annotated[float, typer.Option(min=0, max=1, help="Leave labels with a lower score.")] = 0.3,
    labels: Annotated[Labels, typer.Option(help="What labels are whose file does not tell.")] = Labels.ANY,
    report: Annotated[Path | None, typer.Option(help="Also write a row per record as CSV.")] = None,
    store: Store = None,
) -> None:
    """Import what other programs said of recordings: texts as descriptions, labels as claims.

    Every record is counted: described, claimed, repeated, or left and why. Exit code 1 if something should be looked
    at.
    """
    from api import importing
    from ingest.imports.convert import Options
    from ingest.imports.records import Speaker

    if person is not None and (model is not None or envelope is not None):
        raise typer.BadParameter("name a person or a model, not both")
    speaker = Speaker(person, kind="person") if person is not None else importing.model(model, envelope)
    options = Options(speaker, least, labels.value)
    wanted = importing.ImportOptions(files, recordings or [], catalogue, format_.value, options, report)
    account, done = importing.import_files(load_settings(store), wanted, _ERR)
    importing.print_account(account, done, _OUT)
    if importing.print_faults(account, _ERR):
        raise typer.Exit(1)
