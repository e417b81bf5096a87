"""Who a party is: sealed in one table and opened in one function, which writes down who looked and why."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from hub import cases as rules
from hub import key_rings, keys, sealed
from hub.auth import Action, Actor, Target, may, require
from hub.config import Config
from hub.errors import BadInput, NotFound
from hub.i18n import N_, Text
from hub.key_rings import KeyRing
from hub.models import Case, OrgUnit, Party, PartyKind, PartyWord, RegisterEntry, Visit
from hub.redaction import redacted
from hub.sealed import WrongKey
from hub.services import audit, denouncers
from hub.text import clean, exact_words, words
from hub.watchwords import Watchwords


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    name: str
    address: str = ""
    birth: str = ""
    id_number: str = ""
    phone: str = ""

    @property
    def masked_id_number(self) -> str:
        return rules.masked(self.id_number)


class Vault:
    """Seals and hashes with keys derived from one secret of 32 bytes, a different one for each purpose (RFC 5869).

    ``ring`` holds what denouncers are sealed with: keys of their own, that the secret does not lead to.
    """

    def __init__(self, key: bytes, ring: KeyRing) -> None:
        self.ring = ring
        self._aead = AESGCM(sealed.derive(key, b"identity"))
        self._documents = AESGCM(sealed.derive(key, b"document"))
        self._kept = AESGCM(sealed.derive(key, b"kept"))
        self._papers = AESGCM(sealed.derive(key, b"paper"))
        self._words = sealed.derive(key, b"words")
        self._numbers = sealed.derive(key, b"numbers")

    def seal(self, party_id: str, identity: Identity) -> bytes:
        """Version, nonce, AES-256-GCM of the identity as JSON; bound to its row by the party's id."""
        return sealed.seal(self._aead, party_id, as_json(identity))

    def unseal(self, party_id: str, stored: bytes) -> bytes:
        """The identity as JSON. Raises ``WrongKey``. Called from ``_unsealed`` below alone; a test holds us to it."""
        return sealed.unseal(self._aead, party_id, stored)

    def opens(self, party_id: str, stored: bytes) -> bool:
        """Whether this key sealed it; what is inside stays inside."""
        try:
            sealed.unseal(self._aead, party_id, stored)
        except WrongKey:
            return False
        return True

    def unseal_document(self, attachment_id: str, stored: bytes) -> bytes:
        """Of a denunciation's document from before each had a key of its own. Raises ``WrongKey``."""
        return sealed.unseal(self._documents, attachment_id, stored)

    def seal_kept(self, row_id: str, data: bytes) -> bytes:
        """What an official keeps for themselves and may name a citizen, such as a saved search."""
        return sealed.seal(self._kept, row_id, data)

    def unseal_kept(self, row_id: str, stored: bytes) -> bytes:
        """Raises ``WrongKey``."""
        return sealed.unseal(self._kept, row_id, stored)

    def seal_paper(self, paper_id: str, data: bytes) -> bytes:
        """What a made paper says; those of a denunciation are under keys of their own instead (``denouncers``)."""
        return sealed.seal(self._papers, paper_id, data)

    def unseal_paper(self, paper_id: str, stored: bytes) -> bytes:
        """Raises ``WrongKey``."""
        return sealed.unseal(self._papers, paper_id, stored)

    def number_hash(self, id_number: str) -> str:
        """HMAC-SHA256 of an ID number: found again only by whoever types the whole number."""
        return hmac.new(self._numbers, id_number.encode(), hashlib.sha256).hexdigest()

    def word_hash(self, word: str) -> str:
        """Of a folded word, for search without marks."""
        return self._word(b"folded:" + word.encode())

    def exact_word_hash(self, word: str) -> str:
        """Of a word with its marks, so that exact hits come first."""
        return self._word(b"exact:" + word.encode())

    def _word(self, message: bytes) -> str:
        return hashlib.blake2b(message, key=self._words, digest_size=16).hexdigest()


def open_vault(config: Config) -> Vault:
    """With the keys of this machine, made now when there are none. Raises ``ConfigError``."""
    ring = key_rings.denouncers(config)
    ring.current()
    return Vault(keys.identity_key(config), ring)


def as_json(identity: Identity) -> bytes:
    return json.dumps(asdict(identity), ensure_ascii=False).encode()


async def create_party(db: AsyncSession, vault: Vault, kind: PartyKind, identity: Identity, *, secret: bool) -> Party:
    """Seal and index a new party; a denouncer is in no index at all."""
    party = Party(kind=kind, secret=secret, pseudonym=await _new_pseudonym(db, secret=secret), sealed_identity=b"")
    db.add(party)
    await db.flush()
    await replace_identity(db, vault, party, identity)
    return party


