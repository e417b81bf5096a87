"""The whole main route, as people walk it, with real browsers, a real hub and media that can be read back.

A case is registered, a hearing booked; chair, province and commune meet in three browsers; the chair runs it; what
was recorded is decoded from the object store; an auditor replays it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import archive, chromium, hub_process, lip_sync, reference_peer, route_cutter, routes, tones
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE, PROVINCE, Point

SUMMARY = "Khiếu nại mức bồi thường cây cầu gỗ ở thôn Thượng"
TITLE = "Tiếp công dân về việc bồi thường cây cầu gỗ"
NOTE = "Công dân đề nghị đo đạc lại mố cầu."
REASON = "Kiểm tra việc tiếp công dân tháng này"

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(600)]


@dataclass
class World:
    hub: hub_process.HubProcess
    chair: Official
    province: Official
    commune: Official
    secretary: Official
    auditor: Official

    @property
    def points(self) -> list[tuple[Official, Point]]:
        return [(self.chair, CHAIR), (self.province, PROVINCE), (self.commune, COMMUNE)]

    @property
    def everybody(self) -> list[Official]:
        return [self.chair, self.province, self.commune, self.secretary, self.auditor]

    def others(self, official: Official) -> list[Official]:
        return [one for one, _ in self.points if one is not official]

    def all_see_and_hear_each_other(self) -> None:
        for official, _ in self.points:
            official.sees_and_hears(self.others(official))


@pytest.fixture
def world() -> Iterator[World]:
    with ExitStack() as stack:
        hub = stack.enter_context(hub_process.running())
        playwright = stack.enter_context(sync_playwright())
        chair, province, commune = (
            Official(hub, chromium.context(stack.enter_context(chromium.browser(playwright, point))), username, point)
            for username, point in (("chutri", CHAIR), ("canbotinh", PROVINCE), ("canbotantien", COMMUNE))
        )
        office = stack.enter_context(chromium.browser(playwright))
        secretary, auditor = (Official(hub, chromium.context(office), name) for name in ("thuky", "thanhtra"))
        made = World(hub, chair, province, commune, secretary, auditor)
        yield made


def test_a_hearing_of_three_points_is_held_recorded_archived_and_replayed(world: World):
    hearing = _prepare(world)
    _enter(world, hearing)
    heard, muted_s = _hold(world)
    _end(world)
    found = archive.wait_for(world.hub.data_dir / "var" / "objects")
    _check_archive(world, found, heard, muted_s)
    assert found.recording_id in world.hub.command("verify", found.recording_id)
    _replay(world, hearing)
    assert [complaint for official in world.everybody for complaint in official.complaints] == []
    assert world.hub.stop() == 0


def _prepare(world: World) -> str:
    for official in world.everybody:
        official.sign_in()
    world.secretary.reads("en")
    world.commune.register_case(
        kind="complaint", summary=SUMMARY, content="Mức bồi thường thấp.", name="Lê Thị Bưởi", address="Thôn Thượng"
    )
    world.commune.finds_case("boi thuong cay cau go", SUMMARY)
    world.commune.finds_case("cây cầu gỗ", SUMMARY)

    # The demo's own hearing has chair and points booked for now.
    province = world.province
    province.go("/hearings")
    soon = province.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert soon is not None
    province.cancel_hearing(soon, "Chủ trì bận họp đột xuất")
    return province.book_hearing(
        title=TITLE,
        chair="Trần Quang Minh",
        secretary="Phạm Đức Long",
        bridge="Điểm cầu trung tâm tỉnh An Bình",
        points=["Điểm cầu Trụ sở Tiếp công dân tỉnh", "Điểm cầu xã Tân Tiến"],
        case_words="cay cau go",
    )


def _enter(world: World, hearing: str) -> None:
    world.chair.enter(hearing)
    world.province.enter(hearing, "Trụ sở Tiếp công dân")
    world.commune.enter(hearing, "Tân Tiến")
    world.secretary.enter(hearing)
    for point in (world.province, world.commune):
        point.confirm_notice()
        point.waits()
    # Before the chair opens there is no media at all.
    assert world.province.page.locator(".voices audio").count() == 0

    world.chair.press("open")
    expect(world.chair.page.locator(".rec")).to_be_visible()
    world.chair.press("admit-all")
    for official, _ in world.points:
        official.is_on_stage()


def _hold(world: World) -> tuple[dict[Point, reference_peer.Heard], tuple[float, float]]:
    """The hearing itself; what each point sent for a while, and for how long the commune was muted (see below)."""
    chair, province, commune = world.chair, world.province, world.commune
    world.all_see_and_hear_each_other()
    heard = reference_peer.listen_when_steady([(official.page, point) for official, point in world.points])

    _note_by_keyboard(world.secretary)
    _floor_by_keyboard(chair, commune, province)
    province.sees_and_hears([chair, commune])  # after all the changes of its layout

    muted_s = _mute_and_unmute(world)
    _cut_and_mend(world)

    chair.press("recess")
    chair.press("recess-confirm")
    expect(province.page.locator(".hall-state")).to_have_attribute("data-state", "recess")
    with pytest.raises(routes.RouteCut):
        routes.check_picture(province.page, province.picture(chair), CHAIR, watch_ms=800)
    _look_for_barriers(chair, commune)
    chair.press("resume")
    expect(province.page.locator(".hall-state")).to_have_attribute("data-state", "open")
    world.all_see_and_hear_each_other()
    return heard, muted_s


def _look_for_barriers(chair: Official, commune: Official) -> None:
    """On the chair's page and a point's, with their panels: in the recess, where axe-core's work costs no picture."""
    chair.meets_no_barrier()
    commune.press("messages")
    commune.meets_no_barrier()
    commune.press("messages")


