"""The one task that sends what is queued. Whoever holds a letter's claim sends it, so processes never send it twice;
only a crash between the server's 250 and our row repeats it, once, under the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import structlog
from sqlalchemy import ColumnElement, Select, and_, delete, or_, select, update

from hub import net
from hub.config import Config
from hub.db import Database
from hub.errors import NotReady
from hub.i18n import N_, Text
from hub.ids import new_id, utc_now
from hub.mail import Letter, build, message_id, unpacked, unpacked_files
from hub.models import Account, MailState, OutgoingMail
from hub.services import invitations, smtp
from hub.services.smtp import TOO_SLOW, Line, PutOff, Refused, ServerAway

LOOK_EVERY_S = 5.0
CLAIM = timedelta(minutes=5)
LETTER_LIMIT_S = 120.0
"""Well below ``CLAIM``: nobody else may think a letter free while it is being sent."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
SERVER_PAUSES_S = (15.0, 60.0, 180.0, 600.0)
ONE_CONNECTION = 100
"""Letters after which a server is greeted anew."""
REMEMBERED = timedelta(days=180)

Say = Callable[[str, Text | str], str]
log = structlog.get_logger(__name__)


class Sender:
    """One per web process. ``say`` puts a text into a language."""

    def __init__(self, config: Config, database: Database, say: Say, *, limit_s: float = smtp.COMMAND_LIMIT_S) -> None:
        self._config, self._database, self._say, self._limit_s = config, database, say, limit_s
        self._me = new_id()
        self._away = 0

    async def run(self) -> None:
        """Send until cancelled."""
        while True:
            pause_s = LOOK_EVERY_S
            try:
                await self.tidy()
                if self._config.smtp_host:
                    await self.turn()
                self._away = 0
            except ServerAway:
                pause_s = SERVER_PAUSES_S[min(self._away, len(SERVER_PAUSES_S) - 1)]
                self._away += 1
                log.warning("mail server away", again_in_s=pause_s)
            except NotReady as error:
                log.warning("mail put off", fault=str(error))
            except Exception:
                # A fault here must never end the process, in which hearings are held.
                log.exception("mail failed")
                pause_s = SERVER_PAUSES_S[-1]
            await asyncio.sleep(pause_s)

    async def turn(self) -> int:
        """Send everything that is due; how many were taken by the server. Raises ``ServerAway``."""
        line: Line | None = None
        sent = tried = 0
        try:
            while (claimed := await self._claim()) is not None:
                row, path = claimed
                if line is not None and tried % ONE_CONNECTION == 0:
                    await line.close()
                    line = None
                tried += 1
                try:
                    line = line or await smtp.connect(self._config, limit_s=self._limit_s)
                except ServerAway as fault:
                    await self._later(row, fault.answer)
                    raise
                sent += await self._send(line, row, path)
        finally:
            if line is not None:
                await line.close()
        return sent

    async def _send(self, line: Line, row: OutgoingMail, path: str) -> bool:
        """Whether the server took it; if not, the row says why and what next. Raises ``ServerAway``."""
        try:
            async with asyncio.timeout(LETTER_LIMIT_S):
                await line.send(self._message(row, path), row.address)
        except TimeoutError:
            await self._later(row, TOO_SLOW)
            raise ServerAway(TOO_SLOW) from None
        except ServerAway as fault:
            await self._later(row, fault.answer)
            raise
        except PutOff as fault:
            await self._later(row, fault.answer)
        except Refused as fault:
            await self._settle(row, state=MailState.FAILED, fault=fault.answer)
        except ValueError:
            await self._settle(row, state=MailState.FAILED, fault=N_("Địa chỉ thư điện tử không hợp lệ."))
        else:
            await self._settle(row, state=MailState.SENT, sent_at=utc_now(), fault="")
            return True
        return False

    async def _claim(self) -> tuple[OutgoingMail, str] | None:
        """The letter that has waited longest, ours alone from now on, and the path that its link is to have."""
        now = utc_now()
        async with self._database.reading() as db:
            if (await db.execute(_due(now))).first() is None:
                return None
        async with self._database.transaction() as db:
            found = (
                await db.execute(_due(now).with_for_update(of=OutgoingMail, skip_locked=True))
            ).scalar_one_or_none()
            row = await db.get(OutgoingMail, found) if found else None
            if row is None:
                return None
            row.claimed_by, row.claimed_until = self._me, now + CLAIM
            row.state, row.attempts = MailState.WAITING, row.attempts + 1
            if row.account is not None:
                row.address, row.name, row.language = row.account.email, row.account.full_name, row.account.language
            return row, await invitations.link(db, row.path)

    def _message(self, row: OutgoingMail, path: str) -> EmailMessage:
        language, config = row.language, self._config
        greeting = [Text(N_("Kính gửi ông (bà) %(name)s,"), {"name": row.name})] if row.name else []
        letter = Letter(
            subject=self._say(language, unpacked(row.subject)),
            lines=[self._say(language, line) for line in (*greeting, *map(unpacked, row.lines))],
            link=net.public_url(config) + path if path else "",
            link_text=self._say(language, N_("Mở trong Cầu Tiếp Dân")),
            footer=self._say(language, N_("Thư tự động của hệ thống tiếp công dân trực tuyến; xin không trả lời.")),
            language=language,
            files=unpacked_files(row.files),
        )
        return build(
            letter,
            sender=config.smtp_from,
            sender_name=config.smtp_from_name,
            recipient=row.address,
            name=row.name,
            identifier=message_id(row.id, config.smtp_from.split("@")[-1]),
            sent_at=utc_now(),
        )

    async def _later(self, row: OutgoingMail, fault: str) -> None:
        pause = min(FIRST_PAUSE * 3 ** min(row.attempts - 1, 8), LONGEST_PAUSE)
        await self._settle(row, next_at=utc_now() + pause, fault=fault)

    async def _settle(self, row: OutgoingMail, **values: object) -> None:
        """Write what became of it and let go; whoever else has claimed it meanwhile keeps it."""
        mine = (OutgoingMail.id == row.id) & (OutgoingMail.claimed_by == self._me)
        kept = {"address": row.address, "name": row.name, "claimed_by": "", "claimed_until": None, **values}
        async with self._database.transaction() as db:
            await db.execute(update(OutgoingMail).where(mine).values(**kept))

    async def tidy(self) -> None:
        """What came too late is not sent; what is long over is forgotten."""
        now = utc_now()
        waiting = OutgoingMail.state.in_((MailState.WAITING, MailState.NO_ADDRESS))
        free = or_(OutgoingMail.claimed_until.is_(None), OutgoingMail.claimed_until < now)
        late = and_(waiting, free, OutgoingMail.expires_at <= now)
        old = and_(~waiting, OutgoingMail.created_at < now - REMEMBERED)
        async with self._database.reading() as db:
            if (await db.execute(select(OutgoingMail.id).where(or_(late, old)).limit(1))).first() is None:
                return
        async with self._database.transaction() as db:
            tried = update(OutgoingMail).where(late, OutgoingMail.attempts > 0)
            await db.execute(tried.values(state=MailState.FAILED))
            await db.execute(update(OutgoingMail).where(late).values(state=MailState.EXPIRED))
            await db.execute(delete(OutgoingMail).where(old))


def _due(now: datetime) -> Select[str]:
    """The one letter to send next, by its id."""
    return (
        select(OutgoingMail.id)
        .outerjoin(Account, Account.id == OutgoingMail.account_id)
        .where(_sendable(), OutgoingMail.next_at <= now, OutgoingMail.expires_at > now)
        .where(or_(OutgoingMail.claimed_until.is_(None), OutgoingMail.claimed_until < now))
        .order_by(OutgoingMail.next_at, OutgoingMail.id)
        .limit(1)
    )


def _sendable() -> ColumnElement[bool]:
    """Waiting; or an account has got its address meanwhile. Nobody writes to an account that is disabled."""
    used = or_(OutgoingMail.account_id.is_(None), Account.disabled_at.is_(None))
    addressed = or_(OutgoingMail.account_id.is_(None), Account.email != "")
    return and_(OutgoingMail.state.in_((MailState.WAITING, MailState.NO_ADDRESS)), used, addressed)
