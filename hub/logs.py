"""Structured logs: a fixed event name, the data as keywords, one line each, no personal data.

``request_id`` and whatever else is bound with ``structlog.contextvars`` goes with every line of that request. What the
libraries log through the standard library comes out in the same form.
"""

from __future__ import annotations

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from hub.config import Config

PERSONAL = frozenset(
    {"full_name", "id_number", "identity", "password", "token", "cookie", "phone", "birth_date", "content", "text"}
)
"""Keywords whose values never reach a log, whoever passes them."""

QUIET = ("aioice", "aiortc", "asyncio", "boto3", "botocore", "s3transfer", "urllib3", "alembic", "aiohttp.access")


def set_up(config: Config, process: str, *, level: str = "") -> None:
    """Once per process. ``process`` (``web``, ``worker-0``, ``recorder`` …) is on every line."""
    least = logging.getLevelNamesMapping()[(level or config.log_level).upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _names(process),
        drop_personal,
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_ending(config.log_format))
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(least)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


def drop_personal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last fence: a value under a personal keyword is replaced, the line itself is kept."""
    for key in PERSONAL & event.keys():
        event[key] = "[removed]"
    return event


def _names(process: str) -> Processor:
    def name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return name


def _ending(log_format: str) -> list[Processor]:
    remove = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if log_format == "json":
        return [remove, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # Plain tracebacks: rich ones print local variables, and those may hold a citizen's name.
    return [
        remove,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback, pad_event_to=0
        ),
    ]
