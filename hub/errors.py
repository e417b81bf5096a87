"""What can go wrong, as one tree.

::

    HubError                     carries a translatable text; ``status`` is the HTTP status it becomes
    ├── BadInput            400  ``fields`` maps a form field to its own text
    ├── NotSignedIn         401
    ├── Forbidden           403
    │   └── Hidden          403  to somebody who may not even know of it: pages answer as if it did not exist
    ├── NotFound            404
    ├── Conflict            409  another booking, another browser, another editor
    │   └── Stale           409  somebody else saved first; nothing of theirs or yours is lost
    ├── TooLarge            413
    ├── Unacceptable        422  understood, but not something we can serve
    ├── TooManyAttempts     429
    ├── NotReady            503  recorder, disk, database or store cannot serve now
    ├── ProtocolError            a signaling client broke the protocol; closes its socket
    └── ConfigError              every fault of the configuration at once, at start

Anything else that is raised is a fault of ours: it is logged with its request id and shown as "internal error".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from hub.i18n import Text


class HubError(Exception):
    """The root: every error meant for a person or a client derives from it."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "error"

    def __init__(self, message: str, **params: object) -> None:
        self.text = Text(message, params)
        super().__init__(str(self.text))


class BadInput(HubError):
    status = 400
    code = "bad_input"

    def __init__(self, message: str, *, fields: Mapping[str, Text] | None = None, **params: object) -> None:
        super().__init__(message, **params)
        self.fields: dict[str, Text] = dict(fields or {})


class NotSignedIn(HubError):
    status = 401
    code = "not_signed_in"


class Forbidden(HubError):
    status = 403
    code = "forbidden"


class Hidden(Forbidden):
    """Where the object is named by the address the pages make a 404 of it (``web.middleware``)."""


class NotFound(HubError):
    status = 404
    code = "not_found"


class Conflict(HubError):
    """``field`` is the form field where the person can settle it, when there is one."""

    status = 409
    code = "conflict"

    def __init__(self, message: str, *, field: str = "", **params: object) -> None:
        super().__init__(message, **params)
        self.field = field


class Stale(Conflict):
    code = "stale"


class TooLarge(HubError):
    status = 413
    code = "too_large"


class Unacceptable(HubError):
    status = 422
    code = "unacceptable"


class TooManyAttempts(HubError):
    status = 429
    code = "too_many_attempts"


class NotReady(HubError):
    status = 503
    code = "not_ready"


class ProtocolError(HubError):
    status = 400
    code = "protocol_error"


class ConfigError(HubError):
    code = "config_error"

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("configuration error")
        self.faults = tuple(faults)

    def __str__(self) -> str:
        return "\n".join(self.faults)
