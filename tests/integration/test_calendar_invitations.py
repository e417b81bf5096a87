"""Invitations with calendar files, answers through the letter's link, feeds and reminders, on both databases.

The files are read by another parser (vobject) than the one that wrote them.
"""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import time, timedelta

import pytest
import vobject
from sqlalchemy import select

from hub import calendar
from hub.errors import BadInput, NotFound
from hub.ids import utc_now
from hub.models import Account, Answer, Hearing, Invitation, MailState, OutgoingMail
from hub.services import cases, hearings, invitation_answers, invitations
from hub.services.bookings import booking_of
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

START = calendar.at(calendar.local_day(utc_now()) + timedelta(days=10), time(8, 30))


async def world_with_mail(database) -> World:
    world = await make_world(database)
    async with database.transaction() as db:
        for name in ("leader.TINH1", "leader2.TINH1", "officer.TINH1", "officer.XA1", "secretary.TINH1"):
            account = await db.merge(world.accounts[name])
            account.email = f"{name.lower()}@anbinh.example"
            account.language = "en" if name == "leader2.TINH1" else "vi"
            world.accounts[name] = account
    return world


async def book(world: World, **changes: object) -> Hearing:
    async with world.database.transaction() as db:
        booking = world.booking("XA1", starts_at=START, hours=2, title="Vụ thu hồi đất thôn Đông", **changes)
        return await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)


async def letters(world: World, name: str) -> list[OutgoingMail]:
    async with world.database.reading() as db:
        wanted = select(OutgoingMail).where(OutgoingMail.account_id == world.accounts[name].id)
        return list((await db.execute(wanted.order_by(OutgoingMail.created_at, OutgoingMail.id))).unique().scalars())


def file_of(letter: OutgoingMail) -> bytes:
    return base64.b64decode(letter.files[0]["data"])


async def token_of(world: World, letter: OutgoingMail) -> str:
    """The secret in the link as the letter leaves."""
    async with world.database.transaction() as db:
        return (await invitations.link(db, letter.path)).removeprefix("/invitations/")


async def answer(world: World, token: str, given: Answer, comment: str = "", **times: object) -> None:
    async with world.database.transaction() as db:
        await invitation_answers.answer(db, world.vault, token, given, comment, **times)  # type: ignore[arg-type]


async def test_everybody_concerned_gets_a_calendar_file_that_names_no_matter(database):
    world = await world_with_mail(database)
    hearing = await book(world, secretary_id=world.accounts["secretary.TINH1"].id)
    for name in ("leader.TINH1", "secretary.TINH1", "officer.XA1"):
        letter = (await letters(world, name))[0]
        assert (letter.state, letter.files[0]["method"]) == (MailState.WAITING, "REQUEST")
        read = vobject.readOne(file_of(letter).decode())
        event = read.vevent
        assert read.method.value == "REQUEST"
        assert (event.dtstart.value, event.dtend.value) == (hearing.starts_at, hearing.ends_at)
        assert b"DTSTART;TZID=Asia/Ho_Chi_Minh:" in file_of(letter)
        assert read.vtimezone.tzid.value == "Asia/Ho_Chi_Minh"
        assert (event.sequence.value, event.status.value) == ("0", "CONFIRMED")
        assert event.organizer.value == "mailto:officer.tinh1@anbinh.example"
        assert event.attendee.value == f"mailto:{name.lower()}@anbinh.example"
        assert hearing.number in event.summary.value
        assert "thu hồi" not in file_of(letter).decode()
        assert "thu hồi" not in str(letter.lines) + str(letter.subject)
    assert await letters(world, "officer.XA2") == []


