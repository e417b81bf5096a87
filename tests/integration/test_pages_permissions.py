"""Deny by default: every page, for everybody, against a table of who may; a new page fails until it is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio
from aiohttp import web as http
from sqlalchemy import select

from hub.config import Config
from hub.ids import utc_now
from hub.models import (
    Account,
    Case,
    CaseType,
    Hearing,
    HearingKind,
    Holiday,
    IdentityMethod,
    LegalRule,
    OrgUnit,
    Point,
    ReceptionSeries,
    RefusalGround,
    SeatKind,
    Visit,
)
from hub.services import recordings
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio

PEOPLE = {
    "officer": "canbotinh",
    "commune": "canbotantien",
    "stranger": "canbodongson",
    "leader": "chutri",
    "secretary": "thuky",
    "auditor": "thanhtra",
    "technician": "kythuat",
    "administrator": "quantri",
}
EVERYONE = frozenset(PEOPLE)
INVITED = frozenset({"officer", "commune", "leader", "secretary", "auditor", "technician"})
MINUTES = INVITED - {"technician"}
WRITERS = frozenset({"leader", "secretary"})
CASES = frozenset({"officer", "commune", "stranger", "leader", "secretary", "auditor"})
THIS_CASE = CASES - {"stranger"}
BOOKERS = frozenset({"officer", "commune", "stranger", "secretary"})
REGISTRARS = frozenset({"officer", "commune", "stranger"})
ADMINISTRATORS = frozenset({"administrator"})
SUPPORT = frozenset({"administrator", "technician"})
AUDIT = frozenset({"administrator", "auditor"})

OPEN = {
    "/sign-in",
    "/healthz",
    "/readyz",
    "/metrics",
    "/robots.txt",
    "/favicon.svg",
    "/static/{version}/{path}",
    "/keys",
    "/keys/{fingerprint}.pem",
    "/notice",
    "/notice/{unit_code}",
    "/invitations/{token}",
    "/board/{token}",
    "/board/{token}/state",
    "/feeds/{token}.ics",
    "/verify/{token}",
}

MAY_SEE: dict[str, frozenset[str]] = {
    "/": EVERYONE,
    "/account": EVERYONE,
    "/account/password": EVERYONE,
    "/cases": CASES,
    "/cases/new": REGISTRARS,
    "/cases/{case_id}": THIS_CASE,
    "/visits": CASES,
    "/visits/new": REGISTRARS,
    "/cases/{case_id}/receipts/new": frozenset({"officer", "commune"}),
    "/cases/{case_id}/people": frozenset({"officer", "commune"}),
    "/cases/{case_id}/split": frozenset({"officer", "commune"}),
    "/cases/{case_id}/state-secret": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/edit": frozenset({"officer", "commune"}),
    "/cases/{case_id}/moves/{code}": frozenset({"officer", "commune"}),
    "/cases/{case_id}/facts": frozenset({"officer", "commune"}),
    "/tasks": CASES,
    "/cases/{case_id}/assign": frozenset({"leader"}),
    "/cases/{case_id}/transfer": frozenset({"officer", "commune"}),
    "/cases/{case_id}/told/{code}": frozenset(),
    "/cases/{case_id}/attachments/{attachment_id}": frozenset(),
    "/cases/{case_id}/documents": THIS_CASE,
    "/cases/{case_id}/documents/new/{form_code}": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/documents/{document_id}/{kind}": frozenset(),
    "/cases/{case_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/visits/{visit_id}/documents": THIS_CASE,
    "/visits/{visit_id}/documents/new/{form_code}": frozenset({"officer", "commune", "leader"}),
    "/visits/{visit_id}/documents/{document_id}/{kind}": frozenset(),
    "/visits/{visit_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/forms": EVERYONE,
    "/register": frozenset({"officer", "commune", "stranger", "leader", "auditor"}),
    "/register/{entry_id}/correct": frozenset(),
    "/hearings": EVERYONE,
    "/hearings/coming": EVERYONE,
    "/hearings/all": EVERYONE,
    "/hearings/new": BOOKERS,
    "/hearings/{hearing_id}": INVITED,
    "/hearings/{hearing_id}/edit": frozenset({"officer", "secretary"}),
    "/hearings/{hearing_id}/seats/{seat_id}": frozenset({"officer", "commune"}),
    "/hearings/{hearing_id}/papers": MINUTES,
    "/conclusions": EVERYONE,
    "/conclusions/{conclusion_id}": frozenset(),
    "/conclusions/{conclusion_id}/edit": frozenset(),
    "/conclusions/{conclusion_id}/print": frozenset(),
    "/hearings/{hearing_id}/conclusions/new": frozenset(),
    "/hearings/{hearing_id}/minutes": MINUTES,
    "/hearings/{hearing_id}/minutes/reading": MINUTES,
    "/hearings/{hearing_id}/minutes/print": frozenset(),
    "/hearings/{hearing_id}/minutes/scans/{scan_id}": frozenset(),
    "/hearings/{hearing_id}/documents/{document_id}/{kind}": frozenset(),
    "/hearings/{hearing_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/hearings/{hearing_id}/lines": INVITED | ADMINISTRATORS,
    "/hearings/{hearing_id}/lines/{seat_id}": INVITED | ADMINISTRATORS,
    "/calendar": EVERYONE,
    "/hearings/{hearing_id}/queue": INVITED,
    "/series": EVERYONE,
    "/series/new": BOOKERS,
    "/series/{series_id}": frozenset({"officer", "leader", "secretary", "auditor", "technician"}),
    "/series/{series_id}/edit": frozenset({"officer", "secretary"}),
    "/postings": EVERYONE,
    "/minimums": EVERYONE,
    "/minimums/{unit_id}": frozenset({"officer", "secretary", "commune"}),
    "/recordings/{recording_id}": INVITED,
    "/recordings/{recording_id}/destruction.json": frozenset(),
    "/recordings/{recording_id}/destruction.zip": frozenset(),
    "/archive": AUDIT | {"leader"},
    "/replays/{replay_id}": frozenset({"auditor"}),
    "/help-desk": SUPPORT,
    "/accounts": ADMINISTRATORS,
    "/accounts/new": ADMINISTRATORS,
    "/accounts/{account_id}": ADMINISTRATORS,
    "/units": ADMINISTRATORS,
    "/units/new": ADMINISTRATORS,
    "/units/{unit_id}": ADMINISTRATORS,
    "/points": ADMINISTRATORS,
    "/points/new": ADMINISTRATORS,
    "/points/{point_id}": ADMINISTRATORS,
    "/mail": ADMINISTRATORS,
    "/import/{what}": ADMINISTRATORS,
    "/import/{what}/template.{ending}": ADMINISTRATORS,
    "/import/{what}/{job_id}": frozenset(),
    "/import/{what}/{job_id}/faults.csv": frozenset(),
    "/audit": AUDIT,
    "/deadlines": EVERYONE,
    "/rules": EVERYONE,
    "/rules/{rule_id}": EVERYONE,
    "/search": INVITED | {"stranger"},
    "/rules/new": ADMINISTRATORS,
    "/holidays": EVERYONE,
    "/holidays/{holiday_id}": EVERYONE,
    "/holidays/new": ADMINISTRATORS,
    "/api/session": EVERYONE,
    "/api/cases": CASES,
    "/api/hearings/occupied": BOOKERS,
    "/api/hearings/free": BOOKERS,
    "/api/help-desk": SUPPORT,
    "/api/recordings/{recording_id}/verification": AUDIT,
    "/api/replays/{replay_id}/timeline": frozenset({"auditor"}),
    "/api/replays/{replay_id}/segments": frozenset(),
    "/api/replays/{replay_id}/segments/{segment_id}": frozenset(),
}
"""By address: who gets the page. The hearing is the demo's first, the case its complaint, the seat Tân Tiến's."""

MAY_POST: dict[str, frozenset[str]] = {
    "/cases/new": REGISTRARS,
    "/visits/new": REGISTRARS,
    "/visits/{visit_id}/identity": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/receipts/new": frozenset({"officer", "commune"}),
    "/cases/{case_id}/people": frozenset({"officer", "commune"}),
    "/cases/{case_id}/people/{row_id}/end": frozenset(),
    "/cases/{case_id}/needs": frozenset({"officer", "commune"}),
    "/cases/{case_id}/split": frozenset({"officer", "commune"}),
    "/cases/{case_id}/state-secret": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/edit": frozenset({"officer", "commune"}),
    "/cases/{case_id}/attachments": frozenset({"officer", "commune"}),
    "/cases/{case_id}/attachments/{attachment_id}": frozenset(),
    "/cases/{case_id}/moves/{code}": frozenset({"officer", "commune"}),
    "/cases/{case_id}/facts": frozenset({"officer", "commune"}),
    "/cases/{case_id}/links": frozenset({"officer", "commune"}),
    "/cases/{case_id}/assign": frozenset({"leader"}),
    "/cases/{case_id}/transfer": frozenset({"officer", "commune"}),
    "/cases/{case_id}/told/{code}": frozenset(),
    "/cases/{case_id}/told/{code}/{notice_id}/delivered": frozenset(),
    "/cases/{case_id}/told/{code}/{notice_id}/proof": frozenset(),
    "/assignments/{assignment_id}/{answer}": frozenset(),
    "/transfers/{transfer_id}/acknowledge": frozenset(),
    "/transfers/{transfer_id}/return": frozenset(),
    "/cases/{case_id}/identity": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/documents/new/{form_code}": frozenset({"officer", "commune", "leader"}),
    "/cases/{case_id}/documents/{document_id}/{kind}": frozenset(),
    "/cases/{case_id}/documents/{document_id}/finish": frozenset(),
    "/cases/{case_id}/documents/{document_id}/void": frozenset(),
    "/visits/{visit_id}/documents/new/{form_code}": frozenset({"officer", "commune", "leader"}),
    "/visits/{visit_id}/documents/{document_id}/{kind}": frozenset(),
    "/visits/{visit_id}/documents/{document_id}/finish": frozenset(),
    "/visits/{visit_id}/documents/{document_id}/void": frozenset(),
    "/visits/{visit_id}/documents/{document_id}/scans": frozenset(),
    "/visits/{visit_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/register/export": frozenset({"officer", "commune", "stranger", "leader"}),
    "/register/close": frozenset({"leader"}),
    "/register/{entry_id}/correct": frozenset(),
    "/cases/{case_id}/documents/{document_id}/scans": frozenset(),
    "/cases/{case_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/hearings/new": BOOKERS,
    "/hearings/{hearing_id}/edit": frozenset({"officer", "secretary"}),
    "/hearings/{hearing_id}/postpone": frozenset({"officer", "secretary"}),
    "/hearings/{hearing_id}/cancel": frozenset({"officer", "secretary"}),
    "/hearings/{hearing_id}/queue": frozenset(),
    "/hearings/{hearing_id}/replace": frozenset({"officer", "secretary"}),
    "/series/new": BOOKERS,
    "/series/{series_id}/edit": frozenset({"officer", "secretary"}),
    "/minimums/{unit_id}": frozenset({"officer", "secretary", "commune"}),
    "/hearings/{hearing_id}/devices": frozenset({"officer", "secretary", "commune"}),
    "/hearings/{hearing_id}/devices/{token_id}/revoke": frozenset(),
    "/hearings/{hearing_id}/minutes/document": WRITERS,
    "/hearings/{hearing_id}/minutes/annexes/{annex_id}/document": frozenset(),
    "/conclusions/{conclusion_id}/document": frozenset(),
    "/hearings/{hearing_id}/documents/{document_id}/scans": frozenset(),
    "/hearings/{hearing_id}/documents/{document_id}/scans/{scan_id}": frozenset(),
    "/hearings/{hearing_id}/conclusions/new": frozenset(),
    "/conclusions/{conclusion_id}/edit": frozenset(),
    "/hearings/{hearing_id}/papers/{case_id}/read": MINUTES,
    "/hearings/{hearing_id}/papers/order": frozenset({"leader", "secretary", "officer"}),
    "/conclusions/{conclusion_id}/issue": frozenset(),
    "/conclusions/{conclusion_id}/tasks/{task_id}/{step}": frozenset(),
    "/hearings/{hearing_id}/minutes/freeze": WRITERS,
    "/hearings/{hearing_id}/minutes/reopen": frozenset(),
    "/hearings/{hearing_id}/minutes/answers": frozenset(),
    "/hearings/{hearing_id}/minutes/scans": MINUTES,
    "/hearings/{hearing_id}/minutes/scans/{scan_id}": frozenset(),
    "/hearings/{hearing_id}/minutes/lock": frozenset(),
    "/hearings/{hearing_id}/minutes/annexes": frozenset(),
    "/api/hearings/{hearing_id}/minutes": WRITERS,
    "/api/hearings/{hearing_id}/minutes/freeze": WRITERS,
    "/api/hearings/{hearing_id}/minutes/answers": frozenset(),
    "/recordings/{recording_id}/replay": frozenset({"auditor", "leader"}),
    "/recordings/{recording_id}/verify": AUDIT,
    "/recordings/{recording_id}/download": frozenset({"auditor", "leader"}),
    "/recordings/{recording_id}/keeping": frozenset({"auditor", "leader"}),
    "/recordings/{recording_id}/withhold": frozenset({"auditor", "leader"}),
    "/withheld/{passage_id}/lift": frozenset(),
    "/archive/rules": ADMINISTRATORS,
    "/accounts/new": ADMINISTRATORS,
    "/accounts/{account_id}": ADMINISTRATORS,
    "/accounts/{account_id}/password": ADMINISTRATORS,
    "/accounts/{account_id}/disable": ADMINISTRATORS,
    "/units/new": ADMINISTRATORS,
    "/units/{unit_id}": ADMINISTRATORS,
    "/points/new": ADMINISTRATORS,
    "/points/{point_id}": ADMINISTRATORS,
    "/mail/{mail_id}/retry": frozenset(),
    "/import/{what}": ADMINISTRATORS,
    "/import/{what}/{job_id}": frozenset(),
    "/import/{what}/{job_id}/passwords": frozenset(),
    "/rules/{rule_id}": ADMINISTRATORS,
    "/rules/new": ADMINISTRATORS,
    "/holidays/{holiday_id}": ADMINISTRATORS,
    "/holidays/new": ADMINISTRATORS,
    "/api/intake/person": REGISTRARS,
    "/search/saved": INVITED | {"stranger"},
    "/search/saved/{saved_id}": frozenset(),
    "/api/hearings/{hearing_id}/device-check": frozenset({"officer", "commune"}),
    "/api/hearings/{hearing_id}/notice": frozenset({"officer", "commune"}),
}
"""By address: who is told what is wrong with an empty form (400), or gets on (200, 201, 303), not refused."""

DOORS = {"/{door}/{hearing_id}/{seat_id}", "/{door}/{hearing_id}/{seat_id}/{session_id}"}
"""WHIP and WHEP: let in by a device's bearer token alone, whoever is signed in (``test_doors_http``)."""

