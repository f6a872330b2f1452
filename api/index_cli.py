"""``acousma index``: the side index of an archive, compared with it or made anew."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.options import Store, examples
from api.settings import load_settings
from ontology.errors import StoreError
from store import EmbeddedStore, open_store

__all__ = ["add_index_command"]

_OUT = Console(width=120)


def index(
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make it anew from all statements first.")] = False,
    store: Store = None,
) -> None:
    """Compare the side index with the statements it is made of: spans in order of time, numbers of claims, words.

    The index is kept in step by every command that writes. It is no second archive: it can be made anew at any time.
    Exit code 4 where the two differ.
    """
    settings = load_settings(store)
    with open_store(settings.location, limits=settings.limits, writable=rebuild) as archive:
        if not isinstance(archive, EmbeddedStore):
            raise StoreError(f"{settings.location} is a server", "an archive in a folder: a server has no side index")
        if rebuild:
            archive.make_index_anew()
        faults = list(archive.index_faults())
    for fault in faults:
        tables = ", ".join(fault.tables) or "all"
        _OUT.print(
            f"{escape(fault.graph)}: {fault.found:,} rows, expected {fault.expected:,} ({tables})", soft_wrap=True
        )
    if faults:
        raise StoreError(
            f"the side index differs from the archive in {len(faults):,} graphs", None, "acousma index --rebuild"
        )
    _OUT.print("the side index is in step with the archive", highlight=False)


def add_index_command(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("index", epilog=examples("acousma index", "acousma index --rebuild"))(index)
