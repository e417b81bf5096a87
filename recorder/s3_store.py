"""Objects in an S3 bucket, through boto3. The server checks every upload against its SHA-256 and never overwrites."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config as ClientConfig
from botocore.exceptions import BotoCoreError, ClientError
from botocore.response import StreamingBody

from hub.i18n import N_
from hub.ids import utc_now
from hub.services.store import ObjectExists, ObjectLocked, ObjectMissing, StoreAway, StoredObject
from recorder.directory_store import CHUNK_BYTES, check_key

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 3, 20
CONNECTIONS = 8

_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})
_LOCKED = frozenset({"403", "AccessDenied", "ObjectLocked", "InvalidRequest"})
_NO_LOCK = frozenset(
    {"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration", "InvalidRequest", "NotImplemented"}
)
_EXISTS = frozenset({"412", "PreconditionFailed"})
_BEYOND = frozenset({"416", "InvalidRange"})
_FAULTS = (BotoCoreError, ClientError, OSError)


class S3Store:
    """Thread-safe, as boto3's clients are. Credentials left out come from boto3's own chain."""

    def __init__(
        self,
        *,
        bucket: str,
        prefix: str = "",
        endpoint: str | None = None,
        region: str = "us-east-1",
        access_key: str | None = None,
        secret_key: str | None = None,
        encryption: str = "",
    ) -> None:
        self._bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        self._locking: bool | None = None
        self._versions: bool | None = None
        self._extra = _at_server(encryption)
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            config=ClientConfig(
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                # Whoever waits here is a background task that tries again by itself, or a person.
                retries={"total_max_attempts": 2, "mode": "standard"},
                max_pool_connections=CONNECTIONS,
                s3={"addressing_style": "path"} if endpoint else None,
                # We send SHA-256 ourselves; other checksums by default break servers that are not Amazon's.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put_file(self, key: str, path: Path, *, sha256: str, media_type: str) -> StoredObject:
        with path.open("rb") as body:
            return self._put(key, body, path.stat().st_size, sha256, media_type)

    def put_bytes(self, key: str, data: bytes, *, media_type: str) -> StoredObject:
        return self._put(key, data, len(data), hashlib.sha256(data).hexdigest(), media_type)

    def read(self, key: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._read(key, start, length)

    def read_version(self, key: str, version: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        return self._read(key, start, length, VersionId=version)

    def _read(self, key: str, start: int, length: int | None, **which: Any) -> Iterator[bytes]:
        if length == 0:
            return iter(())
        if start or length is not None:
            which["Range"] = f"bytes={start}-{'' if length is None else start + length - 1}"
        with _mapped(key):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=self._name(key), **which)
            except ClientError as error:
                if _code(error) in _BEYOND:
                    return iter(())
                raise
            return _chunks(key, answer["Body"])

    def head(self, key: str) -> StoredObject:
        """``sha256`` is what the server computed at upload; None when it keeps none."""
        with _mapped(key):
            answer = self._client.head_object(Bucket=self._bucket, Key=self._name(key), ChecksumMode="ENABLED")
        checksum = _hexadecimal(answer.get("ChecksumSHA256"))
        return StoredObject(key, answer["ContentLength"], checksum, _version(answer.get("VersionId")))

    def delete(self, key: str) -> None:
        if not self._versioned():
            with _mapped(key):
                self._client.delete_object(Bucket=self._bucket, Key=self._name(key))
            return
        for each in list(self.versions(key)):
            if each.key == key:
                self.delete_version(key, each.version)

    def delete_version(self, key: str, version: str) -> None:
        with _mapped(key):
            try:
                self._client.delete_object(Bucket=self._bucket, Key=self._name(key), VersionId=version)
            except ClientError as error:
                if _code(error) in _LOCKED and (self.locked_until(key, version) or utc_now()) > utc_now():
                    raise ObjectLocked(key) from error
                if _code(error) not in _MISSING:
                    raise

    def locking(self) -> bool:
        if self._locking is None:
            with _mapped(self._bucket):
                try:
                    answer = self._client.get_object_lock_configuration(Bucket=self._bucket)
                except ClientError as error:
                    if _code(error) not in _NO_LOCK:
                        raise
                    self._locking = False
                else:
                    state = answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled")
                    self._locking = state == "Enabled"
        return self._locking

    def _versioned(self) -> bool:
        if self._versions is None:
            with _mapped(self._bucket):
                answer = self._client.get_bucket_versioning(Bucket=self._bucket)
                self._versions = answer.get("Status") in ("Enabled", "Suspended")
        return self._versions

    def lock(self, key: str, version: str, until: datetime) -> None:
        # Servers keep whole seconds; rounded up, so that what is locked is never free too early.
        retention: Any = {"Mode": "COMPLIANCE", "RetainUntilDate": _whole_second(until)}
        with _mapped(key):
            try:
                self._client.put_object_retention(
                    Bucket=self._bucket, Key=self._name(key), VersionId=version, Retention=retention
                )
            except ClientError as error:
                if _code(error) in _LOCKED and (self.locked_until(key, version) or until) > until:
                    raise ObjectLocked(key) from error
                raise

    def locked_until(self, key: str, version: str) -> datetime | None:
        with _mapped(key):
            try:
                answer = self._client.get_object_retention(Bucket=self._bucket, Key=self._name(key), VersionId=version)
            except ClientError as error:
                if _code(error) in _NO_LOCK:
                    return None
                raise
        retention = answer.get("Retention", {})
        date = retention.get("RetainUntilDate")
        return date.astimezone(UTC) if date is not None and retention.get("Mode") == "COMPLIANCE" else None

    def versions(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}"
        )
        with _mapped(prefix):
            for page in pages:
                for entry in page.get("Versions", []):
                    key = entry["Key"].removeprefix(self._prefix)
                    yield StoredObject(key, entry["Size"], None, _version(entry.get("VersionId")))
                for mark in page.get("DeleteMarkers", []):
                    key = mark["Key"].removeprefix(self._prefix)
                    yield StoredObject(key, 0, None, _version(mark.get("VersionId")), deleted=True)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}{prefix}"
        )
        with _mapped(prefix):
            for page in pages:
                for entry in page.get("Contents", []):
                    yield StoredObject(entry["Key"].removeprefix(self._prefix), entry["Size"], None)

    def _put(self, key: str, body: bytes | IO[bytes], size: int, sha256: str, media_type: str) -> StoredObject:
        with _mapped(key):
            answer = self._client.put_object(
                Bucket=self._bucket,
                Key=self._name(key),
                Body=body,
                ContentLength=size,
                ContentType=media_type,
                ChecksumSHA256=base64.b64encode(bytes.fromhex(sha256)).decode(),
                IfNoneMatch="*",
                **self._extra,  # type: ignore[arg-type]
            )
        return StoredObject(key, size, sha256, _version(answer.get("VersionId")))

    def _name(self, key: str) -> str:
        return self._prefix + check_key(key)


def _version(told: str | None) -> str:
    """Buckets without versions say nothing, or ``null``."""
    return "" if told in (None, "null") else str(told)


def _whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0) + timedelta(seconds=1) if at.microsecond else at


def _at_server(encryption: str) -> dict[str, str]:
    """What asks for server-side encryption: ``AES256``, ``aws:kms`` or ``aws:kms:KEY-ID``."""
    if not encryption.startswith("aws:kms:"):
        return {"ServerSideEncryption": encryption} if encryption else {}
    return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": encryption.removeprefix("aws:kms:")}


def _hexadecimal(checksum: str | None) -> str | None:
    if checksum is None:
        return None
    raw = base64.b64decode(checksum)
    return raw.hex() if len(raw) == hashlib.sha256().digest_size else None


def _chunks(key: str, body: StreamingBody) -> Iterator[bytes]:
    with _mapped(key):
        yield from body.iter_chunks(CHUNK_BYTES)


def _code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


@contextmanager
def _mapped(key: str) -> Iterator[None]:
    """Turn boto3's errors into the store's."""
    try:
        yield
    except ClientError as error:
        code = _code(error)
        if code in _EXISTS:
            raise ObjectExists(key) from error
        if code in _MISSING:
            raise ObjectMissing(key) from error
        raise StoreAway(N_("Kho lưu trữ không phản hồi (%(why)s)."), why=code or "S3") from error
    except _FAULTS as error:
        raise StoreAway(N_("Kho lưu trữ không phản hồi (%(why)s)."), why=type(error).__name__) from error
