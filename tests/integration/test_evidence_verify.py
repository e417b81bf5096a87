"""A sealed recording proves itself: whatever is done to files, rows, seal, stamp or custody is detected and named."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import delete, select

from hub import manifest as form
from hub import models, seals, signing_keys
from hub.config import Config
from hub.db import Database
from hub.services import custody, replays, verification
from hub.services.faults import WORDS, Fault
from recorder.sealing import CannotSeal, Sealing
from tests.support.evidence import Authority, add_events, add_segments, archive
from tests.support.memory_store import MemoryStore
from tests.support.recording_world import Taped, make_hearing
from web.translate import catalogue

pytestmark = pytest.mark.asyncio


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with Authority(tmp_path_factory.mktemp("stamps") / "authority").running() as running:
        yield running


@dataclass
class Sealed:
    config: Config
    database: Database
    store: MemoryStore
    taped: Taped
    segments: list[models.Segment]

    def key(self, name: str) -> str:
        return seals.key_of(self.taped.recording_id, name)

    async def faults(self) -> list[Fault]:
        async with self.database.reading() as db:
            trusted = verification.trust(self.config)
            report = await verification.verify(db, self.store, trusted, self.taped.recording_id)
        assert report.ok == (not report.faults)
        return report.faults

    def flip(self, key: str, place: int = -1) -> None:
        data = bytearray(self.store.objects[key])
        data[place] ^= 1
        self.store.objects[key] = bytes(data)


@pytest_asyncio.fixture
async def sealed(config: Config, database: Database, authority: Authority) -> Sealed:
    """A stamped recording of three segments, with a replay in its chain of custody."""
    authority.away = False
    config = replace(config, timestamp_url=authority.url, timestamp_ca=authority.certificates)
    taped, store = await make_hearing(database), MemoryStore()
    segments = await add_segments(database, store, taped)
    await add_events(database, taped)
    await archive(config, database, store, taped)
    await Sealing(config, database, store).turn()
    async with database.transaction() as db:
        auditor = taped.world.actor("auditor.TINH1")
        for reason in ("Kiểm tra", "Kiểm tra lại"):
            await replays.start(db, taped.world.vault, auditor, taped.recording_id, reason)
    return Sealed(config, database, store, taped, segments)


async def test_what_nobody_touched_has_no_fault(sealed: Sealed) -> None:
    assert await sealed.faults() == []
    async with sealed.database.reading() as db:
        entries = await custody.entries(db, sealed.taped.recording_id)
    assert [entry.action for entry in entries] == ["seal", "stamp", "replay", "replay"]


def edit_manifest(sealed: Sealed, change: Callable[[dict[str, object]], None], *, again: bool) -> None:
    key = form.key_of(sealed.taped.recording_id)
    document = json.loads(sealed.store.objects[key])
    change(document)
    sealed.store.objects[key] = form.seal(document) if again else form.canonical(document)


async def edit_event(sealed: Sealed, kind: str, payload: dict[str, str]) -> None:
    async with sealed.database.transaction() as db:
        (await db.scalars(select(models.HearingEvent).where(models.HearingEvent.kind == kind))).one().payload = payload


async def drop(sealed: Sealed, row: type[models.Base], **values: object) -> None:
    async with sealed.database.transaction() as db:
        await db.execute(delete(row).filter_by(**values))


async def edit_entry(sealed: Sealed) -> None:
    async with sealed.database.transaction() as db:
        (await db.scalars(select(models.CustodyEvent).filter_by(seq=3))).one().reason = "không có gì"


async def add_entry(sealed: Sealed) -> None:
    async with sealed.database.transaction() as db:
        last = (await db.scalars(select(models.CustodyEvent).filter_by(seq=4))).one()
        values = {column.key: getattr(last, column.key) for column in models.CustodyEvent.__table__.columns}
        db.add(models.CustodyEvent(**{**values, "id": "x", "seq": 5}))


async def shorten(sealed: Sealed) -> None:
    """Take the last entry out and make the recording's row fit; the audit trail still tells."""
    async with sealed.database.transaction() as db:
        await db.execute(delete(models.CustodyEvent).filter_by(seq=4))
        third = (await db.scalars(select(models.CustodyEvent).filter_by(seq=3))).one()
        row = await db.get_one(models.Recording, sealed.taped.recording_id)
        row.custody_count, row.custody_sha256 = 3, third.sha256


