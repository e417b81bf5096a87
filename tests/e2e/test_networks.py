"""Networks that let little through: real browsers behind a real firewall hold a hearing that is recorded.

The firewall drops silently, as firewalls do. No scenario may make anybody speak to a server that is not the hub's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.support import archive, chromium, coturn, failure_report, hub_process
from tests.support.office import Office
from tests.support.officials import Official
from tests.support.points import CHAIR, COMMUNE

pytestmark = [pytest.mark.e2e, pytest.mark.alone, pytest.mark.timeout(400)]

MEDIA_PORT = 40_000

WAYS = """async () => {
  const ways = [];
  for (const connection of mediaProbe.connections) {
    if (connection.connectionState !== "connected") continue;
    const reports = await connection.getStats();
    reports.forEach((transport) => {
      const pair = reports.get(transport.selectedCandidatePairId);
      const local = reports.get(pair?.localCandidateId);
      if (local) ways.push(local.candidateType === "relay" ? `relay by ${local.relayProtocol}` : local.protocol);
    });
  }
  return ways;
}"""
SERVERS = "() => mediaProbe.connections.flatMap((one) => one.getConfiguration().iceServers.flatMap(({ urls }) => urls))"


@dataclass
class World:
    office: Office
    hub: hub_process.HubProcess
    chair: Official
    commune: Official

    def ways(self) -> set[str]:
        """How media goes: ``udp``, ``tcp``, or ``relay by`` one of them."""
        return {way for one in (self.chair, self.commune) for way in one.page.evaluate(WAYS)}

    def servers(self) -> set[str]:
        return {url for one in (self.chair, self.commune) for url in one.page.evaluate(SERVERS)}

    def both_see_and_hear_each_other(self) -> None:
        self.chair.sees_and_hears([self.commune])
        self.commune.sees_and_hears([self.chair])


@contextmanager
def hearing(office: Office, *, chair_by_the_hub: bool = False, **settings: str) -> Iterator[World]:
    """The demo's hearing, opened, with chair and commune on PCs behind the firewall, or the chair before it."""
    with ExitStack() as stack:
        settings = {"HUB_MEDIA_ADDRESSES": office.hub_host, "HUB_MEDIA_PORT": str(MEDIA_PORT)} | settings
        hub = stack.enter_context(hub_process.running(office, **settings))
        playwright = stack.enter_context(sync_playwright())
        officials = []
        for username, point in (("chutri", CHAIR), ("canbotantien", COMMUNE)):
            where = office.hub if chair_by_the_hub and point is CHAIR else office.pc
            browser = stack.enter_context(chromium.browser(playwright, point, program=office.chromium(where)))
            context = chromium.context(browser)
            officials.append(Official(hub, context, username, point))
        world = World(office, hub, *officials)
        try:
            _open(world)
            yield world
        except BaseException:
            sys.stderr.write(f"{failure_report.of_world(world)}\nPC: {office.left('pc')}\nhub: {office.left('hub')}\n")
            raise


def _open(world: World) -> None:
    chair, commune = world.chair, world.commune
    chair.sign_in()
    commune.sign_in()
    chair.go("/hearings")
    path = chair.page.locator("main th a[href^='/hearings/']").first.get_attribute("href")
    assert path is not None
    chair.enter(path)
    commune.enter(path, "Tân Tiến")
    commune.confirm_notice()
    commune.waits()
    chair.press("open")
    expect(chair.page.locator(".rec")).to_be_visible()
    chair.press("admit-all")
    commune.is_on_stage()


def _end_and_look(world: World) -> None:
    """End, and find picture and sound of both in the archive."""
    for action in ("end", "end-continue", "end-confirm"):
        world.chair.press(action)
    expect(world.commune.page.locator("#phase-over")).to_be_visible()
    found = archive.wait_for(world.hub.data_dir / "var" / "objects", limit_s=120)
    for official, point in ((world.chair, CHAIR), (world.commune, COMMUNE)):
        picture = found.track(official.seat_id, "camera").media
        assert len(picture.counters(point.code)) > 30, official.username
        assert found.track(official.seat_id, "microphone").media.pieces, official.username
    world.hub.command("verify", found.recording_id)