async def copied(db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> Identity:
    """The same person for another part of what they brought. Nobody is shown anything; logged."""
    require(actor, reading(case.party), identity_target(case))
    return await _open(db, vault, actor, case, "identity_copied", "")


async def read_beside(db: AsyncSession, vault: Vault, actor: Actor, case: Case, party: Party, reason: str) -> Identity:
    """Another person of the case: a representative. The same right and the same reason as for its party; logged."""
    require(actor, reading(party), identity_target(case))
    await require_discreet(db, vault, actor, [case], clean(reason))
    return await _open(db, vault, actor, case, _event(party), clean(reason), party=party)


async def hand_over(db: AsyncSession, vault: Vault, actor: Actor, case: Case, party: Party | None = None) -> Party:
    """A second seal of the same person, for the unit that is to settle the case (Law on Denunciations 2018 Art 24):
    its people read that one by their own right, under a pseudonym of its own. Nobody is shown anything; logged.

    ``party`` is another person of the case, who speaks for its party; as secret as that is.
    """
    known = await _open(db, vault, actor, case, "identity_handed_over", "", party=party)
    kind = PartyKind((party or case.party).kind)
    return await create_party(db, vault, kind, known, secret=case.party.secret)


async def replace_identity(db: AsyncSession, vault: Vault, party: Party, identity: Identity) -> None:
    """Seal a corrected identity and index it anew. The caller has asked for permission and writes the audit event."""
    if party.secret:
        await denouncers.keep(db, vault.ring, party.id, as_json(identity))
        party.sealed_identity = b""
    else:
        party.sealed_identity = vault.seal(party.id, identity)
    party.id_number_hash = vault.number_hash(identity.id_number) if identity.id_number and not party.secret else None
    await db.execute(delete(PartyWord).where(PartyWord.party_id == party.id))
    if not party.secret:
        hashes_ = {vault.word_hash(w) for w in words(identity.name)}
        hashes_ |= {vault.exact_word_hash(w) for w in exact_words(identity.name)}
        db.add_all([PartyWord(party_id=party.id, word_hash=one) for one in sorted(hashes_)])
    await db.flush()


async def make_secret(db: AsyncSession, vault: Vault, party: Party) -> None:
    """The case turned out to be a denunciation: into the vault, out of every index, under a new pseudonym.

    There is no way back. Nobody is shown anything; the caller writes the audit event.
    """
    if party.secret:
        return
    known = await _unsealed(db, vault, party)
    party.secret, party.sealed_identity = True, b""
    await denouncers.keep(db, vault.ring, party.id, as_json(known))
    party.id_number_hash = None
    party.pseudonym = await _new_pseudonym(db, secret=True)
    await db.execute(delete(PartyWord).where(PartyWord.party_id == party.id))
    # The register's lines keep their checksums, so its chain still holds; what could name the person goes.
    lines = update(RegisterEntry).where(RegisterEntry.party_id == party.id)
    await db.execute(lines.values(sealed_who=None, texts={}))
    await db.flush()


async def read_identity(db: AsyncSession, vault: Vault, actor: Actor, party_id: str, reason: str) -> Identity:
    """Show an identity to a person who says why. Raises ``BadInput`` without a reason, ``Forbidden``, ``NotFound``.

    The reason is shown to others than the identity is, so it may not name a denouncer.
    """
    case = (await db.execute(select(Case).where(Case.party_id == party_id).limit(1))).unique().scalar_one_or_none()
    if case is None:
        raise NotFound(N_("Không tìm thấy người này."))
    require(actor, reading(case.party), identity_target(case))
    reason = clean(reason)
    if not reason:
        raise BadInput(N_("Hãy nêu lý do xem danh tính."), fields={"reason": Text(N_("Hãy nêu lý do xem danh tính."))})
    await require_discreet(db, vault, actor, [case], reason)
    return await _open(db, vault, actor, case, _event(case.party), reason)


async def read_visitor(db: AsyncSession, vault: Vault, actor: Actor, visit: Visit, reason: str) -> Identity:
    """Who came, of a visit without a case. Raises ``BadInput`` without a reason, ``Forbidden``, ``NotFound``."""
    if visit.case is not None:
        return await read_identity(db, vault, actor, visit.case.party_id, reason)
    if visit.party is None:
        raise NotFound(N_("Không tìm thấy người này."))
    require(actor, reading(visit.party), identity_target(visit))
    reason = clean(reason)
    if not reason:
        raise BadInput(N_("Hãy nêu lý do xem danh tính."), fields={"reason": Text(N_("Hãy nêu lý do xem danh tính."))})
    return await _open(db, vault, actor, visit, _event(visit.party), reason)


async def of_entries(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    unit: OrgUnit,
    entries: Sequence[RegisterEntry],
    action: str,
    reason: str,
) -> dict[str, Identity]:
    """Who came, by entry of a unit's register, as it stood when it was written; denouncers are in none of it.

    One event tells of all that were opened. Empty for who may not read identities there.
    """
    opened = [one for one in entries if one.sealed_who and one.party is not None and not one.party.secret]
    if not opened or not may(actor, Action.READ_IDENTITY, Target(paths=(unit.path,))):
        return {}
    found = {one.id: _snapshot(vault, one.party_id or "", one.sealed_who or b"") for one in opened}
    event = await audit.record(
        db,
        actor,
        action,
        "unit",
        unit.id,
        reason,
        unit_path=unit.path,
        year=opened[0].year,
        entries=[one.number for one in opened],
    )
    audit.keep_even_if_undone(db, event)
    return found


async def recognise(db: AsyncSession, vault: Vault, actor: Actor, about: Case | Visit) -> Identity:
    """Somebody who has come again, for the officer who receives them: what was typed the last time. Logged."""
    assert about.party is not None
    require(actor, reading(about.party), identity_target(about))
    return await _open(db, vault, actor, about, "identity_recognised", "")


async def case_reveals(db: AsyncSession, vault: Vault, actor: Actor, case: Case, *texts: str) -> bool:
    """Whether a text would give away the case's party. Nobody is shown anything, yet the comparison is logged too."""
    known = await _open(db, vault, actor, case, "identity_compared", "")
    return any(rules.reveals(t, name=known.name, id_number=known.id_number, phone=known.phone) for t in texts)


async def redactor(db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> Callable[[str], str]:
    """Takes out of texts what would give away the case's party; logged as ``case_reveals``."""
    known = await _open(db, vault, actor, case, "identity_compared", "")
    return partial(redacted, name=known.name, id_number=known.id_number, phone=known.phone)


async def watchwords(db: AsyncSession, vault: Vault, actor: Actor, case: Case) -> Watchwords:
    """What would give away the case's party, as hashes: for texts that are saved every few seconds."""
    known = await _open(db, vault, actor, case, "identity_compared", "")
    return Watchwords.of(name=known.name, id_number=known.id_number, phone=known.phone)


async def require_discreet(
    db: AsyncSession, vault: Vault, actor: Actor, cases: Iterable[Case], text: str, *, field: str = "reason"
) -> None:
    """Raise ``BadInput`` when a text that others will read names the denouncer of one of these cases."""
    for case in cases:
        if case.party.secret and await case_reveals(db, vault, actor, case, text):
            fault = rules.secrecy_fault()
            raise BadInput(fault.message, fields={field: fault})


async def check_key(db: AsyncSession, vault: Vault) -> None:
    """Raise ``WrongKey`` when the vault's key is not the one that sealed the identities in this database."""
    wanted = select(Party).where(Party.secret.is_(False)).limit(1)
    party = (await db.execute(wanted)).scalar_one_or_none()
    if party is not None and not vault.opens(party.id, party.sealed_identity):
        raise WrongKey(
            N_("Khóa danh tính không phải khóa đã niêm phong dữ liệu này. Hãy phục hồi khóa từ bản sao lưu.")
        )


def reading(party: Party) -> Action:
    """What one must be allowed to do to read or correct who this is."""
    return Action.OPEN_VAULT if party.secret else Action.READ_IDENTITY


def identity_target(about: Case | Visit) -> Target:
    return Target(paths=(about.unit.path,))


def _event(party: Party) -> str:
    return "vault_opened" if party.secret else "identity_read"


async def _open(
    db: AsyncSession,
    vault: Vault,
    actor: Actor,
    about: Case | Visit,
    action: str,
    reason: str,
    *,
    party: Party | None = None,
) -> Identity:
    """The one place where an identity is opened. The event is kept even when what follows is not: it was opened."""
    party = party or about.party
    assert party is not None
    identity = await _unsealed(db, vault, party)
    kind = "case" if isinstance(about, Case) else "visit"
    event = await audit.record(db, actor, action, kind, about.id, reason, unit_path=about.unit.path, party_id=party.id)
    audit.keep_even_if_undone(db, event)
    return identity


def _snapshot(vault: Vault, party_id: str, stored: bytes) -> Identity:
    return Identity(**json.loads(vault.unseal(party_id, stored)))


async def _unsealed(db: AsyncSession, vault: Vault, party: Party) -> Identity:
    if party.secret:
        return Identity(**json.loads(await denouncers.take(db, vault.ring, party.id, vault.unseal)))
    return _snapshot(vault, party.id, party.sealed_identity)


async def _new_pseudonym(db: AsyncSession, *, secret: bool) -> str:
    """``Người tố cáo 7F3A``, drawn at random and free; longer ones once the short are crowded."""
    title = "Người tố cáo" if secret else "Công dân"
    for size in (2, 2, 2, 3, 3, 4, 8):
        pseudonym = f"{title} {secrets.token_hex(size).upper()}"
        if (await db.execute(select(Party.id).where(Party.pseudonym == pseudonym))).first() is None:
            return pseudonym
    raise AssertionError("64 random bits were drawn twice")
