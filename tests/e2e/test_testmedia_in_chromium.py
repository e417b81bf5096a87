"""The instruments of the browser tests, tried in a real Chromium on a page of their own, without the hub."""

import base64
import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.support import chromium, decoding, lip_sync, reference_peer, routes, tones
from tests.support.points import CHAIR, COMMUNE

PAGE = b"<!doctype html><title>Loop</title><video id=own autoplay muted></video><video id=far autoplay></video>"
LOOP = """async () => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
  own.srcObject = stream;
  const [near, other] = [new RTCPeerConnection(), new RTCPeerConnection()];
  near.onicecandidate = (e) => e.candidate && other.addIceCandidate(e.candidate);
  other.onicecandidate = (e) => e.candidate && near.addIceCandidate(e.candidate);
  other.ontrack = (e) => { far.srcObject = e.streams[0]; };
  for (const track of stream.getTracks()) near.addTrack(track, stream);
  await near.setLocalDescription(await near.createOffer());
  await other.setRemoteDescription(near.localDescription);
  await other.setLocalDescription(await other.createAnswer());
  await near.setRemoteDescription(other.localDescription);
  window.senders = near.getSenders();
}"""


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    with sync_playwright() as playwright, chromium.browser(playwright, COMMUNE) as browser:
        page = chromium.context(browser).new_page()
        page.goto(address)
        page.click("body")
        page.evaluate(LOOP)
        page.wait_for_function("() => mediaProbe.read(far).point > 0")
        yield page


@pytest.mark.e2e
@pytest.mark.alone
def test_a_page_reads_code_and_tone_of_a_call_and_notices_when_it_is_cut(page: Page):
    far = page.query_selector("#far")
    routes.check_picture(page, far, COMMUNE)
    routes.check_sound(page, far, COMMUNE)
    with pytest.raises(routes.RouteCut, match="code"):
        routes.check_picture(page, far, CHAIR)
    with pytest.raises(routes.RouteCut, match="not heard"):
        routes.check_sound(page, far, CHAIR)

    page.evaluate("() => { window.recording = mediaProbe.record(mediaProbe.own(), 7000); }")
    begin_s = page.evaluate("() => Date.now() / 1000")
    sent = reference_peer.listen([(page, COMMUNE)])[COMMUNE]
    recorded = decoding.decode([base64.b64decode(page.evaluate("() => recording"))])
    assert tones.tones_heard(recorded.sound) == {COMMUNE}
    # The browser's own recorder is not exact; the peer's reports are what the hub goes by.
    frames = [(begin_s + at, counter) for at, counter in recorded.counters(COMMUNE.code)]
    beeps = [begin_s + recorded.sound_begins_s + at for at in tones.beeps(recorded.sound, COMMUNE)]
    assert abs(lip_sync.shift_s(frames, beeps, sent.frames, sent.beeps)) < 0.15

    page.evaluate("() => Promise.all(senders.map((sender) => sender.replaceTrack(null)))")
    page.wait_for_timeout(1_000)
    with pytest.raises(routes.RouteCut):
        routes.check_picture(page, far, COMMUNE)
    with pytest.raises(routes.RouteCut):
        routes.check_sound(page, far, COMMUNE)
