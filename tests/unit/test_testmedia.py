"""The test media themselves: what is burnt in survives encoding, and the detectors do not see what is not there."""

import io
import itertools
import json
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import lip_sync, media_files, picture_code, tones
from tests.support.decoding import decode
from tests.support.points import CHAIR, COMMUNE, FRAMES, FRAMES_PER_S, HEIGHT, POINTS, PROVINCE, SAMPLES_PER_S, WIDTH

points = st.sampled_from(POINTS)
counters = st.integers(0, FRAMES - 1)


def recording(point, *, seconds=4, bit_rate=80_000, size=(WIDTH, HEIGHT), sound_late_s=0.0, begin=0) -> bytes:
    """A WebM of the point's loop, as a browser would have sent it at a low rate."""
    file = io.BytesIO()
    with av.open(file, "w", format="webm") as out:
        video = out.add_stream("libvpx", rate=FRAMES_PER_S, width=size[0], height=size[1], pix_fmt="yuv420p")
        video.bit_rate = bit_rate
        video.options = {"deadline": "realtime", "cpu-used": "8", "g": "200"}
        audio = out.add_stream("libopus", rate=SAMPLES_PER_S, layout="mono")
        audio.bit_rate = 24_000
        packets = []
        for number in range(seconds * FRAMES_PER_S):
            frame = av.VideoFrame.from_ndarray(picture_code.draw(point, begin + number), format="rgb24")
            frame = frame.reformat(*size, format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, FRAMES_PER_S)
            packets += video.encode(frame)
        sound = np.roll(tones.make(point, seconds), round((sound_late_s - begin / FRAMES_PER_S) * SAMPLES_PER_S))
        for at in range(0, len(sound), 960):
            piece = (sound[None, at : at + 960] * 32_767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLES_PER_S, at, Fraction(1, SAMPLES_PER_S)
            packets += audio.encode(frame)
        packets += video.encode() + audio.encode()
        out.mux(sorted(packets, key=lambda p: p.pts * p.time_base))
    return file.getvalue()


@given(points, counters)
def test_a_drawn_code_is_read_back(point, counter):
    seen = picture_code.read(picture_code.draw(point, counter))
    assert seen == picture_code.Seen(point.code, counter, counter % FRAMES_PER_S < picture_code.FLASH_FRAMES)


@given(points, counters, st.sampled_from([(640, 360), (160, 90), (213, 120), (1280, 720)]))
@settings(max_examples=30, deadline=None)
def test_a_code_survives_scaling(point, counter, size):
    frame = av.VideoFrame.from_ndarray(picture_code.draw(point, counter), format="rgb24").reformat(*size)
    seen = picture_code.read(frame.to_ndarray(format="rgb24"))
    assert (seen.point, seen.counter) == (point.code, counter)


@given(points, counters, st.integers(0, 23), st.booleans())
def test_a_cell_that_was_damaged_is_noticed(point, counter, cell, second_too):
    picture = picture_code.draw(point, counter)
    for bit in {cell, (cell + 7) % 24} if second_too else {cell}:
        top, left = picture_code.ROW_TOPS[bit // 12], picture_code.LEFT + picture_code.CELL_W * (1 + bit % 12)
        area = picture[top : top + picture_code.CELL_H, left : left + picture_code.CELL_W]
        area[:] = 255 - area
    assert picture_code.read(picture) is None


def test_pictures_without_a_code_are_not_read_as_one():
    for grey in (0, 128, 255):
        assert picture_code.read(np.full((HEIGHT, WIDTH, 3), grey, np.uint8)) is None
    noise = np.random.default_rng(1).integers(0, 256, (50, HEIGHT, WIDTH, 3), np.uint8)
    assert all(picture_code.read(picture) is None for picture in noise)


@pytest.mark.parametrize("size", [(320, 180), (160, 90)])
def test_code_and_tone_survive_vp8_and_opus_at_a_low_rate(size):
    for point in POINTS:
        decoded = decode([recording(point, bit_rate=60_000, size=size)])
        seen = decoded.counters(point.code)
        assert [counter for _, counter in seen] == list(range(4 * FRAMES_PER_S))
        assert tones.tones_heard(decoded.sound) == {point}
        flashes = [seen is not None and seen.flash for _, seen in decoded.frames]
        assert len(lip_sync.flash_times(list(zip([at for at, _ in decoded.frames], flashes, strict=True)))) == 3


@pytest.mark.parametrize("late_ms", [-200, -80, 0, 30, 80, 250])
@pytest.mark.parametrize("begin", [0, 7])
def test_the_offset_of_sound_and_picture_is_measured_to_ten_milliseconds(late_ms, begin):
    decoded = decode([recording(PROVINCE, sound_late_s=late_ms / 1000, begin=begin)])
    beeps = [decoded.sound_begins_s + at for at in tones.beeps(decoded.sound, PROVINCE)]
    assert lip_sync.offset_s(decoded.counters(PROVINCE.code), beeps) == pytest.approx(-late_ms / 1000, abs=0.01)


@given(st.floats(-0.4, 0.4), st.floats(-3, 3), st.lists(st.floats(0, 0.3), min_size=60, max_size=60))
def test_what_a_recording_moved_is_told_apart_from_what_the_source_moved(moved, clocks, lags):
    late = list(itertools.accumulate(lag if lag > 0.28 else 0 for lag in lags))
    sent = [(100 + n / FRAMES_PER_S + late[n], n) for n in range(60)]
    beeps = [100.3 + n for n in range(4)]
    recorded = [(at + clocks + moved, counter) for at, counter in sent][5:]
    assert lip_sync.shift_s(recorded, [at + clocks for at in beeps], sent, beeps) == pytest.approx(moved, abs=1e-6)


def test_a_recording_of_another_time_cannot_be_compared():
    sent, beeps = [(n / FRAMES_PER_S, n) for n in range(60)], [0.0, 1.0, 2.0]
    with pytest.raises(lip_sync.NotMeasurable, match="frames"):
        lip_sync.shift_s([(at + 60, counter) for at, counter in sent], beeps, sent, beeps)
    with pytest.raises(lip_sync.NotMeasurable, match="beeps"):
        lip_sync.shift_s(sent, [], sent, beeps)


def test_what_has_no_rhythm_gives_no_offset():
    frames = [(n / FRAMES_PER_S, n) for n in range(60)]
    with pytest.raises(lip_sync.NotMeasurable):
        lip_sync.offset_s(frames, [])
    with pytest.raises(lip_sync.NotMeasurable):
        lip_sync.offset_s(frames[:3], [1.0, 2.0])
    with pytest.raises(lip_sync.NotMeasurable):
        lip_sync.offset_s(frames, [n * 1.13 for n in range(40)])


def test_silence_and_noise_have_no_tone_and_no_beep():
    silence = np.zeros(SAMPLES_PER_S, np.float32)
    noise = np.random.default_rng(1).normal(0, 0.2, 2 * SAMPLES_PER_S).astype(np.float32)
    assert tones.tones_heard(silence) == tones.tones_heard(noise) == set()
    assert tones.beeps(silence, CHAIR) == []
    assert tones.beeps(silence[:10], CHAIR) == []
    assert tones.power(silence[:0], 440) == 0


def test_two_voices_at_once_are_nobodys_tone():
    both = tones.make(CHAIR, 2) + tones.make(COMMUNE, 2)
    piece = both[int(0.2 * SAMPLES_PER_S) : int(0.6 * SAMPLES_PER_S)]
    assert tones.loudest_tone(piece) is None


def test_gaps_in_the_sound_stay_gaps():
    first, second = recording(CHAIR, seconds=2), recording(CHAIR, seconds=2)
    decoded = decode([first, second])
    assert len(decoded.pieces) == 1
    assert decoded.pieces[0][1] == pytest.approx(2, abs=0.05)
    assert decode([]).pieces == []


def test_the_files_are_what_chromium_reads():
    with av.open(str(media_files.camera_file(CHAIR))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.average_rate) == (WIDTH, HEIGHT, FRAMES_PER_S)
        for number, frame in enumerate(container.decode(video=0)):
            if number % 50 == 0:
                seen = picture_code.read(frame.to_ndarray(format="rgb24"))
                assert (seen.point, seen.counter) == (CHAIR.code, number)
        assert number == FRAMES - 1
    with av.open(str(media_files.microphone_file(CHAIR))) as container:
        assert container.streams.audio[0].rate == SAMPLES_PER_S
        assert float(container.duration / av.time_base) == pytest.approx(FRAMES / FRAMES_PER_S)


def test_the_page_computes_the_same_checksum():
    """The reader in the page is tested whole in a browser; this tells at once when only one side was changed."""
    probe = (Path(picture_code.__file__).parent / "media_probe.js").read_text()
    begin = probe.index("function crc8")
    function = probe[begin : probe.index("\n  }\n", begin) + 5]
    words = [0, 1, 0x1000, 0x3FFF, 0xFFFF]
    node = shutil.which("node")
    if node is None:
        assert "0x55" in function
        assert "0x07" in function
        return
    code = f"{function}; console.log(JSON.stringify({words}.map(crc8)))"
    done = subprocess.run([node, "-e", code], capture_output=True, check=True)
    assert json.loads(done.stdout) == [picture_code.crc8(word) for word in words]
