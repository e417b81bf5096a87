"""Series of regular reception, what is posted of them, and who is counted, on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from hub import calendar
from hub.errors import BadInput, Conflict, Forbidden, Stale
from hub.ids import new_id, utc_now
from hub.minimums import Standing
from hub.models import (
    Attendance,
    Certainty,
    DayKind,
    Hearing,
    HearingKind,
    HearingState,
    Holiday,
    Invitation,
    Posting,
    SeatKind,
)
from hub.services import cases, hearings, invitations, law_loading, minimums, postings, series, series_changes
from hub.services.bookings import booking_of
from hub.services.postings import PostingInput
from hub.services.series import SeriesInput
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio

TODAY = calendar.local_day(utc_now())
FIRST = TODAY + timedelta(days=30)
FIRST -= timedelta(days=FIRST.isoweekday() - 2)
"""A Tuesday about a month ahead: whatever day the test runs on, posting is in time."""


async def world_with_law(database) -> World:
    """With the shipped rules, and no days off but weekends: the tests add their own."""
    world = await make_world(database)
    async with database.transaction() as db:
        await db.run_sync(law_loading.load)
        for row in (await db.execute(select(Holiday))).scalars():
            await db.delete(row)
    return world


def wanted(world: World, **changes: object) -> SeriesInput:
    """Tuesdays 08:00–11:00 for five weeks, by TINH1's leader."""
    given: dict[str, object] = {
        "unit_id": world.units["TINH1"].id,
        "title": "Tiếp công dân định kỳ",
        "rule": "FREQ=WEEKLY;BYDAY=TU",
        "first_day": FIRST,
        "last_day": FIRST + timedelta(days=28),
        "starts": "08:00",
        "ends": "11:00",
        "chair_id": world.accounts["leader.TINH1"].id,
        "point_ids": (world.points["XA1"].id,),
    }
    return SeriesInput(**(given | changes))  # type: ignore[arg-type]


async def make(world: World, **changes: object) -> series.Made:
    async with world.database.transaction() as db:
        return await series.create(db, world.vault, world.actor("officer.TINH1"), wanted(world, **changes))


async def change(world: World, made: series.Made, *, from_day: date | None = None, **changes: object) -> series.Made:
    async with world.database.transaction() as db:
        row = await series.get(db, world.actor("officer.TINH1"), made.series.id)
        given = replace(series.input_of(row), **changes)
        return await series_changes.change(
            db, world.vault, world.actor("officer.TINH1"), row.id, row.version, given, "Đổi lịch", from_day=from_day
        )


async def add_holiday(world: World, day: date) -> series_changes.Followed:
    async with world.database.transaction() as db:
        db.add(
            Holiday(id=new_id(), day=day, kind=DayKind.HOLIDAY, name="Lễ", legal_basis="QĐ", certainty=Certainty.TEXT)
        )
        await db.flush()
        return await series_changes.follow(db)


async def days_of(world: World, made: series.Made, *states: HearingState) -> list[int]:
    """Days from ``FIRST`` on which the series' hearings take place."""
    async with world.database.reading() as db:
        rows = await series.rows_of(db, made.series.id)
        shown = [row for row in rows if row.hearing.state in (states or (HearingState.SCHEDULED,))]
        return [(calendar.local_day(row.hearing.starts_at) - FIRST).days for row in shown]


async def post(world: World, *ids: str, **given: object) -> list[Posting]:
    async with world.database.transaction() as db:
        said = PostingInput(**{"content": "Tiếp công dân định kỳ", **given})  # type: ignore[arg-type]
        return await postings.post(db, world.vault, world.actor("officer.TINH1"), ids, said)


async def board(world: World) -> list[postings.Notice]:
    async with world.database.reading() as db:
        return (await postings.public_board(db, "TINH1", FIRST, FIRST + timedelta(days=40)))[1]


async def test_a_series_books_its_hearings_ahead(database):
    world = await world_with_law(database)
    made = await make(world)
    assert await days_of(world, made) == [0, 7, 14, 21, 28]
    hearing = made.hearings[0]
    assert (hearing.kind, calendar.local(hearing.starts_at).strftime("%H:%M")) == (HearingKind.REGULAR, "08:00")


