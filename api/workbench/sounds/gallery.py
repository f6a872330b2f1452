"""Pictures of sound, made in other processes and kept beside the archive.

Conventions
-----------
A picture is kept in ``pictures/`` of the archive's folder, under a name made of the sum of the sound and of what it
shows; the folder may be deleted at any time. When it grows beyond `MOST_BYTES`, the pictures that were made
first go. Sound is decoded in processes of its own, which a broken file may end.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import ParamSpec, TypeVar

import anyio.to_thread
import soundfile

from api.protocol.problems import Problem
from api.workbench.sounds import sight
from store.children import end_with_parent

__all__ = ["MOST_BYTES", "Gallery"]

MOST_BYTES = 1 << 30
_SWEEP_EVERY = 500
_VERSION = 1
"""Part of each name: raised when pictures are drawn in another way."""

P = ParamSpec("P")
T = TypeVar("T")


class Gallery:
    """The pictures of an archive's sounds.

    Parameters
    ----------
    folder : Path
        Where pictures are kept; made with the first.
    processes : int
    """

    def __init__(self, folder: Path, processes: int = 2) -> None:
        self._folder = folder
        self._processes = processes
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None
        self._making: dict[Path, Future[None]] = {}
        self._made = 0

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    async def tile(self, sound: Path, sum_: str, what: tuple[int, int, str]) -> bytes:
        """Return a tile of a spectrogram; see :func:`api.workbench.sounds.sight.spectrum_tile`."""
        scale, number, axis = what
        name = f"{sum_[:32]}-{_VERSION}-{axis}-{scale}-{number}.webp"
        return await self._kept(name, lambda: self._run(sight.spectrum_tile, str(sound), scale, number, axis))

    async def peaks(self, sound: Path, sum_: str, scale: int, number: int) -> tuple[bytes, bool]:
        """Return a tile of a waveform, and whether it is exact; long columns are exact when all was read once."""
        whole: Path | None = None
        if scale > 5:
            whole = self._folder / f"{sum_[:32]}-{_VERSION}-peaks.npy"
            if not await anyio.to_thread.run_sync(whole.is_file):
                self._begin(whole, str(sound))
                body = await anyio.to_thread.run_sync(
                    lambda: self._run(sight.peaks_tile, str(sound), scale, number, None)
                )
                return body, False
        name = f"{sum_[:32]}-{_VERSION}-wave-{scale}-{number}.bin"
        there = None if whole is None else str(whole)
        return await self._kept(name, lambda: self._run(sight.peaks_tile, str(sound), scale, number, there)), True

    async def form(self, sound: Path, sum_: str) -> list[tuple[float, float]]:
        """Return the form of a sound; see :func:`api.workbench.sounds.sight.form`."""
        made = await self._kept(
            f"{sum_[:32]}-{_VERSION}-form.json", lambda: json.dumps(self._run(sight.form, str(sound))).encode()
        )
        return [(float(level), float(bright)) for level, bright in json.loads(made)]

    async def file(self, name: str, make: Callable[[Path], None]) -> Path:
        """Return a kept file that a function writes if it is not there."""
        path = self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}-{_VERSION}{Path(name).suffix}"

        def made() -> Path:
            if not path.is_file():
                self._folder.mkdir(parents=True, exist_ok=True)
                draft = path.with_name(f".{threading.get_ident()}-{path.name}")
                make(draft)
                draft.replace(path)
            return path

        return await anyio.to_thread.run_sync(made)

    async def _kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        path = self._folder / name

        def made() -> bytes:
            try:
                return path.read_bytes()
            except FileNotFoundError:
                body = make()
            self._folder.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{threading.get_ident()}-{name}")
            draft.write_bytes(body)
            draft.replace(path)
            self._sweep()
            return body

        return await anyio.to_thread.run_sync(made)

    def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return what a function returns in another process."""
        return self._run(function, *args, **kwargs)

    def _run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in (1, 2):
            try:
                return self._opened().submit(function, *args, **kwargs).result()
            except BrokenProcessPool as error:
                self.close()
                if attempt == 2:
                    raise Problem(500, "The sound ended the process that read it.") from error
            except (soundfile.LibsndfileError, OSError) as error:
                raise Problem(404, "The sound of this recording cannot be read any more.") from error
        raise AssertionError("one of two attempts returns or raises")

    def _begin(self, target: Path, sound: str) -> None:
        """Begin to read a whole file, unless it is being read."""
        with self._lock:
            if target in self._making and not self._making[target].done():
                return
            self._folder.mkdir(parents=True, exist_ok=True)
        future = self._opened().submit(sight.peaks, sound, str(target))
        with self._lock:
            self._making[target] = future

    def _opened(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ProcessPoolExecutor(self._processes, get_context("spawn"), end_with_parent)
            return self._pool

    def _sweep(self) -> None:
        """Delete the oldest pictures if there are too many."""
        self._made += 1
        if self._made % _SWEEP_EVERY:
            return
        files = sorted((file.stat().st_mtime, file.stat().st_size, file) for file in self._folder.iterdir())
        over = sum(size for _, size, _ in files) - MOST_BYTES
        for _, size, file in files:
            if over <= 0:
                break
            file.unlink(missing_ok=True)
            over -= size
