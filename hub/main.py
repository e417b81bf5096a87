"""The command line, and the only place where the parts are wired together.

Each command imports what it needs when it runs, so that ``hub --help`` answers at once. The work is in ``hub.cli``.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from hub import cli
from hub.import_kinds import ImportKind
from hub.key_commands import key_app

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Cầu Tiếp Dân: citizen reception over video, recorded and archived.",
)
demo_app = typer.Typer(no_args_is_help=True, help="A made-up province to try the hub with.")
user_app = typer.Typer(no_args_is_help=True, help="Accounts of officials.")
archive_app = typer.Typer(no_args_is_help=True, help="The archive of recordings.")
mail_app = typer.Typer(no_args_is_help=True, help="Letters by e-mail.")
app.add_typer(archive_app, name="archive")
app.add_typer(demo_app, name="demo")
app.add_typer(key_app, name="key")
app.add_typer(mail_app, name="mail")
app.add_typer(user_app, name="user")
search_app = typer.Typer(no_args_is_help=True, help="The index that search looks in.")
app.add_typer(search_app, name="search")

ConfigFile = Annotated[Path | None, typer.Option("--config", help="Settings file; default HUB_CONFIG or hub.toml.")]
Parent = Annotated[int, typer.Option("--parent", help="The supervisor's process id; the process ends with it.")]
Gate = Annotated[int, typer.Option("--gate-fd", help="Begin when the supervisor closes the other end of this pipe.")]
DAY = ["%Y-%m-%d"]
Username = Annotated[str, typer.Argument(help="The name the official signs in with.")]


@app.command()
def serve(
    config: ConfigFile = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (http_host).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (http_port).")] = None,
    tls_self_signed: Annotated[bool, typer.Option("--tls-self-signed", help="HTTPS with a certificate of our own.")] = (
        False
    ),
    tls_cert: Annotated[Path | None, typer.Option(help="Certificate chain in PEM.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="Its private key in PEM.")] = None,
) -> None:
    """Run the hub: pages, media workers and recorder, until Ctrl-C or SIGTERM."""
    overrides = {
        "HUB_HTTP_HOST": host,
        "HUB_HTTP_PORT": port,
        "HUB_TLS_SELF_SIGNED": "yes" if tls_self_signed else None,
        "HUB_TLS_CERT": tls_cert,
        "HUB_TLS_KEY": tls_key,
    }
    env = cli.environment(config, {name: str(value) for name, value in overrides.items() if value is not None})
    settings = cli.load_config(env)
    from hub.cli import serving

    raise typer.Exit(serving.serve(settings, env))


@app.command(hidden=True)
def run_web(
    listen_fd: Annotated[int, typer.Option(help="The listening socket, opened by the supervisor.")],
    parent: Parent = 0,
    gate_fd: Gate = -1,
) -> None:
    """The web process: pages, API and signaling."""
    from hub.cli import processes

    processes.run("web", parent, gate_fd, processes.web(listen_fd))


@app.command(hidden=True)
def run_worker(index: Annotated[int, typer.Argument(min=0)], parent: Parent = 0, gate_fd: Gate = -1) -> None:
    """A media worker: one UDP port, forwards packets."""
    from hub.cli import processes

    processes.run(f"worker-{index}", parent, gate_fd, processes.worker(index))


@app.command(hidden=True)
def run_recorder(parent: Parent = 0, gate_fd: Gate = -1) -> None:
    """The recorder: journals, packages and archives."""
    from hub.cli import processes

    processes.run("recorder", parent, gate_fd, processes.recorder())


@app.command()
def migrate(config: ConfigFile = None) -> None:
    """Bring the database to the newest schema; makes an empty one. Safe to repeat."""
    from hub.cli import maintenance

    maintenance.migrate(cli.load_config(cli.environment(config)))


@app.command()
def check(config: ConfigFile = None) -> None:
    """Check configuration, database, object store, ports, limits and disk, with a remedy for each fault."""
    from hub.cli import checks

    raise typer.Exit(checks.main(cli.environment(config)))


@app.command()
def drain_worker(
    index: Annotated[int, typer.Argument(min=0, help="The worker's number, from 0.")],
    undo: Annotated[bool, typer.Option("--undo", help="Let it take hearings again.")] = False,
    config: ConfigFile = None,
) -> None:
    """Move a media worker's hearings to the others, for planned maintenance: everyone loses a moment, nobody more."""
    from hub.cli import draining

    raise typer.Exit(draining.main(cli.load_config(cli.environment(config)), index, undo=undo))


