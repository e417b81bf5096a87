"""Who a party is: sealed in one table and opened in one function, which writes down who looked and why."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import cases as rules
from hub.auth import Action, Actor, Target, require
from hub.errors import BadInput, HubError, NotFound
from hub.i18n import N_, Text
from hub.models import Case, Party, PartyKind, PartyWord, Visit
from hub.services import audit
from hub.text import clean, exact_words, words

NONCE_BYTES = 12
VERSION = b"\x01"


class WrongKey(HubError):
    """The sealed bytes were made with another key, or were altered."""

    code = "wrong_key"


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
    """Seals and hashes with keys derived from one secret of 32 bytes, a different one for each purpose (RFC 5869)."""

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(_derive(key, b"identity"))
        self._documents = AESGCM(_derive(key, b"document"))
        self._words = _derive(key, b"words")
        self._numbers = _derive(key, b"numbers")

    def seal(self, party_id: str, identity: Identity) -> bytes:
        """Version, nonce, AES-256-GCM of the identity as JSON; bound to its row by the party's id."""
        return _seal(self._aead, party_id, json.dumps(asdict(identity), ensure_ascii=False).encode())

    def unseal(self, party_id: str, sealed: bytes) -> Identity:
        """Raises ``WrongKey``. Called from ``_open`` below and nowhere else; a test holds us to it."""
        return Identity(**json.loads(_unseal(self._aead, party_id, sealed)))

    def opens(self, party_id: str, sealed: bytes) -> bool:
        """Whether this key sealed it; what is inside stays inside."""
        try:
            _unseal(self._aead, party_id, sealed)
        except WrongKey:
            return False
        return True

    def seal_document(self, attachment_id: str, data: bytes) -> bytes:
        return _seal(self._documents, attachment_id, data)

    def unseal_document(self, attachment_id: str, sealed: bytes) -> bytes:
        """Raises ``WrongKey``."""
        return _unseal(self._documents, attachment_id, sealed)

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


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"hub.identity/1/" + purpose).derive(key)