async def test_a_series_is_refused_as_a_whole_when_a_day_clashes_unless_such_days_are_left_out(database):
    world = await world_with_law(database)
    starts_at = calendar.at(FIRST + timedelta(days=7), utc_now().replace(hour=9, minute=0).time())
    async with database.transaction() as db:
        await hearings.book(
            db, world.vault, world.actor("officer.TINH1"), world.booking("XA2", starts_at=starts_at, hours=1)
        )
    with pytest.raises(Conflict) as refused:
        await make(world)
    assert refused.value.field == "skip_clashes"
    async with database.reading() as db:
        assert len((await db.execute(select(Hearing))).unique().scalars().all()) == 1
    made = await make(world, skip_clashes=True)
    assert await days_of(world, made) == [0, 14, 21, 28]
    assert [day for day, _ in made.left_out] == [FIRST + timedelta(days=7)]


@pytest.mark.parametrize(
    ("fault", "changes"),
    [
        ("rule", {"rule": "FREQ=YEARLY"}),
        ("ends", {"ends": "07:00"}),
        ("last_day", {"last_day": FIRST - timedelta(days=1)}),
        ("last_day", {"last_day": FIRST + timedelta(days=400)}),
        ("rule", {"rule": "FREQ=MONTHLY;BYMONTHDAY=31", "first_day": TODAY, "last_day": TODAY}),
        ("chair_id", {"chair_id": ""}),
        ("point_ids", {"point_ids": ()}),
    ],
)
async def test_what_is_wrong_with_a_series_is_told_by_field(database, fault, changes):
    if fault == "rule" and TODAY.day == 31:
        changes = {"rule": "FREQ=MONTHLY;BYMONTHDAY=30", "first_day": TODAY, "last_day": TODAY}
    world = await world_with_law(database)
    with pytest.raises(BadInput) as refused:
        await make(world, **changes)
    assert set(refused.value.fields) == {fault}


async def test_only_who_may_book_for_the_unit_makes_its_series(database):
    world = await world_with_law(database)
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await series.create(db, world.vault, world.actor("officer.XA1"), wanted(world))


async def test_changing_all_moves_what_is_to_come_and_keeps_what_was_changed_by_itself(database):
    world = await world_with_law(database)
    made = await make(world)
    actor, (one, other, *_) = world.actor("officer.TINH1"), made.hearings
    async with database.transaction() as db:
        await hearings.cancel(db, world.vault, actor, one.id, one.version, "Chủ tịch đi công tác")
        moved = (other.starts_at + timedelta(days=1), other.ends_at + timedelta(days=1))
        await hearings.postpone(
            db, world.vault, actor, other.id, other.version, "Chờ tài liệu", starts_at=moved[0], ends_at=moved[1]
        )
    changed = await change(world, made, rule="FREQ=WEEKLY;BYDAY=TH", starts="14:00", ends="16:00")
    assert await days_of(world, changed) == [8, 16, 23]
    assert await days_of(world, changed, HearingState.CANCELLED) == [0, 28]
    async with database.reading() as db:
        kept = await db.get_one(Hearing, other.id)
        assert calendar.local(kept.starts_at).strftime("%H:%M") == "08:00"
        third = await db.get_one(Hearing, made.hearings[2].id)
        assert calendar.local(third.starts_at).strftime("%H:%M") == "14:00"


async def test_this_and_following_becomes_a_series_of_its_own(database):
    world = await world_with_law(database)
    made = await make(world)
    third = FIRST + timedelta(days=14)
    after = await change(
        world, made, from_day=third, chair_id=world.accounts["leader2.TINH1"].id, last_day=FIRST + timedelta(days=35)
    )
    assert after.series.follows_id == made.series.id
    assert await days_of(world, made) == [0, 7]
    assert await days_of(world, after) == [14, 21, 28, 35]
    async with database.reading() as db:
        moved = await db.get_one(Hearing, made.hearings[2].id)
        assert next(s.account_id for s in moved.seats if s.kind == SeatKind.CHAIR) == world.accounts["leader2.TINH1"].id
        assert (await series.get(db, world.actor("officer.TINH1"), made.series.id)).last_day < third


async def test_a_series_that_somebody_else_changed_meanwhile_is_not_overwritten(database):
    world = await world_with_law(database)
    made = await make(world)
    await change(world, made, title="Tiếp công dân của Chủ tịch")
    async with database.transaction() as db:
        with pytest.raises(Stale):
            await series_changes.change(
                db, world.vault, world.actor("officer.TINH1"), made.series.id, 1, wanted(world), "Đổi lịch"
            )