def test_where_no_udp_goes_out_a_hearing_is_held_by_tcp_and_recorded() -> None:
    with Office() as office:
        office.block_udp()
        with hearing(office) as world:
            world.both_see_and_hear_each_other()
            assert world.ways() == {"tcp"}
            _end_and_look(world)
            assert world.servers() == set()
            assert office.strangers("pc") == []
            assert office.strangers("hub") == []
            # The sniffer is not deaf: it has seen the browsers try, and succeed.
            assert f"udp {office.hub_host} {MEDIA_PORT} stun" in office.left("pc")
            assert f"tcp {office.hub_host} {MEDIA_PORT}" in office.left("pc")


def test_where_only_the_relay_can_be_reached_a_hearing_is_held_through_it_and_recorded() -> None:
    with Office() as office, coturn.running(office.hub_host, prefix=office.prefix(office.hub)) as relay:
        office.allow_only("tcp", relay.port)
        with hearing(office, HUB_TURN_URLS=relay.urls, HUB_TURN_SECRET=coturn.SECRET) as world:
            world.both_see_and_hear_each_other()
            assert world.ways() == {"relay by tcp"}
            assert world.servers() == set(relay.urls.split(","))
            assert relay.allocations() > 0
            _end_and_look(world)
            assert office.strangers("pc") == []
            assert office.strangers("hub") == []


def test_media_goes_by_udp_and_when_that_is_cut_off_in_mid_hearing_by_tcp_by_itself() -> None:
    with Office() as office, hearing(office) as world:
        world.both_see_and_hear_each_other()
        assert world.ways() == {"udp"}
        office.block_udp()
        began = time.monotonic()
        while world.ways() != {"tcp"}:
            assert time.monotonic() - began < 60, world.ways()
            world.chair.page.wait_for_timeout(100)
        sys.stdout.write(f"\nby TCP {time.monotonic() - began:.1f} s after UDP was cut off\n")
        world.both_see_and_hear_each_other()
        assert world.servers() == set()
        assert office.strangers("pc") == []
        assert office.strangers("hub") == []


def test_on_a_slow_tcp_line_the_voice_goes_on_and_the_picture_is_back_soon_after_the_line_is() -> None:
    with Office() as office:
        office.block_udp()
        with hearing(office, chair_by_the_hub=True) as world:
            chair, commune = world.chair, world.commune
            commune.sees_and_hears([chair])
            assert set(commune.page.evaluate(WAYS)) == {"tcp"}
            still = commune.page.locator(f".tile-camera[data-seat-id='{chair.seat_id}'] .tile-still")
            office.narrow("150kbit")
            expect(still).to_be_visible(timeout=60_000)
            commune.hears(chair)
            office.widen()
            began = time.monotonic()
            while not _moves(commune, chair):
                assert time.monotonic() - began < 60, "the picture does not come back"
            sys.stdout.write(f"\nthe picture was back after {time.monotonic() - began - LASTS_S:.1f} s\n")
            commune.hears(chair)


LASTS_S = 5


def _moves(viewer: Official, other: Official) -> bool:
    """Whether the picture moves for some seconds without standing still once."""
    tile = f".tile-camera[data-seat-id='{other.seat_id}']"
    shown = f"""[
      document.querySelector("{tile} video").getVideoPlaybackQuality().totalVideoFrames,
      !document.querySelector("{tile} .tile-still").hidden,
    ]"""
    before = viewer.page.evaluate(shown)[0]
    for _ in range(LASTS_S):
        viewer.page.wait_for_timeout(1_000)
        frames, still = viewer.page.evaluate(shown)
        if still or frames <= before:
            return False
        before = frames
    return True


def test_where_there_is_ipv6_alone_a_hearing_is_held_by_it() -> None:
    with Office() as office, hearing(office, HUB_MEDIA_ADDRESSES=office.hub_host6) as world:
        world.both_see_and_hear_each_other()
        assert world.ways() == {"udp"}
        assert f"udp {office.hub_host6} {MEDIA_PORT} stun" in office.left("pc")
        assert f"udp {office.hub_host} {MEDIA_PORT} stun" not in office.left("pc")
