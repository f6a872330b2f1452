"""Stored questions with their arguments, as they are sent to an engine; those about what sounds alike look it up."""

from collections.abc import Mapping

import anyio.from_thread
import anyio.to_thread
from fastapi import Request

from api.likeness import ears_of, vectors_file
from api.protocol.service import Service
from api.rest.asking import ask
from queries import find, plan
from store import Plan, Table
from store.vectors import VectorStore

__all__ = ["has_vectors", "planned"]


def has_vectors(service: Service) -> bool:
    """Tell whether any vectors of sounds are kept beside the archive."""
    return bool(VectorStore(vectors_file(service.location)).spaces())


async def planned(service: Service, request: Request, name: str, arguments: Mapping[str, str]) -> Plan:
    """Return a stored question with its arguments, and with what sounds alike where it asks for it.

    Raises
    ------
    UnknownName, ParameterError, InputError
        As `queries.plan`.
    """
    if not find(name).vectors:
        return plan(name, arguments)

    def answer(text: str) -> Table:
        return anyio.from_thread.run(ask, service, request, text)

    ears = ears_of(service.location, answer)
    return await anyio.to_thread.run_sync(lambda: plan(name, arguments, ears), limiter=service.queries.reading)