async def test_an_added_holiday_moves_what_is_not_posted_and_leaves_what_is(database):
    world = await world_with_law(database)
    made = await make(world)
    await post(world, made.hearings[1].id)
    followed = await add_holiday(world, FIRST)
    assert [one.id for one in followed.moved] == [made.hearings[0].id]
    followed = await add_holiday(world, FIRST + timedelta(days=7))
    assert (followed.moved, [one.id for one in followed.posted]) == ([], [made.hearings[1].id])
    assert await days_of(world, made) == [1, 7, 14, 21, 28]
    async with database.reading() as db:
        told = await series_changes.on_days_off(db, world.actor("officer.TINH1"))
        first = await db.get_one(Hearing, made.hearings[0].id)
    assert [(hearing.id, str(why)) for hearing, why in told] == [(made.hearings[1].id, "nghỉ lễ: Lễ")]
    assert first.reason == "nghỉ lễ: Lễ"
    again = await add_holiday(world, FIRST + timedelta(days=60))
    assert again.moved == []


async def test_a_hearing_that_a_holiday_cannot_move_is_told_of(database):
    world = await world_with_law(database)
    made = await make(world)
    starts_at = made.hearings[0].starts_at + timedelta(days=1)
    async with database.transaction() as db:
        await hearings.book(db, world.vault, world.actor("officer.TINH1"), world.booking("XA2", starts_at=starts_at))
    followed = await add_holiday(world, FIRST)
    assert [one.id for one in followed.clashing] == [made.hearings[0].id]


async def test_what_is_posted_is_public_and_names_no_matter(database):
    world = await world_with_law(database)
    made = await make(world)
    rows = await post(world, made.hearings[0].id, participants="Đại diện Sở Nông nghiệp")
    assert rows[0].late is False
    shown = (await board(world))[0].posting
    assert (shown.leader, shown.place, shown.participants) == (
        "Ông leader.TINH1",
        "Điểm cầu XA1",
        "Đại diện Sở Nông nghiệp",
    )


async def test_a_text_for_everybody_may_not_name_a_party(database):
    world = await world_with_law(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case())
        starts_at = calendar.at(FIRST, utc_now().replace(hour=8, minute=0).time())
        hearing = await hearings.book(
            db,
            world.vault,
            world.actor("officer.TINH1"),
            world.booking(starts_at=starts_at, case_ids=(case.id,)),
        )
    with pytest.raises(BadInput) as refused:
        await post(world, hearing.id, content="Tiếp bà Nguyễn Thị Đào")
    assert set(refused.value.fields) == {"content"}
    await post(world, hearing.id)
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await hearings.cancel(
                db, world.vault, world.actor("officer.TINH1"), hearing.id, hearing.version, "Bà Nguyễn Thị Đào ốm"
            )


async def test_late_posting_is_warned_of_and_recorded(database):
    world = await world_with_law(database)
    async with database.transaction() as db:
        hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), world.booking())
    with pytest.raises(BadInput) as refused:
        await post(world, hearing.id)
    assert set(refused.value.fields) == {"accept_late"}
    assert (await post(world, hearing.id, accept_late=True))[0].late is True


async def test_a_reception_that_nobody_posted_is_told_of_a_day_before_all_the_same(database):
    world = await world_with_law(database)
    hearing = (await make(world)).hearings[0]
    invited = select(Invitation.account_id).where(Invitation.hearing_id == hearing.id)
    async with database.transaction() as db:
        assert set(await db.scalars(invited)) == set()
        await invitations.remind(db, hearing.starts_at - timedelta(hours=20))
        assert {world.accounts[name].id for name in ("leader.TINH1", "officer.XA1")} <= set(await db.scalars(invited))


async def test_ad_hoc_reception_needs_no_posting(database):
    world = await world_with_law(database)
    async with database.transaction() as db:
        booking = world.booking(kind=HearingKind.AD_HOC, ad_hoc_ground="18.3.a")
        hearing = await hearings.book(db, world.vault, world.actor("officer.TINH1"), booking)
        assert await postings.due_of(db, hearing) is None
    with pytest.raises(Conflict):
        await post(world, hearing.id)