async def test_a_change_updates_the_same_event_and_whoever_is_out_of_it_gets_a_cancellation(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    async with database.transaction() as db:
        booking = replace(booking_of(hearing), chair_id=world.accounts["leader2.TINH1"].id)
        await hearings.change(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, booking, "Đổi người")
    first, out = await letters(world, "leader.TINH1")
    (come,) = await letters(world, "leader2.TINH1")
    told, again = await letters(world, "officer.XA1")
    events = [vobject.readOne(file_of(one).decode()) for one in (first, out, come, told, again)]
    assert len({one.vevent.uid.value for one in events}) == 1
    assert [one.vevent.sequence.value for one in events] == ["0", "1", "1", "0", "1"]
    assert [one.method.value for one in events] == ["REQUEST", "CANCEL", "REQUEST", "REQUEST", "REQUEST"]
    assert events[1].vevent.status.value == "CANCELLED"
    assert events[2].vevent.summary.value.startswith("Reception")
    assert len({one.vevent.organizer.value for one in events}) == 1
    assert "Thay đổi" in str(again.subject)
    assert "Mời dự" in str(come.subject), "who is told for the first time is invited, whatever was changed before"


async def test_a_cancelled_hearing_is_taken_off_everybodys_calendar_and_a_postponed_one_comes_back(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    actor = world.actor("officer.TINH1")
    async with database.transaction() as db:
        await hearings.postpone(db, world.vault, actor, hearing.id, 1, "Bão")
    async with database.transaction() as db:
        later = replace(
            booking_of(hearing), starts_at=START + timedelta(days=7), ends_at=START + timedelta(days=7, hours=1)
        )
        await hearings.change(db, world.vault, actor, hearing.id, 2, later, "Có lịch lại")
        await hearings.cancel(db, world.vault, actor, hearing.id, 3, "Hết việc")
    read = [vobject.readOne(file_of(one).decode()) for one in await letters(world, "leader.TINH1")]
    assert [one.method.value for one in read] == ["REQUEST", "CANCEL", "REQUEST", "CANCEL"]
    assert [one.vevent.sequence.value for one in read] == ["0", "1", "2", "3"]
    subjects = [str(one.subject) for one in await letters(world, "leader.TINH1")]
    for subject, words in zip(subjects, ("Mời dự", "Hoãn buổi", "Mời dự", "Hủy buổi"), strict=True):
        assert words in subject


async def test_an_answer_through_the_link_is_kept_and_told_to_who_booked(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    token = await token_of(world, (await letters(world, "leader.TINH1"))[0])
    async with database.reading() as db:
        opened = await invitation_answers.open_link(db, token)
        assert (opened.hearing.id, opened.invitation.answer) == (hearing.id, Answer.NONE), "looking changes nothing"
    await answer(world, token, Answer.ACCEPTED)
    await answer(world, token, Answer.DECLINED, "Họp Trung ương")
    later = START + timedelta(days=1)
    times = {"starts_at": later, "ends_at": later + timedelta(hours=1)}
    await answer(world, token, Answer.PROPOSED, "Sáng hôm sau được", **times)
    async with database.reading() as db:
        row = next(
            one for one in await invitations.of_hearing(db, hearing.id) if one.account.username == "leader.tinh1"
        )
    assert (row.answer, row.comment, row.proposed_starts_at) == (Answer.PROPOSED, "Sáng hôm sau được", later)
    assert len(await letters(world, "officer.TINH1")) >= 1


@pytest.mark.parametrize(
    ("given", "comment", "fault"),
    [(Answer.NONE, "", "answer"), (Answer.DECLINED, "", "comment"), (Answer.PROPOSED, "Bận", "day")],
)
async def test_an_answer_that_lacks_something_is_told_by_field(database, given, comment, fault):
    world = await world_with_mail(database)
    await book(world)
    token = await token_of(world, (await letters(world, "leader.TINH1"))[0])
    with pytest.raises(BadInput) as refused:
        await answer(world, token, given, comment)
    assert set(refused.value.fields) == {fault}


async def test_a_link_opens_one_invitation_until_a_newer_letter_the_hearing_or_the_end_of_it(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    old = await token_of(world, (await letters(world, "leader.TINH1"))[0])
    async with database.transaction() as db:
        booking = replace(booking_of(hearing), title="Nội dung khác")
        await hearings.change(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, booking, "Sửa")
    new = await token_of(world, (await letters(world, "leader.TINH1"))[1])
    for token in (old, new[:-1], "", "x" * 43):
        with pytest.raises(NotFound):
            await answer(world, token, Answer.ACCEPTED)
    await answer(world, new, Answer.ACCEPTED)
    async with database.transaction() as db:
        for row in (await db.execute(select(Invitation))).unique().scalars():
            row.expires_at = utc_now()
    with pytest.raises(NotFound):
        await answer(world, new, Answer.DECLINED, "Muộn")


async def test_a_comment_may_not_name_a_denouncer(database):
    world = await world_with_mail(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case())
    await book(world, case_ids=(case.id,))
    token = await token_of(world, (await letters(world, "leader.TINH1"))[0])
    with pytest.raises(BadInput):
        await answer(world, token, Answer.DECLINED, "Tôi quen bà Nguyễn Thị Đào")


async def test_a_feed_shows_ones_own_hearings_until_its_address_is_changed(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    leader = world.actor("leader.TINH1")
    async with database.transaction() as db:
        old = await invitation_answers.new_feed(db, leader)
        officers = await invitation_answers.new_feed(db, world.actor("officer.XA1"))
        others = await invitation_answers.new_feed(db, world.actor("officer.XA2"))
    async with database.reading() as db:
        for token in (old, officers):
            read = vobject.readOne((await invitation_answers.feed(db, token)).decode())
            assert [one.uid.value.replace("-", "") for one in read.vevent_list] == [hearing.id]
            assert not hasattr(read.vevent, "attendee")
        assert b"VEVENT" not in await invitation_answers.feed(db, others)
    async with database.transaction() as db:
        new = await invitation_answers.new_feed(db, leader)
        with pytest.raises(NotFound):
            await invitation_answers.feed(db, old)
        assert await invitation_answers.feed(db, new)
        (await db.get_one(Account, leader.account_id)).disabled_at = utc_now()
        await db.flush()
        with pytest.raises(NotFound):
            await invitation_answers.feed(db, new)


async def test_a_day_before_everybody_who_has_not_declined_is_reminded_once(database):
    world = await world_with_mail(database)
    hearing = await book(world)
    await answer(world, await token_of(world, (await letters(world, "officer.XA1"))[0]), Answer.DECLINED, "Nghỉ phép")
    for now in (START - timedelta(hours=30), START - timedelta(hours=20), START - timedelta(hours=19)):
        async with database.transaction() as db:
            await invitations.remind(db, now)
    keys = [letter.notice_key for letter in await letters(world, "leader.TINH1")]
    assert keys.count(f"hearing-reminder/{hearing.id}/1") == 1
    assert not any("reminder" in letter.notice_key for letter in await letters(world, "officer.XA1"))


async def test_lines_of_a_file_are_as_rfc_5545_wants_them(database):
    world = await world_with_mail(database)
    await book(world)
    data = file_of((await letters(world, "leader.TINH1"))[0])
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert not re.search(rb"(?<!\r)\n", data)
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
