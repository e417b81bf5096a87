"""The last reconciliation of the archive, as gauges for ``/metrics``."""

from __future__ import annotations

from aiohttp import web as http
from prometheus_client import CollectorRegistry, Gauge

from hub.models import Reconciliation


class ArchiveMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self._faults = Gauge(
            "hub_archive_faults",
            "Objects found missing, extra, corrupt or hidden by the last reconciliation.",
            ("kind",),
            registry=registry,
        )
        self._objects = Gauge("hub_archive_objects", "Objects in the store.", registry=registry)
        self._bytes = Gauge("hub_archive_bytes", "Space used in the store, in bytes.", registry=registry)
        self._unstored = Gauge("hub_archive_unstored", "Segments that the store has not got yet.", registry=registry)
        self._at = Gauge("hub_archive_reconciled_at", "When that was, in seconds since 1970.", registry=registry)

    def show(self, last: Reconciliation) -> None:
        report = last.report
        for kind, count in report["counts"].items():
            self._faults.labels(kind).set(count)
        self._objects.set(report["objects"])
        self._bytes.set(report["size_bytes"])
        self._unstored.set(report["unstored"])
        self._at.set(last.finished_at.timestamp())


ARCHIVE_METRICS: http.AppKey[ArchiveMetrics] = http.AppKey("archive_metrics")
