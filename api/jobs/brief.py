"""A store that is open for writing only while it is written to, so that others can write in between."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ontology.errors import StoreLocked
from store import EmbeddedStore, Limits

__all__ = ["BriefStore"]

_RETRY_SECONDS = 0.02


class BriefStore(EmbeddedStore):
    """An archive in a folder that is read as published, and opened for writing by each load.

    Parameters
    ----------
    folder : Path
        Folder of the archive.
    scratch : Path
        A folder for files on their way into the store. That of the archive is emptied by each writer.
    limits : Limits
        How much a query may take.
    patience : float
        Seconds for which a load waits for others that write.
    """

    def __init__(self, folder: Path, scratch: Path, limits: Limits, patience: float = 600.0) -> None:
        super().__init__(folder, limits=limits)
        self._place, self._room, self._most, self._patience = folder, scratch, limits, patience

    def bulk_load(self, nquads: Path | bytes, graphs: Sequence[str]) -> None:
        """Replace whole named graphs, and publish them; see :meth:`store.base.Store.bulk_load`.

        Raises
        ------
        StoreLocked
            If others were writing for too long.
        """
        with self._opened() as store:
            store.bulk_load(nquads, graphs)
            store.publish()

    def publish(self) -> None:
        """Do nothing: each load is published at once."""

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give an empty folder."""
        with TemporaryDirectory(dir=self._room) as folder:
            yield Path(folder)

    @contextmanager
    def _opened(self) -> Iterator[EmbeddedStore]:
        deadline = time.monotonic() + self._patience
        while True:
            try:
                store = EmbeddedStore(self._place, limits=self._most, writable=True)
                break
            except StoreLocked:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_RETRY_SECONDS)
        with store:
            yield store