def _note_by_keyboard(secretary: Official) -> None:
    expect(secretary.page.get_by_role("button", name="Notes")).to_be_visible()
    secretary.page.keyboard.press("n")
    expect(secretary.page.locator("#note")).to_be_focused()
    secretary.page.keyboard.insert_text(NOTE)
    secretary.page.keyboard.press("Enter")
    expect(secretary.page.locator("[data-panel=notes] .texts")).to_contain_text(NOTE)
    secretary.page.keyboard.press("Escape")
    expect(secretary.page.locator(".bar [data-action=note]")).to_be_focused()


def _floor_by_keyboard(chair: Official, commune: Official, province: Official) -> None:
    """A hand raised, the floor given and taken, a picture pinned: no mouse, and the focus is always somewhere."""
    commune.page.keyboard.press("h")
    expect(chair.page.locator(".floor-queue [data-action=give-floor]")).to_be_enabled()
    chair.page.keyboard.press("g")
    expect(chair.page.locator(".floor-queue [data-action=give-floor]")).to_be_focused()
    chair.page.keyboard.press("Enter")
    expect(province.page.locator(f".tile[data-seat-id='{commune.seat_id}'][data-floor=true]")).to_be_visible()
    expect(chair.page.locator("#part-floor")).to_be_focused()
    pin = province.page.locator(f".tile[data-seat-id='{chair.seat_id}'] .tile-pin")
    pin.focus()
    for pressed in ("true", "false"):
        province.page.keyboard.press("Enter")
        expect(pin).to_have_attribute("aria-pressed", pressed)
        expect(pin).to_be_focused()
    _keys(chair, "Tab", "Enter")  # the turn ends
    expect(province.page.locator(f".tile[data-seat-id='{commune.seat_id}'][data-floor=false]")).to_be_visible()
    expect(chair.page.locator("#part-floor")).to_be_focused()


def _keys(official: Official, *keys: str) -> None:
    for key in keys:
        official.page.keyboard.press(key)


def _mute_and_unmute(world: World) -> tuple[float, float]:
    """For how many seconds at least and at most."""
    chair, province, commune = world.chair, world.province, world.commune
    pressed = time.monotonic()
    chair.press_for("mute", commune)
    expect(province.page.locator(f".tile[data-seat-id='{commune.seat_id}'][data-muted=true]")).to_be_visible()
    began = time.monotonic()
    province.stops_hearing(commune)
    routes.check_picture(province.page, province.picture(commune), COMMUNE)
    least_s = time.monotonic() - began
    chair.press_for("unmute", commune)
    # It was on before, so it is on again without anybody touching it.
    expect(commune.page.locator("[data-action=microphone]")).to_have_attribute("aria-pressed", "true")
    expect(province.page.locator(f".tile[data-seat-id='{commune.seat_id}'][data-muted=false]")).to_be_visible()
    return least_s, time.monotonic() - pressed


