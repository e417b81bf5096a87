"""A real media worker process for tests: ``python -m tests.support.media_worker DATA_DIR INDEX [ADDRESS…]``."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop

from hub.config import Config
from signaling.media.worker import run

if __name__ == "__main__":
    config = Config(data_dir=Path(sys.argv[1]), http_port=0, media_addresses=tuple(sys.argv[3:]))
    uvloop.run(run(config, int(sys.argv[2])))
