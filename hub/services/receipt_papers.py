"""A receipt as the citizen takes it home: the list of what was handed over and its numbered paper, made together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hub.auth import Actor
from hub.config import Config
from hub.db import Database
from hub.models import Document
from hub.services import documents, receipts
from hub.services.documents import Wanted
from hub.services.form_facts import About
from hub.services.identity import Vault
from hub.services.receipts import Item
from hub.services.store import ObjectStore

CODE = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedReceipt:
    """``receipt_id`` and ``document_id`` were drawn with the form; ``typed`` are the paper's own fields."""

    case_id: str
    receipt_id: str
    document_id: str
    items: list[Item]
    typed: Mapping[str, str]
    named: bool


async def make(
    database: Database, store: ObjectStore, vault: Vault, config: Config, actor: Actor, wanted: WantedReceipt
) -> Document:
    """Both or neither, but for the PDF, which ``documents.finish`` makes later where this was cut off.

    Raises as ``receipts.make`` and ``documents.make``; ``Conflict`` too when the same form is sent twice at once.
    """
    about = About(case_id=wanted.case_id, receipt_id=wanted.receipt_id)
    paper = Wanted(CODE, dict(wanted.typed), wanted.named, about)
    async with database.transaction() as db:
        await receipts.make(db, vault, actor, wanted.case_id, wanted.items, wanted.receipt_id)
        await documents.number(db, vault, config, actor, wanted.document_id, paper)
    return await documents.finish(database, store, vault, config, actor, wanted.document_id)
