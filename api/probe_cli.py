"""The commands ``acousma probe …``: small heads on frozen encoders, trained from labelled sounds.

Exit codes are those of ``api.cli``.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Store, examples

__all__ = ["probe"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)

probe = typer.Typer(
    name="probe",
    help="Train a small head on the vectors of a frozen encoder, and list such probes.",
    epilog=examples(
        "acousma probe train --encoder models/ast --corpus corpus --out probes/ast", "acousma probe list probes"
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@probe.command(
    epilog=examples(
        "acousma probe train --encoder models/ast-finetuned-audioset --corpus corpus --out probes/ast",
        "acousma probe train --encoder models/whisper-small --reviewed --out probes/whisper --store archive",
    )
)
def train(
    encoder: Annotated[str, typer.Option(metavar="FOLDER|ID", help="AST, CLAP, Whisper, or one like wav2vec 2.0.")],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder, or a probe to write over.")],
    corpus: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Made by acousma corpus make.")] = None,
    reviewed: Annotated[
        bool, typer.Option("--reviewed", help="Learn from claims of the archive that people accepted or rejected.")
    ] = False,
    clips: Annotated[int | None, typer.Option(min=1, help="Only the first so many clips of the corpus.")] = None,
    batch: Annotated[int, typer.Option(min=1, help="Sounds that the encoder hears at the same time.")] = 8,
    device: Annotated[
        str | None, typer.Option(metavar="cpu|cuda", help="Where to compute; else ACOUSMA_DEVICE, else cpu.")
    ] = None,
    store: Store = None,
) -> None:
    """Train a probe from a corpus or from reviewed claims, and write it with a model card."""
    from api import probing
    from api.settings import load_settings

    if (corpus is None) == (not reviewed):
        raise typer.BadParameter("say either --corpus FOLDER or --reviewed")
    settings = load_settings(store)
    settings = settings.model_copy(update={"device": device or settings.device})
    probing.train_probe(settings, probing.TrainOptions(encoder, corpus, out, clips, batch), (_OUT, _ERR))


@probe.command("list", epilog=examples("acousma probe list", "acousma probe list probes/ast"))
def list_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder of probes, or a probe.")] = Path("probes"),
) -> None:
    """List probes: on which encoder, of how many concepts, and how right on what they had not seen."""
    from api import probing

    probing.list_probes(folder, _OUT, _ERR)
