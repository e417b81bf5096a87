"""The calculator and the law's pages as people see them, and ``hub deadline`` as scripts do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select

from hub import migrate
from hub.config import Config
from hub.models import Holiday, LegalRule
from tests.support.pages import Pages, running_pages


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def row_id(pages: Pages, kind: type[LegalRule | Holiday], *conditions) -> str:
    async with pages.database.reading() as db:
        return (await db.execute(select(kind.id).where(*conditions))).scalars().first()


FORM = {
    "name": "Trả lời công dân",
    "code": "reception_reply",
    "value": "12",
    "unit": "working_days",
    "direction": "after",
    "valid_from": "01/07/2014",
    "certainty": "text",
    "legal_basis": "Điều 28",
    "active": "yes",
    "reason": "luật mới",
    "version": "1",
}


@pytest.mark.asyncio
async def test_the_calculator_explains_each_step_and_how_sure_it_is(pages):
    officer = await pages.person("canbotantien")
    page = (await officer.get("/deadlines?rule=reception_reply&from=10/02/2026")).text
    for told in ("thứ Ba, 03/03/2026", "nghỉ lễ: Tết Nguyên đán", "16/02/2026 – 20/02/2026", "Điều 28 khoản 1"):
        assert told in page
    assert "Đã đọc văn bản" in page
    assert "chưa được xác nhận" in (await officer.get("/deadlines?rule=reception_reply&from=23/11/2026")).text


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("rule=reception_reply&from=31/02/2026", "Hãy ghi ngày như 23/11/2026."),
        ("rule=&from=23/11/2026", "Hãy chọn một quy tắc."),
        ("rule=nonsense&from=23/11/2026", "Không có quy tắc"),
        ("rule=reception_district_chair&from=23/11/2026", "không có hiệu lực vào ngày 23/11/2026"),
        ("rule=reception_reply&from=31/12/9999", "Ngày phải từ năm 1990 đến năm 2100."),
        ("rule=denunciation_extensions_complex&from=23/11/2026", "là một con số, không phải thời hạn"),
    ],
)
async def test_what_cannot_be_counted_is_told_beside_its_field(pages, query, told):
    answer = await (await pages.person("canbotinh")).get(f"/deadlines?{query}")
    assert (answer.status, told in answer.text) == (400, True)


@pytest.mark.asyncio
async def test_a_rule_changed_on_its_page_counts_at_once_and_its_history_says_what_was(pages):
    administrator, rule = await pages.person("quantri"), await row_id(pages, LegalRule, LegalRule.code == FORM["code"])
    assert (await administrator.post(f"/rules/{rule}", FORM)).path == f"/rules/{rule}"
    page = (await administrator.get(f"/rules/{rule}")).text
    assert "<del>10</del> → <ins>12</ins>" in page
    assert "luật mới" in page
    assert "05/03/2026" in (await administrator.get("/deadlines?rule=reception_reply&from=10/02/2026")).text
    assert "vì thiếu quy tắc" not in (await administrator.get("/rules")).text
    ended = FORM | {"valid_to": "31/12/2026", "version": "2"}
    assert (await administrator.post(f"/rules/{rule}", ended)).status == 303
    missing = (await administrator.get("/rules")).text
    assert "vì thiếu quy tắc" in missing
    assert "không bản nào có hiệu lực ngày 01/01/2027" in missing


@pytest.mark.asyncio
async def test_who_saves_second_sees_the_other_version_and_keeps_what_was_typed(pages):
    administrator, rule = await pages.person("quantri"), await row_id(pages, LegalRule, LegalRule.code == FORM["code"])
    await administrator.post(f"/rules/{rule}", FORM)
    second = await administrator.post(f"/rules/{rule}", FORM | {"value": "9", "name": "Tên của tôi"})
    assert second.status == 409
    for told in (
        "Đặng Thu Hà đã sửa mục này lúc",
        'value="Tên của tôi"',
        'value="9"',
        '<input type="hidden" name="version" value="2">',
    ):
        assert told in second.text
    saved = await administrator.post(f"/rules/{rule}", FORM | {"value": "9", "version": "2"})
    assert saved.status == 303


@pytest.mark.asyncio
async def test_a_day_is_added_and_a_faulty_one_keeps_what_was_typed(pages):
    administrator = await pages.person("quantri")
    form = {
        "day": "25/11/2026",
        "kind": "holiday",
        "name": "Ngày nghỉ <b>đặc biệt</b>",
        "certainty": "text",
        "legal_basis": "Quyết định 1",
        "active": "yes",
        "reason": "theo quyết định",
    }
    refused = await administrator.post("/holidays/new", form | {"day": "xx", "legal_basis": ""})
    assert refused.status == 400
    assert "Ngày nghỉ &lt;b&gt;đặc biệt" in refused.text
    assert (await administrator.post("/holidays/new", form)).status == 303
    assert "25/11/2026" in (await administrator.get("/holidays?year=2026")).text


def hub(config: Config, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {"HUB_DATA_DIR": str(config.data_dir), "LANG": "vi_VN.UTF-8", "PYTHONUTF8": "1", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "hub", "deadline", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=150, check=False)


def test_the_command_prints_due_day_and_steps_with_and_without_a_database(config):
    new = hub(config, "--rule", "reception_reply", "--from", "2026-02-10", "--json")
    assert "có sẵn trong phần mềm" in new.stderr
    assert not list(config.data_dir.glob("*.db"))
    found = json.loads(new.stdout)
    assert found["due"] == "2026-03-03"
    assert [step["kind"] for step in found["steps"]][:4] == ["event", "counted", "skipped", "skipped"]
    assert found["steps"][3]["text"] == "nghỉ lễ: Tết Nguyên đán"
    migrate.upgrade(config.database)
    assert "run: hub migrate" not in (empty := hub(config, "--list", "--json")).stderr
    assert json.loads(empty.stdout) == []


def test_the_command_lists_the_rules_and_refuses_what_it_does_not_know(config):
    rules = json.loads(hub(config, "--list", "--json").stdout)
    assert {"code", "value", "unit", "legal_basis", "valid_from", "valid_to"} <= rules[0].keys()
    chairs = [rule for rule in rules if rule["code"] == "reception_commune_chair"]
    assert [(rule["value"], rule["unit"], rule["valid_from"], rule["valid_to"]) for rule in chairs] == [
        (1, "days_per_week", "2014-07-01", "2026-06-30"),
        (2, "days_per_month", "2026-07-01", None),
    ]
    unknown = hub(config, "--rule", "nonsense", "--from", "2026-11-02")
    assert (unknown.returncode, "nonsense" in unknown.stderr) == (1, True)
    assert hub(config, "--rule", "reception_reply").returncode == 2
    wrong = hub(config, "--rule", "reception_reply", "--from", "31/02/2026", "--json")
    assert (wrong.returncode, wrong.stdout, "Không đọc được ngày “31/02/2026”" in wrong.stderr) == (2, "", True)
    as_people_write = hub(config, "--rule", "reception_reply", "--from", "02/11/2026", "--json")
    assert json.loads(as_people_write.stdout)["due"] == "2026-11-16"
