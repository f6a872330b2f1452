"""What is known of a job, and where it is kept."""

import os
import re
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ontology.errors import StoreError, UnknownName

__all__ = ["FINISHED", "Job", "JobFolder", "State", "moment"]

_ID = re.compile(r"[0-9a-f]{16}")
_FILE = "job.json"


class State(StrEnum):
    """Where a job is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


FINISHED = frozenset({State.DONE, State.FAILED})


class Job(BaseModel):
    """A sound file on its way into the archive."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(examples=["5f0c2a9b8d7e6f50"])
    state: State = Field(examples=["done"])
    filename: str = Field(examples=["bell.wav"])
    created: str = Field(description="When it was sent, in UTC.")
    started: str | None = None
    ended: str | None = None
    step: str = Field(default="waiting", description="What is being done.", examples=["stored"])
    percent: int | None = Field(default=None, description="How much is done, while it is running.", examples=[40])
    title: str | None = Field(default=None, description="Title of the work, as it was sent.")
    creator: str | None = None
    year: int | None = None
    licence: str | None = Field(default=None, description="Licence of the sound, as it was sent.")
    describers: list[str] = Field(default=[], description="Further describers that listen, by name.")
    statements: int | None = Field(default=None, description="New statements in the archive.", examples=[1943])
    recording: str | None = Field(default=None, description="IRI of the recording.")
    notices: list[str] = []
    problem: str | None = Field(default=None, description="Why it failed.")

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in FINISHED


def moment() -> str:
    """Return the present time in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class JobFolder:
    """The jobs of an archive.

    Parameters
    ----------
    archive : Path
        Folder of the archive.
    """

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self._root = archive / "jobs"

    def new_id(self) -> str:
        """Return the name of a job to be."""
        return secrets.token_hex(8)

    def folder(self, id_: str) -> Path:
        """Return the folder of a job.

        Raises
        ------
        UnknownName
            If it can be none.
        """
        if not _ID.fullmatch(id_):
            raise UnknownName("there is no job of this id", "16 hexadecimal digits", "look at /api/jobs")
        return self._root / id_

    def sound(self, job: Job) -> Path:
        """Return where the sound of a job lies, from when it was sent."""
        return self.archive / "sounds" / job.id / job.filename

    def read(self, id_: str) -> Job:
        """Return what is known of a job.

        Raises
        ------
        UnknownName
            If there is none of this id.
        StoreError
            If what is kept of it cannot be read.
        """
        try:
            return Job.model_validate_json((self.folder(id_) / _FILE).read_bytes())
        except FileNotFoundError:
            raise UnknownName("there is no job of this id", "that of a job", "look at /api/jobs") from None
        except (OSError, ValidationError) as error:
            raise StoreError(f"what is kept of job {id_} cannot be read") from error

    def write(self, job: Job) -> Job:
        """Keep what is known of a job, in one step."""
        folder = self.folder(job.id)
        folder.mkdir(parents=True, exist_ok=True)
        fresh = folder / f"{_FILE}.new"
        with fresh.open("wb") as file:
            file.write(job.model_dump_json(indent=1).encode())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(folder / _FILE)
        return job

    def change(self, job: Job, **values: object) -> Job:
        """Keep a job with other values, and return it."""
        return self.write(job.model_copy(update=values))

    def all(self) -> list[Job]:
        """Return all jobs, the oldest first."""
        if not self._root.is_dir():
            return []
        ids = [entry.name for entry in self._root.iterdir() if (entry / _FILE).is_file() and _ID.fullmatch(entry.name)]
        return sorted(map(self.read, ids), key=lambda job: (job.created, job.id))
