"""The command line, and the only place where the parts are wired together."""

from __future__ import annotations

import typer

app = typer.Typer(no_args_is_help=True)
