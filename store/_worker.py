"""The worker process: it evaluates queries on a published generation, one at a time, and nothing else.

It is run as a script, ``python -P _worker.py DESCRIPTOR LIMITS``, and imports nothing of Acousma but ``_splice.py``,
when a query first has a shortcut, so that it starts in a few hundredths of a second.

Conventions
-----------
- Parent and worker speak over one inherited socket. A frame is one byte (its kind), four bytes (the length of
  the payload, big-endian) and the payload.
- Parent to worker: one ``Q`` frame per query, a JSON object with the keys of :class:`store.workers.Job`.
- Worker to parent: ``R`` (ready, once), then per query any number of ``D`` (bytes of the answer) followed by
  one ``E`` (end: the answer is whole) or one ``X`` (a JSON object with ``kind`` and ``message``: there is no
  answer). All ``D`` frames but the last have `BLOCK_BYTES`; the last is written together with the ``E``.
- Rows are counted in the bytes of the answer before they are sent.
- The kernel ends the worker at its time limit (SIGALRM) even if the parent is stuck, and refuses it sockets
  (seccomp), so that no query reaches the network. The parent remains the first to count the time.
"""

import ctypes
import json
import os
import re
import resource
import runpy
import select
import signal
import struct
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING, Protocol, TypedDict, cast

import pyoxigraph as ox

if TYPE_CHECKING:
    from store._splice import Shortcut

FRAME = struct.Struct("!cI")
BLOCK_BYTES = 64 * 1024
# The parent stops a query at its limit; this much later the worker ends itself.
ALARM_GRACE_SECONDS = 1.0
_ESCAPED = re.compile(rb"\\.", re.DOTALL)


class Job(TypedDict):
    """A query as it comes from the parent; :class:`store.workers.Job` says what each part means."""

    folder: str
    text: str
    media_type: str
    union: bool
    base: str | None
    dataset: dict[str, list[str]] | None
    shortcuts: "list[Shortcut]"


class RowCounter(Protocol):
    """Counts the rows in the bytes of an answer, exactly, block by block."""

    def feed(self, block: bytes) -> int:
        """Take the next block and return the rows so far."""
        ...


class MarkCounter:
    """Counts a mark that stands once per row and never inside a value.

    Parameters
    ----------
    mark : bytes
        ``<result>`` in XML, where values escape ``<``; a newline in TSV and N-Triples, where values escape
        it.
    rows_before : int
        Rows less marks: -1 where a header line has the mark too.
    """

    def __init__(self, mark: bytes, rows_before: int = 0) -> None:
        self._mark = mark
        self._rows = rows_before
        self._tail = b""

    def feed(self, block: bytes) -> int:
        """Take the next block and return the rows so far."""
        data = self._tail + block
        self._rows += data.count(self._mark)
        keep = len(self._mark) - 1
        self._tail = data[-keep:] if keep else b""
        return max(self._rows, 0)


class QuotedCounter:
    """Counts a mark outside double quotes.

    Parameters
    ----------
    mark : bytes
        A newline in CSV; what stands before an empty row in JSON.
    rows_before : int
        Rows less marks: -1 for the header line of CSV.
    escapes : bool
        Whether a backslash escapes the next byte (JSON); in CSV a quote is doubled, which needs no care.
    """

    def __init__(self, mark: bytes, rows_before: int, *, escapes: bool) -> None:
        self._mark = mark
        self._rows = rows_before
        self._escapes = escapes
        self._pending = b""
        self._quoted = False
        self._tail = b""

    def feed(self, block: bytes) -> int:
        """Take the next block and return the rows so far."""
        data = self._pending + block
        self._pending = b""
        if self._escapes and b"\\" in data:
            data = _ESCAPED.sub(b"", data)
            if data.endswith(b"\\"):
                data, self._pending = data[:-1], b"\\"
        if not self._quoted:
            data = self._tail + data
        ends_quoted = self._quoted ^ bool(data.count(b'"') % 2)
        if self._mark in data:
            outside = data.split(b'"')[1 if self._quoted else 0 :: 2]
            self._rows += b'"'.join(outside).count(self._mark)
        keep = len(self._mark) - 1
        self._tail = data[-keep:].rpartition(b'"')[2] if keep and not ends_quoted else b""
        self._quoted = ends_quoted
        return max(self._rows, 0)


