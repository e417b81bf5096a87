"""Commands of who keeps the archive: keys of encrypted recordings, reconciliation, recovery."""

from __future__ import annotations

import json
from pathlib import Path

from hub import cli, key_rings
from hub.auth import command_line
from hub.cli.maintenance import megabytes, told, with_database
from hub.cli.processes import open_store
from hub.config import Config
from hub.services import reconciliation, recording_keys


def rotate_master(config: Config) -> None:
    with told():
        done = with_database(config, lambda database: recording_keys.renew_master(database, config))
        current = key_rings.masters(config).current()
    cli.say(f"Master key {current.id} is in use; {done} recordings' keys were wrapped with it.")
    if config.master_keys:
        cli.say("The other keys of master_keys wrap nothing any more and may be taken out of the settings.")
    else:
        cli.say("Older backups still hold the key before. Make a new backup now.")


def show_key(config: Config, recording_id: str, reason: str) -> None:
    with told():
        key = with_database(
            config, lambda database: recording_keys.hand_out(database, config, command_line(), recording_id, reason)
        )
    cli.say(key.hex())


def reconcile(config: Config, *, as_json: bool = False) -> int:
    """0 when rows and store agree, 1 otherwise."""
    store, sample = open_store(config), config.reconcile_sample_mb * 1_000_000
    with told():
        report = with_database(
            config, lambda database: reconciliation.run(database, store, sample_bytes=sample, progress=lambda _n: None)
        )
    if as_json:
        cli.say(json.dumps(report.as_json(), ensure_ascii=False))
        return 0 if report.ok else 1
    for kind, keys in report.named.items():
        for key in keys:
            cli.say(f"{kind:8} {key}")
    cli.say(
        f"{report.objects} objects, {megabytes(report.size_bytes)}; {report.expected} expected, "
        f"{report.sampled} read again ({megabytes(report.sampled_bytes)}), {report.unstored} segments not stored yet."
    )
    found = ", ".join(f"{count} {kind}" for kind, count in report.counts.items() if count)
    cli.say("Rows and store agree." if report.ok else f"Not right: {found}.")
    return 0 if report.ok else 1


def recover(config: Config, directory: Path) -> int:
    """0 when everything in the directory is archived now, 1 otherwise."""
    from recorder import recovery

    store = open_store(config)
    with told():
        try:
            result = with_database(
                config, lambda database: recovery.recover(config, database, store, directory, _tell_left)
            )
        except FileNotFoundError:
            cli.fail([f"{directory}: there is no recording in it"], status=1)
    for recording_id in result.archived:
        cli.say(f"{recording_id}: archived.")
    for recording_id in result.before:
        cli.say(f"{recording_id}: was archived before; nothing to do.")
    for recording_id in result.unknown:
        cli.say(f"{recording_id}: this database has no such recording; restore the backup that belongs to it.")
    for recording_id in result.left:
        cli.say(f"{recording_id}: not everything could be archived; the directory still has it. Try again.")
    return 1 if result.unknown or result.left else 0


def _tell_left(recording_id: str, count: int) -> None:
    if count:
        cli.say(f"{recording_id}: {count} segments to go")
