"""One worker process as its parent sees it: what it is sent, and how it is read from and ended."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import NoReturn

from ontology.errors import QueryLost
from store import _worker
from store.base import Dataset, Limits
from store.index.shortcuts import Shortcut

__all__ = ["Job", "Worker"]

_START_SECONDS = 30.0
_SLOW_NICENESS = 10
_RECEIVE_BYTES = 2 * _worker.BLOCK_BYTES


@dataclass(frozen=True)
class Job:
    """One query for a worker, checked by :mod:`store.guard` beforehand.

    Parameters
    ----------
    folder : str
        The generation to read.
    text : str
        The query.
    media_type : str
        The form of the answer.
    union : bool
        Whether the default graph is the union of all named graphs.
    dataset : Dataset or None
        The graphs that the request names, if it does.
    base : str or None
        IRI for relative ones.
    shortcuts : tuple of Shortcut
        Stretches of the text that the side index can answer; with them or without the answer is the same.
    """

    folder: str
    text: str
    media_type: str
    union: bool
    dataset: Dataset | None = None
    base: str | None = None
    shortcuts: tuple[Shortcut, ...] = field(default=(), compare=False)

    def message(self) -> bytes:
        """Return the job as it is sent."""
        dataset = None if self.dataset is None else {"default": self.dataset.default, "named": self.dataset.named}
        shortcuts = [asdict(one) for one in self.shortcuts]
        return json.dumps({**self.__dict__, "dataset": dataset, "shortcuts": shortcuts}).encode()


class Worker:
    """One worker process and the socket to it."""

    def __init__(self, limits: Limits) -> None:
        self._socket, theirs = socket.socketpair()
        self._received = bytearray()
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed with the worker, in kill()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", _worker.__file__, str(theirs.fileno()), json.dumps(asdict(limits))],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._messages,
                process_group=0,
            )
        try:
            self.receive(time.monotonic() + _START_SECONDS)
        except TimeoutError:
            self.kill()
            raise QueryLost(f"the process for queries did not start within {_START_SECONDS:g} s") from None
        except BaseException:
            self.kill()
            raise

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def send(self, job: Job) -> None:
        payload = job.message()
        self._socket.settimeout(_START_SECONDS)
        try:
            self._socket.sendall(_worker.FRAME.pack(b"Q", len(payload)) + payload)
        except OSError:
            self._raise_lost()

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        """Return the kind and the payload of the next frame; raise TimeoutError past the deadline."""
        kind, length = _worker.FRAME.unpack(self._exactly(_worker.FRAME.size, deadline))
        return kind, self._exactly(length, deadline)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when something has been sent."""
        return self._socket.fileno()

    @property
    def has_frame(self) -> bool:
        """Whether a frame has been read from the socket that has not been received yet."""
        head = _worker.FRAME.size
        return (
            len(self._received) >= head and len(self._received) >= head + _worker.FRAME.unpack_from(self._received)[1]
        )

    def _exactly(self, size: int, deadline: float) -> bytes:
        while len(self._received) < size:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            self._socket.settimeout(left)
            try:
                part = self._socket.recv(_RECEIVE_BYTES)
            except ConnectionError:
                part = b""
            if not part:
                self._raise_lost()
            self._received += part
        data = bytes(memoryview(self._received)[:size])
        del self._received[:size]
        return data

    def _raise_lost(self) -> NoReturn:
        """Say how the process ended."""
        try:
            code = self._process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            code = 0
        if code == -signal.SIGALRM:
            raise TimeoutError
        self._messages.seek(0)
        said = self._messages.read().decode(errors="replace").strip().partition("\n")[0]  # then the backtrace
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        raise QueryLost(
            f"the process that evaluated the query ended ({how}{': ' + said if said else ''})",
            "an answer; the archive is unharmed",
            "make the query shallower, or its intermediate results smaller, and send it again",
        )

    def slow_down(self) -> None:
        """Give the process less of the processor than others have."""
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, self._process.pid, _SLOW_NICENESS)

    def end(self) -> None:
        """End the process at once; whoever reads from it finds the end."""
        self._process.kill()

    def kill(self) -> None:
        """End the process at once and forget it."""
        self.end()
        self._process.wait()
        self._socket.close()
        self._messages.close()
