"""``acousma sequences``: what several sources hear one after the other, merged into one graph in time."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from api.options import Source, Store, examples
from api.settings import load_settings

__all__ = ["add_sequence_command"]

_OUT = Console(width=None if sys.stdout.isatty() else 120)


def sequences(
    work: Annotated[str, typer.Argument(metavar="WORK", help="Title, part of a title, or IRI of a work.")],
    aspect: Annotated[
        str, typer.Option(metavar="CONCEPT", help="The question that the claims answer.")
    ] = "morphologicalArchetype",
    sources: Annotated[Source, typer.Option(help="Whose sequences are merged.")] = Source.AGENTS,
    agent: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only agents whose name holds this; repeatable.")
    ] = None,
    chords: Annotated[
        bool, typer.Option("--chords", help="Chords that were imported, in the place of claims.")
    ] = False,
    picture: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: .svg, .png or .pdf.")] = None,
    graph: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the graph as GraphML.")] = None,
    store: Store = None,
) -> None:
    """Merge what several sources say of a work into one graph in time, with how alike they are at each moment.

    Sources are the agents that describe one recording, or the versions of a work, whose times are then shares of their
    length. Alike are claims of the same concept or of one narrower than the other, and chords as far as they share
    pitch classes.
    """
    from api.sequences import Asked, show_sequences

    asked = Asked(work, aspect, sources, tuple(agent or ()), chords, picture, graph)
    show_sequences(load_settings(store), asked, _OUT)


def add_sequence_command(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        "sequences",
        epilog=examples(
            "acousma sequences 'Étude aux objets entendus' --picture etude.svg",
            "acousma sequences Bell --aspect brightnessLevel --agent 'measured describer' --agent Ada",
            "acousma sequences Bell --sources versions --graph bell.graphml",
            "acousma sequences Bell --chords --picture chords.png",
        ),
    )(sequences)
