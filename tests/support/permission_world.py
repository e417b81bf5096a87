"""One of everything that can be asked for, all of one unit (TINH1), and people in every relation to it.

The tree is TW over TINH1 (over XA1, XA2), TINH2 (over XA9) and TINH3. The case, the hearings and all that hangs on them
are TINH1's; the hearings have XA1's point; the case was transferred to TINH3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import models
from hub.db import Database
from hub.i18n import Text
from hub.ids import new_id, utc_now
from hub.mail import packed
from hub.models import Account, CaseType, OrgUnit, Role, SeatKind, UnitLevel
from hub.services import cases, dues, saved_searches, shared_searches, visits
from hub.services.invitations import digest
from hub.services.people import actor_of
from hub.visits import NewVisit
from tests.support.domain import World, account, make_world, new_case
from tests.support.filling import filled
from tests.support.permission_held import recorded, written

RELATIONS = {"own": "TINH1", "above": "TW", "below": "XA2", "sibling": "TINH2", "foreign": "XA9"}
"""Of the unit of whoever asks to the unit of what is asked for."""
SEATED = ("chair", "deputy", "clerk")
"""They hold a seat in the hearings and no role at all; ``clerk`` is the hearing's secretary."""
PARTIES = {
    "officer.point": (Role.OFFICER, "XA1"),
    "leader.point": (Role.LEADER, "XA1"),
    "officer.recipient": (Role.OFFICER, "TINH3"),
    "leader.recipient": (Role.LEADER, "TINH3"),
    "assignee": (Role.OFFICER, "TINH1"),
}
"""Of the unit whose point is invited, of the unit the case was transferred to, and whose turn at the case it is."""
OUTSIDE = ("anonymous", "disabled", "renewing")
"""Not signed in; disabled; must first choose a password. The latter two hold every role over everything."""
EVERYBODY = (
    *(f"{role}.{relation}" for role in Role for relation in RELATIONS),
    *PARTIES,
    *SEATED,
    "nobody",
)
UNKNOWN = "0" * 32


@dataclass
class PermissionWorld:
    """``known`` has an identifier for each parameter of an address, ``instead`` other ones by the name of a variant."""

    world: World
    accounts: dict[str, Account]
    known: dict[str, str] = field(default_factory=dict)
    instead: dict[str, dict[str, str]] = field(default_factory=dict)

    def parameters(self, variant: str) -> Mapping[str, str]:
        return self.known | self.instead.get(variant, {})


async def make_permission_world(database: Database) -> PermissionWorld:
    world = await make_world(database)
    made = PermissionWorld(world, {})
    async with database.transaction() as db:
        await _units(db, world)
        await _people(db, made)
    async with database.transaction() as db:
        await _cases(db, made)
        await _hearings(db, made)
        await written(db, made)
        await recorded(db, made)
        await _around(db, made)
    await dues.recount_all(database)
    return made


async def _units(db: AsyncSession, world: World) -> None:
    above = world.units["TW"]
    unit_id = new_id()
    world.units["TINH3"] = OrgUnit(
        id=unit_id,
        code="TINH3",
        name="UBND TINH3",
        level=UnitLevel.PROVINCE,
        parent_id=above.id,
        path=f"{above.path}{unit_id}/",
    )
    db.add(world.units["TINH3"])
    await db.flush()


async def _people(db: AsyncSession, made: PermissionWorld) -> None:
    units, accounts = made.world.units, made.accounts
    for role in Role:
        for relation, code in RELATIONS.items():
            accounts[f"{role}.{relation}"] = account(f"p.{role}.{relation}", units[code], role)
    for name, (role, code) in PARTIES.items():
        accounts[name] = account(f"p.{name}", units[code], role)
    for name in (*SEATED, "nobody"):
        accounts[name] = account(f"p.{name}", units["TINH2"])
    for name in ("disabled", "renewing"):
        accounts[name] = account(f"p.{name}", units["TW"], *Role)
    accounts["disabled"].disabled_at = utc_now()
    accounts["renewing"].must_change_password = True
    db.add_all(accounts.values())
    await db.flush()


