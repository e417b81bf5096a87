"""Debian's Firefox ESR, driven by WebDriver BiDi over its own WebSocket: no driver program is needed.

https://w3c.github.io/webdriver-bidi/ - only what a test of a page needs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp

from tests.support import process

START_LIMIT_S = 90
ANSWER_LIMIT_S = 90
LISTENS = re.compile(rb"WebDriver BiDi listening on (ws://\S+)")
PREFERENCES: Mapping[str, object] = {
    "media.autoplay.default": 0,  # no person presses a key here
    "media.autoplay.blocking_policy": 0,
    "intl.accept_languages": "vi",
    # Nothing is asked of the outside.
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.getAddons.cache.enabled": False,
    "media.gmp-manager.updateEnabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "services.settings.server": "data:,",
}


FAKE_DEVICES: Mapping[str, object] = {"media.navigator.streams.fake": True, "media.navigator.permission.disabled": True}
"""A moving picture and a tone instead of camera and microphone, without a question."""


class NoFirefox(RuntimeError):
    """Never skipped: a skipped test proves nothing."""


class Fault(RuntimeError):
    """What the browser answered instead of a result."""


class Firefox:
    """One window with one tab. ``complaints`` are errors of its pages."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket, self._numbers = socket, itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._tab = ""
        self.complaints: list[str] = []

    async def begin(self) -> None:
        await self.command("session.new", capabilities={})
        await self.command("session.subscribe", events=["log.entryAdded"])
        self._tab = (await self.command("browsingContext.getTree"))["contexts"][0]["context"]

    async def listen(self) -> None:
        """Until the socket closes."""
        async for message in self._socket:
            told = json.loads(message.data)
            if told.get("method") == "log.entryAdded" and told["params"]["level"] == "error":
                self.complaints.append(told["params"]["text"])
            elif (waiting := self._waiting.pop(told.get("id", 0), None)) and not waiting.done():
                waiting.set_result(told)

    async def command(self, method: str, **params: object) -> dict[str, Any]:
        """Raises ``Fault``, ``TimeoutError``."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": params})
        async with asyncio.timeout(ANSWER_LIMIT_S):
            told = await answer
        if told["type"] != "success":
            raise Fault(f"{method}: {told.get('error')}: {told.get('message')}")
        found: dict[str, Any] = told["result"]
        return found

    async def cookies(self, host: str, cookies: Mapping[str, str]) -> None:
        for name, value in cookies.items():
            cookie = {"name": name, "value": {"type": "string", "value": value}, "domain": host, "path": "/"}
            await self.command("storage.setCookie", cookie=cookie)

    async def with_script(self, script: str) -> None:
        """In every page from now on, before its own scripts."""
        await self.command("script.addPreloadScript", functionDeclaration=f"() => {{ {script} }}")

    async def go(self, address: str) -> None:
        await self.command("browsingContext.navigate", context=self._tab, url=address, wait="complete")

    async def evaluate(self, function: str, *arguments: object) -> Any:
        """What the page's function returns for JSON arguments, awaited. Raises ``Fault`` when it throws."""
        given = json.dumps(arguments)
        answer = await self.command(
            "script.callFunction",
            functionDeclaration=f"async () => JSON.stringify(await ({function})(...{given}) ?? null)",
            target={"context": self._tab},
            awaitPromise=True,
            userActivation=True,
        )
        if answer["type"] != "success":
            raise Fault(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    async def until(self, function: str, *arguments: object, limit_s: float = 60) -> None:
        async with asyncio.timeout(limit_s):
            while not await self.evaluate(function, *arguments):  # noqa: ASYNC110 - the page is asked, it does not tell
                await asyncio.sleep(0.1)

    async def press(self, key: str) -> None:
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        await self.command(
            "input.performActions", context=self._tab, actions=[{"type": "key", "id": "keys", "actions": actions}]
        )


@asynccontextmanager
async def firefox(
    size: tuple[int, int] = (1366, 768), preferences: Mapping[str, object] = MappingProxyType({})
) -> AsyncIterator[Firefox]:
    """With a fresh profile, and ``preferences`` beside ours; ended when the test is."""
    program = shutil.which("firefox-esr") or shutil.which("firefox")
    if program is None:
        raise NoFirefox("Firefox is not installed: apt-get install firefox-esr")
    wanted = {**PREFERENCES, **preferences}
    with tempfile.TemporaryDirectory(prefix="hub-firefox-", ignore_cleanup_errors=True) as folder:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in wanted.items()]
        (Path(folder) / "user.js").write_text("\n".join(lines))
        arguments = ["--headless", "--no-remote", "--profile", folder, "--remote-debugging-port", "0"]
        running = await asyncio.create_subprocess_exec(
            *process.dying_with_us("TERM"),
            program,
            *arguments,
            f"--width={size[0]}",
            f"--height={size[1]}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        assert running.stderr is not None
        try:
            address = await _address(running.stderr)
            async with aiohttp.ClientSession() as session, session.ws_connect(f"{address}/session") as socket:
                browser = Firefox(socket)
                listening = asyncio.create_task(browser.listen())
                swallowing = asyncio.create_task(_swallow(running.stderr))
                await browser.begin()
                yield browser
                await socket.close()
                await listening
                swallowing.cancel()
        finally:
            running.terminate()
            try:
                async with asyncio.timeout(10):
                    await running.wait()
            except TimeoutError:
                running.kill()
                await running.wait()


async def _address(stderr: asyncio.StreamReader) -> str:
    said = b""
    try:
        async with asyncio.timeout(START_LIMIT_S):
            while line := await stderr.readline():
                said += line
                if found := LISTENS.search(line):
                    return found[1].decode()
    except TimeoutError:
        pass
    raise process.DidNotStart(f"Firefox does not listen:\n{said.decode(errors='replace')[-2000:]}")


async def _swallow(stderr: asyncio.StreamReader) -> None:
    """A pipe that nobody reads would stop the browser."""
    while await stderr.read(1 << 16):
        pass
