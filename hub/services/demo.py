"""A demo province to try everything with. Loading it again adds what is missing, and a hearing that starts soon.

Its people are invented. Its accounts are marked ``is_demo``: they may sign in only while the setting ``demo`` is on,
which is refused unless the hub listens on a loopback address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from hub import auth, calendar
from hub.auth import Actor
from hub.cases import NewCase
from hub.ids import utc_now
from hub.minimums import CODES
from hub.models import (
    LIVE_STATES,
    Account,
    AdHocGround,
    Case,
    CaseType,
    Hearing,
    HearingKind,
    HearingState,
    OrgUnit,
    PartyKind,
    Point,
    Role,
    SeatKind,
    UnitHead,
    UnitLevel,
)
from hub.services import cases, hearings, minimums, people
from hub.services.hearings import Booking
from hub.services.identity import Vault
from hub.services.people import GrantInput, NewAccount, NewPoint, NewUnit

PASSWORD = "TiepDan-2026"  # noqa: S105 - published on purpose: these accounts open only on loopback
STARTS_IN = timedelta(minutes=2)
LASTS = timedelta(hours=2)
PROVINCE = "ANBINH"
FIRST_COMMUNE = "TANTIEN"


@dataclass(frozen=True, slots=True)
class DemoAccount:
    username: str
    full_name: str
    title: str
    role: Role
    unit: str


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """What to tell a new user."""

    password: str
    accounts: tuple[DemoAccount, ...]
    hearing_number: str
    hearing_id: str
    starts_at: datetime
    new_accounts: int


UNITS: tuple[tuple[str, str, UnitLevel, str], ...] = (
    ("TW", "Ban Tiếp công dân Trung ương", UnitLevel.CENTRAL, ""),
    (PROVINCE, "UBND tỉnh An Bình", UnitLevel.PROVINCE, "TW"),
    (FIRST_COMMUNE, "UBND xã Tân Tiến", UnitLevel.COMMUNE, PROVINCE),
    ("HOABINH", "UBND phường Hòa Bình", UnitLevel.COMMUNE, PROVINCE),
    ("DONGSON", "UBND xã Đông Sơn", UnitLevel.COMMUNE, PROVINCE),
    ("NAMKHAO", "UBND xã Nậm Khao", UnitLevel.COMMUNE, PROVINCE),
    ("HONNGU", "UBND đặc khu Hòn Ngư", UnitLevel.COMMUNE, PROVINCE),
)

POINTS: tuple[tuple[str, str, str, str, bool], ...] = (
    ("DC-TW", "Điểm cầu trung tâm Trung ương", "TW", "Số 1 Ngô Thì Nhậm, Hà Nội", True),
    ("DC-ANBINH", "Điểm cầu trung tâm tỉnh An Bình", PROVINCE, "Phòng họp số 1, UBND tỉnh", True),
    ("TCD-ANBINH", "Điểm cầu Trụ sở Tiếp công dân tỉnh", PROVINCE, "12 đường Lê Lợi, phường Hòa Bình", False),
    ("DC-TANTIEN", "Điểm cầu xã Tân Tiến", FIRST_COMMUNE, "Trụ sở UBND xã Tân Tiến", False),
    ("DC-HOABINH", "Điểm cầu phường Hòa Bình", "HOABINH", "Trụ sở UBND phường Hòa Bình", False),
    ("DC-DONGSON", "Điểm cầu xã Đông Sơn", "DONGSON", "Trụ sở UBND xã Đông Sơn", False),
    ("DC-NAMKHAO", "Điểm cầu xã Nậm Khao", "NAMKHAO", "Trụ sở UBND xã Nậm Khao", False),
    ("DC-HONNGU", "Điểm cầu đặc khu Hòn Ngư", "HONNGU", "Trụ sở UBND đặc khu Hòn Ngư", False),
)

ACCOUNTS: tuple[DemoAccount, ...] = (
    DemoAccount("quantri", "Đặng Thu Hà", "Quản trị hệ thống", Role.ADMINISTRATOR, "TW"),
    DemoAccount("chutri", "Trần Quang Minh", "Chủ tịch UBND tỉnh", Role.LEADER, PROVINCE),
    DemoAccount("phochutri", "Lê Thị Ngọc Ánh", "Phó Chủ tịch UBND tỉnh", Role.LEADER, PROVINCE),
    DemoAccount("thuky", "Phạm Đức Long", "Thư ký, Ban Tiếp công dân tỉnh", Role.SECRETARY, PROVINCE),
    DemoAccount("canbotinh", "Vũ Hoàng Yến", "Cán bộ tiếp dân tỉnh", Role.OFFICER, PROVINCE),
    DemoAccount("canbotantien", "Hoàng Văn Đức", "Cán bộ tiếp dân xã Tân Tiến", Role.OFFICER, FIRST_COMMUNE),
    DemoAccount("canbohoabinh", "Bùi Thị Én", "Cán bộ tiếp dân phường Hòa Bình", Role.OFFICER, "HOABINH"),
    DemoAccount("canbodongson", "Đỗ Mạnh Cường", "Cán bộ tiếp dân xã Đông Sơn", Role.OFFICER, "DONGSON"),
    DemoAccount("chutichxa", "Nông Văn Thắng", "Chủ tịch UBND xã Tân Tiến", Role.LEADER, FIRST_COMMUNE),
    DemoAccount("thanhtra", "Ngô Bảo Châm", "Thanh tra viên tỉnh", Role.AUDITOR, PROVINCE),
    DemoAccount("kythuat", "Lý A Sùng", "Kỹ thuật viên", Role.TECHNICIAN, "TW"),
)

HEADS = ((PROVINCE, "chutri"), (FIRST_COMMUNE, "chutichxa"))

CASES: tuple[tuple[str, NewCase], ...] = (
    (
        "canbotantien",
        NewCase(
            type=CaseType.COMPLAINT,
            summary="Khiếu nại quyết định thu hồi 320 m² đất ở thôn Đông",
            content="Không đồng ý với diện tích đo đạc và mức bồi thường nêu trong quyết định thu hồi đất.",
            name="Nguyễn Thị Đào",
            address="Thôn Đông, xã Tân Tiến",
            birth="17/05/1962",
            id_number="001162004217",
            phone="0912345678",
        ),
    ),
    (
        "canbotantien",
        NewCase(
            type=CaseType.DENUNCIATION,
            summary="Tố cáo cán bộ thu tiền hỗ trợ nhà ở không có biên lai",
            content="Người tố cáo cho biết đã nộp tiền hai lần mà không được giao biên lai.",
            name="Cao Xuân Lãm",
            address="Thôn Hạ, xã Tân Tiến",
            birth="1979",
            id_number="001079011873",
        ),
    ),
    (
        "canbohoabinh",
        NewCase(
            type=CaseType.PETITION,
            summary="Kiến nghị lắp đèn và gờ giảm tốc trước cổng trường tiểu học Hòa Bình",
            content="Nhiều phụ huynh đề nghị bảo đảm an toàn giờ tan trường.",
            party_kind=PartyKind.GROUP,
            people_count=7,
            name="Đinh Quốc Ân",
            address="Tổ 4, phường Hòa Bình",
            phone="0987654321",
        ),
    ),
    (
        "canbodongson",
        NewCase(
            type=CaseType.FEEDBACK,
            summary="Phản ánh mùi khét từ xưởng tái chế nhựa ban đêm",
            content="Khói và mùi khét thường từ 22 giờ, nhất là cuối tuần.",
            name="Mai Thị Hồng Thắm",
            address="Thôn Trung, xã Đông Sơn",
            birth="1988",
        ),
    ),
)


async def load(db: AsyncSession, vault: Vault) -> DemoSummary:
    """Put in what is missing, in the caller's transaction."""
    units = await _units(db)
    points = await _points(db, units)
    before = set((await db.execute(select(Account.username))).scalars())
    accounts = await _accounts(db, units)
    await _heads(db, units, accounts)
    found = await _cases(db, vault, accounts)
    soon = await _hearing_soon(db, vault, accounts, points, found)
    await _hearing_coming(db, vault, accounts, points, found, soon)
    return DemoSummary(
        password=PASSWORD,
        accounts=ACCOUNTS,
        hearing_number=soon.number,
        hearing_id=soon.id,
        starts_at=soon.starts_at,
        new_accounts=len({account.username for account in ACCOUNTS} - before),
    )