POST_ELSEWHERE = DOORS | {
    "/invitations/{token}",
    "/account/feed",
    "/postings",
    "/sign-in",
    "/sign-out",
    "/language",
    "/account/password",
    "/accounts/{account_id}/enable",
}
"""Open to everybody signed in, or changed by the very first call: held in tests of their own."""


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def objects(pages: Pages) -> dict[str, str]:
    """One identifier for each parameter of an address; a finished recording is added to the hearing."""
    async with pages.database.transaction() as db:
        hearing = (await db.execute(select(Hearing).where(Hearing.kind == HearingKind.REGULAR))).unique().scalar_one()
        recording = await recordings.open_recording(db, hearing.id)
        seat = next(s for s in hearing.seats if s.kind == SeatKind.POINT and s.point and "Tân Tiến" in s.point.name)
        series = ReceptionSeries(
            unit_id=hearing.unit_id,
            title="Tiếp công dân định kỳ",
            rule="FREQ=WEEKLY;BYDAY=TU",
            first_day=date(2030, 1, 1),
            last_day=date(2030, 1, 31),
            starts="08:00",
            ends="11:00",
            chair_id=next(s.account_id for s in hearing.seats if s.account_id),
            point_ids=[seat.point_id],
            created_by=hearing.created_by,
        )
        db.add(series)
        await db.flush()
        case = (await db.execute(select(Case).where(Case.type == CaseType.COMPLAINT))).unique().scalar_one()
        refused = Visit(
            unit_id=case.unit_id,
            account_id=case.created_by,
            at=utc_now(),
            day=date(2026, 11, 20),
            identity_method=IdentityMethod.UNKNOWN,
            refusal_ground=RefusalGround.MISCONDUCT,
            refusal_reason="Xé nội quy",
            decided_by=case.created_by,
        )
        db.add(refused)
        await db.flush()
        return {
            "hearing_id": hearing.id,
            "seat_id": seat.id,
            "series_id": series.id,
            "case_id": case.id,
            "recording_id": recording.id,
            "attachment_id": "none",
            "segment_id": "none",
            "replay_id": "none",
            "token_id": "none",
            "scan_id": "0" * 32,
            "annex_id": "none",
            "conclusion_id": "none",
            "task_id": "none",
            "step": "report",
            "passage_id": "none",
            "visit_id": refused.id,
            "row_id": "none",
            "mail_id": "none",
            "notice_id": "none",
            "assignment_id": "none",
            "transfer_id": "none",
            "answer": "accept",
            "document_id": "0" * 32,
            "entry_id": "0" * 32,
            "kind": "pdf",
            "form_code": "reception_refusal",
            "account_id": (await db.execute(select(Account.id).where(Account.username == "chutri"))).scalar_one(),
            "unit_id": (await db.execute(select(OrgUnit.id).where(OrgUnit.code == "TANTIEN"))).scalar_one(),
            "code": "classify",
            "what": "units",
            "ending": "csv",
            "job_id": "none",
            "rule_id": (await db.execute(select(LegalRule.id).limit(1))).scalar_one(),
            "saved_id": "0" * 32,
            "holiday_id": (await db.execute(select(Holiday.id).limit(1))).scalar_one(),
            "point_id": (await db.execute(select(Point.id).where(Point.code == "DC-TANTIEN"))).scalar_one(),
        }


