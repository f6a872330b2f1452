"""The commands ``acousma corpus …``: sounds whose truth is known, made from code.

Exit codes are those of ``api.cli``.
"""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import examples, processors

__all__ = ["corpus"]

_OUT = Console(width=None if sys.stdout.isatty() else 140)
_ERR = Console(stderr=True)


class Form(StrEnum):
    """How a table is written."""

    TABLE = "table"
    CSV = "csv"


corpus = typer.Typer(
    name="corpus",
    help="Make and check a corpus of sounds whose truth is known, because it follows from how they were made.",
    epilog=examples(
        "acousma corpus make --size 400 --seed 1948",
        "acousma corpus verify corpus",
        "acousma corpus describe corpus",
        "acousma corpus list",
    ),
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The corpus.")]


@corpus.command(
    epilog=examples(
        "acousma corpus make --size 400 --seed 1948",
        "acousma corpus make listening --size 2000 --processes 2 --degrade noise20,noise0,mono",
        "acousma corpus make knots --size 100 --concepts node,granularNoise --generators cluster,grains,noise",
        "acousma corpus make pieces --etudes 20",
    )
)
def make(
    folder: Folder = Path("corpus"),
    size: Annotated[int, typer.Option(help="Clips of 3 to 10 s.")] = 0,
    etudes: Annotated[
        int | None,
        typer.Option(help="Études of 1 to 3 minutes, with known form; one for each 200 clips if not given."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of all chance: equal seeds give equal bytes.")] = 1948,
    generators: Annotated[str, typer.Option(metavar="NAMES", help="Draw from these only, with commas.")] = "",
    concepts: Annotated[str, typer.Option(metavar="IDS", help="Each clip decides one of these, with commas.")] = "",
    degrade: Annotated[
        str, typer.Option(metavar="NAMES", help="Also make these conditions of every sound, with commas.")
    ] = "",
    only: Annotated[str, typer.Option(metavar="INDEXES", help="Make these clips now: 0-99,512.")] = "",
    processes: Annotated[
        int | None, typer.Option(min=1, help="Clips rendered at the same time; as many as processors if not given.")
    ] = None,
) -> None:
    """Make a corpus, or go on with one that was interrupted or is to grow."""
    from api import corpora

    pieces = max(size, 0) // 200 if etudes is None else etudes
    plan = corpora.plan((seed, size, pieces), corpora.Names(generators, concepts, degrade, only))
    corpora.make_corpus(folder, plan, processes or processors(), (_OUT, _ERR))


@corpus.command(epilog=examples("acousma corpus verify", "acousma corpus verify listening"))
def verify(folder: Folder = Path("corpus")) -> None:
    """Compare every file of a corpus with the sum that was taken when it was made."""
    from api import corpora

    if not corpora.verify_corpus(folder, (_OUT, _ERR)):
        raise typer.Exit(1)


@corpus.command(
    epilog=examples("acousma corpus describe", "acousma corpus describe listening --format csv > counts.csv")
)
def describe(
    folder: Folder = Path("corpus"),
    format_: Annotated[Form, typer.Option("--format", help="How to write the table.")] = Form.TABLE,
) -> None:
    """Count the clips in which each concept is true and false, by generator."""
    from api import corpora

    corpora.describe_corpus(folder, format_.value, _OUT)


@corpus.command(
    epilog=examples(
        "acousma corpus fetch schaeffer --into schaeffer",
        "acousma corpus fetch schaeffer --source download --into real",
    )
)
def fetch(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What to fetch: schaeffer.")],
    into: Annotated[Path, typer.Option(metavar="FOLDER", help="The corpus that is made of it.")],
    dataset: Annotated[str, typer.Option(metavar="ID", help="Id on the hub; else the data set's own.")] = "",
    revision: Annotated[str | None, typer.Option(help="Commit or tag on the hub; else the newest.")] = None,
    source: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The data set, already on this machine; nothing is fetched.")
    ] = None,
) -> None:
    """Fetch labelled real sounds, and make a corpus of them that `acousma evaluate` takes; what is there is kept."""
    from api import corpora

    corpora.fetch_corpus(name, into, corpora.Source(dataset, revision, source), (_OUT, _ERR))


@corpus.command("list", epilog=examples("acousma corpus list"))
def list_() -> None:
    """List the generators, the degradations and the concepts whose truth they know."""
    from api import corpora

    corpora.list_known(_OUT)
