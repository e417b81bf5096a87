"""Trusted time stamps (RFC 3161): that a seal existed at a certain time, said by an authority that is not us.

Requests are made and answers checked by the ``openssl`` program, the same that a court's expert uses; everything here
blocks.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

from hub.errors import HubError
from hub.i18n import N_

TIMEOUT_S = 20
ANSWER_MAX_BYTES = 1 << 20
_TIME = re.compile(r"^Time stamp: (?P<time>\w{3} +\d+ \d\d:\d\d:\d\d)(?:\.\d+)? (?P<year>\d{4}) GMT$", re.MULTILINE)


class StampAway(HubError):
    """The authority does not answer, refuses, or what it answers cannot be trusted."""

    status = 503
    code = "stamp_away"


class NotAStamp(Exception):
    """Not a time stamp of these bytes by the authority that is trusted."""


def fetch(url: str, authority: Path, data: bytes) -> bytes:
    """A time-stamp response for ``data`` from ``url``, checked against ``authority`` (PEM). Raises ``StampAway``."""
    with tempfile.TemporaryDirectory(prefix="hub-stamp-") as place:
        path = Path(place) / "data"
        path.write_bytes(data)
        query = _openssl("ts", "-query", "-data", str(path), "-sha256", "-cert")
    if query.returncode:
        raise StampAway(N_("Không lấy được dấu thời gian (%(why)s)."), why=_last(query.stderr))
    request = urllib.request.Request(  # noqa: S310 - config lets only http and https through
        url, data=query.stdout, headers={"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310
            stamp: bytes = answer.read(ANSWER_MAX_BYTES)
    except (OSError, ValueError) as error:
        raise StampAway(N_("Không lấy được dấu thời gian (%(why)s)."), why=str(error)) from error
    try:
        check(authority, data, stamp)
    except NotAStamp as error:
        raise StampAway(N_("Không lấy được dấu thời gian (%(why)s)."), why=str(error)) from error
    return stamp


def check(authority: Path, data: bytes, stamp: bytes) -> datetime:
    """The time that the authority vouches for. Raises ``NotAStamp``, and ``StampAway`` without ``openssl``.

    Certificates count as of that time: an authority's certificate ends long before the recording does.
    """
    with tempfile.TemporaryDirectory(prefix="hub-stamp-") as place:
        signed, answer = Path(place) / "data", Path(place) / "stamp"
        signed.write_bytes(data)
        answer.write_bytes(stamp)
        at = _time(_openssl("ts", "-reply", "-in", str(answer), "-text"))
        files = ("-data", str(signed), "-in", str(answer), "-CAfile", str(authority))
        done = _openssl("ts", "-verify", *files, "-attime", str(int(at.timestamp())))
    if done.returncode:
        raise NotAStamp(_last(done.stderr))
    return at


def _time(shown: subprocess.CompletedProcess[bytes]) -> datetime:
    found = _TIME.search(shown.stdout.decode(errors="replace"))
    if shown.returncode or found is None:
        raise NotAStamp(_last(shown.stderr) or "no time in it")
    return datetime.strptime(f"{found['time']} {found['year']}", "%b %d %H:%M:%S %Y").replace(tzinfo=UTC)


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("openssl")
    if program is None:
        raise StampAway(N_("Không lấy được dấu thời gian (%(why)s)."), why="openssl")
    environment = {"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    return subprocess.run(  # noqa: S603 - our own arguments, no shell
        [program, *arguments], capture_output=True, timeout=TIMEOUT_S, check=False, env=environment
    )


def _last(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1].strip() if lines else ""