async def _units(db: AsyncSession) -> dict[str, OrgUnit]:
    units = {unit.code: unit for unit in (await db.execute(select(OrgUnit))).scalars()}
    for code, name, level, parent in UNITS:
        if code not in units:
            parent_id = units[parent].id if parent else ""
            new = NewUnit(code=code, name=name, level=level, parent_id=parent_id)
            units[code] = await people.create_unit(db, auth.command_line(), new)
    return units


async def _points(db: AsyncSession, units: dict[str, OrgUnit]) -> dict[str, Point]:
    points = {point.code: point for point in (await db.execute(select(Point))).unique().scalars()}
    for code, name, unit, address, is_bridge in POINTS:
        if code not in points:
            new = NewPoint(code=code, name=name, unit_id=units[unit].id, address=address, is_bridge=is_bridge)
            points[code] = await people.create_point(db, auth.command_line(), new)
    return points


async def _accounts(db: AsyncSession, units: dict[str, OrgUnit]) -> dict[str, Account]:
    accounts = {account.username: account for account in (await db.execute(select(Account))).unique().scalars()}
    for demo in ACCOUNTS:
        if demo.username not in accounts:
            new = NewAccount(
                username=demo.username,
                full_name=demo.full_name,
                title=demo.title,
                unit_id=units[demo.unit].id,
                password=PASSWORD,
                grants=(GrantInput(demo.role, units[demo.unit].id),),
                is_demo=True,
            )
            accounts[demo.username] = await people.create_account(db, auth.command_line(), new)
    return accounts


