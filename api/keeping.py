"""``acousma runs``, ``withdraw`` and ``serve``: looking after an archive."""

import socket

import pyoxigraph
from rich.console import Console
from rich.markup import escape

from api.asking import answer_question, write_table
from api.bases import other_base
from api.likeness import vectors_file
from api.listing import plain
from api.settings import Settings
from ontology.errors import InputError, QueryError, StoreError, UnknownName
from queries import answer
from store import Store, open_store
from store.vectors import VectorStore

_SHUTDOWN_SECONDS = 10
"""How long a server that is told to stop goes on answering."""

_IDLE_SECONDS = 15
"""How long a connection may be idle between requests."""

__all__ = ["find_run", "list_runs", "print_next", "serve", "withdraw_graph"]


def find_run(settings: Settings, run: str) -> tuple[str, str]:
    """Return how to name a run to people, and the graph that holds it.

    Parameters
    ----------
    settings : Settings
    run : str
        The IRI of the run or of its graph, its id, or the beginning of its id if only one run has it.

    Raises
    ------
    UnknownName
        If no run, or more than one, is meant.
    """
    with open_store(settings.location, limits=settings.limits) as store:
        table = answer(store, "runs", {})
    index = {name: number for number, name in enumerate(table.columns)}
    found = []
    for row in table.rows:
        iri, graph = plain(row[index["run"]]), plain(row[index["graph"]])
        id_ = iri.rpartition("/")[2]
        if run in (iri, graph) or (run and id_.startswith(run)):
            agent, title = plain(row[index["agent"]]), plain(row[index["title"]])
            found.append((f"run {id_} of {agent} on {title or 'an untitled recording'}", graph))
    if len(found) != 1:
        raise UnknownName(
            f"{run!r} stands for {len(found)} runs", "the id or IRI of one run", "list them with: acousma runs"
        )
    return found[0]


def list_runs(settings: Settings, format_: str, out: Console) -> None:
    """Print who described what, with the id of each run."""
    if format_ != "table":
        answer_question(settings, ("runs", {}), format_, (out, Console(stderr=True)))
        return
    with open_store(settings.location, limits=settings.limits) as store:
        table = answer(store, "runs", {})
    index = table.columns.index("run")
    ids = [pyoxigraph.Literal(plain(row[index]).rpartition("/")[2]) for row in table.rows]
    shown = type(table)(("id", *table.columns), tuple((id_, *row) for id_, row in zip(ids, table.rows, strict=True)))
    write_table(shown, {}, "table", (out, "Runs"))


def withdraw_graph(settings: Settings, graph: str) -> int:
    """Remove everything a run said, and return how many statements that were."""
    with open_store(settings.location, writable=True, limits=settings.limits) as store:
        count = store.withdraw(graph)
        store.publish()
    VectorStore(vectors_file(settings.location)).forget([graph])
    return count


def _check_free(host: str, port: int) -> None:
    """Check that an address can be listened on; uvicorn ends the process where it cannot.

    Raises
    ------
    InputError
        If another program has the port, or there is no such host here.
    """
    try:
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise InputError(
            f"{host}:{port} cannot be listened on ({error.strerror})", "a free port of an address of this machine",
            "name another with --port or --host",
        ) from error  # fmt: skip


def serve(settings: Settings) -> None:
    """Serve the endpoint until it is stopped."""
    _check_free(settings.host, settings.port)
    import uvicorn

    from api.jobs.queue import opened_queue
    from api.operation.connections import GuardedConnection
    from api.protocol.middleware import set_up_logs
    from api.server import create_app
    from api.serving import opened_service

    with opened_service(settings) as service, opened_queue(settings) as queue:
        set_up_logs()
        _say_base(service.own, settings.base_iri)
        app = create_app(service, settings.requests_per_minute, queue)
        try:
            uvicorn.run(
                app, host=settings.host, port=settings.port, log_config=None, access_log=False, server_header=False,
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS, timeout_keep_alive=_IDLE_SECONDS,
                loop="uvloop", http=GuardedConnection, ws="none",
            )  # fmt: skip
        except OSError as error:
            raise InputError(
                f"{settings.host}:{settings.port} cannot be listened on ({error.strerror})", "a free port",
                "name another with --port",
            ) from error  # fmt: skip


def _say_base(store: Store, base: str) -> None:
    """Say so if an archive holds things of another base: their pages and manifests are not found here."""
    try:
        other = other_base(store, base)
    except (QueryError, StoreError):  # an archive on a server that is away, which may come back
        return
    if other is not None:
        Console(stderr=True).print(
            f"[yellow]note:[/yellow] IRIs of this archive begin with {escape(other)}, and ACOUSMA_BASE_IRI is "
            f"{escape(base)}: pages, manifests and exports of what begins otherwise are not found here; "
            f"if that is all, set ACOUSMA_BASE_IRI={escape(other)}",
            highlight=False, soft_wrap=True,
        )  # fmt: skip


def print_next(settings: Settings, out: Console) -> None:
    """Print what to type next."""
    where = "" if settings.store == "archive" else f"ACOUSMA_STORE={settings.store} "
    command = f"{where}.venv/bin/acousma"
    lines = (
        ("every question that can be asked", f"{command} ask"),
        ("a work along its time, with a picture", f"{command} describe 'Étude' --png etude.png"),
        ("the words, and how they are measured", f"{command} concepts attack"),
        ("your own sounds", f"{command} ingest PATH-TO-YOUR-SOUNDS"),
        ("a SPARQL endpoint at http://localhost:8000/sparql", f"{command} serve"),
    )
    out.print("\n[bold]What to type next[/bold]")
    for what, line in lines:
        out.print(f"  {what}\n    [cyan]{escape(line)}[/cyan]", highlight=False, soft_wrap=True)
