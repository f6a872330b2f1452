"""The process that does one job: ``python -m api.jobs.work ARCHIVE ID BASE DEVICE [DESCRIBER=MODEL ...]``."""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyoxigraph as ox

from api.jobs.brief import BriefStore
from api.jobs.states import Job, JobFolder, State, moment
from api.places import remember
from ingest.catalogue import Catalogue
from ingest.decode import readable
from ingest.describe import Settings as DescriberSettings
from ingest.heard import HeardTable
from ingest.listeners.hearing import Listeners
from ingest.pipeline import Done, Report, ingest
from ingest.pipeline import Job as IngestJob
from ontology.errors import AcousmaError
from ontology.mint import Minter
from ontology.terms import ACM, MO
from ontology.values import Work
from queries.executables import questions_in_turtle
from store import Limits
from store.vectors import FILE

__all__ = ["do_job"]

_LIMITS = Limits(seconds=600.0, rows=10_000_000)
_TELL_SECONDS = 0.5
_NICENESS = 5
"""By how much a job gives way to those who ask."""


def do_job(archive: Path, id_: str, base: str, device: str, models: Sequence[str] = ()) -> Job:
    """Do a job, and return what is known of it then.

    Parameters
    ----------
    archive : Path
    id_ : str
    base : str
        Base IRI of the archive.
    device : str
        Torch device.
    models : sequence of str
        Listening models, such as ``clap=models/clap``.
    """
    jobs = JobFolder(archive)
    job = jobs.change(jobs.read(id_), state=State.RUNNING, started=moment(), step="listening")
    sound = jobs.sound(job)
    said = job.title or job.creator or job.licence or job.year is not None
    work = Work(job.title or readable(sound.stem), job.creator, job.year, licence=job.licence)
    catalogue = Catalogue({sound.resolve(): work} if said else {})
    minter = Minter(base)
    wanted = IngestJob(
        (sound,), catalogue, HeardTable(), DescriberSettings(base, device=device),
        more={minter.questions_graph(): questions_in_turtle(minter)}, share=_Share(jobs, job),
    )  # fmt: skip
    try:
        if models:
            wanted = replace(wanted, listeners=_listeners(archive, models, device))
        with BriefStore(archive, jobs.folder(id_), _LIMITS) as store:
            report = ingest(wanted, store, lambda done: None)
            known = _known(store, report)
    except AcousmaError as error:
        return _failed(jobs, job, str(error))
    if report.failures or not report.done:
        return _failed(jobs, job, "; ".join(map(str, report.failures)) or "nothing could be made of it")
    return _done(jobs, job, (report, base), known)


class _Share:
    """Keeps how much of a job is done, at most twice a second.

    Parameters
    ----------
    jobs : JobFolder
    job : Job
    """

    def __init__(self, jobs: JobFolder, job: Job) -> None:
        self._jobs, self._job = jobs, job
        self._told, self._percent = 0.0, 0

    def __call__(self, share: float) -> None:
        """Take note of a share from 0 to 1."""
        percent, now = int(100 * share), time.monotonic()
        if percent > self._percent and now > self._told + _TELL_SECONDS:
            self._percent, self._told = percent, now
            self._jobs.change(self._job, percent=percent)


def _listeners(archive: Path, models: Sequence[str], device: str) -> Listeners:
    """Open listening models; they take seconds, so they are imported only where they are asked for."""
    from api.ingesting import ModelOptions
    from ingest.listeners.opening import open_listener

    kinds, places = zip(*(one.partition("=")[::2] for one in models), strict=True)
    options = ModelOptions(describers=kinds, models=places)
    opened = tuple(open_listener(one) for one in options.wanted(device))
    return Listeners(opened, options.batch, notes=archive / "heard", vectors=archive / FILE)


def _known(store: BriefStore, report: Report) -> str | None:
    """Return the recording of a file that the archive had already."""
    sha256 = report.done[0].sha256 if report.done else None
    if sha256 is None:
        return None
    text = f"SELECT ?r {{ GRAPH ?g {{ ?f <{ACM.sha256}> {ox.Literal(sha256)} ; <{MO.encodes}> ?r }} }} LIMIT 1"
    return next((row[0].value for row in store.rows(text).rows if isinstance(row[0], ox.NamedNode)), None)


def _done(jobs: JobFolder, job: Job, made: tuple[Report, str], known: str | None) -> Job:
    """Keep what came of a job; a file that the archive had already is not kept twice."""
    report, base = made
    done, sound = report.done[0], jobs.sound(job)
    if done.described is None:
        shutil.rmtree(sound.parent, ignore_errors=True)
        step = "known already"
    else:
        if done.sha256:
            remember(jobs.archive, {done.sha256: sound})
        step = "stored"
    return jobs.change(
        job, state=State.DONE, ended=moment(), step=step, percent=100, recording=_recording(done, base) or known,
        statements=done.described.quads if done.described else 0,
        notices=[notice.replace(f"{sound.parent}{os.sep}", "") for notice in done.notices],
    )  # fmt: skip


def _recording(done: Done, base: str) -> str | None:
    return Minter(base).recording(done.described.scanned.recording.id) if done.described else None


def _failed(jobs: JobFolder, job: Job, problem: str) -> Job:
    """Keep why a job failed; its sound is not kept."""
    folder = jobs.sound(job).parent
    shutil.rmtree(folder, ignore_errors=True)
    told = problem.replace(f"{folder}{os.sep}", "").replace(str(jobs.archive), "the archive")
    return jobs.change(job, state=State.FAILED, ended=moment(), step="failed", problem=told)


def main() -> None:
    """Do the job that the arguments name."""
    archive, id_, base, device, *models = sys.argv[1:]
    os.nice(_NICENESS)
    job = do_job(Path(archive), id_, base, device, models)
    sys.exit(0 if job.state is State.DONE else 1)


if __name__ == "__main__":
    main()
