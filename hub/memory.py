"""Keeps what a process holds in memory (media keys, session tokens, names) out of files and other hands; and keeps the
look through that memory for garbage from stopping a hearing."""

from __future__ import annotations

import ctypes
import gc
import os
import resource

PR_SET_DUMPABLE = 4
"""linux/prctl.h"""
COLLECT_AFTER = (10_000, 20, 20)
"""Allocations before a look at the youngest, and how many such looks before one at the next two generations."""


def keep_private() -> None:
    """From now on the kernel writes no core dump of this process, and lets no other of the same user read its memory.

    The limit alone is not enough: a ``core_pattern`` that pipes into a program takes dumps all the same (core(5)).
    Raises ``OSError`` where the kernel refuses.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), "prctl(PR_SET_DUMPABLE)")


def settle() -> None:
    """What the process holds now stays for ever: never look through it again.

    A full collection of all that is loaded stops media, messages and pages for a tenth of a second. Packets and
    requests come and go without cycles, so the young are looked at seldom, too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
