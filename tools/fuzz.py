"""``python -m tools.fuzz --minutes 10 --seed 1``: throws broken datagrams at a real media worker.

What a hearing puts on the wire is caught, then sent back flipped, cut, repeated and spliced: from strangers, and from
the addresses of those who take part. Every round has a seed of its own and a worker that must live on, answer nobody
with more than he sent, log no fault, and keep the hearing running. A fault is printed with the seed that made it.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from hub.config import Config
from tests.support.hostile import under_attack

ROUNDS_PER_WORKER = 10
"""Then a new one, and so a new handshake to catch."""


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


async def attack(seed: int, rounds: int, datagrams: int, ends_at: float) -> tuple[Counter[str], list[str]]:
    """Rounds on one worker, until the first fault or until time is up: what was sent, and the faults."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    (folder / "run").mkdir()
    sent: Counter[str] = Counter()
    try:
        async with under_attack(Config(data_dir=folder, http_port=0)) as attacker:
            for number in range(rounds):
                await attacker.round(random.Random(seed + number), datagrams)
                faults = await attacker.faults()
                sent = attacker.sent
                if faults:
                    return sent, [f"--seed {seed + number}: {fault}" for fault in faults]
                if time.monotonic() > ends_at:
                    break
        return sent, []
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(minutes: float, seed: int, datagrams: int) -> int:
    """The exit status: 0 when nothing was found."""
    ends_at, total = time.monotonic() + minutes * 60, Counter[str]()
    while True:
        sent, faults = asyncio.run(attack(seed, ROUNDS_PER_WORKER, datagrams, ends_at))
        total += sent
        say(f"seed {seed}: {sum(sent.values()):,} thrown, {len(faults)} faults")
        if faults:
            say("\n".join(faults), f"again: python -m tools.fuzz --seed {seed} --minutes 1")
        seed += ROUNDS_PER_WORKER
        if faults or time.monotonic() > ends_at:
            break
    for kind, count in total.most_common():
        say(f"{count:>10,}  {kind}")
    return 1 if faults else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the first round; others count on")
    parser.add_argument("--datagrams", type=int, default=5_000, help="in each round")
    given = parser.parse_args()
    sys.exit(run(given.minutes, given.seed, given.datagrams))


if __name__ == "__main__":
    main()
