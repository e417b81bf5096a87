"""A denunciation on a running hub: everyone looks everywhere, and the name is found in the sealed identity alone."""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import LargeBinary, select

from hub import calendar
from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, AuditEvent, Base, Case, Hearing, Party, PartyWord, Point
from hub.services import custody, event_log, manifests, recordings
from hub.services.event_log import NewEvent
from hub.text import fold
from tests.support import evidence
from tests.support.pages import Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

NAME = "Quàng Thị Mười Hai"
ADDRESS = "Bản Huổi Khon, xã Tân Tiến"
ID_NUMBER, PHONE = "011175009876", "0987612345"
TRACES = (fold(NAME), fold("Huổi Khon"), ID_NUMBER, PHONE)
"""None of these may be anywhere."""

EVERYONE = (
    "quantri",
    "chutri",
    "thuky",
    "canbotinh",
    "canbotantien",
    "canbodongson",
    "chutichxa",
    "thanhtra",
    "kythuat",
)
MOST_ALIKE = 3
"""Of pages that differ only in an identifier or a query, so many are read; the denunciation's own come first."""


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


def traces_in(text: str) -> list[str]:
    """What of the denouncer is in a text, marks, case and HTML entities aside."""
    folded = fold(html.unescape(text))
    return [trace for trace in TRACES if trace in folded]


async def denunciation(pages: Pages) -> str:
    """Registered by a commune's officer as people do, with a document named after the denouncer; its id."""
    officer = await pages.person("canbotantien")
    form = {
        "type": "denunciation",
        "summary": "Tố cáo cán bộ địa chính nhận tiền",
        "content": "Người tố cáo trình bày đã đưa tiền hai lần.",
        "party_kind": "individual",
        "people_count": "1",
        "name": NAME,
        "address": ADDRESS,
        "birth": "1975",
        "id_number": ID_NUMBER,
        "phone": PHONE,
        "confirmed": "yes",
    }
    registered = await officer.post("/cases/new", form)
    assert registered.status == 303, registered.text
    document = b"%PDF-1.7\n" + f"Tôi là {NAME}, {ADDRESS}, {ID_NUMBER}".encode()
    uploaded = await officer.upload(f"{registered.path}/attachments", f"Đơn của {NAME}.pdf", document)
    assert uploaded.status == 303, uploaded.text
    return registered.path.rsplit("/", 1)[-1]


async def held(pages: Pages, case_id: str) -> tuple[str, str]:
    """Booked by the province, opened, spoken in, ended and recorded: the hearing's and the recording's id."""
    booker = await pages.person("canbotinh")
    async with pages.database.reading() as db:
        accounts = {a.username: a.id for a in (await db.execute(select(Account))).unique().scalars()}
        points = {p.code: p.id for p in (await db.execute(select(Point))).unique().scalars()}
    day = calendar.local_day(utc_now() + timedelta(days=9))
    form = {
        "kind": "regular",
        "title": "Tiếp người tố cáo theo lịch",
        "day": f"{day:%d/%m/%Y}",
        "starts": "14:00",
        "ends": "15:00",
        "chair_id": accounts["chutri"],
        "secretary_id": accounts["thuky"],
        "point_ids": points["DC-TANTIEN"],
        "case_ids": case_id,
    }
    named = await booker.post("/hearings/new", {**form, "title": f"Tiếp bà {NAME}"})
    assert named.status == 400
    booked = await booker.post("/hearings/new", form)
    assert booked.status == 303, booked.text
    hearing_id = booked.path.rsplit("/", 1)[-1]
    async with pages.database.transaction() as db:
        hearing = await db.get_one(Hearing, hearing_id)
        chair, point = hearing.seats[0], hearing.seats[-1]
        recording = await recordings.open_recording(db, hearing_id)
        officer = {"account_id": accounts["canbotantien"], "name": "Hoàng Văn Đức"}
        happened = [
            NewEvent(kind="joined", at=utc_now(), seat_id=point.id, payload=officer),
            NewEvent(kind="opened", at=utc_now(), payload={"recording_id": recording.id, "epoch_ns": 1}),
            NewEvent(kind="said", at=utc_now(), seat_id=chair.id, payload={"text": "Mời người tố cáo"}),
            NewEvent(kind="ended", at=utc_now()),
        ]
        await event_log.append(db, hearing_id, happened)
        await recordings.close_recording(db, recording.id, duration_ms=1000)
    async with pages.database.reading() as db:
        assert traces_in((await manifests.build(db, recording.id, evidence.new_key())).decode()) == []
    return hearing_id, recording.id


async def walk(browser: Browser, starts: list[str]) -> dict[str, str]:
    """Every page that can be reached by links, with what it says; refusals too."""
    waiting, seen, alike = list(starts), {}, Counter[str]()
    while waiting:
        path = waiting.pop(0)
        shape = re.sub(r"[0-9a-f]{32}|\?.*", "", path)
        if path in seen or (alike[shape] >= MOST_ALIKE and path not in starts):
            continue
        alike[shape] += 1
        answer = await browser.get(path)
        seen[path] = f"{answer.path}\n{dict(answer.headers)}\n{answer.text}"
        for link in re.findall(r'href="(/[^"#]*)"', answer.text):
            target = html.unescape(link)
            if not target.startswith(("/static/", "//")) and target not in seen:
                waiting.append(target)
    return seen


@pytest.mark.timeout(300)
async def test_everyone_who_looks_everywhere_finds_no_trace_of_the_denouncer(
    pages: Pages, capfd: pytest.CaptureFixture[str]
) -> None:
    case_id = await denunciation(pages)
    hearing_id, recording_id = await held(pages, case_id)
    starts = ["/", "/cases", "/hearings", "/hearings/coming", "/hearings/all", "/audit", "/help-desk", "/api/help-desk"]
    starts += [f"/cases/{case_id}", f"/cases/{case_id}/edit", f"/hearings/{hearing_id}", f"/recordings/{recording_id}"]
    starts += [f"/api/hearings/occupied?day={utc_now():%Y-%m-%d}&starts=00:00&ends=23:59"]
    read = 0
    for username in EVERYONE:
        browser = await pages.person(username)
        asked = await browser.post(f"/recordings/{recording_id}/replay", {"reason": "Kiểm tra định kỳ"})
        replay = [asked.path, f"/api{asked.path}/timeline"] if asked.status == 303 else []
        for path, said in (await walk(browser, starts + replay)).items():
            read += 1
            assert traces_in(said) == [], f"{username} {path}"
        assert traces_in(asked.text) == []
    assert read > 100
    logged = capfd.readouterr()
    assert traces_in(logged.out + logged.err) == []


async def test_whoever_searches_for_the_denouncer_finds_nobody(pages: Pages) -> None:
    case_id = await denunciation(pages)
    for username in ("canbotantien", "canbotinh", "chutri", "thanhtra"):
        browser = await pages.person(username)
        for sought in (NAME, fold(NAME), "Mười Hai", ID_NUMBER, PHONE, "Huổi Khon"):
            found = json.loads((await browser.get("/api/cases", params={"q": sought})).text)["cases"]
            assert case_id not in {row["id"] for row in found}, f"{username} {sought}"
    # The same words find the case when they are its own.
    found = json.loads((await browser.get("/api/cases", params={"q": "dia chinh nhan tien"})).text)["cases"]
    assert [row["id"] for row in found] == [case_id]


async def test_no_reason_that_names_the_denouncer_is_kept_of_who_verifies_downloads_or_replays(pages: Pages) -> None:
    _, recording_id = await held(pages, await denunciation(pages))
    auditor = await pages.person("thanhtra")
    for what, field in (("verify", "verify_reason"), ("download", "download_reason"), ("replay", "reason")):
        refused = await auditor.post(f"/recordings/{recording_id}/{what}", {field: f"Theo đơn của bà {NAME}"})
        assert refused.status == 400, what
    async with pages.database.reading() as db:
        assert not [entry for entry in await custody.entries(db, recording_id) if entry.reason]


async def test_the_database_and_the_store_hold_the_denouncer_only_sealed(pages: Pages) -> None:
    case_id = await denunciation(pages)
    await held(pages, case_id)
    async with pages.database.reading() as db:
        for table in Base.metadata.sorted_tables:
            for row in (await db.execute(select(table))).mappings():
                for column, value in row.items():
                    assert traces_in(_text(value)) == [], f"{table.name}.{column}"
        party_id = (await db.get_one(Case, case_id)).party_id
        assert not list(await db.scalars(select(PartyWord).where(PartyWord.party_id == party_id)))
        assert (await db.get_one(Party, party_id)).id_number_hash is None
    files = [path for path in pages.store.root.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert traces_in(f"{path.name} {path.read_bytes().decode('utf-8', 'replace')}") == []


async def test_the_identity_is_shown_to_the_receiving_unit_for_a_reason_and_that_is_written_down(pages: Pages) -> None:
    case_id = await denunciation(pages)
    for username in EVERYONE:
        browser = await pages.person(username)
        answer = await browser.post(f"/cases/{case_id}/identity", {"reason": "Đối chiếu giấy tờ"})
        receiving = username in ("canbotantien", "chutichxa")
        assert (answer.status == 200) is receiving, username
        assert bool(traces_in(answer.text)) is receiving, username
    async with pages.database.reading() as db:
        looks = list(await db.scalars(select(AuditEvent).where(AuditEvent.action == "vault_opened")))
        accounts = {a.id: a.username for a in (await db.execute(select(Account))).unique().scalars()}
    assert {accounts[look.account_id or ""] for look in looks} == {"canbotantien", "chutichxa"}
    assert {(look.reason, look.object_id, look.address) for look in looks} == {
        ("Đối chiếu giấy tờ", case_id, "127.0.0.1")
    }


async def test_the_document_is_given_only_for_a_reason_and_under_a_name_that_says_nothing(pages: Pages) -> None:
    case_id = await denunciation(pages)
    async with pages.database.reading() as db:
        document = (await db.get_one(Case, case_id)).attachments[0]
    path = f"/cases/{case_id}/attachments/{document.id}"
    for username in EVERYONE:
        browser = await pages.person(username)
        assert (await browser.get(path)).status in (400, 403, 404), username
        answer = await browser.post(path, {"reason": "Đối chiếu giấy tờ"})
        receiving = username in ("canbotantien", "chutichxa")
        assert (answer.status == 200) is receiving, username
        if receiving:
            assert answer.body.startswith(b"%PDF")
            assert answer.header("Content-Disposition").startswith("attachment;")
            assert traces_in(str(dict(answer.headers))) == []


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return json.dumps(value, ensure_ascii=False, default=str)


async def test_every_column_that_could_hold_a_name_is_looked_at() -> None:
    """Sealed identities are the only places for bytes, beside wrapped keys, which are random."""
    binary = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    ]
    assert sorted(binary) == [
        "denouncer_document.wrapped",
        "denouncer_paper.wrapped",
        "denouncer_vault.sealed",
        "document.sealed_paper",
        "party.sealed_identity",
        "recording_key.wrapped",
        "register_entry.sealed_who",
        "saved_search.sealed",
    ]