async def _cases(db: AsyncSession, made: PermissionWorld) -> None:
    vault, officer = made.world.vault, actor_of(made.accounts["officer.own"])
    complaint = await cases.register(db, vault, officer, new_case())
    denounced = await cases.register(db, vault, officer, new_case(type=CaseType.DENUNCIATION, summary="Tố cáo"))
    for name, case in (("case", complaint), ("denunciation", denounced)):
        row = filled(models.Attachment, case_id=case.id, created_by=officer.account_id, sealed=name != "case")
        speaker = filled(models.Representation, case_id=case.id, party_id=case.party_id, created_by=officer.account_id)
        speaker.kind = models.RepresentationKind.AUTHORISED
        visit = await visits.record(db, vault, officer, _reception(case))
        document = _document(made, case)
        db.add_all([row, speaker, document])
        await db.flush()
        scan = filled(models.DocumentScan, document_id=document.id, created_by=officer.account_id)
        notice = filled(models.CitizenNotice, case_id=case.id, account_id=officer.account_id)
        notice.about, notice.channel = "accept", models.Channel.POST
        db.add_all([scan, notice])
        await db.flush()
        entry = select(models.RegisterEntry.id).where(models.RegisterEntry.visit_id == visit.id)
        found = {
            "case_id": case.id,
            "attachment_id": row.id,
            "row_id": speaker.id,
            "visit_id": visit.id,
            "document_id": document.id,
            "scan_id": scan.id,
            "notice_id": notice.id,
            "entry_id": (await db.execute(entry)).scalars().one(),
        }
        if name == "case":
            made.known |= found
        made.instead[name] = found
    await _refused(db, made)
    await _handled(db, made)


async def _refused(db: AsyncSession, made: PermissionWorld) -> None:
    """A reception that was refused, of no case, with its paper and the signed copy."""
    officer = made.accounts["officer.own"].id
    visit = filled(
        models.Visit,
        unit_id=made.world.units["TINH1"].id,
        account_id=officer,
        identity_method=models.IdentityMethod.UNKNOWN,
        refusal_ground=models.RefusalGround.MISCONDUCT,
        decided_by=officer,
    )
    db.add(visit)
    await db.flush()
    document = filled(
        models.Document,
        visit_id=visit.id,
        unit_id=visit.unit_id,
        form_code="reception_refusal",
        edition=date(2021, 10, 1),
        counter=103,
        token=new_id(),
        created_by=officer,
    )
    db.add(document)
    await db.flush()
    scan = filled(models.DocumentScan, document_id=document.id, created_by=officer)
    db.add(scan)
    made.instead["refusal"] = {
        "visit_id": visit.id,
        "document_id": document.id,
        "scan_id": scan.id,
        "form_code": "reception_refusal",
    }


def _reception(case: models.Case) -> NewVisit:
    return NewVisit(
        unit_id=case.unit_id,
        case_id=case.id,
        identity_method=models.IdentityMethod.CITIZEN_ID,
        requested="Xin được trả lời",
        advised="Đã hướng dẫn",
    )


def _document(made: PermissionWorld, case: models.Case) -> Any:
    return filled(
        models.Document,
        case_id=case.id,
        unit_id=case.unit_id,
        form_code="receipt",
        edition=date(2021, 10, 1),
        year=2026,
        counter=101 if case.type == CaseType.COMPLAINT else 102,  # far from those that are given out
        number="1/GBN",
        named=True,
        sealed=case.type == CaseType.DENUNCIATION,
        token=new_id(),
        created_by=made.accounts["officer.own"].id,
    )


async def _handled(db: AsyncSession, made: PermissionWorld) -> None:
    who = made.accounts
    given = filled(
        models.Assignment, case_id=made.known["case_id"], from_id=who["leader.own"].id, to_id=who["assignee"].id
    )
    sent = filled(
        models.Transfer,
        case_id=made.known["case_id"],
        to_unit_id=made.world.units["TINH3"].id,
        to_name="UBND TINH3",
        sent_by=who["officer.own"].id,
    )
    db.add_all([given, sent])
    await db.flush()
    went = (made.known["attachment_id"], made.known["document_id"])
    db.add_all(models.TransferItem(transfer_id=sent.id, object_id=one) for one in went)
    made.known |= {"assignment_id": given.id, "transfer_id": sent.id}


