"""``/metrics``: what the server does, in numbers, as Prometheus reads them.

Conventions
-----------
A request is counted by its route, never by its path, so that no client can make new series. Times are in seconds, from
the first byte of a request to the last byte of its answer. Reading takes what reading the archive takes.
"""

import time
from collections.abc import Iterator

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.protocol.service import Service

__all__ = ["Measured", "Metrics", "metrics_routes"]

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})


class Metrics:
    """The numbers of one server."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "acousma_requests", "Requests that were answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "acousma_request_seconds", "Time from a request to the end of its answer.", ("method", "route"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.sent = Counter("acousma_sent_bytes", "Bytes of bodies sent.", registry=self.registry)
        self.open = Gauge("acousma_requests_open", "Requests being answered.", registry=self.registry)
        self.cut = Counter("acousma_answers_cut", "Answers that were broken off.", registry=self.registry)
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def of(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """Return the numbers of one kind of request; to find them by their labels each time would take longer."""
        kind = (method, route, status)
        if (known := self._known.get(kind)) is None:
            known = self.requests.labels(method, route, str(status)), self.seconds.labels(method, route)
            self._known[kind] = known
        return known


class _Queue(Collector):
    """Tells how full the doors of evaluation are, when it is asked."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of now."""
        asking, waiting = self._service.queries.load()
        yield GaugeMetricFamily("acousma_queries_asking", "Queries on their way to the store.", value=asking)
        yield GaugeMetricFamily("acousma_queries_waiting", "Queries waiting for their turn.", value=waiting)
        version = self._service.own.version()
        if version is not None and version.isdigit():
            yield GaugeMetricFamily("acousma_generation", "Number of the published state.", value=int(version))


class Measured:
    """The layer of the application that counts.

    Parameters
    ----------
    app : ASGIApp
    metrics : Metrics
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        metrics, began, status = self._metrics, time.monotonic(), 0

        async def out(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            elif message["type"] == "http.response.body":
                metrics.sent.inc(len(message.get("body", b"")))
            await send(message)

        metrics.open.inc()
        try:
            await self._app(scope, receive, out)
        except BaseException:
            metrics.cut.inc()
            raise
        finally:
            metrics.open.dec()
            method = scope["method"] if scope["method"] in _METHODS else "other"
            route = getattr(scope.get("route"), "path", "none")
            requests, seconds = metrics.of(method, route, status)
            requests.inc()
            seconds.observe(time.monotonic() - began)


def metrics_routes(service: Service, metrics: Metrics) -> APIRouter:
    """Make the route at which Prometheus reads."""
    router = APIRouter(tags=["Health"])
    metrics.registry.register(_Queue(service))

    @router.get("/metrics", response_class=Response)
    async def read(request: Request) -> Response:
        """Give the numbers of this server in Prometheus' or in the OpenMetrics format."""
        service.access.reader(request)
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        body = await anyio.to_thread.run_sync(encode, metrics.registry)
        return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store", "Vary": "Accept"})

    return router
