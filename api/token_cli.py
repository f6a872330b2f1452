"""``acousma token``: who may write to the server."""

from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from api.options import Store, examples
from api.settings import load_settings
from api.tokens import Role, Tokens

__all__ = ["token"]

token = typer.Typer(
    name="token",
    help="Make, list and revoke the tokens of those who may write to the server.",
    epilog=examples("acousma token create 'Ada Listener'", "acousma token list"),
    no_args_is_help=True,
)

_OUT = Console()
_ERR = Console(stderr=True)


@token.command(
    epilog=examples("acousma token create 'Ada Listener'", "acousma token create Bo --role curator --days 30")
)
def create(
    person: Annotated[str, typer.Argument(help="Name of the person: the creator of what is written with the token.")],
    role: Annotated[
        Role, typer.Option(help="reader reads a private archive; annotator also annotates; curator also changes data.")
    ] = Role.ANNOTATOR,
    days: Annotated[
        float | None, typer.Option(min=0, help="For how long it is good; else until it is revoked.")
    ] = None,
    store: Store = None,
) -> None:
    """Make a token and print it, this once."""
    made, secret = Tokens(load_settings(store).tokens_file).create(person, role, days)
    typer.echo(secret)
    end = f" until {made.expires}" if made.expires else ""
    _ERR.print(f"{escape(made.person)}, {made.role.value}{end}; id {made.id}. It is not shown again.", highlight=False)


@token.command("list", epilog=examples("acousma token list"))
def list_(store: Store = None) -> None:
    """List the tokens; the tokens themselves are not kept."""
    table = Table("id", "person", "role", "made", "ends", "revoked")
    for one in Tokens(load_settings(store).tokens_file).all():
        table.add_row(one.id, escape(one.person), one.role.value, one.created, one.expires or "", one.revoked or "")
    _OUT.print(table)


@token.command(epilog=examples("acousma token revoke 1f2e3d4c"))
def revoke(
    id_: Annotated[str, typer.Argument(metavar="ID", help="Id of a token, as `acousma token list` has it.")],
    store: Store = None,
) -> None:
    """End a token; a running server refuses it at once."""
    ended = Tokens(load_settings(store).tokens_file).revoke(id_)
    _OUT.print(f"Revoked: {ended.id} of {escape(ended.person)}.", highlight=False)