def _seal(aead: AESGCM, bound_to: str, data: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + aead.encrypt(nonce, data, VERSION + bound_to.encode())


def _unseal(aead: AESGCM, bound_to: str, sealed: bytes) -> bytes:
    nonce, data = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    try:
        return aead.decrypt(nonce, data, sealed[:1] + bound_to.encode())
    except (InvalidTag, ValueError) as error:
        raise WrongKey(N_("Không mở được dữ liệu đã niêm phong: sai khóa hoặc dữ liệu đã bị thay đổi.")) from error


async def create_party(db: AsyncSession, vault: Vault, kind: PartyKind, identity: Identity, *, secret: bool) -> Party:
    """Seal and index a new party; a denouncer is in no index at all."""
    party = Party(kind=kind, secret=secret, pseudonym=await _new_pseudonym(db, secret=secret), sealed_identity=b"")
    db.add(party)
    await db.flush()
    await replace_identity(db, vault, party, identity)
    return party


async def replace_identity(db: AsyncSession, vault: Vault, party: Party, identity: Identity) -> None:
    """Seal a corrected identity and index it anew. The caller has asked for permission and writes the audit event."""
    party.sealed_identity = vault.seal(party.id, identity)
    party.id_number_hash = vault.number_hash(identity.id_number) if identity.id_number and not party.secret else None
    await db.execute(delete(PartyWord).where(PartyWord.party_id == party.id))
    if not party.secret:
        hashes_ = {vault.word_hash(w) for w in words(identity.name)}
        hashes_ |= {vault.exact_word_hash(w) for w in exact_words(identity.name)}
        db.add_all([PartyWord(party_id=party.id, word_hash=one) for one in sorted(hashes_)])
    await db.flush()


async def make_secret(db: AsyncSession, party: Party) -> None:
    """The case turned out to be a denunciation: out of every index, under a new pseudonym. There is no way back."""
    party.secret = True
    party.id_number_hash = None
    party.pseudonym = await _new_pseudonym(db, secret=True)
    await db.execute(delete(PartyWord).where(PartyWord.party_id == party.id))
    await db.flush()


async def read_identity(db: AsyncSession, vault: Vault, actor: Actor, party_id: str, reason: str) -> Identity:
    """Show an identity to a person who says why. Raises ``BadInput`` without a reason, ``Forbidden``, ``NotFound``.

    The reason is shown to others than the identity is, so it may not name a denouncer.
    """
    case = (await db.execute(select(Case).where(Case.party_id == party_id).limit(1))).unique().scalar_one_or_none()
    if case is None:
        raise NotFound(N_("Không tìm thấy người này."))
    require(actor, Action.READ_IDENTITY, identity_target(actor, case))
    reason = clean(reason)
    if not reason:
        raise BadInput(N_("Hãy nêu lý do xem danh tính."), fields={"reason": Text(N_("Hãy nêu lý do xem danh tính."))})
    await require_discreet(db, vault, actor, [case], reason)
    return await _open(db, vault, actor, case, "identity_read", reason)


async def read_visitor(db: AsyncSession, vault: Vault, actor: Actor, visit: Visit, reason: str) -> Identity:
    """Who came, of a visit without a case. Raises ``BadInput`` without a reason, ``Forbidden``, ``NotFound``."""
    if visit.case is not None:
        return await read_identity(db, vault, actor, visit.case.party_id, reason)
    if visit.party is None:
        raise NotFound(N_("Không tìm thấy người này."))
    require(actor, Action.READ_IDENTITY, Target(paths=(visit.unit.path,), secret=visit.party.secret))
    reason = clean(reason)
    if not reason:
        raise BadInput(N_("Hãy nêu lý do xem danh tính."), fields={"reason": Text(N_("Hãy nêu lý do xem danh tính."))})
    return await _open(db, vault, actor, visit, "identity_read", reason)


async def case_reveals(db: AsyncSession, vault: Vault, actor: Actor, case: Case, *texts: str) -> bool:
    """Whether a text would give away the case's party. Nobody is shown anything, yet the comparison is logged too."""
    known = await _open(db, vault, actor, case, "identity_compared", "")
    return any(rules.reveals(t, name=known.name, id_number=known.id_number, phone=known.phone) for t in texts)


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
    case = (await db.execute(select(Case).limit(1))).unique().scalar_one_or_none()
    if case is not None and not vault.opens(case.party_id, case.party.sealed_identity):
        raise WrongKey(
            N_("Khóa danh tính không phải khóa đã niêm phong dữ liệu này. Hãy phục hồi khóa từ bản sao lưu.")
        )


def identity_target(actor: Actor, case: Case) -> Target:
    return Target(paths=(case.unit.path,), secret=case.party.secret, own=case.created_by == actor.account_id)


async def _open(
    db: AsyncSession, vault: Vault, actor: Actor, about: Case | Visit, action: str, reason: str
) -> Identity:
    """The one place where an identity is opened. The event is kept even when what follows is not: it was opened."""
    assert about.party is not None
    identity = vault.unseal(about.party.id, about.party.sealed_identity)
    kind = "case" if isinstance(about, Case) else "visit"
    event = await audit.record(
        db, actor, action, kind, about.id, reason, unit_path=about.unit.path, party_id=about.party.id
    )
    audit.keep_even_if_undone(db, event)
    return identity


async def _new_pseudonym(db: AsyncSession, *, secret: bool) -> str:
    """``Người tố cáo 7F3A``, drawn at random and free; longer ones once the short are crowded."""
    title = "Người tố cáo" if secret else "Công dân"
    for size in (2, 2, 2, 3, 3, 4, 8):
        pseudonym = f"{title} {secrets.token_hex(size).upper()}"
        if (await db.execute(select(Party.id).where(Party.pseudonym == pseudonym))).first() is None:
            return pseudonym
    raise AssertionError("64 random bits were drawn twice")
