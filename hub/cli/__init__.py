"""The commands of ``hub.main``, one module each; here is what they share."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from hub import config as configuration
from hub.config import Config
from hub.errors import ConfigError
from hub.i18n import Text

EX_CONFIG = 78
"""The exit status for a configuration that cannot work (sysexits.h)."""


def environment(config_file: Path | None, overrides: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment with the command's options laid over it; the children are started with the same."""
    env = dict(os.environ)
    if config_file is not None:
        env["HUB_CONFIG"] = str(config_file)
    return env | dict(overrides or {})


def load_config(env: Mapping[str, str]) -> Config:
    """The configuration, or the list of all its faults and exit status 78.

    From here on whatever we make is ours alone: a spool or a database that others can read needs no break-in.
    """
    os.umask(0o077)
    try:
        return configuration.load(env)
    except ConfigError as error:
        fail(error.faults)


def fail(faults: Sequence[str], status: int = EX_CONFIG) -> NoReturn:
    """Tell every fault on standard error and end."""
    for fault in faults:
        sys.stderr.write(f"hub: {fault}\n")
    raise SystemExit(status)


def in_words(text: Text) -> str:
    """A text of the hub in the language of the terminal: Vietnamese where it is set so, else English as our help."""
    from web.translate import catalogue

    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return catalogue("vi" if chosen.startswith("vi") else "en").text(text)


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