def _cut_and_mend(world: World) -> None:
    """The checks must fail when a route is really cut; and only where it is cut."""
    province, run_dir = world.province, world.hub.data_dir / "var" / "run"
    route_cutter.cut(run_dir, viewer=province.seat_id, source_seat=world.chair.seat_id, source="camera")
    with pytest.raises(routes.RouteCut):
        province.sees_and_hears([world.chair], within_s=3)
    province.sees_and_hears([world.commune])
    world.commune.sees_and_hears([world.chair])
    route_cutter.mend(run_dir, viewer=province.seat_id)


def _end(world: World) -> None:
    world.chair.press("end")
    world.chair.press("end-continue")
    world.chair.press("end-confirm")
    for official, _ in world.points:
        expect(official.page.locator("#phase-over")).to_be_visible()


def _check_archive(
    world: World, found: archive.Archive, heard: dict[Point, reference_peer.Heard], muted_s: tuple[float, float]
) -> None:
    events = {event["kind"]: event["at"] for event in found.manifest["events"]}
    lasted_s = _seconds(events["ended"]) - _seconds(events["opened"])
    assert found.duration_s == pytest.approx(lasted_s, abs=1)
    ends: list[float] = []
    moved_s: dict[str, float] = {}
    for official, point in world.points:
        picture, sound = (found.track(official.seat_id, source).media for source in ("camera", "microphone"))
        read = picture.counters(point.code)
        assert len(read) > 0.95 * len(picture.frames)
        assert {code for _, seen in picture.frames if seen for code in [seen.point]} == {point.code}
        assert tones.tones_heard(sound.sound) == {point}
        ends += [picture.frames[-1][0], sound.pieces[-1][1]]
        assert min(ends) == pytest.approx(found.duration_s, abs=2)
        assert picture.frames[0][0] < 10
        moved_s[point.name] = lip_sync.shift_s(
            found.frames(official.seat_id, point),
            found.beeps(official.seat_id, point),
            heard[point].frames,
            heard[point].beeps,
        )
    drifts_s = {point.name: one.drift_s for point, one in heard.items()}
    sys.stdout.write(f"\nsound and picture in the archive are {moved_s} s apart (sources drifted {drifts_s} s)\n")
    assert all(abs(moved) < 0.080 for moved in moved_s.values()), (moved_s, drifts_s)
    assert max(ends) == pytest.approx(lasted_s, abs=1)

    [muted] = [gap for gap in found.gaps("muted") if gap["end_ms"] - gap["start_ms"] > 1000]
    least_s, most_s = muted_s
    assert least_s - 2 < (muted["end_ms"] - muted["start_ms"]) / 1000 < most_s + 2
    assert found.gaps("recess")
    # Chromium itself skips pictures when three of them share two cores with everything else.
    for track in found.tracks:
        lost_ms = sum(gap["end_ms"] - gap["start_ms"] for gap in found.gaps("lost") if gap["track"] == track.id)
        assert lost_ms < 100 * found.duration_s, found.gaps("lost")


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def _replay(world: World, hearing: str) -> None:
    auditor = world.auditor
    auditor.go("/hearings/all")
    expect(auditor.page.locator("main").get_by_text(TITLE).first).to_be_visible()
    auditor.opens_replay(hearing, REASON)
    expect(auditor.page.locator(".jumps [data-sort=note]")).to_contain_text(NOTE)
    auditor.press("play")
    for official, point in world.points:
        # Each alone, so that its tone is told from the others'.
        for other in world.others(official):
            auditor.page.locator(f".replay-tile[data-seat-id='{other.seat_id}'] .tile-heard").click()
        auditor.sees_and_hears_replayed(official.seat_id, point)
        for other in world.others(official):
            auditor.page.locator(f".replay-tile[data-seat-id='{other.seat_id}'] .tile-heard").click()
    auditor.go(hearing)
    auditor.page.locator("main a[href^='/cases/']").first.click()
    expect(auditor.page.locator("main")).to_contain_text(REASON)
