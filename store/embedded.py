"""The store of one machine: pyoxigraph on disk, written by one process and read by any number.

Conventions
-----------
- One process at a time opens the store for writing. Readers never open the live files: each query runs in a
  worker process (:mod:`store.workers`) on the generation published last (:mod:`store._generations`).
- The writer's own queries run there too: what it has written is seen after :meth:`EmbeddedStore.publish`.
  Only :meth:`EmbeddedStore.has_graph` looks at the live files.
- A process killed at any moment leaves a store that opens and holds whole bulk loads only.
- Each method may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import pyoxigraph as ox

from ontology.errors import InputError, QuerySyntaxError, QueryTimeout, StoreError, StoreMissing
from store._answers import JSON, TSV, as_boolean, as_table, check_media_type, only_number
from store._generations import Generations
from store._journal import Entry, Journal
from store._opening import check_place, dump_published, missing, open_live, open_published
from store._quads import graph_name, load_quads, read_quads, text_bytes
from store._revisions import Revisions, published_revisions
from store.base import AnswerBytes, Dataset, Limits, Stats, Stop, Table, Term
from store.binding import bind, bound
from store.guard import check_query, check_update
from store.index import Fault, Plan, SideIndex, faults
from store.planning import explained, planned
from store.workers import Answer, Job, WorkerPool
from store.written import written_graphs

__all__ = ["EmbeddedStore"]


class EmbeddedStore:
    """A :class:`store.base.Store` in a folder.

    Parameters
    ----------
    folder : Path
        Folder of the archive; made if absent and ``writable``.
    limits : Limits, optional
        How much a query may take.
    workers : int, default 1
        How many queries can run at once; a worker starts when it is first needed.
    writable : bool, default False
        Whether to open it for writing; one process at a time can.

    Raises
    ------
    StoreMissing
        If there is no archive in the folder and it is opened for reading.
    StoreLocked
        If another process has it open for writing.
    StoreError
        If the folder holds something else, or cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with EmbeddedStore(Path(folder.name) / "archive", writable=True) as archive:
    ...     archive.bulk_load(b'<http://e/w> <http://e/p> "gong" <http://e/run> .', ["http://e/run"])
    ...     archive.publish()
    ...     archive.rows("SELECT ?o { ?s ?p ?o }").rows[0][0].value
    'gong'
    >>> folder.cleanup()
    """

    def __init__(self, folder: Path, *, limits: Limits | None = None, workers: int = 1, writable: bool = False) -> None:
        self._folder, self._scratch = folder, folder / "scratch"
        self._limits = limits or Limits()
        self._generations = Generations(folder)
        self._lock = threading.RLock()
        self._live: ox.Store | None = None
        if writable:
            self._open_live()
        elif self._generations.current() is None:
            raise missing(folder)
        self.pool = WorkerPool(workers, self._limits)

    def _open_live(self) -> None:
        """Open the live store, undo what a killed writer left unfinished, and have something to read."""
        check_place(self._folder)
        live = self._folder / "live"
        try:
            live.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"{self._folder} cannot be made ({error.strerror})",
                "a folder that can be written",
                "name another folder",
            ) from error
        self._live = open_live(live)
        self._journal = Journal(self._folder / "journal")
        self._revisions = Revisions(self._folder)
        self._index = SideIndex(self._folder)
        self._index.begin(self._generations.current())
        self._generations.sweep()
        rmtree(self._scratch, ignore_errors=True)
        unfinished = self._journal.unfinished()
        if unfinished is not None:
            self._undo(unfinished)
        if unfinished is not None or self._generations.current() is None:
            self.publish()

    def bulk_load(self, nquads: Path | bytes, graphs: Sequence[str]) -> None:
        """Replace whole named graphs by the quads of an N-Quads file: all of it or nothing.

        The file is read before, for the side index, so that one with an error leaves the store as it was. If the load
        is cut off after that (disk full, process killed), these graphs come back as they were published last.

        Parameters
        ----------
        nquads : Path or bytes
            N-Quads, each quad in one of ``graphs``.
        graphs : sequence of str
            Exactly the graphs that the quads are in; what these held before is replaced.

        Raises
        ------
        InputError
            If it is not N-Quads, or has a quad in another graph.
        StoreError
            If it cannot be read or written.
        """
        names = [graph_name(graph) for graph in graphs]
        with self._lock:
            live = self._writing()
            replaced = tuple(name.value for name in names if live.contains_named_graph(name))
            self._index.read(read_quads(nquads), set(names), text_bytes(nquads))
            entry = Entry(tuple(graphs), replaced)
            revisions = self._revisions.note(graphs)
            self._journal.begin(entry)
            try:
                for name in names:
                    live.remove_graph(name)
                load_quads(live, nquads)
                live.flush()
                self._index.keep(revisions)
            except BaseException:
                self._undo(entry)
                raise
            self._journal.end()

    def _undo(self, entry: Entry) -> None:
        """Remove the graphs of an unfinished load; those it was to replace come back as published last."""
        live = self._writing()
        for graph in entry.graphs:
            live.remove_graph(ox.NamedNode(graph))
        published = self._generations.current()
        if entry.replaced and published is not None:
            whole = ox.Store.read_only(str(published))
            for graph in entry.replaced:
                live.bulk_extend(whole.quads_for_pattern(None, None, None, ox.NamedNode(graph)))
        live.flush()
        self._index.forget(entry.graphs)
        self._journal.end()

    def add(self, quads: Iterable[ox.Quad]) -> None:
        """Add a few quads in one transaction.

        Raises
        ------
        InputError
            If a quad is in no named graph.
        """
        batch = list(quads)
        graphs = []
        for quad in batch:
            if not isinstance(quad.graph_name, ox.NamedNode):
                raise InputError(f"the quad {quad} is in no named graph", "a quad in the graph of its run or reviewer")
            graphs.append(quad.graph_name.value)
        with self._lock:
            live = self._writing()
            self._revisions.note(graphs)
            live.extend(batch)

    def withdraw(self, graph: str) -> int:
        """Remove a named graph whole, in one transaction, and return how many quads went with it."""
        name = graph_name(graph)
        with self._lock:
            live = self._writing()
            quads = sum(1 for _ in live.quads_for_pattern(None, None, None, name))
            self._revisions.note([graph])
            live.remove_graph(name)
            return quads

    def update(self, text: str, *, base: str | None = None, graphs: Sequence[str] | None = None) -> None:
        """Run a SPARQL update in one transaction; see :meth:`store.base.Store.update`.

        It runs in this process, without a limit of time: not for a public door.

        Raises
        ------
        QueryRefused
            If :func:`store.guard.check_update` refuses it.
        QuerySyntaxError
            If it is not SPARQL 1.1 Update.
        """
        check_update(text, self._limits)
        with self._lock:
            live = self._writing()
            self._revisions.note(written_graphs(text) if graphs is None else graphs)
            try:
                live.update(text, base_iri=base)
            except SyntaxError as error:
                raise QuerySyntaxError(
                    f"the update is not SPARQL: {error}", None, "check the text at that place"
                ) from error
            except (OSError, RuntimeError, ValueError) as error:
                raise StoreError(f"the update could not be carried out: {error}") from error

    def has_graph(self, graph: str) -> bool:
        """Tell whether a named graph is there: written, if this is the writer; else published."""
        name = graph_name(graph)
        with self._lock:
            if self._live is not None:
                return self._live.contains_named_graph(name)
        return self.ask(f"ASK {{ GRAPH {name} {{ ?s ?p ?o }} }}")

    def rows(self, text: str | Plan, values: Mapping[str, Term] | None = None) -> Table:
        """Answer a SELECT on the published generation, with ``values`` bound to its parameters.

        Raises
        ------
        QueryError
            One of its kinds; then there is no answer.
        ParameterError
            If a value cannot be bound.
        """
        return as_table(b"".join(self._answer(bound(text, values), TSV, only="select")), TSV)

    def ask(self, text: str, values: Mapping[str, Term] | None = None) -> bool:
        """Answer an ASK on the published generation, with ``values`` bound to its parameters."""
        return as_boolean(b"".join(self._answer(bind(text, values or {}), JSON, only="ask")))

    def serialise(
        self,
        text: str | Plan,
        media_type: str,
        *,
        dataset: Dataset | None = None,
        base: str | None = None,
        stop: Stop | None = None,
    ) -> AnswerBytes:
        """Answer any query on the published generation as bytes; see :meth:`store.base.Store.serialise`."""
        return self._answer(text, media_type, about=(dataset, base), stop=stop)

    def _answer(
        self,
        text: str | Plan,
        media_type: str,
        *,
        only: str = "",
        about: tuple[Dataset | None, str | None] = (None, None),
        stop: Stop | None = None,
    ) -> Answer:
        """Check a query and send it to a worker; again if its generation went while it was being opened."""
        dataset, base = about
        plan = planned(text)
        while True:
            job = self.job(text, media_type, only=only, dataset=dataset, base=base)
            try:
                return self.pool.answer(job, stop)
            except StoreMissing:
                if job.folder == str(self._published()):
                    raise
            except QueryTimeout as error:
                raise explained(error, plan) from error

    def job(
        self, text: str | Plan, media_type: str, *, only: str = "", dataset: Dataset | None = None,
        base: str | None = None,
    ) -> Job:  # fmt: skip
        """Check a query, and return it as the workers of `pool` take it: to be evaluated on what is published now.

        For whoever cannot wait for `serialise` in a thread. Equal jobs have equal answers, unless a function of the
        query gives something else each time.
        """
        plan = planned(text)
        facts = check_query(text.text if isinstance(text, Plan) else text, self._limits)
        check_media_type(facts.form, media_type, only)
        own = dataset is not None and dataset.own
        union = not facts.names_graphs and not own
        used = plan.shortcuts if dataset is None and not facts.names_graphs else ()
        folder = self._generations.current_folder()
        if folder is None:
            raise missing(self._folder)
        return Job(folder, plan.text, media_type, union, None if own else dataset, base, used)

    def _published(self) -> Path:
        folder = self._generations.current()
        if folder is None:
            raise missing(self._folder)
        return folder

    def dump(self, graph: str | None, path: Path) -> None:
        """Write one published named graph, or with None all of them, to ``path`` as N-Quads."""
        dump_published(self._published(), None if graph is None else graph_name(graph), path)

    def quads(self, graph: str) -> Iterator[ox.Quad]:
        """Yield the quads of one published named graph."""
        return open_published(self._published()).quads_for_pattern(None, None, None, graph_name(graph))

    def revisions(self) -> Mapping[str, str]:
        """Return a revision for each published graph; an equal one means equal content."""
        generation = self._published()
        noted = published_revisions(self._folder, generation)
        graphs = open_published(generation).named_graphs()
        return {name.value: noted.get(name.value, noted[None]) for name in graphs if isinstance(name, ox.NamedNode)}

    def version(self) -> str:
        """Return the name of the published generation."""
        return self._published().name

    def stats(self) -> Stats:
        """Count what is published; the time limit of queries applies."""
        folder = self._published()
        quads = only_number(self.rows("SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"))
        graphs = only_number(self.rows("SELECT (COUNT(*) AS ?n) { GRAPH ?g {} }"))
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        return Stats(quads, graphs, size, folder.name)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder for files on their way into the store; it goes with all that is in it."""
        self._writing()
        self._scratch.mkdir(exist_ok=True)
        with TemporaryDirectory(dir=self._scratch) as folder:
            yield Path(folder)

    def publish(self) -> None:
        """Make a generation of what has been written; the next query of each reader sees it."""
        with self._lock:
            live = self._writing()
            self._index.begin(self._generations.publish(live, self._mark))

    def _mark(self, generation: Path) -> None:
        """Add to a generation that is being made what it has seen of the log, and the side index."""
        self._revisions.mark(generation)
        self._index.publish(generation, self._writing(), published_revisions(self._folder, generation))

    def make_index_anew(self) -> None:
        """Make the side index from all quads, and publish."""
        with self._lock:
            self._writing()
            self._index.discard()
            self._index.begin(None)
            self.publish()

    def index_faults(self) -> Iterator[Fault]:
        """Compare the published side index with the published quads, graph by graph."""
        return faults(self._published())

    def optimize(self) -> None:
        """Compact the live files, and publish them."""
        with self._lock:
            self._writing().optimize()
            self.publish()

    def _writing(self) -> ox.Store:
        if self._live is None:
            raise StoreError(f"{self._folder} is not open for writing", None, "open it with writable=True")
        return self._live

    def close(self) -> None:
        """End the workers and let another process write."""
        self.pool.close()
        with self._lock:
            if self._live is not None:
                self._live.flush()
                self._live = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
