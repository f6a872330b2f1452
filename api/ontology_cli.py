"""``acousma ontology``: the pages and data of the ontology, as files."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.options import examples

__all__ = ["add_ontology"]

_OUT = Console()


def add_ontology(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(
        epilog=examples(
            "acousma ontology --out public",
            "acousma ontology --out public --endpoint https://archive.example.org/sparql",
        )
    )(ontology)


def ontology(
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="A new folder, or one this command has written.")],
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="SPARQL endpoint that the pages ask; none leaves that out.")
    ] = None,
) -> None:
    """Write the pages and data of the ontology and the vocabulary as files for a web server.

    Open index.html. `acousma serve` serves the same pages.
    """
    from api.published.site import write_site

    count, size = write_site(out, endpoint)
    _OUT.print(f"{escape(str(out))}: {count:,} files, {size / 1e6:.1f} MB.", highlight=False, soft_wrap=True)