class JsonCounter:
    """Counts the rows of SPARQL results in JSON as pyoxigraph and Oxigraph write them, without blanks.

    Before a row with values stands ``},{"``. The same bytes can end a string, and are then followed by ``}``
    or ``,``, with which no variable begins; within a string the quote would be escaped. An answer without
    rows counts as one row.
    """

    def __init__(self) -> None:
        self._rows = 1
        self._tail = b""
        self._empty_rows = QuotedCounter(b",{}", 0, escapes=True)

    def feed(self, block: bytes) -> int:
        """Take the next block and return the rows so far."""
        data = self._tail + block
        self._tail = data[-4:]
        # The last byte is left out so that what follows each match is known.
        self._rows += data.count(b'},{"', 0, -1) - data.count(b'},{"}') - data.count(b'},{",')
        return self._rows + self._empty_rows.feed(block)


def row_counter(media_type: str) -> RowCounter | None:
    """Return a counter for a media type, or None where rows cannot be told (graphs beside N-Triples)."""
    match media_type:
        case "application/sparql-results+json":
            return JsonCounter()
        case "text/csv":
            return QuotedCounter(b"\n", -1, escapes=False)
        case "text/tab-separated-values":
            return MarkCounter(b"\n", -1)
        case "application/sparql-results+xml":
            return MarkCounter(b"<result>")
        case "application/n-triples" | "application/n-quads":
            return MarkCounter(b"\n")
    return None


class TooLargeError(Exception):
    """The answer passed a limit; the argument says which and by what."""


class AnswerWriter:
    """The file object into which pyoxigraph serialises: it counts, limits, and sends blocks.

    Parameters
    ----------
    descriptor : int
        The socket.
    counter : RowCounter or None
        Counts rows where the media type allows it.
    max_rows, max_bytes : int
        The limits; :class:`TooLargeError` is raised before anything beyond them is sent.
    """

    def __init__(self, descriptor: int, counter: RowCounter | None, max_rows: int, max_bytes: int) -> None:
        self._descriptor = descriptor
        self._counter = counter
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._block = bytearray()
        self._sent = 0

    def write(self, data: bytes) -> int:
        """Take bytes from pyoxigraph."""
        self._block += data
        if len(self._block) >= BLOCK_BYTES:
            self._send_whole_blocks()
        return len(data)

    def flush(self) -> None:
        """Do nothing: blocks are sent when they are full or last."""

    def finish(self) -> None:
        """Send what is left, and that the answer is whole."""
        block = self._checked(bytes(self._block))
        self._block.clear()
        last = FRAME.pack(b"D", len(block)) + block if block else b""
        _write(self._descriptor, last + FRAME.pack(b"E", 0))

    def _send_whole_blocks(self) -> None:
        whole = len(self._block) // BLOCK_BYTES * BLOCK_BYTES
        blocks = self._checked(bytes(memoryview(self._block)[:whole]))
        del self._block[:whole]
        for start in range(0, whole, BLOCK_BYTES):
            send(self._descriptor, b"D", blocks[start : start + BLOCK_BYTES])

    def _checked(self, block: bytes) -> bytes:
        self._sent += len(block)
        if self._sent > self._max_bytes:
            raise TooLargeError(f"more than {self._max_bytes:,} bytes")
        if self._counter is not None and self._counter.feed(block) > self._max_rows:
            raise TooLargeError(f"more than {self._max_rows:,} rows")
        return block


def send(descriptor: int, kind: bytes, payload: bytes = b"") -> None:
    """Send one frame."""
    _write(descriptor, FRAME.pack(kind, len(payload)) + payload)


def _write(descriptor: int, frames: bytes) -> None:
    data = memoryview(frames)
    while data:
        data = data[os.write(descriptor, data) :]


def receive(descriptor: int) -> bytes:
    """Wait for one query frame and return its payload; the end of the parent ends this process."""
    _, length = FRAME.unpack(_exactly(descriptor, FRAME.size))
    return _exactly(descriptor, length)


def _exactly(descriptor: int, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        part = os.read(descriptor, size - len(data))
        if not part:
            raise SystemExit(0)
        data += part
    return bytes(data)


def forbid_sockets() -> None:
    """Ask the kernel to refuse this process new sockets; where it cannot, :mod:`store.guard` stands alone.

    A seccomp filter: on the architecture for which the number of ``socket`` is known, that call (and on
    x86-64 every call of the x32 interface) returns EACCES.
    """
    known = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}
    machine = os.uname().machine
    if machine not in known:
        return
    architecture, socket_call = known[machine]
    refuse, allow = 0x00050000 | 13, 0x7FFF0000
    program = (
        (0x20, 0, 0, 4),  # load the architecture
        (0x15, 0, 4, architecture),  # another one: allow
        (0x20, 0, 0, 0),  # load the number of the call
        (0x15, 1, 0, socket_call),  # socket: refuse
        (0x35, 0, 1, 0x40000000),  # x32 interface: refuse, else allow
        (0x06, 0, 0, refuse),
        (0x06, 0, 0, allow),
    )
    packed = b"".join(struct.pack("=HBBI", *line) for line in program)
    lines = ctypes.create_string_buffer(packed, len(packed))
    filter_ = struct.pack("@HP", len(program), ctypes.addressof(lines))
    prctl = ctypes.CDLL(None).prctl
    prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    holder = ctypes.create_string_buffer(filter_, len(filter_))
    set_no_new_privileges, set_seccomp, mode_filter = 38, 22, 2
    prctl(set_no_new_privileges, 1, 0, 0, 0)
    prctl(set_seccomp, mode_filter, ctypes.addressof(holder), 0, 0)


