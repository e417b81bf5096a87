"""Counters and gauges of the live side, in a registry that the caller owns."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.sockets = Gauge("hub_signaling_sockets", "Open signaling sockets.", registry=registry)
        self.hearings = Gauge("hub_signaling_hearings", "Hearings kept in memory.", registry=registry)
        self.live_hearings = Gauge("hub_signaling_live_hearings", "Hearings under way.", registry=registry)
        self.tasks = Gauge("hub_web_tasks", "Tasks of the web process's event loop.", registry=registry)
        self.blocks = Gauge("hub_web_blocks", "The interpreter's blocks of memory in use.", registry=registry)
        self.workers_up = Gauge("hub_media_workers_up", "Media workers that answer.", registry=registry)
        self.recorder_ready = Gauge("hub_recorder_ready", "1 while a hearing could open.", registry=registry)
        self.messages = Counter(
            "hub_signaling_messages", "Messages from browsers by type.", ["type"], registry=registry
        )
        self.refused = Counter("hub_signaling_refused", "Error answers by code.", ["code"], registry=registry)
        self.events = Counter("hub_hearing_events", "Events committed by kind.", ["kind"], registry=registry)
        self.slow = Counter("hub_signaling_slow", "Sockets closed because they read too slowly.", registry=registry)
        self.nacks = Counter(
            "hub_line_nacks", "Packets asked for again: up by us, down by browsers.", ["direction"], registry=registry
        )
        self.keyframe_requests = Counter(
            "hub_line_keyframe_requests", "Fresh pictures asked for, likewise.", ["direction"], registry=registry
        )
        self.freezes = Counter("hub_line_freezes", "Pictures that stood still, as browsers tell.", registry=registry)
        self.commit_s = Histogram(
            "hub_hearing_commit_seconds", "Time to commit a decision's events.", registry=registry
        )
