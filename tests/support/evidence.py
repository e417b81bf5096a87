"""Sealed recordings for tests without media, and a time-stamping authority made with openssl."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub import envelope, models
from hub import manifest as form
from hub.config import Config
from hub.db import Database
from hub.ids import utc_now
from hub.seals import PublicKey
from hub.services import manifests, recordings
from hub.services.store import ObjectStore
from recorder import rows
from recorder.sealing import Sealing
from tests.support.recording_world import Taped

CONFIG = """
[ca]
[tsa]
default_tsa = tsa1
[tsa1]
dir = {home}
serial = {home}/serial
crypto_device = builtin
signer_cert = {home}/tsa.pem
certs = {home}/ca.pem
signer_key = {home}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""


def new_key() -> PublicKey:
    return PublicKey(Ed25519PrivateKey.generate().public_key(), utc_now())


class Authority:
    """A root, a certificate for stamping, and a server on loopback. While ``away`` it answers 503."""

    def __init__(self, home: Path) -> None:
        self._home = home
        home.mkdir(parents=True)
        (home / "serial").write_text("01\n")
        (home / "tsa.cnf").write_text(CONFIG.format(home=home))
        (home / "extensions").write_text("extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n")
        root = ["-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Test root"]
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", *root)
        request = ["-keyout", "tsa.key", "-out", "tsa.csr", "-subj", "/CN=Test stamps"]
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", *request)
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extensions"]
        self._openssl("x509", "-req", "-in", "tsa.csr", "-days", "20", *signing, "-out", "tsa.pem")
        self.certificates = home / "ca.pem"
        self.away = False
        self.stamps = 0
        self.url = ""

    def answer(self, query: bytes) -> bytes:
        (self._home / "query").write_bytes(query)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply")
        self.stamps += 1
        return (self._home / "reply").read_bytes()

    @contextmanager
    def running(self) -> Iterator[Authority]:
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if authority.away or self.headers["Content-Type"] != "application/timestamp-query":
                    self.send_error(503)
                    return
                body = authority.answer(query)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}/"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self._home, check=True, capture_output=True, timeout=60)


async def add_segments(
    database: Database, store: ObjectStore, taped: Taped, count: int = 3, *, data_key: bytes | None = None
) -> list[models.Segment]:
    async with database.transaction() as db:
        track = models.Track(
            recording_id=taped.recording_id,
            seat_id=taped.seats[0].id,
            source="microphone",
            kind="audio",
            codec="opus",
        )
        db.add(track)
        await db.flush()
        made = []
        for number in range(count):
            data = f"sound {number}".encode() * 100
            key = f"recordings/{taped.recording_id}/{track.id}/{number:06d}.webm"
            stored = data if data_key is None else envelope.encrypt(data_key, key, data)
            version = store.put_bytes(key, stored, media_type="audio/webm").version
            made.append(
                models.Segment(
                    recording_id=taped.recording_id,
                    track_id=track.id,
                    number=number,
                    start_ms=number * 1000,
                    duration_ms=1000,
                    media_type='audio/webm; codecs="opus"',
                    size_bytes=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    object_key=key,
                    state=models.SegmentState.STORED,
                    stored_at=utc_now(),
                    encrypted=data_key is not None,
                    stored_size_bytes=len(stored),
                    version=version,
                    stored_sha256=hashlib.sha256(stored).hexdigest(),
                )
            )
        db.add_all(made)
        db.add(
            models.Gap(recording_id=taped.recording_id, track_id=track.id, start_ms=3000, end_ms=4000, cause="muted")
        )
    return made


async def add_events(database: Database, taped: Taped) -> None:
    async with database.transaction() as db:
        recording = await db.get_one(models.Recording, taped.recording_id)
        for seq, (kind, payload) in enumerate(
            [
                ("opened", {"recording_id": taped.recording_id, "epoch_ns": 1}),
                ("joined", {"account_id": "a", "name": "Bà Lan"}),
                ("muted", {"locked": True}),
                ("noted", {"text": "Người tố cáo nói về đất"}),
                ("said", {"text": "Xin chào"}),
                ("ended", {}),
                ("left", {}),
            ],
            start=1,
        ):
            db.add(
                models.HearingEvent(
                    hearing_id=taped.hearing.id,
                    seq=seq,
                    kind=kind,
                    seat_id=None,
                    payload=payload,
                    at=recording.started_at + timedelta(seconds=seq - 1),
                )
            )


async def archive(config: Config, database: Database, store: ObjectStore, taped: Taped) -> None:
    async with database.transaction() as db:
        await recordings.close_recording(db, taped.recording_id, duration_ms=5000)
    await seal_up(config, database, store, taped.recording_id)


async def seal_up(config: Config, database: Database, store: ObjectStore, recording_id: str) -> None:
    """Manifest and seal of a recording that is closed and stored."""
    sealing = Sealing(config, database, store)
    async with database.reading() as db:
        data = await manifests.build(db, recording_id, sealing.key())
        assert data == await manifests.build(db, recording_id, sealing.key()), "the same rows give the same bytes"
    key = form.key_of(recording_id)
    store.put_bytes(key, data, media_type="application/json")
    seal = sealing.seal(recording_id, data)
    sha256 = hashlib.sha256(data).hexdigest()
    await rows.archived(database, recording_id, key, sha256, seal.sealed_at, seal.key)