def routes(app: http.Application, method: str) -> set[str]:
    return {r.resource.canonical for r in app.router.routes() if r.method == method and r.resource is not None}


METHODS = {"GET", "HEAD", "POST"}


async def test_every_page_stands_in_the_table(pages: Pages) -> None:
    assert routes(pages.app, "GET") - OPEN == set(MAY_SEE)
    assert routes(pages.app, "POST") - POST_ELSEWHERE == set(MAY_POST)
    others = {r.resource.canonical for r in pages.app.router.routes() if r.resource and r.method not in METHODS}
    assert others <= DOORS


async def test_nobody_gets_past_the_sign_in_page(pages: Pages) -> None:
    browser, known = pages.browser(), await objects(pages)
    for address in MAY_SEE:
        answer = await browser.get(address.format(**known))
        expected = 401 if address.startswith("/api/") else 303
        assert answer.status == expected, address
        assert answer.status == 401 or answer.path.startswith("/sign-in"), address
    await browser.get("/sign-in")
    for address in MAY_POST:
        answer = await browser.post(address.format(**known))
        assert answer.status == 401, address


@pytest.mark.parametrize("role", sorted(PEOPLE))
async def test_each_role_sees_its_pages_and_no_other(pages: Pages, role: str) -> None:
    browser, known = await pages.person(PEOPLE[role]), await objects(pages)
    if role == "auditor":
        asked = await browser.post(f"/recordings/{known['recording_id']}/replay", {"reason": "Kiểm tra định kỳ"})
        known["replay_id"] = asked.path.rsplit("/", 1)[-1]
    wrong = []
    for address, roles in MAY_SEE.items():
        query = "?day=23/11/2027&starts=08:00&ends=09:00" if address.endswith(("occupied", "free")) else ""
        answer = await browser.get(address.format(**known) + query)
        allowed = answer.status == 200
        if allowed is not (role in roles) or answer.status not in (200, 403, 404):
            wrong.append(f"{address}: {answer.status}")
    assert wrong == []


