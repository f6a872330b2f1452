"""Whether the server runs, and whether it does its work."""

import anyio.to_thread
from fastapi import APIRouter

from api.protocol.service import Service

__all__ = ["health_routes"]


def health_routes(service: Service) -> APIRouter:
    """Make the routes that those ask who keep the server running."""
    router = APIRouter(tags=["Health"])

    @router.get("/health")
    async def health() -> dict[str, str]:
        """Tell that the server runs."""
        return {"status": "ok"}

    @router.get("/ready")
    async def ready() -> dict[str, str]:
        """Tell that queries are answered, and of which state of the data."""
        await anyio.to_thread.run_sync(service.own.ask, "ASK { }")
        version = await anyio.to_thread.run_sync(service.own.version)
        return {"status": "ok", **({"generation": version} if version else {})}

    return router