@app.command()
def deadline(
    rule: Annotated[str, typer.Option(help="Code of the rule; --list shows them.")] = "",
    event: Annotated[str, typer.Option("--from", help="The day of the event: 2026-11-23 or 23/11/2026.")] = "",
    show: Annotated[bool, typer.Option("--list", help="Show all rules instead, with their legal basis.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    config: ConfigFile = None,
) -> None:
    """When something is due by the law: the rule of the event's day, and each step of the count."""
    from hub.cli import deadlines

    settings = cli.load_config(cli.environment(config))
    deadlines.run(settings, rule, event, every=show, as_json=as_json)


@search_app.command("rebuild")
def search_rebuild(config: ConfigFile = None) -> None:
    """Write the whole search index anew; the hub may run meanwhile."""
    from hub.cli import searching

    searching.rebuild(cli.load_config(cli.environment(config)))


@search_app.command("check")
def search_check(config: ConfigFile = None) -> None:
    """Say whether every case and hearing is in the search index; ends with status 1 when not."""
    from hub.cli import searching

    if not searching.check(cli.load_config(cli.environment(config))):
        raise typer.Exit(1)


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The archive to write; must not exist. It holds the keys: guard it.")],
    config: ConfigFile = None,
) -> None:
    """Write database, keys, spool and (when they are a directory) objects into one checksummed archive."""
    from hub.cli import maintenance

    maintenance.backup(cli.load_config(cli.environment(config)), file)


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An archive made by backup.")],
    config: ConfigFile = None,
) -> None:
    """Restore a backup into an empty data directory and an empty database."""
    from hub.cli import maintenance

    maintenance.restore(cli.load_config(cli.environment(config)), file)


