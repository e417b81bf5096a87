"""Keeps what a process holds in memory (media keys, session tokens, names) out of files and other hands."""

from __future__ import annotations

import ctypes
import os
import resource

PR_SET_DUMPABLE = 4
"""linux/prctl.h"""


def keep_private() -> None:
    """From now on the kernel writes no core dump of this process, and lets no other of the same user read its memory.

    The limit alone is not enough: a ``core_pattern`` that pipes into a program takes dumps all the same (core(5)).
    Raises ``OSError`` where the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "prctl(PR_SET_DUMPABLE)")
