"""The command ``acousma audition``: whether a listening model listens.

Exit codes are those of ``api.cli``; 1 says that an aspect failed a control test.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Describer, Format, Store, examples
from api.settings import load_settings

__all__ = ["listening"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)

listening = typer.Typer(rich_markup_mode="markdown")


@listening.command(
    epilog=examples(
        "acousma audition models/Qwen2-Audio-7B-Instruct --describer transformers --device cuda",
        "acousma audition models/clap-htsat-unfused --describer clap --clips 24 --format csv",
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
    store: Store = None,
) -> None:
    """Put a listening model to control tests, and keep in the archive what it may claim.

    Clips whose truth is known are heard plain, silent, backwards, without their upper band, at other levels, alone and
    in batches, and asked about in other words. What an aspect that fails would claim is kept as a description from
    then on, until a person trusts the model about it (`--trust`). Answers are kept: an audition that was ended goes on.
    Exit code 1 if an aspect failed.
    """
    from api import auditioning

    settings = load_settings(store)
    settings = settings.model_copy(update={"device": device or settings.device})
    options = auditioning.Options(
        model, describer.value, questions, envelope, auditioning.Wish(seed, clips, batch, out)
    )  # fmt: skip
    if trust or distrust:
        auditioning.decide(options, auditioning.Decision(trust, distrust, by, because), settings, _OUT)
    elif not auditioning.audition(options, format_.value, settings, (_OUT, _ERR)):
        raise typer.Exit(1)
