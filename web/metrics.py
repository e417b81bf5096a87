"""Counts and durations of requests for ``/metrics``, by route pattern, never by address or person."""

from __future__ import annotations

from aiohttp import web as http
from prometheus_client import CollectorRegistry, Counter, Histogram


class RequestMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.requests = Counter(
            "hub_http_requests", "Requests answered.", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "hub_http_request_seconds",
            "Time to answer, in seconds.",
            ("route",),
            registry=registry,
            buckets=(0.01, 0.03, 0.1, 0.3, 1, 3, 10),
        )

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)


METRICS: http.AppKey[RequestMetrics] = http.AppKey("metrics")