async def test_a_posted_reception_that_is_postponed_replaced_or_cancelled_is_posted_anew_with_the_reason(database):
    world = await world_with_law(database)
    made = await make(world)
    actor, (one, two, three, *_) = world.actor("officer.TINH1"), made.hearings
    await post(world, one.id, two.id, three.id)
    async with database.transaction() as db:
        later = one.starts_at + timedelta(days=2)
        await hearings.postpone(
            db, world.vault, actor, one.id, 1, "Bão số 9", starts_at=later, ends_at=later + timedelta(hours=3)
        )
        booking = replace(booking_of(two), chair_id=world.accounts["leader2.TINH1"].id)
        await hearings.change(db, world.vault, actor, two.id, 1, booking, "Chủ tịch họp Trung ương")
        await hearings.cancel(db, world.vault, actor, three.id, 1, "Hết việc")
    shown = {row.posting.hearing_id: row for row in await board(world)}
    assert [(shown[h.id].posting.notice, shown[h.id].posting.reason) for h in (one, two, three)] == [
        ("postponed", "Bão số 9"),
        ("replaced", "Chủ tịch họp Trung ương"),
        ("cancelled", "Hết việc"),
    ]
    assert shown[one.id].before.starts_at == one.starts_at
    assert shown[two.id].posting.leader == "Ông leader2.TINH1"


async def hold(world: World, hearing: Hearing, *came: str) -> None:
    """It took place on its day, and these people sat in it."""
    async with world.database.transaction() as db:
        row = await db.get_one(Hearing, hearing.id)
        row.state, row.opened_at, row.closed_at = HearingState.CLOSED, row.starts_at, row.ends_at
        for name in came:
            db.add(
                Attendance(
                    hearing_id=row.id,
                    seat_id=row.seats[0].id,
                    account_id=world.accounts[name].id,
                    joined_at=row.starts_at,
                )
            )


async def test_only_what_the_head_received_in_person_counts(database):
    world = await world_with_law(database)
    actor = world.actor("officer.TINH1")
    async with database.transaction() as db:
        await minimums.set_head(
            db,
            actor,
            world.units["TINH1"].id,
            world.accounts["leader.TINH1"].id,
            "reception_province_chair",
            date(2020, 1, 1),
        )
    made = await make(world)
    month, after = made.hearings[0].starts_at, FIRST + timedelta(days=60)

    async def line() -> minimums.UnitMonth:
        async with database.reading() as db:
            found = await minimums.board(db, actor, calendar.local_day(month), today=after)
            return next(row for row in found if row.unit.code == "TINH1")

    async with database.transaction() as db:
        booking = replace(booking_of(made.hearings[0]), chair_id=world.accounts["leader2.TINH1"].id)
        await hearings.change(db, world.vault, actor, made.hearings[0].id, 1, booking, "Họp Trung ương")
    await hold(world, made.hearings[0], "leader2.TINH1")
    assert ((await line()).done, (await line()).by_others, (await line()).standing) == (0, 1, Standing.TOO_LATE)
    same_month = [h for h in made.hearings[1:] if h.starts_at.month == month.month]
    if same_month:
        await hold(world, same_month[0])
        assert (await line()).done == 0, "who was booked and did not come has received nobody"
        await hold(world, same_month[0], "leader.TINH1")
        assert ((await line()).done, (await line()).standing) == (1, Standing.DONE)
    async with database.reading() as db:
        told = await minimums.replaced(db, actor, calendar.local_day(month))
        assert [(one.before.full_name, one.reason) for _, one in told] == [("Ông leader.TINH1", "Họp Trung ương")]


async def test_a_new_head_takes_over_on_a_day_and_none_before_it(database):
    world = await world_with_law(database)
    unit, actor = world.units["TINH1"].id, world.actor("officer.TINH1")
    async with database.transaction() as db:
        for name, day in (("leader.TINH1", date(2026, 1, 1)), ("leader2.TINH1", date(2026, 7, 1))):
            await minimums.set_head(db, actor, unit, world.accounts[name].id, "reception_province_chair", day)
        with pytest.raises(BadInput):
            await minimums.set_head(
                db, actor, unit, world.accounts["leader.TINH1"].id, "reception_province_chair", date(2026, 7, 1)
            )
        with pytest.raises(BadInput):
            await minimums.set_head(
                db, actor, unit, world.accounts["officer.TINH1"].id, "reception_province_chair", date(2027, 1, 1)
            )
        before = await minimums.head_on(db, unit, date(2026, 6, 30))
        after = await minimums.head_on(db, unit, date(2026, 7, 1))
        assert await minimums.head_on(db, unit, date(2025, 12, 31)) is None
    assert [before.full_name, after.full_name] == ["Ông leader.TINH1", "Ông leader2.TINH1"]
    async with database.reading() as db:
        mine = await minimums.of_leader(db, world.actor("leader2.TINH1"))
    assert [row.unit.code for row in mine] == ["TINH1"]
