"""The commands ``acousma audition`` and ``acousma hear``: whether a listening model listens, and what it hears.

Exit codes are those of ``api.cli``; 1 says that an aspect failed a control test.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Describer, Format, Store, examples
from api.server_options import PerMinute, Scoring, ScoringOption, ServerUrl, Timeout
from api.settings import load_settings

__all__ = ["listening"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)

listening = typer.Typer(rich_markup_mode="markdown")


@listening.command(
    epilog=examples(
        "acousma audition models/Qwen2-Audio-7B-Instruct --describer transformers --device cuda",
        "acousma audition models/clap-htsat-unfused --describer clap --clips 24 --format csv",
        "acousma audition Qwen/Qwen2-Audio-7B-Instruct --describer openai --server http://localhost:8000/v1",
        "acousma audition models/clap-htsat-unfused --describer clap --trust grainTerm --by 'A. Listener' "
        "--because 'right about the 60 strokes that I checked'",
    )
)
def audition(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Folder of a model, or its id on a hub.")],
    describer: Annotated[Describer, typer.Option(help="The kind of model.")] = Describer.TRANSFORMERS,
    questions: Annotated[Path | None, typer.Option(help="YAML of what it is asked; else the default set.")] = None,
    envelope: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the model hears, as acousma models has it; else derived.")
    ] = None,
    clips: Annotated[int, typer.Option(min=1, help="Clips for each question.")] = 12,
    seed: Annotated[int, typer.Option(min=0, help="Of the clips.")] = 1,
    batch: Annotated[int, typer.Option(min=1, help="Sounds that the model hears at the same time.")] = 8,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="Where to compute; else ACOUSMA_DEVICE, else cpu.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="For the answers already given.")] = Path("audition"),
    trust: Annotated[
        str | None, typer.Option(metavar="ASPECT", help="No audition: say that a person trusts it about this.")
    ] = None,
    distrust: Annotated[str | None, typer.Option(metavar="ASPECT", help="No audition: take such a trust back.")] = None,
    by: Annotated[str | None, typer.Option(metavar="NAME", help="The person who trusts.")] = None,
    because: Annotated[str | None, typer.Option(metavar="TEXT", help="Why.")] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the figures.")] = Format.TABLE,
    server: ServerUrl = None,
    per_minute: PerMinute = None,
    timeout: Timeout = 120.0,
    scoring: ScoringOption = Scoring.AUTO,
    store: Store = None,
) -> None:
    """Put a listening model to control tests, and keep in the archive what it may claim.

    Clips whose truth is known are heard plain, silent, backwards, without their upper band, at other levels, alone and
    in batches, and asked about in other words. What an aspect that fails would claim is kept as a description from
    then on, until a person trusts the model about it (`--trust`). Answers are kept: an audition that was ended goes on.
    Exit code 1 if an aspect failed.
    """
    from api import auditioning
    from ingest.listeners.base import ServerOptions

    settings = load_settings(store)
    settings = settings.model_copy(update={"device": device or settings.device})
    asked = server and ServerOptions(server, per_minute, timeout, at_once=batch, scoring=scoring.value)
    options = auditioning.Options(
        model, describer.value, questions, envelope, auditioning.Wish(seed, clips, batch, out), asked or None
    )  # fmt: skip
    if trust or distrust:
        auditioning.decide(options, auditioning.Decision(trust, distrust, by, because), settings, _OUT)
    elif not auditioning.audition(options, format_.value, settings, (_OUT, _ERR)):
        raise typer.Exit(1)


@listening.command(
    epilog=examples(
        "acousma hear demo/sounds/ambi_choir.flac --as qwen2-audio-7b",
        "acousma hear demo/etude.flac --as 'LAION CLAP (HTSAT)' --from 25 --to 30 --out heard.wav",
        "acousma hear demo/etude.flac --as models/clap-htsat-unfused --keep",
    )
)
def hear(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", help="A sound file.")],
    model: Annotated[
        str, typer.Option("--as", metavar="MODEL", help="As acousma models has it, or the folder of a model.")
    ],
    start: Annotated[float | None, typer.Option("--from", min=0, metavar="S", help="Start in seconds.")] = None,
    end: Annotated[float | None, typer.Option("--to", min=0, metavar="S", help="End in seconds.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="FLAC or WAV; else named after sound and model.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Beside the sound, and in the archive as a rendition with what it lost.")
    ] = False,
    store: Store = None,
) -> None:
    """Write a sound as a listening model hears it: mono, in its band, through its mel spectra and back.

    Prints what the model's input loses of it.
    """
    from api import hearing

    options = hearing.HearOptions(recording, model, start, end, out, keep)
    hearing.hear(options, load_settings(store), _OUT)