@app.command()
def verify(
    recording: Annotated[str, typer.Argument(help="The recording's identifier, as the case page shows it.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Every archived recording.")] = False,
    first: Annotated[datetime | None, typer.Option("--from", formats=DAY, help="Begun on this day or later.")] = None,
    last: Annotated[datetime | None, typer.Option("--to", formats=DAY, help="Begun on this day or earlier.")] = None,
    reason: Annotated[str, typer.Option(help="Kept in the chain of custody.")] = "",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print {ok, recordings, bytes_read, faults} and nothing else.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Read recordings back from the object store; check them with manifest, seal, time stamp and chain of custody."""
    ranged = first is not None or last is not None
    if bool(recording) + every + ranged != 1:
        cli.fail(["verify: give a recording, or --all, or --from and --to"], status=2)
    from hub.cli import verifying

    status = verifying.verify(
        cli.load_config(cli.environment(config)),
        recording,
        first_day=first.date() if first else None,
        last_day=last.date() if last else None,
        reason=reason,
        as_json=as_json,
    )
    raise typer.Exit(status)


@archive_app.command("reconcile")
def archive_reconcile(
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as one JSON object and nothing else.")] = (
        False
    ),
    config: ConfigFile = None,
) -> None:
    """Compare every row with the store and every object with the rows; read a sample again. Done every night too."""
    from hub.cli import archiving

    raise typer.Exit(archiving.reconcile(cli.load_config(cli.environment(config)), as_json=as_json))


@archive_app.command("recover")
def archive_recover(
    directory: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A spool directory; stays as it is.")],
    config: ConfigFile = None,
) -> None:
    """Archive what a broken machine left in its spool directory, into this hub's store and database."""
    from hub.cli import archiving

    raise typer.Exit(archiving.recover(cli.load_config(cli.environment(config)), directory))


@mail_app.command("test")
def mail_test(
    address: Annotated[str, typer.Argument(help="Where the letter goes.")],
    config: ConfigFile = None,
) -> None:
    """Send one letter by the settings smtp_*, and say what the server answered."""
    from hub.cli import mailing

    raise typer.Exit(mailing.test(cli.load_config(cli.environment(config)), address))


@app.command()
def token(
    hearing: Annotated[str, typer.Option(help="The hearing's identifier or number.")] = "",
    point: Annotated[str, typer.Option(help="Code of the point, or chair, deputy or secretary.")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="For a room encoder: WHIP.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="For a wall display: WHEP.")] = False,
    hours: Annotated[float | None, typer.Option(help="Valid for so long; default: until the hearing's end.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    show: Annotated[bool, typer.Option("--list", help="Show the hearing's valid tokens instead.")] = False,
    revoke: Annotated[str, typer.Option(help="Void this token (itself, or its identifier) instead.")] = "",
    config: ConfigFile = None,
) -> None:
    """Let a room encoder or a wall display in at one point of one hearing: prints its address and token."""
    from hub.cli import tokens

    settings = cli.load_config(cli.environment(config))
    if revoke:
        tokens.revoke(settings, revoke)
    elif show and hearing:
        tokens.show(settings, hearing)
    elif not (hearing and point) or publish == watch:
        cli.fail(["token: give --hearing, --point and either --publish or --watch"], status=2)
    else:
        tokens.issue(settings, hearing=hearing, point=point, publish=publish, hours=hours, as_json=as_json)


@app.command("import")
def import_table(
    kind: Annotated[ImportKind, typer.Argument(help="What the rows are.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Excel (.xlsx) or CSV.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell faults and changes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
    config: ConfigFile = None,
) -> None:
    """Import units, points or accounts: all rows or none. New accounts' one-time passwords are printed once."""
    from hub.cli import importing

    settings = cli.load_config(cli.environment(config))
    raise typer.Exit(importing.run(settings, kind, file, dry_run=dry_run, as_json=as_json))


@demo_app.command("load")
def demo_load(config: ConfigFile = None) -> None:
    """Load the demo province, its points, accounts and hearings. Safe to repeat."""
    from hub.cli import maintenance

    maintenance.load_demo(cli.load_config(cli.environment(config)))


@demo_app.command("run")
def demo_run(
    config: ConfigFile = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (http_port).")] = None,
) -> None:
    """Everything for a first try: migrate, load the demo province, and serve it with its accounts, on loopback."""
    overrides = {} if port is None else {"HUB_HTTP_PORT": str(port)}
    env = cli.environment(config, overrides)
    env.setdefault("HUB_DEMO", "yes")
    settings = cli.load_config(env)
    from hub.cli import serving

    raise typer.Exit(serving.serve(settings, env, lambda: serving.try_out(settings)))


@user_app.command("add")
def user_add(
    username: Username,
    name: Annotated[str, typer.Option(help="Full name.")],
    unit: Annotated[str, typer.Option(help="Code of the unit the official belongs to.")],
    role: Annotated[list[str], typer.Option(help="ROLE or ROLE:UNIT-CODE; may be repeated.")],
    title: Annotated[str, typer.Option(help="Position.")] = "",
    unit_name: Annotated[str, typer.Option(help="On an empty hub: the name of the first unit, made with it.")] = "",
    config: ConfigFile = None,
) -> None:
    """Add an account. Asks for a first password, which the official must change; reads it from a pipe too."""
    from hub.cli import users

    users.add(
        cli.load_config(cli.environment(config)),
        username,
        name=name,
        unit=unit,
        unit_name=unit_name,
        roles=role,
        title=title,
    )


@user_app.command("disable")
def user_disable(
    username: Username,
    reason: Annotated[str, typer.Option(help="Kept in the audit trail.")] = "",
    config: ConfigFile = None,
) -> None:
    """Disable an account and end its sign-ins. It is never deleted, because the record names it."""
    from hub.cli import users

    users.disable(cli.load_config(cli.environment(config)), username, reason)


@user_app.command("password")
def user_password(username: Username, config: ConfigFile = None) -> None:
    """Set a new password and end the account's sign-ins. Asks for it, or reads it from a pipe."""
    from hub.cli import users

    users.set_password(cli.load_config(cli.environment(config)), username)


if __name__ == "__main__":
    app()
