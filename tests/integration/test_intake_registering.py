"""Registering with a citizen waiting: found again, asked back once, sent twice, and nothing lost."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import func, select

from hub.config import Config
from hub.ids import new_id
from hub.models import AuditEvent, Case, SignInSession, Visit
from tests.support.pages import Answer, Browser, Pages, running_pages

pytestmark = pytest.mark.asyncio

DAO = "001162004217"
ENTRY = {
    "type": "complaint",
    "party_kind": "individual",
    "id_number": "012175000123",
    "name": "Nông Thị Ếch",
    "birth": "1975",
    "address": "Thôn Đông, xã Tân Tiến",
    "people_count": "1",
    "visit": "yes",
    "summary": "Khiếu nại về bồi thường đất ở ruộng Đồng Ễnh",
    "requested": "Đo lại diện tích",
}


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def send(browser: Browser, **fields: str) -> Answer:
    """As the page's script does."""
    pairs = [("csrf_token", browser.csrf), *(ENTRY | fields).items()]
    return await browser._ask("POST", "/cases/new", data=pairs, headers={"Accept": "application/json"})


async def ask(browser: Browser, **asked: str) -> dict:
    answer = await browser.send_json("/api/intake/person", {"type": "complaint"} | asked)
    assert answer.status == 200, answer.text
    return json.loads(answer.text)


async def count(pages: Pages, kind: type) -> int:
    async with pages.database.reading() as db:
        return (await db.execute(select(func.count()).select_from(kind))).scalar_one()


async def audited(pages: Pages, action: str) -> list[AuditEvent]:
    async with pages.database.reading() as db:
        return list((await db.execute(select(AuditEvent).where(AuditEvent.action == action))).scalars())


