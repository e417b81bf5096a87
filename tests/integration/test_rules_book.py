"""The law's rows in the database, on both: loaded at start, changed by an administrator, never overwritten."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import delete, func, select

from hub import law_files
from hub.errors import BadInput, Forbidden, NotFound, Stale
from hub.models import AuditEvent, Certainty, DayKind, Direction, Holiday, LegalRule, RuleUnit
from hub.services import law_loading, legal_rules
from hub.services.legal_rules import HolidayEdit, RuleEdit
from tests.support.domain import make_world

pytestmark = pytest.mark.asyncio


async def rule_row(database, code="reception_reply") -> LegalRule:
    async with database.reading() as db:
        return (await db.execute(select(LegalRule).where(LegalRule.code == code))).scalars().first()


def edit_of(row: LegalRule, **changes) -> RuleEdit:
    given = {name: getattr(row, name) for name in law_loading.RULE_FIELDS}
    return RuleEdit(**(given | changes))


def holiday(**changes) -> HolidayEdit:
    given = {
        "day": date(2026, 11, 26),
        "kind": DayKind.HOLIDAY,
        "name": "Ngày nghỉ của tỉnh",
        "legal_basis": "Quyết định 1/QĐ",
        "certainty": Certainty.TEXT,
    }
    return HolidayEdit(**(given | changes))


async def save(world, row, reason="sửa theo văn bản mới", who="administrator.TW", version=None, **changes):
    async with world.database.transaction() as db:
        edit = edit_of(row, **changes)
        return await legal_rules.save_rule(db, world.actor(who), row.id, version or row.version, edit, reason)


async def test_what_comes_with_the_hub_is_in_the_database_once(database):
    shipped = len(law_files.shipped_rules())
    assert law_loading.load_into(database.url) == 0
    async with database.reading() as db:
        assert await db.scalar(select(func.count()).select_from(LegalRule)) == shipped
        assert await db.scalar(select(func.count()).select_from(Holiday)) == len(law_files.shipped_holidays())
        book = await legal_rules.rule_book(db)
    assert set(book.rules) == set(law_loading.shipped_book().rules)
    assert dict(book.days.days) == dict(law_loading.shipped_book().days.days)


async def test_a_new_release_changes_what_nobody_edited_and_leaves_an_edit_alone(database, monkeypatch):
    world = await make_world(database)
    edited = await rule_row(database)
    await save(world, edited, value=8, code="reception_reply_local")
    shipped = [
        replace(rule, value=12) if rule.code in ("reception_reply", "denunciation_check") else rule
        for rule in law_files.shipped_rules()
    ]
    monkeypatch.setattr(law_files, "shipped_rules", lambda: shipped)
    assert law_loading.load_into(database.url) == 1
    assert (await rule_row(database, "denunciation_check")).value == 12
    assert (await rule_row(database, "reception_reply_local")).value == 8
    assert await rule_row(database, "reception_reply") is None
    async with database.reading() as db:
        row = await rule_row(database, "denunciation_check")
        (change,) = await legal_rules.history(db, world.actor("auditor.TW"), row)
    assert (change.who, change.changes) == ("", {"value": (7, 12)})


async def test_a_row_of_an_administrators_own_is_not_pushed_aside_by_a_later_release(database, monkeypatch):
    world = await make_world(database)
    async with database.transaction() as db:
        await legal_rules.save_holiday(db, world.actor("administrator.TW"), "", 0, holiday(), "nghỉ thêm")
    rows = [*law_files.shipped_holidays(), replace(law_files.shipped_holidays()[0], day=date(2026, 11, 26))]
    monkeypatch.setattr(law_files, "shipped_holidays", lambda: rows)
    assert law_loading.load_into(database.url) == 0
    async with database.reading() as db:
        (row,) = (await db.execute(select(Holiday).where(Holiday.day == date(2026, 11, 26)))).scalars()
    assert row.name == "Ngày nghỉ của tỉnh"


async def test_an_edit_keeps_who_when_before_and_after(database):
    world = await make_world(database)
    row = await rule_row(database)
    await save(world, row, value=12, note="")
    async with database.reading() as db:
        (change,) = await legal_rules.history(db, world.actor("officer.XA1"), row)
    assert (change.who, change.reason) == ("Ông administrator.TW", "sửa theo văn bản mới")
    assert change.changes == {"value": (10, 12), "note": (row.note, "")}
    assert (await rule_row(database)).version == 2


@pytest.mark.parametrize("who", ["administrator.TINH1", "officer.XA1", "leader.TW", "auditor.TW", "technician.TW"])
async def test_only_an_administrator_of_the_highest_unit_changes_the_law(database, who):
    world = await make_world(database)
    row = await rule_row(database)
    with pytest.raises(Forbidden):
        await save(world, row, who=who, value=1)
    async with database.transaction() as db:
        with pytest.raises(Forbidden):
            await legal_rules.save_holiday(db, world.actor(who), "", 0, holiday(), "x")
        assert len(await legal_rules.list_rules(db, world.actor(who))) > 20


async def test_who_saves_second_is_told_who_was_first_and_changes_nothing(database):
    world = await make_world(database)
    row = await rule_row(database)
    await save(world, row, value=12)
    with pytest.raises(Stale, match=r"Ông administrator\.TW đã sửa"):
        await save(world, row, value=9, version=1)
    assert (await rule_row(database)).value == 12


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"value": 0}, "value"),
        ({"value": 99_999}, "value"),
        ({"code": "Có dấu"}, "code"),
        ({"name": " "}, "name"),
        ({"legal_basis": ""}, "legal_basis"),
        ({"note": "x" * 601}, "note"),
        ({"valid_from": date(1, 1, 1)}, "valid_from"),
        ({"valid_to": date(2010, 1, 1)}, "valid_to"),
        ({"unit": RuleUnit.PEOPLE}, "unit"),
        ({"unit": RuleUnit.DAYS_PER_MONTH}, "unit"),
        ({"direction": Direction.BEFORE}, "direction"),
    ],
)
async def test_a_fault_is_told_beside_its_field(database, changes, field):
    world = await make_world(database)
    row = await rule_row(database)
    with pytest.raises(BadInput) as refused:
        await save(world, row, **changes)
    assert set(refused.value.fields) == {field}
    with pytest.raises(BadInput) as refused:
        await save(world, row, reason=" ")
    assert set(refused.value.fields) == {"reason"}


async def test_a_change_of_the_law_is_a_second_version_and_each_day_finds_its_own(database):
    world = await make_world(database)
    row = await rule_row(database)
    administrator = world.actor("administrator.TW")
    after = edit_of(row, value=15, unit=RuleUnit.DAYS, valid_from=date(2027, 1, 1))
    async with database.transaction() as db:
        with pytest.raises(BadInput) as refused:
            await legal_rules.save_rule(db, administrator, "", 0, after, "luật mới")
        assert "01/07/2014" in str(refused.value.fields["valid_from"]) or "2014" in str(
            refused.value.fields["valid_from"]
        )
    await save(world, row, valid_to=date(2026, 12, 31))
    async with database.transaction() as db:
        await legal_rules.save_rule(db, administrator, "", 0, after, "luật mới")
        book = await legal_rules.rule_book(db)
    assert book.rule("reception_reply", date(2026, 12, 31)).value == 10
    assert book.rule("reception_reply", date(2027, 1, 1)).value == 15


async def test_what_is_not_applied_counts_for_nothing_and_may_be_turned_on(database):
    world = await make_world(database)
    async with database.transaction() as db:
        culture = (await db.execute(select(Holiday).where(Holiday.day == date(2026, 11, 24)))).scalar_one()
        assert (await legal_rules.rule_book(db)).days.is_working(culture.day)
        edit = HolidayEdit(**{name: getattr(culture, name) for name in law_loading.HOLIDAY_FIELDS} | {"active": True})
        administrator = world.actor("administrator.TW")
        await legal_rules.save_holiday(db, administrator, culture.id, 1, edit, "đã ban hành")
        assert not (await legal_rules.rule_book(db)).days.is_working(culture.day)
    await save(world, await rule_row(database), active=False)
    async with database.reading() as db:
        with pytest.raises(NotFound):
            (await legal_rules.rule_book(db)).rule("reception_reply", date(2026, 11, 2))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"day": date(2026, 9, 2)}, "day"),
        ({"day": date(1980, 1, 1)}, "day"),
        ({"kind": DayKind.SWAPPED_WORKING}, "kind"),
        ({"name": ""}, "name"),
    ],
)
async def test_a_fault_of_a_day_is_told_beside_its_field(database, changes, field):
    world = await make_world(database)
    async with database.transaction() as db:
        with pytest.raises(BadInput) as refused:
            await legal_rules.save_holiday(db, world.actor("administrator.TW"), "", 0, holiday(**changes), "nghỉ thêm")
    assert set(refused.value.fields) == {field}


async def test_a_refused_change_leaves_no_trace(database):
    world = await make_world(database)
    row = await rule_row(database)
    with pytest.raises(BadInput):
        await save(world, row, value=0)
    async with database.reading() as db:
        assert await db.scalar(select(AuditEvent).where(AuditEvent.object_type == "legal_rule")) is None


async def test_the_web_process_puts_in_what_is_missing_when_it_starts(database):
    """As its housekeeping does, in a transaction of its own; what an upgrade or a restored backup left empty."""
    async with database.transaction() as db:
        await db.execute(delete(Holiday))
        await db.execute(delete(LegalRule).where(LegalRule.code == "reception_reply"))
    async with database.transaction() as db:
        assert await db.run_sync(law_loading.load) == len(law_files.shipped_holidays()) + 1
        book = await legal_rules.rule_book(db)
    assert set(book.rules) == set(law_loading.shipped_book().rules)
