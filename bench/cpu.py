"""What processes use, from /proc: processor time of all their threads, and resident memory."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

LOAD_BEFORE = os.getloadavg()[0]
"""Of the last minute before the benchmark began: what else the machine was busy with."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class CpuTime:
    user_s: float
    system_s: float

    @property
    def total_s(self) -> float:
        return self.user_s + self.system_s

    def __sub__(self, earlier: CpuTime) -> CpuTime:
        return CpuTime(self.user_s - earlier.user_s, self.system_s - earlier.system_s)

    def __add__(self, other: CpuTime) -> CpuTime:
        return CpuTime(self.user_s + other.user_s, self.system_s + other.system_s)


def parse_stat(text: str) -> CpuTime:
    """Fields 14 and 15 of /proc/PID/stat, counted after the name, which may hold anything."""
    fields = text.rpartition(")")[2].split()
    return CpuTime(int(fields[11]) / _TICKS_PER_S, int(fields[12]) / _TICKS_PER_S)


def cpu_time(pids: Iterable[int]) -> CpuTime:
    """User and system time so far, all threads, of all these processes together."""
    total = CpuTime(0, 0)
    for pid in pids:
        total += parse_stat(Path(f"/proc/{pid}/stat").read_text())
    return total


def resident_bytes(pids: Iterable[int]) -> int:
    """RSS of these processes together; pages that they share are counted for each."""
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids)
    return pages * os.sysconf("SC_PAGE_SIZE")


def machine() -> dict[str, object]:
    """What the figures depend on."""
    model = platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    memory = int(Path("/proc/meminfo").read_text().split()[1]) // 1_000_000
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gb": memory,
        "load_before": round(LOAD_BEFORE, 2),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }
