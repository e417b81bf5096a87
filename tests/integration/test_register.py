"""The register of receptions: numbered without gaps, locked, chained; printed and taken away under the log."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pypdfium2
import pytest
import pytest_asyncio
from sqlalchemy import delete, select, update

from hub import pdf, register_files
from hub.calendar import local_day
from hub.case_moves import MoveCode
from hub.cli import register_checks as command
from hub.cli.findings import Verdict
from hub.config import Config
from hub.db import Database
from hub.errors import BadInput, Conflict, Forbidden
from hub.forms.signing import guessed
from hub.ids import utc_now
from hub.models import (
    AuditEvent,
    Case,
    CaseType,
    IdentityMethod,
    RefusalGround,
    RegisterBook,
    RegisterEntry,
    Visit,
)
from hub.services import case_course, cases, register, register_checks, register_lists, state_secrets, visits
from hub.services.case_course import WantedMove
from hub.services.register_lists import Query
from hub.visits import NewVisit
from recorder.directory_store import DirectoryStore
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

NAME, ID_NUMBER = "Quàng Thị Mười Hai", "011175009876"


class Desk:
    """An officer of XA1 who receives people."""

    def __init__(self, world: World) -> None:
        self.world, self.database = world, world.database
        self.officer, self.unit = world.actor("officer.XA1"), world.units["XA1"]
        self.year = local_day(utc_now()).year

    async def case(self, kind: CaseType = CaseType.COMPLAINT, summary: str = "Thu hồi đất") -> Case:
        about = new_case(type=kind, name=NAME, address="Bản Huổi Khon", id_number=ID_NUMBER, summary=summary)
        async with self.database.transaction() as db:
            return await cases.register(db, self.world.vault, self.officer, about)

    async def receive(self, case: Case | None = None, **changes: object) -> Visit:
        given: dict[str, object] = {
            "identity_method": IdentityMethod.CITIZEN_ID,
            "case_id": case.id if case else "",
            "name": "" if case else NAME,
            "address": "" if case else "Bản Huổi Khon",
            "id_number": "" if case else ID_NUMBER,
            "requested": "Đề nghị trả lời bằng văn bản",
        }
        new = NewVisit(**(given | changes))  # type: ignore[arg-type]
        async with self.database.transaction() as db:
            return await visits.record(db, self.world.vault, self.officer, new)

    def query(self, **changes: object) -> Query:
        return replace(Query(unit_id=self.unit.id, year=self.year), **changes)  # type: ignore[arg-type]

    async def lines(self, who: str = "officer.XA1", query: Query | None = None) -> list[register_lists.Line]:
        async with self.database.transaction() as db:
            actor = self.world.actor(who)
            page = await register_lists.page(db, self.world.vault, actor, query or self.query(), limit=50, offset=0)
        return page.lines

    async def numbers(self) -> list[int]:
        async with self.database.reading() as db:
            return list(await db.scalars(select(RegisterEntry.number).order_by(RegisterEntry.number)))

    async def breaks(self) -> list[tuple[int, str]]:
        async with self.database.reading() as db:
            _count, found = await register_checks.breaks(db)
        return [(one.number, one.kind) for one in found]

    async def events(self, action: str) -> list[AuditEvent]:
        async with self.database.reading() as db:
            return list(await db.scalars(select(AuditEvent).where(AuditEvent.action == action)))


@pytest_asyncio.fixture
async def desk(database: Database) -> AsyncIterator[Desk]:
    yield Desk(await make_world(database))


class _UndoneError(Exception):
    pass


async def test_many_officers_at_once_leave_no_gap_and_no_double_though_some_are_undone(desk: Desk) -> None:
    case = await desk.case()

    async def one(number: int) -> None:
        new = NewVisit(identity_method=IdentityMethod.CITIZEN_ID, case_id=case.id)
        async with desk.database.transaction() as db:
            await visits.record(db, desk.world.vault, desk.officer, new)
            await asyncio.sleep(0.001 * (number % 3))
            if number % 4 == 0:
                raise _UndoneError

    done = await asyncio.gather(*(one(n) for n in range(40)), return_exceptions=True)
    assert sum(isinstance(each, _UndoneError) for each in done) == 10
    assert await desk.numbers() == list(range(1, 31))
    assert await desk.breaks() == []


async def test_each_reception_is_a_line_with_the_forms_columns(desk: Desk) -> None:
    await desk.receive(await desk.case(), people_count=1, settled_by="UBND xã, văn bản 12/UBND", advised="Chờ trả lời")
    await desk.receive(
        None,
        advised="Đến bộ phận một cửa",
        refusal_ground=RefusalGround.MISCONDUCT,
        refusal_reason="Gây rối",
        decided_by=desk.world.accounts["leader.XA1"].id,
    )
    refused, received = await desk.lines()
    assert received.cells()[:7] == (
        "1",
        f"{local_day(utc_now()):%d/%m/%Y}",
        f"{NAME}\nBản Huổi Khon",
        "•••••••••876",
        "Thu hồi đất\nYêu cầu, đề nghị: Đề nghị trả lời bằng văn bản",
        "Khiếu nại, 1 người, lần đầu",
        "UBND xã, văn bản 12/UBND",
    )
    assert (received.outcome.guided, refused.outcome.guided) == ("", "Đến bộ phận một cửa")
    assert refused.who == NAME
    assert "Điều 9 khoản 2" in refused.note
    assert refused.classification == "Không có đơn, 1 người, lần đầu"


async def test_handling_and_follow_up_come_from_the_case_until_the_year_is_closed(desk: Desk) -> None:
    case = await desk.case()
    last_year = datetime(desk.year - 1, 6, 1, 3, tzinfo=UTC)
    await desk.receive(case, at=last_year)
    query, today = desk.query(year=desk.year - 1), local_day(utc_now())

    async def step(code: MoveCode, version: int, **rest: object) -> None:
        async with desk.database.transaction() as db:
            wanted = WantedMove(code=code, day=today, **rest)  # type: ignore[arg-type]
            await case_course.make(db, desk.world.vault, desk.officer, case.id, version, wanted)

    assert (await desk.lines(query=query))[0].outcome.accepted == ""
    await step(MoveCode.CLASSIFY, 1)
    await step(MoveCode.ACCEPT, 2, document_number="12/QĐ-UBND", document_day=today)
    assert "văn bản 12/QĐ-UBND" in (await desk.lines(query=query))[0].outcome.accepted
    leader = desk.world.actor("leader.XA1")
    async with desk.database.transaction() as db:
        with pytest.raises(Forbidden):
            await register.close_year(db, desk.officer, desk.unit.id, desk.year - 1)
        with pytest.raises(Conflict):
            await register.close_year(db, leader, desk.unit.id, desk.year)
        await register.close_year(db, leader, desk.unit.id, desk.year - 1)
    await step(MoveCode.WITHDRAW, 3, reason="Công dân rút đơn")
    assert (await desk.lines(query=query))[0].outcome.follow_up == ""
    assert await desk.breaks() == []
    # What comes late is entered where it is written, and a closed year is closed once.
    await desk.receive(case, at=last_year)
    assert [(line.year, line.number) for line in await desk.lines()] == [(desk.year, 1)]
    async with desk.database.transaction() as db:
        with pytest.raises(Conflict):
            await register.close_year(db, leader, desk.unit.id, desk.year - 1)
    async with desk.database.transaction() as db:
        await db.execute(update(RegisterEntry).where(RegisterEntry.year == desk.year - 1).values(outcome={}))
    assert await desk.breaks() == [(1, "outcome")]


async def test_a_correction_is_a_new_entry_that_names_the_old_one(desk: Desk) -> None:
    await desk.receive(await desk.case())
    wrong = (await desk.lines())[0]
    texts = {"content": "Thu hồi 320 m² đất", "requested": "", "settled_by": "UBND xã", "note": ""}
    async with desk.database.transaction() as db:
        with pytest.raises(BadInput) as told:
            await register.correct(db, desk.world.vault, desk.officer, wrong.entry_id, texts, " ")
    assert set(told.value.fields) == {"reason"}
    async with desk.database.transaction() as db:
        await register.correct(db, desk.world.vault, desk.officer, wrong.entry_id, texts, "Ghi thiếu diện tích")
    newer, older = await desk.lines()
    assert (newer.number, newer.content, newer.settled_by) == (2, "Thu hồi 320 m² đất", "UBND xã")
    assert newer.notes == "Sửa mục số 1: Ghi thiếu diện tích"
    assert older.content == "Thu hồi đất"
    assert older.notes == "Đã sửa ở mục số 2"
    async with desk.database.transaction() as db:
        with pytest.raises(Conflict):
            await register.correct(db, desk.world.vault, desk.officer, wrong.entry_id, texts, "Lần nữa")
        with pytest.raises(Forbidden):
            await register.correct(db, desk.world.vault, desk.world.actor("auditor.XA1"), wrong.entry_id, texts, "x")
    assert await desk.breaks() == []


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ("change a day", [(2, "altered")]),
        ("change a text", [(2, "altered")]),
        ("take one out", [(2, "missing"), (3, "altered")]),
        ("take the last out", [(3, "missing")]),
        ("take the last out and put the book right", [(3, "missing")]),
        ("take the whole book out", [(3, "missing")]),
    ],
)
async def test_what_is_changed_or_taken_out_is_noticed(desk: Desk, what: str, found: list[tuple[int, str]]) -> None:
    case = await desk.case()
    for _ in range(3):
        await desk.receive(case)
    assert await desk.breaks() == []
    second, third = RegisterEntry.number == 2, RegisterEntry.number == 3
    async with desk.database.transaction() as db:
        if what == "change a day":
            await db.execute(update(RegisterEntry).where(second).values(day=date(2020, 1, 1)))
        elif what == "change a text":
            await db.execute(update(RegisterEntry).where(second).values(texts={"content": "khác"}))
        elif what == "take one out":
            await db.execute(delete(RegisterEntry).where(second))
        elif what == "take the whole book out":
            await db.execute(delete(RegisterEntry))
            await db.execute(delete(RegisterBook))
        else:
            await db.execute(delete(RegisterEntry).where(third))
            if "book" in what:
                last = await db.scalar(select(RegisterEntry.sha256).where(second))
                await db.execute(update(RegisterBook).values(count=2, sha256=last))
    assert await desk.breaks() == found


async def test_the_check_command_tells_of_the_registers(desk: Desk, config: Config) -> None:
    await desk.receive(await desk.case())
    here = replace(config, database_url=desk.database.url)
    (fine,) = await asyncio.to_thread(lambda: list(command.registers(here)))
    assert fine.verdict is Verdict.OK
    async with desk.database.transaction() as db:
        await db.execute(update(RegisterEntry).values(people_count=9))
    (told,) = await asyncio.to_thread(lambda: list(command.registers(here)))
    assert told.verdict is Verdict.FAULT  # ``hub check`` then ends with 1
    assert "unit XA1" in told.detail
    assert "entry 1 was changed" in told.detail


async def test_denouncers_are_masked_for_everybody_and_names_are_for_who_may_know_them(desk: Desk) -> None:
    denunciation = await desk.case(CaseType.DENUNCIATION, "Thu tiền")
    await desk.receive(denunciation)
    await desk.receive(await desk.case())
    named, masked = await desk.lines()
    assert named.who == NAME
    assert (masked.who, masked.address, masked.id_number) == (denunciation.party.pseudonym, "", "")
    (event,) = await desk.events("register_read")
    assert event.detail["entries"] == [2]
    assert {line.who for line in await desk.lines("auditor.XA1")} & {NAME} == set()
    for who in ("officer.XA2", "technician.TW", "secretary.TINH1"):
        with pytest.raises(Forbidden):
            await desk.lines(who)


async def test_a_case_that_becomes_a_denunciation_leaves_no_name_in_the_register(desk: Desk) -> None:
    case = await desk.case(summary="Khiếu nại của nhà Mười Hai")
    await desk.receive(case)
    async with desk.database.transaction() as db:
        edit = cases.CaseEdit(type=CaseType.DENUNCIATION, summary="Thu tiền", content="")
        await cases.edit(db, desk.world.vault, desk.officer, case.id, case.version, edit)
    (line,) = await desk.lines()
    assert "Mười Hai" not in str(line)
    async with desk.database.reading() as db:
        entry = (await db.execute(select(RegisterEntry))).unique().scalar_one()
    assert entry.sealed_who is None
    assert entry.texts == {}
    assert await desk.breaks() == []


async def test_a_case_that_may_not_be_here_leaves_its_number_and_nothing_else(desk: Desk, config: Config) -> None:
    case = await desk.case(summary="Điều bí mật")
    await desk.receive(case)
    store = DirectoryStore(config.data_dir / "objects")
    leader = desk.world.actor("leader.XA1")
    await state_secrets.flag(
        desk.database,
        store,
        desk.world.vault,
        leader,
        case.id,
        case.version,
        register_entry="Sổ mật số 3",
        confirmed=case.number,
    )
    (line,) = await desk.lines()
    assert line.number == 1
    assert "Điều bí mật" not in str(line)
    assert NAME not in str(line)
    assert await desk.breaks() == []


async def test_filters_choose_by_day_and_kind(desk: Desk) -> None:
    await desk.receive(await desk.case())
    await desk.receive(await desk.case(CaseType.PETITION))
    assert [line.number for line in await desk.lines(query=desk.query(type=CaseType.PETITION))] == [2]
    assert await desk.lines(query=desk.query(last_day=date(desk.year, 1, 1))) == []


async def test_an_export_is_logged_and_whole_id_numbers_need_a_reason(desk: Desk) -> None:
    await desk.receive(await desk.case())
    arguments = {"kind": "pdf", "reason": ""}
    with pytest.raises(BadInput):
        await register_lists.start_export(desk.database, desk.officer, desk.query(), full=True, **arguments)
    auditor = desk.world.actor("auditor.XA1")
    with pytest.raises(Forbidden):
        await register_lists.start_export(desk.database, auditor, desk.query(), full=True, **arguments)
    assert await desk.events("register_exported") == []
    await register_lists.start_export(desk.database, auditor, desk.query(), full=False, **arguments)
    (event,) = await desk.events("register_exported")
    assert (event.detail["format"], event.detail["full_id_numbers"]) == ("pdf", False)


async def test_the_printed_register_is_a4_across_with_its_head_on_every_page(desk: Desk) -> None:
    await desk.receive(await desk.case())
    (line,) = await desk.lines()
    many = [
        replace(line, number=n, content="Thu hồi đất " * (n % 9), note=f"đầu {n} {'dài ' * 9} cuối {n}.")
        for n in range(1, 80)
    ]
    many[40] = replace(many[40], content="Một việc dài hơn một trang. " * 70)
    unit = "UBND xã Tân Tiến"
    made = await pdf.render(register_files.paper(unit, guessed(unit), "Tháng 11/2026", many, date(2026, 11, 30)))
    with pypdfium2.PdfDocument(made) as document:
        width, height = document[0].get_size()
        pages = [" ".join(page.get_textpage().get_text_bounded().split()) for page in document]
    assert round(width) == 842
    assert width > height
    assert len(pages) > 3
    apart = [n for n in range(1, 80) if not any(f"đầu {n} " in page and f"cuối {n}." in page for page in pages)]
    assert apart in ([], [41])  # only what is longer than a page may go on overleaf
    assert sum(page.count("Một việc") for page in pages) == 70
    assert all("Thụ lý để" in page and "Hướng xử lý" in page for page in pages)
    assert all(NAME.rsplit(maxsplit=1)[-1] in page or "Một việc" in page for page in pages)


async def test_a_workbook_is_typed_and_no_text_becomes_a_formula(desk: Desk, tmp_path: Path) -> None:
    for summary in ("=cmd|'/C calc'!A1", "+1+1", "-2", "@SUM(A1)", "bình thường"):
        await desk.receive(await desk.case(summary=summary), requested="=1+1")
    pages = register_lists.stream(desk.database, desk.world.vault, desk.officer, desk.query(), full=True)
    path = tmp_path / "so.xlsx"
    assert await register_files.workbook(path, "UBND xã Tân Tiến", f"Năm {desk.year}", pages) == 5
    sheet = openpyxl.load_workbook(io.BytesIO(path.read_bytes())).active
    assert sheet["A1"].value == f"UBND xã Tân Tiến – SỔ TIẾP CÔNG DÂN – Năm {desk.year}"
    assert [cell.value for cell in sheet[2]][8] == "Hướng xử lý: Thụ lý để giải quyết"
    rows = list(sheet.iter_rows(min_row=3))
    assert [row[0].value for row in rows] == [1, 2, 3, 4, 5]
    assert all(isinstance(row[1].value, datetime) for row in rows)
    assert {cell.data_type for row in rows for cell in row[2:]} <= {"s", "inlineStr", "n"}
    assert rows[0][4].value == "=cmd|'/C calc'!A1"
    assert rows[0][5].value == "=1+1"
    assert "f" not in {cell.data_type for row in rows for cell in row}
    assert rows[0][3].value == ID_NUMBER
    assert len(await desk.events("register_opened")) == 1
