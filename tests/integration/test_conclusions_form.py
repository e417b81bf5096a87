"""The form of a conclusion with several faulty rows: each is told by its number, at its field, and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import select, update

from hub.config import Config
from hub.ids import utc_now
from hub.models import Account, Hearing, HearingState, Seat, SeatKind
from tests.support.pages import Pages, running_pages

pytestmark = pytest.mark.asyncio


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def test_each_faulty_row_is_told_by_its_number_at_its_field_and_nothing_is_lost(pages: Pages) -> None:
    async with pages.database.transaction() as db:
        seats = select(Seat.hearing_id).where(Seat.kind == SeatKind.SECRETARY)
        hearing_id = (await db.scalars(seats.order_by(Seat.hearing_id))).first()
        await db.execute(update(Hearing).values(state=HearingState.CLOSED, opened_at=utc_now(), closed_at=utc_now()))
        owner = (await db.scalars(select(Account.id).where(Account.username == "canbotantien"))).one()
    secretary = await pages.person("thuky")
    rows = [("Đo lại thửa đất", "", "10"), ("", "", ""), ("Trả lời bà Đào", "", "hôm nào đó"), ("", owner, "")]
    fields = [("case_id", ""), ("text", "Giao xã thực hiện")]
    fields += [pair for text, who, due in rows for pair in (("task", text), ("owner", who), ("due", due))]
    told = await secretary.post(f"/hearings/{hearing_id}/conclusions/new", fields)
    assert told.status == 400, told.text
    for words in (
        "Nhiệm vụ 1: hãy chọn người hoặc cơ quan thực hiện.",
        "Nhiệm vụ 2: hãy chọn người hoặc cơ quan thực hiện.",
        "Nhiệm vụ 2: hãy ghi hạn là ngày",
        "Nhiệm vụ 3: hãy ghi nội dung",
    ):
        assert told.text.count(words) == 2, words  # in the summary, and at the field
    for name in ("owner1", "owner2", "due2", "task3", "due3"):
        field = re.search(rf'<(?:input|select|textarea) id="f-{name}"[^>]*>', told.text)
        assert field, name
        assert f'aria-describedby="e-{name}"' in field.group(), name
        assert f'href="#f-{name}"' in told.text
    for kept in ("Giao xã thực hiện", "Đo lại thửa đất", "Trả lời bà Đào", "hôm nào đó"):
        assert kept in told.text
    third = told.text[told.text.index('id="f-owner3"') :]
    assert re.search(rf'value="{owner}" selected', third)
