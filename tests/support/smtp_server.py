"""A real SMTP server in a process of its own, which takes, refuses, dawdles or hangs up as it is told.

``with SmtpServer() as server``: ``server.port``; letters appear under ``server.letters()``. ``behave`` names what it
does from now on: ``take``, ``refuse`` (550 at RCPT), ``later`` (451 at RCPT), ``full`` (552 after the data), ``tarpit``
(says nothing to RCPT), ``drop`` (hangs up after the data, having kept it).
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
import tempfile
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.support import process

ROOT = Path(__file__).parents[2]
USER, SECRET = "hub", "một mật khẩu dài"


class SmtpServer:
    def __init__(
        self, security: str = "none", *, needs_name: bool = False, cert: tuple[Path, Path] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-smtp-"))
        self._arguments = [str(self.folder), security, "yes" if needs_name else "no", *map(str, cert or ())]
        self.behave("take")
        self.port = 0

    def __enter__(self) -> SmtpServer:
        command = [*process.dying_with_us("TERM"), sys.executable, "-m", "tests.support.smtp_server", *self._arguments]
        log = (self.folder / "log").open("wb")
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        process.wait_until((self.folder / "port").exists, self._process, self.folder / "log", 30)
        self.port = int((self.folder / "port").read_text())
        return self

    def __exit__(self, *_: object) -> None:
        process.stop(self._process)

    def behave(self, how: str) -> None:
        (self.folder / "how.new").write_text(how)
        (self.folder / "how.new").rename(self.folder / "how")

    def letters(self) -> list[EmailMessage]:
        """Everything that was taken, in order."""
        files = sorted(self.folder.glob("*.eml"), key=lambda path: int(path.stem))
        return [message_from_bytes(path.read_bytes(), policy=policy.SMTP) for path in files]  # type: ignore[misc]


class _Handler:
    def __init__(self, folder: Path) -> None:
        self._folder, self._count = folder, 0

    def _how(self) -> str:
        return (self._folder / "how").read_text()

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        match self._how():
            case "refuse":
                return "550 5.1.1 no such mailbox"
            case "later":
                return "451 4.3.0 come again"
            case "tarpit":
                await asyncio.sleep(60)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        how = self._how()
        if how == "full":
            return "552 5.2.2 mailbox full"
        self._count += 1
        part = self._folder / f"{self._count}.part"
        part.write_bytes(envelope.content)
        part.rename(part.with_suffix(".eml"))
        if how == "drop":
            server.transport.abort()
        return "250 OK"


def main(folder: Path, security: str, needs_name: bool, cert: tuple[str, ...]) -> None:
    import warnings

    warnings.simplefilter("ignore")
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    context = None
    if cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*cert)

    def known(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        good = isinstance(given, LoginPassword) and (given.login, given.password) == (USER.encode(), SECRET.encode())
        return AuthResult(success=good, handled=False)

    handler = _Handler(folder)

    def serve() -> SMTP:
        return SMTP(
            handler,
            hostname="mail.test",
            tls_context=context if security == "starttls" else None,
            require_starttls=security == "starttls",
            auth_required=needs_name,
            auth_require_tls=security == "starttls",
            authenticator=known,
        )

    async def run() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(serve, "127.0.0.1", 0, ssl=context if security == "tls" else None)
        port = folder / "port.new"
        port.write_text(str(server.sockets[0].getsockname()[1]))
        port.rename(folder / "port")
        await server.serve_forever()

    asyncio.run(run())


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "yes", tuple(sys.argv[4:]))
