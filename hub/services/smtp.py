"""Our side of SMTP (RFC 5321): one connection by the settings, and what a server's refusal means for a letter."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage

import aiosmtplib
from aiosmtplib import SMTP

from hub.config import Config
from hub.errors import HubError
from hub.i18n import N_

COMMAND_LIMIT_S = 30.0
_PORTS = {"starttls": 587, "tls": 465, "none": 25}
TOO_SLOW = N_("Máy chủ thư không trả lời kịp.")
PERMANENT = 500
AUTHENTICATION_NEEDED = 530


class MailFault(HubError):
    """``answer`` is what the server said, or our own words for what is wrong with the line to it."""

    code = "mail_fault"

    def __init__(self, answer: str) -> None:
        super().__init__(answer.replace("%", "%%"))
        self.answer = answer[:500]


class ServerAway(MailFault):
    """Not this letter's fault: nothing can be sent now."""


class Refused(MailFault):
    """This letter, for good."""


class PutOff(MailFault):
    """This letter, for now."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open connection; ``send`` as often as one likes."""

    client: SMTP
    sender: str

    async def send(self, message: EmailMessage, recipient: str) -> None:
        """Returns when the server has taken it. Raises ``Refused``, ``PutOff`` or ``ServerAway``."""
        try:
            await self.client.sendmail(self.sender, [recipient], message.as_bytes())
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _judged(error.recipients[0].code, error.recipients[0].message) from error
        except aiosmtplib.SMTPSenderRefused as error:
            raise ServerAway(f"{error.code} {error.message}") from error
        except aiosmtplib.SMTPResponseException as error:
            raise _judged(error.code, error.message) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ServerAway(_said(error)) from error

    async def close(self) -> None:
        try:
            await self.client.quit(timeout=2)
        except (aiosmtplib.SMTPException, OSError):
            self.client.close()


def _judged(code: int, message: str) -> MailFault:
    said = f"{code} {message}"
    if code <= 0 or code in (421, AUTHENTICATION_NEEDED):
        return ServerAway(said)
    return Refused(said) if code >= PERMANENT else PutOff(said)


def _said(error: Exception) -> str:
    if isinstance(error, (TimeoutError, aiosmtplib.SMTPTimeoutError)):
        return TOO_SLOW
    return str(error) or type(error).__name__


async def connect(config: Config, *, limit_s: float = COMMAND_LIMIT_S) -> Line:
    """Raises ``ServerAway`` with the reason."""
    try:
        context = ssl.create_default_context(cafile=str(config.smtp_ca) if config.smtp_ca else None)
        client = SMTP(
            hostname=config.smtp_host,
            port=config.smtp_port or _PORTS[config.smtp_security],
            username=config.smtp_username or None,
            password=_password(config),
            use_tls=config.smtp_security == "tls",
            start_tls=config.smtp_security == "starttls",
            tls_context=context,
            timeout=limit_s,
        )
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise ServerAway(_said(error)) from error
    return Line(client, config.smtp_from)


def _password(config: Config) -> str | None:
    if config.smtp_password_file is None:
        return None
    return config.smtp_password_file.read_text(encoding="utf-8").split("\n")[0].strip("\r")
