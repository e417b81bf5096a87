"""``hub key``: the keys that recordings are sealed and encrypted with, and the denouncers' vault."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub import cli

key_app = typer.Typer(no_args_is_help=True, help="The keys of recordings and of the denouncers' vault.")

ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings file; default HUB_CONFIG or hub.toml.")]


@key_app.command("rotate")
def key_rotate(config: ConfigFile = None) -> None:
    """Seal recordings with a new key from now on. The old private key is destroyed, its public half is kept."""
    from hub.cli import maintenance

    maintenance.rotate_key(cli.load_config(cli.environment(config)))


@key_app.command("rotate-master")
def key_rotate_master(config: ConfigFile = None) -> None:
    """Wrap the keys of encrypted recordings with a new master key (or with the first of master_keys)."""
    from hub.cli import archiving

    archiving.rotate_master(cli.load_config(cli.environment(config)))


@key_app.command("rotate-denouncers")
def key_rotate_denouncers(config: ConfigFile = None) -> None:
    """Put what the denouncers' vault holds under a new key (or under the first of denouncer_keys)."""
    from hub.cli import maintenance

    maintenance.rotate_denouncers(cli.load_config(cli.environment(config)))


@key_app.command("recording")
def key_recording(
    recording: Annotated[str, typer.Argument(help="The recording's identifier.")],
    reason: Annotated[str, typer.Option(help="Kept in the chain of custody.")],
    config: ConfigFile = None,
) -> None:
    """Print the key that opens one encrypted recording, for a court's expert. Whoever has it can read the recording."""
    from hub.cli import archiving

    archiving.show_key(cli.load_config(cli.environment(config)), recording, reason)


@key_app.command("list")
def key_list(config: ConfigFile = None) -> None:
    """The fingerprints of all keys that recordings were ever sealed with."""
    from hub.cli import maintenance

    maintenance.list_keys(cli.load_config(cli.environment(config)))
