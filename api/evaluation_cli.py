"""The command ``acousma evaluate``: how right a describer is, on sounds whose truth is known.

Exit codes are those of ``api.cli``; 1 says that the describer failed on a sound, or that a baseline did not fail.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Format, examples, processors

__all__ = ["evaluation"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)
_ERR = Console(stderr=True)

evaluation = typer.Typer(rich_markup_mode="markdown")


@evaluation.command(
    epilog=examples(
        "acousma evaluate measured",
        "acousma evaluate measured --corpus listening --conditions clean,noise20,noise0,mono --processes 2",
        "acousma evaluate measured --clips 200 --format csv",
        "acousma evaluate measured --store archive",
    )
)
def evaluate(
    describer: Annotated[str, typer.Argument(metavar="DESCRIBER", help="Who is asked: measured.")],
    corpus: Annotated[Path, typer.Option(metavar="FOLDER", help="Made by acousma corpus make.")] = Path("corpus"),
    conditions: Annotated[
        str, typer.Option(metavar="NAMES", help="clean and degradations, with commas; made in memory if need be.")
    ] = "clean,noise20",
    clips: Annotated[int | None, typer.Option(min=1, help="Only the first so many clips.")] = None,
    processes: Annotated[
        int | None, typer.Option(min=1, help="Sounds described at the same time; as many as processors if not given.")
    ] = None,
    out: Annotated[
        Path, typer.Option(metavar="FOLDER", help="For the report, the scores, and the answers already given.")
    ] = Path("evaluation"),
    expectations: Annotated[
        Path | None, typer.Option(metavar="CSV", help="What is expected of real sounds; else demo/expectations.csv.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to write the scores.")] = Format.TABLE,
    store: Annotated[
        str | None, typer.Option(metavar="FOLDER|URL", help="Also keep the scores in this archive; else nowhere.")
    ] = None,
) -> None:
    """Score a describer against a corpus, with baselines that must fail, and write a report.

    Answers are kept: an evaluation that was ended goes on where it stopped. Exit code 1 if the describer failed on
    a sound (the others are scored), or if a baseline is right more often than chance.
    """
    from api import evaluating
    from api.settings import load_settings

    options = evaluating.Options(describer, corpus, conditions, clips, processes or processors(), out, expectations)
    if not evaluating.evaluate(options, format_.value, load_settings(store) if store else None, (_OUT, _ERR)):
        raise typer.Exit(1)