async def add_event(sealed: Sealed) -> None:
    async with sealed.database.transaction() as db:
        ended = (await db.scalars(select(models.HearingEvent).filter_by(kind="ended"))).one()
        ended.kind = "noted"  # and the hearing's last event, which was beyond the end, is now part of it


async def sign_anew(sealed: Sealed) -> None:
    """Another hub's key: everything fits but whose it is."""
    other = replace(sealed.config, data_dir=sealed.config.data_dir / "other")
    for name in (seals.SUMS, seals.SIGNATURE):
        del sealed.store.objects[sealed.key(name)]
    manifest = sealed.store.objects[form.key_of(sealed.taped.recording_id)]
    seal = Sealing(other, sealed.database, sealed.store).seal(sealed.taped.recording_id, manifest)
    async with sealed.database.transaction() as db:
        row = await db.get_one(models.Recording, sealed.taped.recording_id)
        row.sealed_at, row.seal_key = seal.sealed_at, seal.key


def swap(sealed: Sealed) -> None:
    objects, (one, two, _) = sealed.store.objects, [segment.object_key for segment in sealed.segments]
    objects[one], objects[two] = objects[two], objects[one]


def renumber(document: dict[str, object]) -> None:
    document["recording"]["duration_ms"] = 1  # type: ignore[index]


