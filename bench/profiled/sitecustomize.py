"""Profiles the media worker: Python imports this first when this folder is on PYTHONPATH.

Only ``hub run-worker`` is profiled, and only when ``BENCH_PROFILE`` says where the figures go.
"""

import atexit
import cProfile
import os
from pathlib import Path

_target = os.environ.get("BENCH_PROFILE")
if _target and b"run-worker" in Path("/proc/self/cmdline").read_bytes().split(b"\0"):
    _profile = cProfile.Profile()

    def _write(target: str) -> None:
        _profile.disable()
        _profile.dump_stats(target)

    atexit.register(_write, _target)
    _profile.enable()