def _end_with_parent(descriptor: int) -> None:
    """End this process, in whatever query it is, once the parent has gone."""
    poll = select.poll()
    poll.register(descriptor, select.POLLRDHUP)
    poll.poll()
    os._exit(0)


def main(descriptor: int, limits: dict[str, float]) -> None:
    """Answer queries until the parent goes.

    Parameters
    ----------
    descriptor : int
        The socket.
    limits : dict
        The fields of :class:`store.base.Limits`.
    """
    memory_bytes = int(limits["memory_bytes"])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    forbid_sockets()
    threading.Thread(target=_end_with_parent, args=(descriptor,), daemon=True).start()
    evaluator = Evaluator(descriptor, int(limits["rows"]), int(limits["answer_bytes"]))
    send(descriptor, b"R")
    while True:
        job = json.loads(receive(descriptor))
        signal.setitimer(signal.ITIMER_REAL, limits["seconds"] + ALARM_GRACE_SECONDS)
        evaluator.answer(job)
        signal.setitimer(signal.ITIMER_REAL, 0)


class Evaluator:
    """Holds the generation that was asked last, and answers on it.

    Parameters
    ----------
    descriptor : int
        The socket.
    max_rows, max_bytes : int
        The limits of an answer.
    """

    def __init__(self, descriptor: int, max_rows: int, max_bytes: int) -> None:
        self._descriptor = descriptor
        self._max_rows = max_rows
        self._max_bytes = max_bytes
        self._folder: str | None = None
        self._store = ox.Store()
        self._index: object = None
        self._splice: SimpleNamespace | None = None

    def answer(self, job: Job) -> None:
        """Answer one query; an ``E`` or an ``X`` frame is its end."""
        kind = "store"
        try:
            self._open(job["folder"])
            kind = "query"
            self._evaluate(job)
        except TooLargeError as error:
            kind, message = "large", str(error)
        except SyntaxError as error:
            kind, message = "syntax", str(error)
        except (OSError, RuntimeError, ValueError, MemoryError) as error:
            kind, message = getattr(error, "kind", kind), str(error) or type(error).__name__
        else:
            return
        send(self._descriptor, b"X", json.dumps({"kind": kind, "message": message}).encode())

    def _open(self, folder: str) -> None:
        if folder != self._folder:
            self._folder = self._index = None
            self._store = ox.Store.read_only(folder)
            self._folder = folder

    def _text(self, job: Job) -> str:
        """Return the text of a query with its shortcuts filled in, if there is a side index."""
        if not job["shortcuts"]:
            return job["text"]
        if self._splice is None:
            self._splice = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("_splice.py"))))
        if self._index is None:
            self._index = self._splice.open_index(f"{self._folder}/index.sqlite")
        return str(self._splice.spliced(job["text"], job["shortcuts"], self._index, self._store, job["base"]))

    def _evaluate(self, job: Job) -> None:
        media_type, dataset = job["media_type"], job["dataset"]
        writer = AnswerWriter(self._descriptor, row_counter(media_type), self._max_rows, self._max_bytes)
        if dataset is None:
            text = self._text(job)
            result = self._store.query(text, base_iri=job["base"], use_default_graph_as_union=job["union"])
        else:
            default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = []
            default += (ox.NamedNode(iri) for iri in dataset["default"])
            named: list[ox.NamedNode | ox.BlankNode] = []
            named += (ox.NamedNode(iri) for iri in dataset["named"])
            result = self._store.query(job["text"], base_iri=job["base"], default_graph=default, named_graphs=named)
        output = cast("IO[bytes]", writer)  # pyoxigraph needs its write() and flush() only
        if isinstance(result, ox.QueryTriples):
            result.serialize(output, ox.RdfFormat.from_media_type(media_type))
        else:
            result.serialize(output, ox.QueryResultsFormat.from_media_type(media_type))
        writer.finish()


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
