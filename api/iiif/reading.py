"""What is said of a recording, read once and kept while the archive does not change."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from anyio import CapacityLimiter
from fastapi import Request

from api.protocol.problems import Problem
from api.protocol.service import Service
from export.material import Material
from export.reading import read_material
from ontology.errors import UnknownName

__all__ = ["Materials"]

_KEPT = 64_000
"""Most annotations that are kept."""
_AT_ONCE = 6

T = TypeVar("T")


class Materials:
    """Reads recordings for requests.

    Parameters
    ----------
    service : Service
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._kept: OrderedDict[str, tuple[str, Material]] = OrderedDict()
        self._lock = threading.Lock()
        self._limiter = CapacityLimiter(_AT_ONCE)

    async def find(self, request: Request, id_: str) -> Material:
        """Return what is said of the recording of an id.

        Raises
        ------
        Problem
            404, if there is no such recording.
        """
        self._service.access.reader(request)
        iri = f"{self._service.base}recording/{id_}"
        try:
            return await self.run(lambda: self.read(iri))
        except (UnknownName, ValueError):
            raise Problem(
                404, f"{id_[:80]!r} is no recording here. Expected: the id of one, as in /iiif/collection.json."
            ) from None

    async def run(self, do: Callable[[], T]) -> T:
        """Do something that takes time apart from the server's own thread."""
        return await anyio.to_thread.run_sync(do, limiter=self._limiter)

    def read(self, iri: str) -> Material:
        """Return what is said of a recording.

        Raises
        ------
        UnknownName
            If the archive has none of this IRI.
        """
        version = self._service.own.version()
        with self._lock:
            known = self._kept.get(iri)
            if known is not None and version is not None and known[0] == version:
                self._kept.move_to_end(iri)
                return known[1]
        material = read_material(self._service.own, iri)
        if version is not None:
            with self._lock:
                self._kept[iri] = (version, material)
                self._kept.move_to_end(iri)
                self._shrink()
        return material

    def _shrink(self) -> None:
        """Let go of what was asked for longest ago."""
        total = sum(_size(material) for _, material in self._kept.values())
        while total > _KEPT and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            total -= _size(oldest)


def _size(material: Material) -> int:
    return 1 + sum(len(layer.annotations) for layer in material.layers)
