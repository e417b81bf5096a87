"""``hub token``: lets a room encoder or a wall display in at one seat of one hearing."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from hub import calendar, cli, net
from hub.auth import command_line
from hub.cli.users import run
from hub.config import Config
from hub.models import DeviceToken, DoorDirection, Hearing, Role
from hub.services import device_tokens
from hub.services.device_tokens import Issued

OPERATOR = command_line(Role.SECRETARY)


def issue(config: Config, *, hearing: str, point: str, publish: bool, hours: float | None, as_json: bool) -> None:
    """Print a new token with the address it belongs to."""
    base, direction = net.public_url(config), DoorDirection.PUBLISH if publish else DoorDirection.WATCH
    issued: list[Issued] = []

    async def act(db: AsyncSession) -> None:
        found = await device_tokens.find_hearing(db, hearing)
        seat = device_tokens.find_seat(found, point)
        issued.append(await device_tokens.issue(db, OPERATOR, found, seat, direction, hours))

    run(config, act)
    cli.say(json.dumps(described(issued[0], base), ensure_ascii=False) if as_json else _in_words(issued[0], base))


def revoke(config: Config, token: str) -> None:
    async def act(db: AsyncSession) -> None:
        await device_tokens.revoke(db, OPERATOR, token)

    run(config, act)
    cli.say("The token is void. A device that is connected with it is sent away within seconds.")


def show(config: Config, hearing: str) -> None:
    """The hearing's tokens that still open a door; the tokens themselves are not known any more."""
    rows: list[DeviceToken] = []

    async def act(db: AsyncSession) -> None:
        found: Hearing = await device_tokens.find_hearing(db, hearing)
        rows.extend(await device_tokens.of_hearing(db, found.id))

    run(config, act)
    cli.say("\n".join(_line(rows)) if rows else "No token of this hearing is valid.")


def described(issued: Issued, base: str) -> dict[str, str]:
    """What ``--json`` prints."""
    row = issued.row
    point = row.seat.point.code if row.seat.point is not None else str(row.seat.kind)
    return {
        "token": issued.token,
        "token_id": row.id,
        "endpoint": f"{base}{net.door_path(str(row.direction), row.hearing_id, row.seat.id)}",
        "direction": str(row.direction),
        "hearing": row.hearing_id,
        "number": issued.hearing.number,
        "point": point,
        "seat": row.seat.id,
        "label": row.seat.label,
        "expires_at": row.expires_at.isoformat(timespec="seconds"),
    }


def _in_words(issued: Issued, base: str) -> str:
    shown = described(issued, base)
    publish = issued.row.direction == DoorDirection.PUBLISH
    what = "Publish with WHIP (OBS, GStreamer, ffmpeg 8)" if publish else "Watch with WHEP (a wall display)"
    ends = calendar.local(issued.row.expires_at)
    return "\n".join(
        [
            f"{what} as “{shown['label']}” in {shown['number']}:",
            f"  address (Server): {shown['endpoint']}",
            f"  token (Bearer):   {shown['token']}",
            f"  valid until:      {ends:%Y-%m-%d %H:%M}, or the end of the hearing",
            f"  to revoke it:     hub token --revoke {shown['token_id']}",
            "The token is shown only now. docs/devices.md says where to enter it.",
        ]
    )


def _line(rows: Sequence[DeviceToken]) -> list[str]:
    return [
        f"{row.id}  {row.direction:8} {row.seat.label}, until {calendar.local(row.expires_at):%Y-%m-%d %H:%M}"
        f"{', connected' if row.session_id else ''}"
        for row in rows
    ]
