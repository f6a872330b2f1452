"""``acousma backup`` and ``restore``: a whole archive as one file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.options import Store, examples
from api.settings import load_settings
from ontology.errors import InputError
from store import open_store
from store.backup import Backup, restore, write_backup

__all__ = ["add_backup_commands"]

_OUT = Console(width=120)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, such as archive.nq.gz.")],
    store: Store = None,
) -> None:
    """Write the whole archive to one file (N-Quads, packed), while it is in use, and read it back.

    Tokens are no part of it.
    """
    settings = load_settings(store)
    with open_store(settings.location, limits=settings.limits) as archive:
        _tell(file, write_backup(archive, file))


def restore_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `acousma backup` wrote.")],
    store: Store = None,
) -> None:
    """Make an archive of a backup, in a folder that is not there or empty, and compare the two."""
    location = load_settings(store).location
    if not isinstance(location, Path):
        raise InputError(f"{location} is a server", "a new folder", "name one with --store")
    _tell(location, restore(file, location))


def _tell(where: Path, found: Backup) -> None:
    text = f"{where}: {found.quads:,} statements in {len(found.graphs):,} graphs, as of {found.made}."
    _OUT.print(escape(text), highlight=False, soft_wrap=True)


def add_backup_commands(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("backup", epilog=examples("acousma backup archive-2026-05-01.nq.gz"))(backup)
    app.command("restore", epilog=examples("acousma restore archive-2026-05-01.nq.gz --store restored"))(restore_)
