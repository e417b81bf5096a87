"""Room encoders that others wrote: GStreamer's WHIP client and FFmpeg's muxer, each sending a picture and a tone."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.support.process import dying_with_us

VP8 = (
    "videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=180,framerate=15/1 ! "
    "vp8enc deadline=1 keyframe-max-dist=60 ! rtpvp8pay pt=96 ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
OPUS = (
    "audiotestsrc is-live=true freq=440 ! audioconvert ! audioresample ! opusenc ! rtpopuspay pt=97 ! "
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=97"
)


_NO_IGD = """
unsigned long gupnp_simple_igd_get_type(void) { return 0; }
void *gupnp_simple_igd_thread_new(void) { return 0; }
void gupnp_simple_igd_add_port(void) {}
void gupnp_simple_igd_remove_port_local(void) {}
"""


def _without_igd(folder: Path) -> dict[str, str]:
    """Debian 12 links the client to libsoup 2 and, through libnice's router discovery, to libsoup 3, which aborts when
    it finds the other. Discovery is of no use here: a library that does nothing takes its place."""
    source = folder / "no_igd.c"
    source.write_text(_NO_IGD)
    library = folder / "libgupnp-igd-1.0.so.4"
    subprocess.run(["gcc", "-shared", "-fPIC", "-w", "-o", str(library), str(source)], check=True)
    return {**os.environ, "LD_LIBRARY_PATH": str(folder)}


@asynccontextmanager
async def gstreamer(endpoint: str, token: str, log: Path, video: str = VP8) -> AsyncIterator[None]:
    """Debian's simple-whip-client, publishing until the end of the block; SIGINT ends it politely."""
    command = [shutil.which("whip-client") or "whip-client", "-u", endpoint, "-t", token, "-V", video, "-A", OPUS]
    environment = _without_igd(log.parent)
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *dying_with_us("INT"), *command, "-l", "7", stdout=file, stderr=subprocess.STDOUT, env=environment
        )
    try:
        yield
    finally:
        if process.returncode is None:
            process.send_signal(2)
            with suppress(TimeoutError):
                async with asyncio.timeout(10):
                    await process.wait()
        if process.returncode is None:
            process.kill()
            await process.wait()


_FFMPEG = """
import pathlib, sys, tempfile, time
from datetime import datetime, timedelta, timezone
from fractions import Fraction
import av, numpy as np
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
av.logging.set_level(av.logging.VERBOSE)
av.logging.set_libav_level(av.logging.VERBOSE)
url, token, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
# Built with GnuTLS, FFmpeg would make its certificate on P-224, which OpenSSL does not know.
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "encoder")])
now = datetime.now(timezone.utc)
made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
pem = serialization.Encoding.PEM
folder = tempfile.mkdtemp()
pathlib.Path(folder, "cert.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
form, bare = serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
pathlib.Path(folder, "key.pem").write_bytes(key.private_bytes(pem, form, bare))
files = {"cert_file": f"{folder}/cert.pem", "key_file": f"{folder}/key.pem"}
out = av.open(url, "w", format="whip", options={"authorization": token, **files})
video = out.add_stream("libx264", rate=15)
video.width, video.height, video.pix_fmt, video.bit_rate = 320, 180, "yuv420p", 400_000
video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "g": "30", "bf": "0"}
audio = out.add_stream("libopus", rate=48_000)
audio.layout = "stereo"
begin, pictures, samples = time.monotonic(), 0, 0
while (now := time.monotonic() - begin) < seconds:
    while pictures / 15 <= now:
        image = np.full((180, 320, 3), 40 + pictures * 7 % 160, np.uint8)
        image[:, pictures % 300 : pictures % 300 + 20] = 255
        frame = av.VideoFrame.from_ndarray(image, format="rgb24")
        frame.pts, frame.time_base = pictures, Fraction(1, 15)
        pictures += 1
        for packet in video.encode(frame):
            out.mux(packet)
    while samples / 48_000 <= now:
        wave = np.sin((samples + np.arange(960)) * 2 * np.pi * 440 / 48_000) * 8000
        frame = av.AudioFrame.from_ndarray(np.repeat(wave.astype(np.int16), 2)[None, :], format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, samples, Fraction(1, 48_000)
        samples += 960
        for packet in audio.encode(frame):
            out.mux(packet)
    time.sleep(0.01)
out.close()
"""


@asynccontextmanager
async def ffmpeg(
    endpoint: str, token: str, log: Path, seconds: float = 20
) -> AsyncIterator[asyncio.subprocess.Process]:
    """FFmpeg's own WHIP muxer (version 8, as PyAV brings it), sending H.264 and Opus for so long."""
    command = [sys.executable, "-c", _FFMPEG, endpoint, token, str(seconds)]
    with log.open("wb") as file:
        process = await asyncio.create_subprocess_exec(
            *dying_with_us("KILL"), *command, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
