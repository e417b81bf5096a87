"""A letter by e-mail, from finished sentences to the bytes that SMTP carries (RFC 5322, MIME, iTIP). Pure.

``Notice`` is what a service says, not yet in anybody's language; ``packed`` and ``unpacked`` carry its texts through
the queue. ``build`` makes the message once the reader's language is known.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from email import policy
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

from hub.i18n import Named, Text
from hub.text import clean


class _Folding(policy.EmailPolicy):
    """Folds subjects and names by ``email.header``: the newer folding of Python 3.11 loses or adds a space wherever a
    long Vietnamese line goes on in another encoded word (RFC 2047 section 6.2)."""

    def fold(self, name: str, value: Any) -> str:
        if str(value).isascii() or name.lower() not in ("subject", "from", "to"):
            return str(super().fold(name, value))
        if name.lower() == "subject":
            return f"{name}: {self._words(name, str(value))}{self.linesep}"
        (one,) = value.addresses
        return f"{name}: {self._words(name, one.display_name)}{self.linesep} <{one.addr_spec}>{self.linesep}"

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("ascii")

    def _words(self, name: str, text: str) -> str:
        return Header(text, "utf-8", header_name=name).encode(linesep=self.linesep)


_SAFE = _Folding(linesep="\r\n", cte_type="7bit")
"""Servers that carry seven bits only are still about."""
SUBJECT_MAX = 200
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)*{_LABEL}")
ADDRESS_MAX = 254
"""RFC 5321 4.5.3.1.3, without the angle brackets."""


def is_address(text: str) -> bool:
    """Whether an e-mail address is one that every server takes: ``local@domain``, all ASCII (RFC 5321 4.1.2)."""
    return len(text) <= ADDRESS_MAX and text.find("@") <= 64 and _ADDRESS.fullmatch(text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """What goes along. An invitation is ``text/calendar`` with its ``method`` (RFC 5546): calendars then offer to take
    it over; everything else is an attachment."""

    name: str
    media_type: str
    data: bytes
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell. ``key`` is stable: the same notice to the same person is queued once.

    No text may hold a denouncer's identity or what a case is about: mail leaves the hub. Numbers, days, and what is to
    be done, with ``path``, the hub's page where the rest can be read after signing in.
    """

    key: str
    subject: Text
    lines: tuple[Text, ...]
    path: str = ""
    files: tuple[MailFile, ...] = ()
    expires_at: datetime | None = None
    """After this it is no use to anybody and is not sent; None: after some days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A notice in the reader's language. ``link`` is a whole address or empty, ``footer`` says who sends this."""

    subject: str
    lines: Sequence[str]
    link: str = ""
    link_text: str = ""
    footer: str = ""
    language: str = "vi"
    files: Sequence[MailFile] = ()


def message_id(key: str, domain: str) -> str:
    """The same for the same row of the queue however often it is sent, so that a repeat is recognised."""
    return f"<{key}@{domain}>"


def build(
    letter: Letter, *, sender: str, sender_name: str, recipient: str, name: str, identifier: str, sent_at: datetime
) -> EmailMessage:
    """The message. Raises ``ValueError`` for an address that is none; line ends in a header become spaces."""
    if not (is_address(sender) and is_address(recipient)):
        raise ValueError("not an e-mail address")
    message = EmailMessage(policy=_SAFE)
    message["From"] = Address(_phrase(sender_name), addr_spec=sender)
    message["To"] = Address(_phrase(name), addr_spec=recipient)
    message["Subject"] = clean(letter.subject)[:SUBJECT_MAX]
    message["Date"] = format_datetime(sent_at)
    message["Message-ID"] = identifier
    message["Content-Language"] = letter.language
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers by machines
    message.set_content(_plain(letter))
    message.add_alternative(_page(letter), subtype="html")
    for file in letter.files:
        if file.method:
            message.attach(_invitation(file))
    for file in letter.files:
        kind, _, subtype = ("application/ics" if file.method else file.media_type).partition("/")
        message.add_attachment(file.data, maintype=kind, subtype=subtype, filename=clean(file.name))
    return message


def _phrase(name: str) -> str:
    return clean(name)[:100]


def _invitation(file: MailFile) -> EmailMessage:
    part = EmailMessage(policy=_SAFE)
    part.set_content(file.data.decode(), subtype="calendar", charset="utf-8")
    part.set_param("method", clean(file.method))
    return part


def _plain(letter: Letter) -> str:
    blocks = [*letter.lines, *([f"{letter.link_text}: {letter.link}"] if letter.link else [])]
    return "\n\n".join(blocks) + (f"\n\n-- \n{letter.footer}" if letter.footer else "") + "\n"


def _page(letter: Letter) -> str:
    """HTML that every mail program shows: no sheet, no script, nothing fetched."""
    style = "font:16px/1.5 'Segoe UI',Roboto,'Noto Sans',sans-serif;color:#1b2430;max-width:40em"
    body = "".join(f"<p>{html.escape(line).replace(chr(10), '<br>')}</p>" for line in letter.lines)
    if letter.link:
        body += f'<p><a href="{html.escape(letter.link)}" style="color:#124a8c">{html.escape(letter.link_text)}</a></p>'
    if letter.footer:
        body += f'<p style="color:#556070;font-size:14px">{html.escape(letter.footer)}</p>'
    head = f'<meta charset="utf-8"><title>{html.escape(clean(letter.subject))}</title>'
    return (
        f'<!doctype html><html lang="{letter.language}"><head>{head}</head><body style="{style}">{body}</body></html>\n'
    )


def packed(value: object) -> Any:
    """A text with its parameters as JSON."""
    match value:
        case Text():
            return {"text": value.message, "params": {name: packed(one) for name, one in value.params.items()}}
        case Named():
            return {"vi": value.vi, "en": value.en}
        case datetime():
            return {"instant": value.isoformat()}
        case date():
            return {"day": value.isoformat()}
        case str() | int() | float() | None:
            return value
    return str(value)


def unpacked(value: Any) -> Any:
    """What ``packed`` was given."""
    if not isinstance(value, Mapping):
        return value
    if "text" in value:
        return Text(value["text"], {name: unpacked(one) for name, one in value["params"].items()})
    if "instant" in value:
        return datetime.fromisoformat(value["instant"])
    if "day" in value:
        return date.fromisoformat(value["day"])
    return Named(value["vi"], value["en"])


def packed_files(files: Sequence[MailFile]) -> list[Any]:
    return [
        {"name": one.name, "type": one.media_type, "method": one.method, "data": base64.b64encode(one.data).decode()}
        for one in files
    ]


def unpacked_files(rows: Sequence[Any]) -> list[MailFile]:
    return [
        MailFile(name=row["name"], media_type=row["type"], method=row["method"], data=base64.b64decode(row["data"]))
        for row in rows
    ]