async def test_one_entry_makes_the_case_and_its_reception(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    answer = await send(officer)
    assert answer.status == 201
    case_id = json.loads(answer.text)["path"].removeprefix("/cases/")
    async with pages.database.reading() as db:
        visit = (await db.execute(select(Visit).where(Visit.case_id == case_id))).unique().scalar_one()
    assert (visit.identity_method, visit.first, visit.people_count) == ("citizen_id", True, 1)
    assert visit.requested == "Đo lại diện tích"
    assert "Đã đăng ký vụ việc." in (await officer.get(json.loads(answer.text)["path"])).text


async def test_a_petition_that_came_by_post_is_no_reception(pages: Pages) -> None:
    officer, before = await pages.person("canbotantien"), await count(pages, Visit)
    assert (await send(officer, visit="")).status == 201
    assert await count(pages, Visit) == before


async def test_an_entry_whose_answer_was_lost_is_registered_once(pages: Pages) -> None:
    officer, entry = await pages.person("canbotantien"), new_id()
    first = await send(officer, entry_id=entry)
    before = await count(pages, Case)
    again = await send(officer, entry_id=entry)
    assert json.loads(again.text) == json.loads(first.text) == {"path": f"/cases/{entry}"}
    assert await count(pages, Case) == before


async def test_nobody_takes_another_officers_case_by_its_id(pages: Pages) -> None:
    entry = new_id()
    assert (await send(await pages.person("canbotantien"), entry_id=entry)).status == 201
    theirs = await send(await pages.person("canbodongson"), entry_id=entry, summary="Khiếu nại về việc khác hẳn")
    assert theirs.status == 201
    assert json.loads(theirs.text)["path"] != f"/cases/{entry}"


@pytest.mark.parametrize("wrong", ["../x", "new", "Z" * 32, "0" * 400])
async def test_an_id_that_no_form_of_ours_made_is_replaced(pages: Pages, wrong: str) -> None:
    answer = await send(await pages.person("canbotantien"), entry_id=wrong)
    assert answer.status == 201
    assert wrong not in json.loads(answer.text)["path"].removeprefix("/cases/")


async def test_every_fault_comes_back_by_field_in_the_readers_language(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    await officer.post("/language", {"language": "en", "next": "/"})
    refused = await send(officer, summary="", name="", id_number="", birth="hôm qua")
    assert refused.status == 400
    fields = json.loads(refused.text)["error"]["fields"]
    assert set(fields) == {"summary", "name", "birth", "identity_note"}
    assert fields["identity_note"] == "No ID number: enter how this person was identified."


async def test_without_papers_it_is_written_how_the_person_was_identified(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    assert json.loads((await send(officer, id_number="")).text)["error"]["fields"].keys() == {"identity_note"}
    assert (await send(officer, id_number="", identity_note="trưởng thôn xác nhận")).status == 201


async def test_a_returning_citizen_is_found_by_the_whole_number_and_by_the_name(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    [by_number] = (await ask(officer, id_number="001 162 004 217"))["people"]
    [by_name] = (await ask(officer, name="nguyen thi dao"))["people"]
    assert by_number["name"] == by_name["name"] == "Nguyễn Thị Đào"
    assert by_number["number"] == "•" * 9 + DAO[-3:]
    assert [one["number"][:2] for one in by_number["cases"]] == ["KN"]
    assert len(await audited(pages, "identity_recognised")) == 2


@pytest.mark.parametrize("asked", [{"id_number": "001162"}, {"name": "Đào"}, {"id_number": "001162004218"}, {}])
async def test_a_part_of_a_number_or_a_single_word_finds_nobody(pages: Pages, asked: dict[str, str]) -> None:
    officer = await pages.person("canbotantien")
    assert (await ask(officer, **asked))["people"] == []
    assert await audited(pages, "identity_recognised") == []


async def test_nobody_is_recognised_while_a_denunciation_is_entered(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    assert (await ask(officer, type="denunciation", id_number=DAO))["people"] == []


async def test_a_denouncer_is_never_recognised(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    told = {"type": "denunciation", "summary": "Tố cáo thu tiền sai quy định", "requested": ""}
    assert (await send(officer, **told)).status == 201
    assert (await ask(officer, id_number=ENTRY["id_number"]))["people"] == []
    assert (await ask(officer, name=ENTRY["name"]))["people"] == []


async def test_people_of_other_units_are_not_recognised(pages: Pages) -> None:
    stranger = await pages.person("canbodongson")
    assert (await ask(stranger, id_number=DAO))["people"] == []


async def test_the_number_of_who_was_chosen_stays_sealed_and_is_taken_over(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    [known] = (await ask(officer, name="nguyễn thị đào"))["people"]
    fields = {"id_number": "", "known_party": known["id"], "name": known["name"], "birth": known["birth"]}
    answer = await send(officer, summary="Khiếu nại mức hỗ trợ tái định cư", **fields)
    assert answer.status == 201, answer.text
    [again] = (await ask(officer, id_number=DAO))["people"]
    assert {one["path"] for one in again["cases"]} >= {json.loads(answer.text)["path"]}


async def test_a_party_of_another_unit_is_not_taken_over_by_its_id(pages: Pages) -> None:
    [known] = (await ask(await pages.person("canbotantien"), id_number=DAO))["people"]
    stranger = await pages.person("canbodongson")
    refused = await send(stranger, id_number="", known_party=known["id"])
    assert "identity_note" in json.loads(refused.text)["error"]["fields"]


@pytest.mark.parametrize(
    ("number", "birth", "says", "warning"),
    [
        (DAO, "1962", "nữ, sinh năm 1962, khai sinh tại Hà Nội", ""),
        (DAO, "1963", "nữ, sinh năm 1962", "năm sinh là 1962"),
        ("099162004217", "", "nữ", "không phải mã tỉnh"),
        ("000162004217", "", "nữ", "không phải mã tỉnh"),
        ("120062004217", "", "nam, sinh năm 1962", ""),
        ("001599004217", "", "nữ, sinh năm 2199", "chưa đến"),
        ("C1234567", "", "hộ chiếu", ""),
        ("12345678", "", "", "12 chữ số"),
    ],
)
async def test_an_id_number_is_read_and_doubted_but_never_refused(
    pages: Pages, number: str, birth: str, says: str, warning: str
) -> None:
    officer = await pages.person("canbotantien")
    answer = await ask(officer, id_number=number, birth=birth)
    assert says in answer["says"]
    assert bool(answer["says"]) is bool(says)
    assert warning in answer["warning"]
    assert bool(answer["warning"]) is bool(warning)
    assert (await send(officer, id_number=number, birth=birth, seen="id_number")).status == 201


async def test_what_was_not_shown_beside_the_field_is_asked_about_once(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    asked = await send(officer, birth="1980")
    assert asked.status == 200
    assert "năm sinh là 1975" in json.loads(asked.text)["odd"]["id_number"]
    assert (await send(officer, birth="1980", confirmed="yes")).status == 201


async def test_much_the_same_case_is_shown_before_a_second_one_is_made(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    first = json.loads((await send(officer)).text)["path"]
    before = await count(pages, Case)
    asked = await send(officer, id_number="012175000999")
    assert [one["path"] for one in json.loads(asked.text)["alike"]] == [first]
    assert await count(pages, Case) == before
    assert (await send(officer, id_number="012175000999", confirmed="yes")).status == 201


async def test_a_session_that_has_ended_is_told_as_such(pages: Pages) -> None:
    officer = await pages.person("canbotantien")
    async with pages.database.transaction() as db:
        for row in (await db.execute(select(SignInSession))).scalars():
            await db.delete(row)
    refused = await send(officer)
    assert (refused.status, json.loads(refused.text)["error"]["code"]) == (401, "not_signed_in")
