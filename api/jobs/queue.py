"""Who starts the processes of jobs, one after the other."""

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from api.jobs.states import Job, JobFolder, State, moment
from api.settings import Settings

__all__ = ["JobQueue", "opened_queue"]

_LOG = logging.getLogger("acousma.jobs")
_STOP_SECONDS = 10.0


class JobQueue:
    """Does the jobs of an archive while the server runs.

    Parameters
    ----------
    folder : JobFolder
    base, device : str
        Base IRI of the archive, and torch device.
    most_bytes : int
        Largest sound file in bytes.
    describers : Mapping of str to str
        Describers that can listen beside the measured one: kind and model, such as ``clap=/models/clap``, by name.
    """

    MOST_WAITING = 200

    def __init__(
        self, folder: JobFolder, base: str, device: str, most_bytes: int, describers: Mapping[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.most_bytes = most_bytes
        self.describers = dict(describers or {})
        self._base, self._device = base, device
        self._wake = threading.Event()
        self._closed = False
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def start(self) -> None:
        """Queue again what was running when the last server ended, and begin."""
        for job in self.folder.all():
            if job.state is State.RUNNING:
                self.folder.change(job, state=State.QUEUED, started=None, step="waiting")
        self._wake.set()
        self._thread.start()

    def add(self, job: Job) -> Job:
        """Take a job whose sound is there."""
        self.folder.write(job)
        self._wake.set()
        return job

    @property
    def is_full(self) -> bool:
        """Whether no more jobs are taken for now."""
        return sum(not job.is_finished for job in self.folder.all()) >= self.MOST_WAITING

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while (job := next((one for one in self.folder.all() if one.state is State.QUEUED), None)) is not None:
                if self._closed:
                    return
                self._do(job)
            if self._closed:
                return

    def _do(self, job: Job) -> None:
        """Let a process do a job, and note it if the process ended without a word."""
        command = [
            sys.executable, "-m", "api.jobs.work", str(self.folder.archive.resolve()), job.id, self._base, self._device,
            *(self.describers[name] for name in job.describers if name in self.describers),
        ]  # fmt: skip
        log = self.folder.folder(job.id) / "log.txt"
        with log.open("wb") as out:
            with self._lock:
                if self._closed:
                    return
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            code = self._process.wait()
        told = self.folder.read(job.id)
        if self._closed and not told.is_finished:
            return
        if not told.is_finished:
            problem = f"the process that did it ended with the code {code}"
            told = self.folder.change(told, state=State.FAILED, ended=moment(), step="failed", problem=problem)
        _LOG.info("job %s of %s: %s", job.id, job.filename, told.problem or told.step)

    def close(self) -> None:
        """End the job that is running, which is done again when the next server begins."""
        with self._lock:
            self._closed = True
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)


@contextmanager
def opened_queue(settings: Settings) -> Iterator[JobQueue | None]:
    """Open the queue of an archive in a folder; None where it lies on a server, to which sound cannot be sent."""
    if not isinstance(settings.location, Path):
        yield None
        return
    queue = JobQueue(
        JobFolder(settings.location), settings.base_iri, settings.device, settings.upload_bytes, settings.describers
    )
    queue.start()
    try:
        yield queue
    finally:
        queue.close()