async def _heads(db: AsyncSession, units: dict[str, OrgUnit], accounts: dict[str, Account]) -> None:
    """Whose days of reception are counted."""
    for code, username in HEADS:
        unit = units[code]
        if (await db.execute(select(UnitHead.id).where(UnitHead.unit_id == unit.id).limit(1))).first() is None:
            rule = CODES[UnitLevel(unit.level)]
            first = date(calendar.local_day(utc_now()).year, 1, 1)
            actor = _actor(accounts, "canbotinh")
            await minimums.set_head(db, actor, unit.id, accounts[username].id, rule, first)


async def _cases(db: AsyncSession, vault: Vault, accounts: dict[str, Account]) -> dict[CaseType, Case]:
    """One of each type, recognised by its summary when there already."""
    found: dict[CaseType, Case] = {}
    for username, new in CASES:
        same = select(Case).where(Case.summary == new.summary).order_by(Case.received_at).limit(1)
        case = (await db.execute(same)).unique().scalar_one_or_none()
        if case is None:
            case = await cases.register(db, vault, _actor(accounts, username), new)
        found[new.type] = case
    return found


async def _hearing_soon(
    db: AsyncSession,
    vault: Vault,
    accounts: dict[str, Account],
    points: dict[str, Point],
    found: dict[CaseType, Case],
) -> Hearing:
    """One to enter at once: what is under way or about to begin, else a new one as soon as everybody is free."""
    now = utc_now()
    busy = await _hearings(db, ends_after=now)
    for hearing in busy:
        if not any(seat.kind == SeatKind.CHAIR and seat.account_id == accounts["chutri"].id for seat in hearing.seats):
            continue
        if hearing.starts_at <= now + timedelta(minutes=30) and hearing.ends_at >= now + timedelta(minutes=20):
            return hearing
    starts_at = (now + STARTS_IN).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for hearing in busy:
        if hearing.starts_at < starts_at + LASTS and starts_at < hearing.ends_at:
            starts_at = hearing.ends_at
    booking = Booking(
        title="Tiếp công dân định kỳ: thu hồi đất ở thôn Đông, xã Tân Tiến",
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        chair_id=accounts["chutri"].id,
        deputy_id=accounts["phochutri"].id,
        secretary_id=accounts["thuky"].id,
        unit_id=points["DC-ANBINH"].unit_id,
        bridge_point_id=points["DC-ANBINH"].id,
        point_ids=(points["TCD-ANBINH"].id, points["DC-TANTIEN"].id),
        case_ids=(found[CaseType.COMPLAINT].id,),
    )
    return await hearings.book(db, vault, _actor(accounts, "canbotinh"), booking)


async def _hearing_coming(
    db: AsyncSession,
    vault: Vault,
    accounts: dict[str, Account],
    points: dict[str, Point],
    found: dict[CaseType, Case],
    soon: Hearing,
) -> None:
    """One on a later day, beside ``soon``, which just before midnight is tomorrow's itself."""
    now = utc_now()
    _, tomorrow = calendar.day_bounds(calendar.local_day(now))
    if any(one.starts_at >= tomorrow and one.id != soon.id for one in await _hearings(db, ends_after=now)):
        return
    starts_at = calendar.at(_working_day_after(now), time(8, 30))
    booking = Booking(
        title="Tiếp đột xuất: an toàn giao thông và ô nhiễm khu dân cư",
        kind=HearingKind.AD_HOC,
        ad_hoc_ground=AdHocGround.ACUTE,
        starts_at=starts_at,
        ends_at=starts_at + LASTS,
        chair_id=accounts["phochutri"].id,
        secretary_id=accounts["thuky"].id,
        unit_id=points["DC-ANBINH"].unit_id,
        bridge_point_id=points["DC-ANBINH"].id,
        point_ids=(points["DC-HOABINH"].id, points["DC-DONGSON"].id, points["DC-HONNGU"].id),
        case_ids=(found[CaseType.PETITION].id, found[CaseType.FEEDBACK].id),
    )
    await hearings.book(db, vault, _actor(accounts, "canbotinh"), booking)


def _working_day_after(now: datetime) -> date:
    day = calendar.local_day(now) + timedelta(days=2)
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return day


async def _hearings(db: AsyncSession, *, ends_after: datetime) -> list[Hearing]:
    """Whatever is still to be held or under way, whoever booked it: its people and points are taken."""
    wanted = select(Hearing).where(
        Hearing.ends_at > ends_after,
        Hearing.state.in_([HearingState.SCHEDULED, *LIVE_STATES]),
    )
    return list((await db.execute(wanted.order_by(Hearing.starts_at))).unique().scalars())


def _actor(accounts: dict[str, Account], username: str) -> Actor:
    return people.actor_of(accounts[username])
