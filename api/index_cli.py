"""``acousma index``: the side index of an archive, compared with it or made anew."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.likeness import vectors_file
from api.options import Store, examples
from api.settings import load_settings
from ontology.errors import StoreError
from store import EmbeddedStore, open_store
from store.nearest import EXACT_BELOW, make_indexes
from store.vectors import VectorStore

__all__ = ["add_index_command"]

_OUT = Console(width=120)


def index(
    rebuild: Annotated[
        bool, typer.Option("--rebuild", help="Make it anew from all statements first, and put vectors in order.")
    ] = False,
    store: Store = None,
) -> None:
    """Compare the side index with the statements it is made of: spans in order of time, numbers of claims, words.

    The index is kept in step by every command that writes. It is no second archive: it can be made anew at any time.
    Vectors of sounds, where a model made any, are compared with their sums and with the runs they belong to; with
    --rebuild those that fit neither are removed. Exit code 4 where something differs.
    """
    settings = load_settings(store)
    with open_store(settings.location, limits=settings.limits, writable=rebuild) as archive:
        if not isinstance(archive, EmbeddedStore):
            raise StoreError(f"{settings.location} is a server", "an archive in a folder: a server has no side index")
        if rebuild:
            archive.make_index_anew()
        faults = list(archive.index_faults())
        vectors = VectorStore(vectors_file(settings.location))
        astray = list(vectors.faults(archive.revisions()))
    if rebuild:
        vectors.forget(fault.graph for fault in astray)
        astray = []
        _make_indexes(vectors)
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
    for one in astray:
        _OUT.print(f"vectors of {escape(one.graph)}: {one.reason}", soft_wrap=True, highlight=False)
    if astray:
        raise StoreError(f"the vectors of {len(astray):,} runs cannot be used", None, "acousma index --rebuild")
    for space in vectors.spaces():
        spans = sum(len(run.places) for run in vectors.runs(space))
        _OUT.print(f"{spans:,} vectors of {escape(space.model)}", highlight=False)


def _make_indexes(vectors: VectorStore) -> None:
    """Make what finds near vectors among very many."""
    try:
        made = make_indexes(vectors)
    except ImportError as error:
        raise StoreError(
            f"there are more than {EXACT_BELOW:,} vectors, and usearch is not installed", None,
            "install it with: pip install 'acousma[likeness]'; without it questions are answered, only slower",
        ) from error  # fmt: skip
    if made:
        _OUT.print(f"{made} indexes of vectors made", highlight=False)


def add_index_command(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("index", epilog=examples("acousma index", "acousma index --rebuild"))(index)