TAMPERING: dict[str, tuple[Callable[[Sealed], Awaitable[None] | None], set[str]]] = {
    "a bit of a segment": (lambda s: s.flip(s.segments[1].object_key), {"altered"}),
    "a missing segment": (lambda s: s.store.delete(s.segments[1].object_key), {"missing"}),
    "two segments swapped": (swap, {"swapped"}),
    "an added segment": (lambda s: s.store.objects.update({s.key("000009.webm"): b"x"}), {"extra"}),
    "a bit of the manifest": (
        lambda s: s.flip(form.key_of(s.taped.recording_id), 20),
        {"altered", "broken_chain", "bad_seal"},
    ),
    "the manifest taken away": (lambda s: s.store.delete(form.key_of(s.taped.recording_id)), {"missing"}),
    "a manifest that says otherwise": (
        lambda s: edit_manifest(s, renumber, again=False),
        {"altered", "broken_chain", "facts_changed", "bad_seal"},
    ),
    "a manifest with a chain that fits": (
        lambda s: edit_manifest(s, renumber, again=True),
        {"altered", "facts_changed", "bad_seal"},
    ),
    "the list of checksums": (lambda s: s.flip(s.key(seals.SUMS), -3), {"bad_seal", "bad_signature"}),
    "its heading": (lambda s: s.flip(s.key(seals.SUMS), 3), {"bad_seal", "bad_signature"}),
    "the list taken away": (lambda s: s.store.delete(s.key(seals.SUMS)), {"missing"}),
    "the signature": (lambda s: s.flip(s.key(seals.SIGNATURE)), {"bad_signature", "bad_stamp"}),
    "the signature taken away": (lambda s: s.store.delete(s.key(seals.SIGNATURE)), {"missing"}),
    "a seal of another hub": (sign_anew, {"wrong_key", "bad_stamp"}),
    "the time stamp": (lambda s: s.flip(s.key(seals.STAMP), -5), {"bad_stamp"}),
    "the time stamp taken away": (lambda s: s.store.delete(s.key(seals.STAMP)), {"missing"}),
    "a changed note": (lambda s: edit_event(s, "noted", {"text": "Không ai nói gì"}), {"event_changed"}),
    "a deleted note": (lambda s: drop(s, models.HearingEvent, kind="noted"), {"event_missing"}),
    "an added event": (add_event, {"event_changed", "event_added"}),
    "a hidden gap": (lambda s: drop(s, models.Gap), {"facts_changed"}),
    "a segment's row": (
        lambda s: drop(s, models.Segment, number=2),
        {"unrecorded", "extra"},
    ),
    "an entry of the custody changed": (edit_entry, {"custody_altered"}),
    "an entry of the custody taken out": (lambda s: drop(s, models.CustodyEvent, seq=2), {"custody_missing"}),
    "the last entry taken out": (lambda s: drop(s, models.CustodyEvent, seq=4), {"custody_missing"}),
    "the last entry taken out and the count made to fit": (shorten, {"custody_missing"}),
    "an entry put in": (add_entry, {"custody_altered", "custody_extra"}),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tampering_is_detected_and_named(sealed: Sealed, what: str) -> None:
    tamper, kinds = TAMPERING[what]
    done = tamper(sealed)
    if done is not None:
        await done
    faults = await sealed.faults()
    assert {fault.kind for fault in faults} == kinds, [str(fault) for fault in faults]
    for language in ("vi", "en"):
        for fault in faults:
            words = catalogue(language).text(fault.text)
            assert "%(" not in words
            assert words != fault.kind


async def test_every_kind_of_fault_has_words_in_both_languages() -> None:
    for words in WORDS.values():
        assert catalogue("en").gettext(words) != words


async def test_a_seal_that_cannot_be_stamped_now_is_stamped_later(
    sealed: Sealed, authority: Authority, tmp_path: Path
) -> None:
    database, store = sealed.database, MemoryStore()
    taped = await make_hearing(database, sealed.taped.world)
    await add_segments(database, store, taped)
    await archive(sealed.config, database, store, taped)
    authority.away = True
    sealing = Sealing(sealed.config, database, store)
    for _ in range(2):
        with pytest.raises(Exception, match="503"):
            await sealing.turn()
    later = Sealed(sealed.config, database, store, taped, [])
    assert await later.faults() == [], "sealed is enough until it is stamped"
    authority.away = False
    stamps = authority.stamps
    for _ in range(2):
        await Sealing(sealed.config, database, store).turn()
    assert authority.stamps == stamps + 1
    assert later.key(seals.STAMP) in store.objects
    assert await later.faults() == []
    without = replace(sealed.config, timestamp_url="", timestamp_ca=None)
    assert [f.kind for f in await replace(later, config=without).faults()] == ["no_authority"]
    stranger = replace(sealed.config, timestamp_ca=Authority(tmp_path / "stranger").certificates)
    assert [f.kind for f in await replace(later, config=stranger).faults()] == ["bad_stamp"]


async def test_a_new_key_seals_from_now_on_and_what_the_old_one_sealed_still_stands(sealed: Sealed) -> None:
    before = signing_keys.public_keys(sealed.config)
    signing_keys.rotate(sealed.config)
    after = signing_keys.public_keys(sealed.config)
    assert list(after)[:-1] == list(before)
    assert [key.until is None for key in after.values()] == [False, True]
    assert await sealed.faults() == []
    # The old key's private half is gone, but say somebody had copied it and sealed with it today.
    async with sealed.database.transaction() as db:
        row = await db.get_one(models.Recording, sealed.taped.recording_id)
        assert row.seal_key == next(iter(after))
    path = next((sealed.config.key_dir / "public").glob(f"{list(after)[1]}.json"))
    body = json.loads(path.read_text())
    long_ago = next(iter(before.values())).since - timedelta(days=1)
    first = sealed.config.key_dir / "public" / f"{next(iter(before))}.json"
    first.write_text(json.dumps({**json.loads(first.read_text()), "since": (long_ago - timedelta(days=1)).isoformat()}))
    path.write_text(json.dumps({**body, "since": long_ago.isoformat()}))
    assert [fault.kind for fault in await sealed.faults()] == ["wrong_key"]


async def test_what_was_archived_before_there_were_seals_is_sealed_too(config: Config, database: Database) -> None:
    taped, store = await make_hearing(database), MemoryStore()
    await add_segments(database, store, taped)
    await archive(config, database, store, taped)
    async with database.transaction() as db:
        row = await db.get_one(models.Recording, taped.recording_id)
        row.sealed_at = row.seal_key = None
    for name in (seals.SUMS, seals.SIGNATURE):
        del store.objects[seals.key_of(taped.recording_id, name)]
    old = Sealed(config, database, store, taped, [])
    assert [fault.kind for fault in await old.faults()] == ["not_sealed"]
    await Sealing(config, database, store).turn()
    assert await old.faults() == []


async def test_sealing_goes_on_where_it_stopped_and_never_over_something_else(sealed: Sealed) -> None:
    recording_id, store = sealed.taped.recording_id, sealed.store
    manifest = store.objects[form.key_of(recording_id)]
    sealing = Sealing(sealed.config, sealed.database, store)
    first = sealing.seal(recording_id, manifest)
    assert sealing.seal(recording_id, manifest) == first, "what is there is taken over"
    signature = store.objects.pop(sealed.key(seals.SIGNATURE))
    assert sealing.seal(recording_id, manifest) == first
    assert store.objects[sealed.key(seals.SIGNATURE)] == signature
    sealed.flip(sealed.key(seals.SIGNATURE))
    with pytest.raises(CannotSeal):
        sealing.seal(recording_id, manifest)
