"""``hub mail test``: whether letters leave this machine."""

from __future__ import annotations

import asyncio
import sys

from hub import cli
from hub.config import Config
from hub.errors import HubError
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.mail import Letter, build, is_address, message_id
from hub.services import smtp

LIMIT_S = 15.0


def test(config: Config, address: str) -> int:
    """0 when the mail server took it, 1 when not, 2 when mail is off or the address is none."""
    if not config.smtp_host:
        sys.stderr.write("hub: mail is off: smtp_host is empty\n")
        return 2
    if not is_address(address):
        sys.stderr.write(f"hub: {address!r} is not an e-mail address\n")
        return 2
    try:
        asyncio.run(_send(config, address))
    except HubError as error:
        sys.stderr.write(f"hub: {config.smtp_host}: {cli.in_words(Text(str(error)))}\n")
        return 1
    cli.say(f"{config.smtp_host} took a letter to {address}.")
    return 0


async def _send(config: Config, address: str) -> None:
    lines = [cli.in_words(Text(N_("Thư này thử đường gửi thư của hệ thống tiếp công dân; không cần làm gì.")))]
    letter = Letter(subject=cli.in_words(Text(N_("Thư thử từ Cầu Tiếp Dân"))), lines=lines)
    line = await smtp.connect(config, limit_s=LIMIT_S)
    try:
        message = build(
            letter,
            sender=config.smtp_from,
            sender_name=config.smtp_from_name,
            recipient=address,
            name="",
            identifier=message_id(new_id(), config.smtp_from.split("@")[-1]),
            sent_at=utc_now(),
        )
        await line.send(message, address)
    finally:
        await line.close()
