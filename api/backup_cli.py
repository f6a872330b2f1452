"""``acousma backup`` and ``acousma restore``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from api.operation.backups import Manifest, back_up, restore
from api.options import Store, examples
from api.settings import load_settings
from ontology.errors import InputError

__all__ = ["add_backups"]

_OUT = Console()


def add_backups(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(epilog=examples("acousma backup archive-2026-11-21.zip"))(backup)
    app.command("restore", epilog=examples("acousma restore archive-2026-11-21.zip --store restored"))(restore_)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file, such as archive.zip.")],
    store: Store = None,
) -> None:
    """Write the archive into one file and read it again; the archive may be in use, and written to, meanwhile.

    Sound files are not in it.
    """
    _tell("Backed up", back_up(load_settings(store).location, file), file)


def restore_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `acousma backup` has written.")],
    store: Store = None,
) -> None:
    """Make an archive of a backup, in a new folder, and compare it with the backup."""
    location = load_settings(store).location
    if not isinstance(location, Path):
        raise InputError(f"{location} is a server", "a folder", "load quads.nq of the backup into the server yourself")
    _tell("Restored", restore(file, location), location)


def _tell(done: str, manifest: Manifest, where: Path) -> None:
    _OUT.print(
        f"{done} and compared: {manifest.quads:,} statements in {len(manifest.graphs):,} graphs, {escape(str(where))}.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
