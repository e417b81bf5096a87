"""Both object stores against the real thing: never overwrite, never lie, and say when they are away."""

import hashlib
import shutil
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from hub.config import Config
from hub.services.store import ObjectExists, ObjectMissing, ObjectStore, StoreAway
from recorder.directory_store import check_key
from recorder.s3_store import S3Store
from recorder.store import DirectoryStore, open_store
from tests.support.process import free_port
from tests.support.seaweed import ACCESS_KEY, SECRET_KEY, S3Server

KEY = "recordings/r1/t1/000000.webm"


@pytest.fixture(params=["directory", "s3"])
def store(request: pytest.FixtureRequest, data_dir: Path) -> ObjectStore:
    if request.param == "directory":
        return open_store(Config(data_dir=data_dir))
    s3: S3Server = request.getfixturevalue("s3")
    return open_store(
        Config(
            store_url=f"s3://{s3.new_bucket()}/năm-2026".replace("ă", "a"),
            s3_endpoint=s3.endpoint,
            s3_access_key=ACCESS_KEY,
            s3_secret_key=SECRET_KEY,
        )
    )


def test_what_is_put_is_read_back_in_whole_and_in_parts(store: ObjectStore, tmp_path: Path) -> None:
    data = bytes(range(256)) * 3000
    path = tmp_path / "file"
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    stored = store.put_file(KEY, path, sha256=digest, media_type="video/webm")
    assert (stored.key, stored.size_bytes, stored.sha256) == (KEY, len(data), digest)
    assert b"".join(store.read(KEY)) == data
    assert b"".join(store.read(KEY, 100, 50)) == data[100:150]
    assert b"".join(store.read(KEY, len(data) - 10)) == data[-10:]
    assert b"".join(store.read(KEY, len(data) - 10, 99)) == data[-10:]
    assert b"".join(store.read(KEY, len(data) + 10)) == b""
    assert b"".join(store.read(KEY, 5, 0)) == b""
    head = store.head(KEY)
    assert (head.size_bytes, head.sha256) == (len(data), digest)


def test_an_object_is_never_overwritten(store: ObjectStore) -> None:
    store.put_bytes(KEY, b"first", media_type="video/webm")
    with pytest.raises(ObjectExists):
        store.put_bytes(KEY, b"second", media_type="video/webm")
    assert b"".join(store.read(KEY)) == b"first"


def test_data_that_is_not_what_its_checksum_says_is_refused(store: ObjectStore, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"damaged on the way")
    with pytest.raises((ValueError, StoreAway)):
        store.put_file(KEY, path, sha256=hashlib.sha256(b"as made").hexdigest(), media_type="video/webm")
    with pytest.raises(ObjectMissing):
        store.head(KEY)


def test_what_is_not_there_is_missing_and_may_be_deleted(store: ObjectStore) -> None:
    with pytest.raises(ObjectMissing):
        store.head(KEY)
    with pytest.raises(ObjectMissing):
        list(store.read(KEY))
    store.delete(KEY)
    store.put_bytes(KEY, b"x", media_type="video/webm")
    store.delete(KEY)
    with pytest.raises(ObjectMissing):
        store.head(KEY)


def test_a_listing_is_in_order_and_below_its_prefix_only(store: ObjectStore) -> None:
    for key in ("recordings/r2/a", "recordings/r1/t2/1", "recordings/r1/t1/1", "attachments/r1"):
        store.put_bytes(key, key.encode(), media_type="text/plain")
    found = list(store.list("recordings/r1/"))
    assert [entry.key for entry in found] == ["recordings/r1/t1/1", "recordings/r1/t2/1"]
    assert [entry.size_bytes for entry in found] == [18, 18]
    assert list(store.list("nothing/")) == []


@pytest.mark.parametrize("key", ["", "/a", "a//b", "../a", "a/../b", "a/.hidden", "a b", "á", "a/", "x" * 201])
def test_keys_that_could_lead_elsewhere_are_refused(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="not an object key"):
        check_key(key)
    with pytest.raises(ValueError, match="not an object key"):
        store.put_bytes(key, b"", media_type="text/plain")


def test_a_directory_that_was_unmounted_is_away_and_is_not_made_anew(data_dir: Path) -> None:
    store = DirectoryStore.make(data_dir / "objects")
    shutil.rmtree(data_dir / "objects")
    with pytest.raises(StoreAway):
        store.put_bytes(KEY, b"x", media_type="video/webm")
    with pytest.raises(StoreAway):
        store.head(KEY)
    with pytest.raises(StoreAway):
        list(store.list("recordings/"))
    assert not (data_dir / "objects").exists()


def test_a_server_that_does_not_answer_or_refuses_us_is_away(s3: S3Server) -> None:
    nobody = S3Store(bucket="b", endpoint=f"http://127.0.0.1:{free_port()}", access_key="a", secret_key="b")
    stranger = S3Store(bucket=s3.new_bucket(), endpoint=s3.endpoint, access_key="nobody", secret_key="wrong")
    for store in (nobody, stranger):
        with pytest.raises(StoreAway):
            store.put_bytes(KEY, b"x", media_type="video/webm")
        with pytest.raises(StoreAway):
            store.head(KEY)


def test_the_server_encrypts_when_it_is_asked_to(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    asked = Config(
        store_url=f"s3://{bucket}",
        s3_endpoint=s3.endpoint,
        s3_access_key=ACCESS_KEY,
        s3_secret_key=SECRET_KEY,
        s3_encryption="AES256",
    )
    store, data = open_store(asked), b"readable " * 100
    store.put_bytes(KEY, data, media_type="video/webm")
    assert s3.client.head_object(Bucket=bucket, Key=KEY)["ServerSideEncryption"] == "AES256"
    assert b"".join(store.read(KEY, 9, 8)) == b"readable"
    assert store.head(KEY).sha256 == hashlib.sha256(data).hexdigest()


def test_no_object_can_be_had_without_credentials(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    key = {"s3_access_key": ACCESS_KEY, "s3_secret_key": SECRET_KEY}
    open_store(Config(store_url=f"s3://{bucket}", s3_endpoint=s3.endpoint, **key)).put_bytes(
        KEY, b"x", media_type="video/webm"
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(f"{s3.endpoint}/{bucket}/{KEY}", timeout=10)
    with refused.value as answer:
        assert answer.status == 403
