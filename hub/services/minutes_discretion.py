"""Whether minutes name a denouncer: the sealed identity is opened once, then asked by its hashes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from hub import cases as rules
from hub.auth import Actor
from hub.errors import BadInput
from hub.models import Case
from hub.services import identity
from hub.services.identity import Vault
from hub.watchwords import Watchwords

KEPT_S = 900.0
"""How long hashes are asked before the identity is opened, and that written down, again."""


class Discretion:
    """One for each process that saves minutes."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes], tuple[float, Watchwords]] = {}

    async def require(self, db: AsyncSession, vault: Vault, actor: Actor, cases: Iterable[Case], text: str) -> None:
        """Raise ``BadInput`` when the text names the denouncer of one of these cases."""
        self._forget()
        for case in cases:
            if not case.party.secret:
                continue
            if (await self._watchwords(db, vault, actor, case)).reveal(text):
                fault = rules.secrecy_fault()
                raise BadInput(fault.message, fields={"text": fault})

    async def _watchwords(self, db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> Watchwords:
        # A corrected identity is sealed anew: other bytes, other hashes.
        key = case.id, hashlib.sha256(case.party.sealed_identity).digest()
        known = self._known.get(key)
        if known is None:
            known = time.monotonic(), await identity.watchwords(db, vault, actor, case)
            self._known[key] = known
        return known[1]

    def _forget(self) -> None:
        now = time.monotonic()
        self._known = {key: known for key, known in self._known.items() if now - known[0] < KEPT_S}
