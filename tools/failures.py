"""Names the tests that failed in pytest's last run, one a line: ``python -m tools.failures CACHE_DIR``.

Nothing is printed when the run did not come so far as to write them down (a fault while collecting, a killed run).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def last_failed(cache_dir: Path) -> list[str]:
    """Node ids, in the order in which they failed."""
    kept = cache_dir / "v" / "cache" / "lastfailed"
    found: dict[str, bool] = json.loads(kept.read_text()) if kept.exists() else {}
    return list(found)


if __name__ == "__main__":
    sys.stdout.writelines(f"{name}\n" for name in last_failed(Path(sys.argv[1])))
