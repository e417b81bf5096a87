"""The process that typesets one paper and ends. Run by path, with nothing of ours imported: it starts in 50 ms.

Reads one JSON object on standard input, writes the result to standard output. Its memory and time are limited before
anything is read, so that a paper that would take both takes only this process with it.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from typing import Any, BinaryIO

MEMORY_BYTES = 2_000_000_000
CPU_S = 30
PIXELS_PER_INCH = 84
ARCHIVAL = "a-2b"
_ATTEMPTS: dict[str, tuple[tuple[bool, Any], ...]] = {
    # PDF/A refuses a letter that no face has: then all of the machine's faces are tried (a third of a second more), and
    # a letter that is in none becomes a box rather than keep the paper from being made.
    "pdf": ((False, [ARCHIVAL]), (True, [ARCHIVAL]), (True, [])),
    "png": ((False, []),),
}
_SAID = re.compile(r"[`\"].*[`\"]", re.DOTALL)
"""What typst's message quotes from the paper: a log must not hold it."""


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    import typst

    order = json.load(sys.stdin.buffer)
    told = ""
    for system_fonts, standards in _ATTEMPTS[order["format"]]:
        try:
            made = typst.compile(
                order["template"],
                root=order["root"],
                font_paths=order["font_paths"],
                ignore_system_fonts=not system_fonts,
                sys_inputs={"paper": json.dumps(order["paper"])},
                format=order["format"],
                ppi=PIXELS_PER_INCH,
                pdf_standards=standards,
            )
        except (typst.TypstError, RuntimeError, MemoryError) as error:
            told = str(error)
        else:
            _write(sys.stdout.buffer, made if isinstance(made, list) else [made])
            return 0
    sys.stderr.write(_SAID.sub("…", told))
    return 1


def _write(out: BinaryIO, parts: list[bytes]) -> None:
    """Each part with its length before it, in eight bytes."""
    out.writelines(len(part).to_bytes(8, "big") + part for part in parts)
    out.flush()


if __name__ == "__main__":
    sys.exit(main())
