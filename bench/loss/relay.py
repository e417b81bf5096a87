"""A bad line as a process of its own: ``python -m bench.loss.relay TARGET_HOST TARGET_PORT LINE_JSON`` prints its port.

``LINE_JSON`` holds what ``tests.support.bad_line.BadLine`` takes; both directions get such a line, with seeds of
their own. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.bad_line import BadLine
from tests.support.media_relay import Relay
from tests.support.process import dying_with_us

_CANDIDATE = re.compile(r"^(a=candidate:\S+ 1 udp \d+) (\S+) (\d+) typ host", re.IGNORECASE | re.MULTILINE)
END_S = 5.0


@contextmanager
def leading_to(sdp: str, line: dict[str, Any]) -> Iterator[str]:
    """The description with its candidates bent to a relay that leads to the first of them."""
    found = next((each for each in _CANDIDATE.finditer(sdp) if ":" not in each[2]), None)
    if found is None:
        raise ValueError("the description has no candidate of IPv4")
    command = [sys.executable, "-m", "bench.loss.relay", found[2], found[3], json.dumps(line)]
    with subprocess.Popen(
        [*dying_with_us("TERM"), *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        try:
            port = int(running.stdout.readline())
            yield _CANDIDATE.sub(rf"\1 127.0.0.1 {port} typ host", sdp)
        finally:
            running.stdin.close()
            running.wait(END_S)


async def _serve(host: str, port: int, line: dict[str, Any]) -> None:
    up, down = (BadLine(**line, seed=seed) for seed in (1, 2))
    async with Relay((host, port), up=up, down=down) as relay:
        print(relay.port, flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])))