@pytest.mark.parametrize("role", sorted(PEOPLE))
async def test_each_role_may_change_its_things_and_no_other(pages: Pages, role: str) -> None:
    browser, known = await pages.person(PEOPLE[role]), await objects(pages)
    check = {"camera": "?", "microphone": "ok", "loudspeaker": "ok", "connection": "ok"}
    wrong = []
    for address, roles in MAY_POST.items():
        if address.startswith("/api/"):
            answer = await browser.send_json(address.format(**known), {"seat_id": known["seat_id"], **check})
        elif address.endswith("/attachments"):
            answer = await browser.upload(address.format(**known), "a.exe", b"MZ")
        else:
            sent = {"/keeping": {"do": "hold"}, "/register/export": {"full": "yes"}}
            fields = next((each for ending, each in sent.items() if address.endswith(ending)), {})
            answer = await browser.post(address.format(**known), fields)
        allowed = answer.status in (200, 201, 303, 400, 409)
        if allowed is not (role in roles) or answer.status not in (200, 201, 303, 400, 403, 404, 409):
            wrong.append(f"{address}: {answer.status}")
    assert wrong == []


async def test_the_menu_offers_nothing_that_is_refused(pages: Pages) -> None:
    for username in PEOPLE.values():
        browser = await pages.person(username)
        home = (await browser.get("/")).text
        menu = home.split('<nav class="menu"')[1].split("</nav>")[0]
        for part in menu.split('href="')[1:]:
            path = part.split('"')[0]
            assert (await browser.get(path)).status == 200, f"{username} {path}"
