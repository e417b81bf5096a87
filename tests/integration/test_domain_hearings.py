"""Hearings booked, moved and found, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hub import calendar
from hub.errors import BadInput, Conflict, Forbidden, NotFound, Stale
from hub.ids import utc_now
from hub.models import AdHocGround, CaseType, Hearing, HearingKind, HearingState, SeatKind
from hub.services import cases, hearings
from hub.services.hearings import HearingQuery
from tests.support.domain import World, make_world, new_case

pytestmark = pytest.mark.asyncio


async def book(world: World, *points: str, booker: str = "officer.TINH1", **changes: object) -> Hearing:
    async with world.database.transaction() as db:
        return await hearings.book(db, world.vault, world.actor(booker), world.booking(*points, **changes))


async def faults(world: World, *points: str, **changes: object) -> set[str]:
    with pytest.raises(BadInput) as refused:
        await book(world, *points, **changes)
    return set(refused.value.fields)


async def fresh(world: World, hearing: Hearing) -> Hearing:
    async with world.database.reading() as db:
        return await hearings.get(db, world.actor("officer.TINH1"), hearing.id)


async def test_a_booking_makes_a_numbered_hearing_with_a_seat_for_everyone(database):
    world = await make_world(database)
    booked = await book(
        world,
        "TINH1B",
        "XA1",
        deputy_id=world.accounts["leader2.TINH1"].id,
        secretary_id=world.accounts["secretary.TINH1"].id,
        bridge_point_id=world.points["TINH1"].id,
    )
    hearing = await fresh(world, booked)
    assert hearing.number == f"BT-TINH1-{calendar.local_day(utc_now()).year}-000001"
    assert [(s.kind, s.label) for s in hearing.seats] == [
        (SeatKind.CHAIR, "Chủ trì – Ông leader.TINH1"),
        (SeatKind.DEPUTY, "Phó chủ trì – Ông leader2.TINH1"),
        (SeatKind.SECRETARY, "Thư ký – Ông secretary.TINH1"),
        (SeatKind.POINT, "Điểm cầu Phòng tiếp dân TINH1"),
        (SeatKind.POINT, "Điểm cầu XA1"),
    ]
    assert hearing.seats[0].point_id == world.points["TINH1"].id
    assert [s.position for s in hearing.seats] == [0, 1, 2, 3, 4]


async def test_a_booking_in_the_past_or_backwards_is_refused(database):
    world = await make_world(database)
    assert await faults(world, starts_at=utc_now() - timedelta(hours=1)) == {"starts_at"}
    assert await faults(world, hours=0) == {"ends_at"}


async def test_everything_missing_is_told_at_once(database):
    world = await make_world(database)
    told = await faults(world, title=" ", chair_id="", point_ids=(), kind=HearingKind.AD_HOC)
    assert told == {"title", "chair_id", "point_ids", "ad_hoc_ground"}
    assert (await book(world, kind=HearingKind.AD_HOC, ad_hoc_ground=AdHocGround.GRAVE)).ad_hoc_ground == "18.3.b"


@pytest.mark.parametrize("unfit", ["officer.TINH1", "leader.XA1", "auditor.TINH1"])
async def test_the_chair_must_be_a_leader_over_the_unit_that_holds_the_hearing(database, unfit):
    world = await make_world(database)
    assert await faults(world, chair_id=world.accounts[unfit].id) == {"chair_id"}


async def test_a_leader_of_a_higher_unit_may_chair_and_a_disabled_one_may_not(database):
    world = await make_world(database)
    assert await book(world, chair_id=world.accounts["leader.TW"].id)
    async with database.transaction() as db:
        leader = await db.get(type(world.accounts["leader.TINH1"]), world.accounts["leader.TINH1"].id)
        leader.disabled_at = utc_now()
    assert await faults(world) == {"chair_id"}


async def test_one_person_takes_one_seat_and_one_point_one_tile(database):
    world = await make_world(database)
    chair = world.accounts["leader.TINH1"].id
    assert await faults(world, deputy_id=chair) == {"deputy_id"}
    assert await faults(world, "XA1", "XA1") == {"point_ids"}
    assert await faults(world, "TINH1", bridge_point_id=world.points["TINH1"].id) == {"point_ids"}
    assert await faults(world, secretary_id=world.accounts["officer.TINH1"].id) == {"secretary_id"}


async def test_points_are_those_of_the_unit_below_it_or_above_and_never_a_neighbours(database):
    world = await make_world(database)
    assert await faults(world, "XA9") == {"point_ids"}
    assert await faults(world, bridge_point_id=world.points["XA2"].id) == {"bridge_point_id"}
    assert await book(world, "XA1", "XA2", bridge_point_id=world.points["TW"].id)


@pytest.mark.parametrize("booker", ["officer.XA1", "leader.TINH1", "officer.XA9", "auditor.TINH1"])
async def test_only_officers_and_secretaries_in_scope_book(database, booker):
    world = await make_world(database)
    with pytest.raises(Forbidden):
        await book(world, booker=booker)


async def test_a_chair_who_is_taken_is_refused_with_the_other_booking_named(database):
    world = await make_world(database)
    other = await book(world, "XA1", title="Buổi sáng")
    with pytest.raises(Conflict) as refused:
        await book(world, "XA2", starts_at=other.starts_at + timedelta(minutes=30))
    told = str(refused.value)
    assert told.startswith("Chủ trì Ông leader.TINH1 đã có buổi tiếp")
    for part in (other.number, calendar.stamp(other.starts_at, other.ends_at), "Buổi sáng"):
        assert part in told


async def test_a_point_and_a_bridge_that_are_taken_are_refused_too(database):
    world = await make_world(database)
    bridge = world.points["TINH1"].id
    other = await book(world, "XA1", bridge_point_id=bridge)
    second = {"chair_id": world.accounts["leader2.TINH1"].id, "starts_at": other.starts_at}
    with pytest.raises(Conflict, match="Điểm cầu XA1 đã có buổi tiếp"):
        await book(world, "XA2", "XA1", **second)
    with pytest.raises(Conflict, match="Điểm cầu TINH1 đã có buổi tiếp"):
        await book(world, "XA2", bridge_point_id=bridge, **second)
    with pytest.raises(Conflict, match=r"Phó chủ trì Ông leader\.TINH1 đã có"):
        await book(world, "XA2", deputy_id=world.accounts["leader.TINH1"].id, **second)
    assert await book(world, "XA2", **second)


async def test_the_next_hearing_may_begin_when_the_last_ends(database):
    world = await make_world(database)
    first = await book(world)
    assert await book(world, starts_at=first.ends_at)


async def test_a_cancelled_or_dateless_hearing_holds_nobody(database):
    world = await make_world(database)
    first, second = await book(world, "XA1"), None
    async with database.transaction() as db:
        await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), first.id, 1, "mưa lũ")
    second = await book(world, "XA1", starts_at=first.starts_at)
    async with database.transaction() as db:
        await hearings.postpone(db, world.vault, world.actor("officer.TINH1"), second.id, 1, "chưa đủ hồ sơ")
    third = await book(world, "XA1", starts_at=first.starts_at)
    async with database.transaction() as db:
        wanted = world.booking("XA1", starts_at=first.starts_at)
        with pytest.raises(Conflict, match=third.number):
            await hearings.change(db, world.vault, world.actor("officer.TINH1"), second.id, 2, wanted, "lại")


async def test_a_change_keeps_the_seats_that_stay_and_what_was_checked_there(database):
    world = await make_world(database)
    before = await book(world, "XA1", "XA2", secretary_id=world.accounts["secretary.TINH1"].id)
    seats = {s.label: s.id for s in before.seats}
    good = hearings.DeviceCheckResult(camera="ok", microphone="ok", loudspeaker="ok", connection="ok")
    async with database.transaction() as db:
        for officer, label in (("officer.XA1", "Điểm cầu XA1"), ("officer.XA2", "Điểm cầu XA2")):
            await hearings.save_device_check(db, world.actor(officer), before.id, seats[label], good)
            await hearings.confirm_notice(db, world.actor(officer), before.id, seats[label])
    async with database.transaction() as db:
        wanted = world.booking("TINH1B", "XA2", title="Nội dung mới", chair_id=world.accounts["leader2.TINH1"].id)
        await hearings.change(db, world.vault, world.actor("officer.TINH1"), before.id, 1, wanted, "đổi chủ trì")
    after = await fresh(world, before)
    assert (after.title, after.reason, after.version) == ("Nội dung mới", "đổi chủ trì", 2)
    assert [s.label for s in after.seats] == [
        "Chủ trì – Ông leader2.TINH1",
        "Điểm cầu Phòng tiếp dân TINH1",
        "Điểm cầu XA2",
    ]
    kept = {s.label: s.id for s in after.seats}
    assert kept["Điểm cầu XA2"] == seats["Điểm cầu XA2"]
    assert after.seats[0].id == before.seats[0].id
    async with database.reading() as db:
        assert set(await hearings.notices(db, before.id)) == {seats["Điểm cầu XA2"]}


async def test_who_changes_second_is_told_who_was_first(database):
    world = await make_world(database)
    hearing = await book(world)
    async with database.transaction() as db:
        await hearings.postpone(db, world.vault, world.actor("secretary.TINH1"), hearing.id, 1, "lãnh đạo bận họp")
    async with database.transaction() as db:
        with pytest.raises(Stale, match=r"Ông secretary\.TINH1 đã thay đổi"):
            await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, "trùng lịch")


async def test_a_hearing_moves_to_a_free_date_with_the_reason_for_all_to_see(database):
    world = await make_world(database)
    hearing, other = await book(world, "XA1"), None
    other = await book(world, "XA2", starts_at=hearing.starts_at + timedelta(days=1))
    officer = world.actor("officer.TINH1")
    async with database.transaction() as db:
        with pytest.raises(Conflict, match=other.number):
            await hearings.postpone(
                db, world.vault, officer, hearing.id, 1, "bão", starts_at=other.starts_at, ends_at=other.ends_at
            )
    later = hearing.starts_at + timedelta(days=3)
    async with database.transaction() as db:
        with pytest.raises(BadInput):
            await hearings.postpone(db, world.vault, officer, hearing.id, 1, " ")
        past = utc_now() - timedelta(days=1)
        with pytest.raises(BadInput):
            await hearings.postpone(
                db, world.vault, officer, hearing.id, 1, "x", starts_at=past, ends_at=past + timedelta(hours=1)
            )
        moved = await hearings.postpone(
            db, world.vault, officer, hearing.id, 1, "bão số 9", starts_at=later, ends_at=later + timedelta(hours=1)
        )
    assert (moved.state, moved.starts_at, moved.reason) == (HearingState.SCHEDULED, later, "bão số 9")


async def test_a_hearing_under_way_or_over_is_not_rebooked(database):
    world = await make_world(database)
    hearing = await book(world)
    async with database.transaction() as db:
        opened = await hearings.mark_state(db, hearing.id, HearingState.OPEN)
        assert opened.opened_at is not None
        with pytest.raises(Conflict):
            await hearings.cancel(db, world.vault, world.actor("officer.TINH1"), hearing.id, 1, "x")
    for state in (HearingState.RECESS, HearingState.OPEN, HearingState.INTERRUPTED, HearingState.CLOSED):
        async with database.transaction() as db:
            marked = await hearings.mark_state(db, hearing.id, state)
            assert await hearings.mark_state(db, hearing.id, state) is marked
    assert marked.closed_at is not None
    assert marked.opened_at == opened.opened_at
    async with database.transaction() as db:
        with pytest.raises(Conflict):
            await hearings.mark_state(db, hearing.id, HearingState.OPEN)
        with pytest.raises(NotFound):
            await hearings.mark_state(db, "không có", HearingState.OPEN)


async def test_a_hearing_about_a_denunciation_does_not_name_the_denouncer(database):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case(type=CaseType.DENUNCIATION))
    assert await faults(world, case_ids=(case.id,), title="Tiếp bà Nguyễn Thị Đào") == {"title"}
    assert await book(world, case_ids=(case.id,), title=f"Tiếp {case.party.pseudonym}")


async def test_a_case_out_of_the_bookers_sight_cannot_be_put_on_the_hearing(database):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.XA9"), new_case())
    with pytest.raises(Forbidden):
        await book(world, case_ids=(case.id,))


@pytest.mark.parametrize(
    ("reader", "sees"),
    [
        ("officer.TINH1", True),
        ("officer.XA1", True),
        ("leader.TINH1", True),
        ("leader.XA1", True),
        ("auditor.TW", True),
        ("auditor.TINH1", True),
        ("technician.TW", True),
        ("officer.XA2", False),
        ("officer.XA9", False),
        ("administrator.TW", False),
    ],
)
async def test_lists_and_pages_show_a_hearing_to_the_invited_and_to_those_in_scope(database, reader, sees):
    world = await make_world(database)
    hearing = await book(world, "XA1")
    async with database.reading() as db:
        actor = world.actor(reader)
        assert [h.id for h in await hearings.find(db, actor, HearingQuery())] == [hearing.id] * sees
        assert [h.id for h in await hearings.coming(db, actor)] == [hearing.id] * sees
        if sees:
            assert (await hearings.get(db, actor, hearing.id)).id == hearing.id
        else:
            with pytest.raises(Forbidden):
                await hearings.get(db, actor, hearing.id)


async def test_today_and_coming_share_the_days_between_them(database):
    world = await make_world(database)
    officer = world.actor("officer.TINH1")
    start = utc_now() + timedelta(seconds=30)
    now = await book(world, "XA1", starts_at=start, hours=0.5)
    later = await book(world, "XA2", starts_at=start + timedelta(days=2))
    async with database.reading() as db:
        assert [h.id for h in await hearings.today(db, officer, now=start)] == [now.id]
        assert [h.id for h in await hearings.coming(db, officer, now=start)] == [later.id]
        assert [h.id for h in await hearings.today(db, officer, now=later.starts_at)] == [later.id]


async def test_a_hearing_that_runs_past_midnight_is_still_todays(database):
    world = await make_world(database)
    hearing = await book(world)
    async with database.transaction() as db:
        await hearings.mark_state(db, hearing.id, HearingState.OPEN)
        the_day_after = hearing.starts_at + timedelta(days=1)
        assert len(await hearings.today(db, world.actor("officer.TINH1"), now=the_day_after)) == 1


async def test_hearings_are_found_by_day_point_chair_case_and_words(database):
    world = await make_world(database)
    async with database.transaction() as db:
        case = await cases.register(db, world.vault, world.actor("officer.TINH1"), new_case())
    one = await book(world, "XA1", title="Tiếp dân về đất đai", case_ids=(case.id,))
    leader2 = world.accounts["leader2.TINH1"].id
    two = await book(world, "XA2", title="Ô nhiễm", chair_id=leader2, starts_at=one.starts_at + timedelta(days=5))
    day = calendar.local_day(one.starts_at)
    queries = {
        one.id: [
            HearingQuery(first_day=day, last_day=day),
            HearingQuery(point_id=world.points["XA1"].id),
            HearingQuery(case_number=case.number.lower()),
            HearingQuery(case_id=case.id),
            HearingQuery(text="dat dai"),
            HearingQuery(newest_first=False, limit=1),
        ],
        two.id: [
            HearingQuery(first_day=day + timedelta(days=1)),
            HearingQuery(chair_id=leader2),
            HearingQuery(text="Ô NHIỄM"),
            HearingQuery(text=two.number),
            HearingQuery(limit=1),
        ],
    }
    async with database.reading() as db:
        for wanted, asked in queries.items():
            for query in asked:
                assert [h.id for h in await hearings.find(db, world.actor("auditor.TINH1"), query)] == [wanted]
        none = HearingQuery(states=(HearingState.CLOSED,))
        assert await hearings.find(db, world.actor("auditor.TINH1"), none) == []


async def test_a_booking_form_offers_who_and_what_would_be_accepted(database):
    world = await make_world(database)
    async with database.reading() as db:
        offered = await hearings.choices(db, world.actor("officer.TINH1"))
        with pytest.raises(Forbidden):
            await hearings.choices(db, world.actor("officer.TINH1"), world.units["TINH2"].id)
    assert {a.username for a in offered.chairs} == {"leader.tw", "leader.tinh1", "leader2.tinh1"}
    assert [a.username for a in offered.secretaries] == ["secretary.tinh1"]
    assert {p.code for p in offered.bridges} == {"TW", "TINH1"}
    assert {p.code for p in offered.points} == {"TW", "TINH1", "TINH1B", "XA1", "XA2"}