async def _hearings(db: AsyncSession, made: PermissionWorld) -> None:
    now = utc_now()
    held = await _hearing(db, made, 1, models.HearingState.CLOSED, now - timedelta(days=1))
    coming = await _hearing(db, made, 2, models.HearingState.SCHEDULED, now + timedelta(days=1))
    seat = {hearing.id: next(one for one in hearing.seats if one.kind == SeatKind.POINT) for hearing in (held, coming)}
    point = made.world.points["XA1"].id
    made.known |= {"hearing_id": held.id, "seat_id": seat[held.id].id, "point_id": point}
    token = filled(
        models.DeviceToken, hearing_id=coming.id, seat_id=seat[coming.id].id, direction=models.DoorDirection.WATCH
    )
    token.expires_at = coming.ends_at
    ticket = filled(models.QueueTicket, hearing_id=coming.id, point_id=point, slot_at=coming.starts_at)
    series = filled(
        models.ReceptionSeries,
        unit_id=coming.unit_id,
        rule="FREQ=WEEKLY;BYDAY=TU",
        first_day=date(2030, 1, 1),
        last_day=date(2030, 1, 31),
        starts="08:00",
        ends="11:00",
        chair_id=made.accounts["leader.own"].id,
        point_ids=[point],
        created_by=made.accounts["officer.own"].id,
    )
    db.add_all([token, ticket, series])
    made.known |= {"token_id": token.id, "ticket_id": ticket.id, "series_id": series.id}
    made.instead["coming"] = {"hearing_id": coming.id, "seat_id": seat[coming.id].id}


async def _hearing(
    db: AsyncSession, made: PermissionWorld, number: int, state: models.HearingState, starts_at: datetime
) -> models.Hearing:
    who = made.accounts
    bridge, point = (made.world.points[code].id for code in ("TINH1", "XA1"))
    hearing = models.Hearing(
        id=new_id(),
        number=f"TCD-2026-{number:04}",
        kind=models.HearingKind.REGULAR,
        title="Tiếp công dân định kỳ",
        state=state,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=1),
        unit_id=made.world.units["TINH1"].id,
        created_by=who["officer.own"].id,
        opened_at=starts_at if state == models.HearingState.CLOSED else None,
        cases=[await db.get_one(models.Case, made.known["case_id"])],
    )
    kinds = {"chair": SeatKind.CHAIR, "deputy": SeatKind.DEPUTY, "clerk": SeatKind.SECRETARY}
    places = [
        models.Seat(kind=kind, position=index, label=name, account_id=who[name].id, point_id=bridge)
        for index, (name, kind) in enumerate(kinds.items())
    ]
    hearing.seats = [*places, models.Seat(kind=SeatKind.POINT, position=3, label="XA1", point_id=point)]
    db.add(hearing)
    await db.flush()
    return hearing


async def _around(db: AsyncSession, made: PermissionWorld) -> None:
    """Letters, addresses that are secrets, searches, rules."""
    who, units = made.accounts, made.world.units
    letter = filled(models.OutgoingMail, lines=[], files=[], unit_path=units["TINH1"].path)
    letter.subject = packed(Text("Thư thử"))
    letter.state = models.MailState.FAILED
    invited = filled(models.Invitation, hearing_id=made.instead["coming"]["hearing_id"], account_id=who["chair"].id)
    invited.token_sha256, invited.expires_at = digest("invited"), utc_now() + timedelta(days=1)
    feed = models.CalendarFeed(account_id=who["chair"].id, token_sha256=digest("feed"))
    board = models.BoardToken(
        point_id=made.known["point_id"], token_sha256=digest("board"), created_by=who["officer.own"].id
    )
    absence = filled(models.Absence, account_id=who["technician.own"].id, created_by=who["leader.own"].id)
    db.add_all([letter, invited, feed, board, absence])
    saved = await saved_searches.save(db, made.world.vault, actor_of(who["officer.own"]), "Của tôi", "text=dat")
    shared = await shared_searches.share(db, actor_of(who["officer.own"]), {"type": "petition"})
    rule = (await db.execute(select(models.LegalRule.id).order_by(models.LegalRule.code).limit(1))).scalars().one()
    holiday = (await db.execute(select(models.Holiday.id).order_by(models.Holiday.day).limit(1))).scalars().one()
    made.known |= {
        "account_id": who["technician.own"].id,
        "unit_id": units["TINH1"].id,
        "unit_code": "TINH1",
        "mail_id": letter.id,
        "absence_id": absence.id,
        "saved_id": saved.id,
        "shared_id": shared.id,
        "rule_id": rule,
        "holiday_id": holiday,
        "token": "invited",
        "fingerprint": UNKNOWN,
        "what": "units",
        "ending": "csv",
        "job_id": UNKNOWN,
        "version": "0",
        "path": "css/none.css",
        "kind": "pdf",
        "form_code": "receipt",
        "code": "classify",
        "answer": "accept",
        "door": "whip",
        "session_id": UNKNOWN,
    }
    made.instead |= {"feed": {"token": "feed"}, "board": {"token": "board"}}
    made.instead["paper"] = {"token": (await db.get_one(models.Document, made.known["document_id"])).token}
