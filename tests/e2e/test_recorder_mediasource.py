"""A browser's MediaSource takes recorded segments as they are: own initialisation, times from the epoch, no seam."""

import base64

import pytest
from playwright.sync_api import sync_playwright

from hub.tap import TrackOpened
from recorder import timeline
from recorder.track import Cut, TrackPackager
from tests.support import chromium
from tests.support.fake_worker import OpusEncoder, Vp8Encoder, vp8_packets
from tests.support.points import CHAIR, FRAMES_PER_S
from tests.support.rtp_packets import packet

pytestmark = pytest.mark.e2e

BEGIN_S, SECONDS = 600, 8
PLAY = """
async (files) => {
  const video = document.createElement("video");
  video.muted = true;
  document.body.append(video);
  const source = new MediaSource();
  video.src = URL.createObjectURL(source);
  await new Promise((done) => source.addEventListener("sourceopen", done, { once: true }));
  const ranges = {};
  const buffers = files.map(([, type]) => source.addSourceBuffer(type));
  for (const [index, [name, , parts]] of files.entries()) {
    const buffer = buffers[index];
    for (const part of parts) {
      const bytes = Uint8Array.from(atob(part), (c) => c.charCodeAt(0));
      buffer.appendBuffer(bytes);
      await new Promise((done, fail) => {
        buffer.addEventListener("updateend", done, { once: true });
        buffer.addEventListener("error", () => fail(new Error(name)), { once: true });
      });
    }
    ranges[name] = Array.from({ length: buffer.buffered.length }, (_, i) => [
      buffer.buffered.start(i), buffer.buffered.end(i),
    ]);
  }
  video.currentTime = ranges.video[0][0] + 1.5;
  await video.play();
  const from = video.currentTime;
  const deadline = performance.now() + 20000;
  while (video.currentTime < from + 3 && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 50));
  }
  const quality = video.getVideoPlaybackQuality();
  return { ranges, played: video.currentTime - from, width: video.videoWidth, frames: quality.totalVideoFrames,
           error: video.error && video.error.message };
}
"""


def segments(kind: str) -> list[str]:
    """Real pictures or sound through the packager, cut every three seconds or so."""
    video = kind == "video"
    opened = TrackOpened(
        track=1,
        track_id=kind,
        recording_id="r",
        seat_id="s",
        source="camera" if video else "microphone",
        kind=kind,
        codec="VP8" if video else "opus",
        clock_rate=90_000 if video else 48_000,
        payload_type=96,
        ssrc=1,
    )
    track = TrackPackager(opened, timeline.PublisherClock(), [], max_s=3, begins_ms=BEGIN_S * 1000)
    sequence = 0
    if video:
        encoder = Vp8Encoder(CHAIR)
        for index in range(SECONDS * FRAMES_PER_S):
            at_s = BEGIN_S + index / FRAMES_PER_S
            data = encoder.next(index, keyframe=index % 40 == 0)
            for made in vp8_packets(data, seq=sequence, ts=round(at_s * 90_000), ssrc=1, picture=index):
                track.rtp(round(at_s * 1e9), made, 1)
                sequence += 1
    else:
        sound = OpusEncoder(CHAIR)
        for index in range(SECONDS * 50):
            at_s = BEGIN_S + index / 50
            made = bytes(packet(seq=index, ts=round(at_s * 48_000), ssrc=1, payload=sound.next()))
            if index not in (100, 101):  # lost on the way
                track.rtp(round(at_s * 1e9), made, 1)
    track.end((BEGIN_S + SECONDS) * 1_000_000_000)
    return [base64.b64encode(cut.data).decode() for cut in track.out if isinstance(cut, Cut)]


def test_chromium_plays_segments_one_after_the_other_without_a_seam() -> None:
    files = [
        ("video", 'video/webm; codecs="vp8"', segments("video")),
        ("audio", 'audio/webm; codecs="opus"', segments("audio")),
    ]
    assert all(len(parts) >= 3 for _, _, parts in files)
    with sync_playwright() as playwright, chromium.browser(playwright) as browser:
        page = chromium.context(browser).new_page()
        page.goto("about:blank")
        seen = page.evaluate(PLAY, files)
    assert seen["error"] is None
    assert seen["width"] == 320
    for name in ("video", "audio"):
        ((begin, end),) = seen["ranges"][name]
        assert abs(begin - BEGIN_S) < 0.02, name
        assert abs(end - BEGIN_S - SECONDS) < 0.1, name
    assert seen["played"] >= 2.9
    assert seen["frames"] >= 30
