"""The journal survives torn tails and damage; the catalogue counts an append whole or not at all."""

from pathlib import Path

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from hub import tap
from recorder import journal
from recorder.catalogue import Catalogue, Closed, GapFact

bodies = st.lists(st.tuples(st.sampled_from(sorted(journal.KINDS)), st.binary(max_size=300)), max_size=20)


def joined(records: list[tuple[int, bytes]]) -> bytes:
    return b"".join(journal.pack(kind, body) for kind, body in records)


def read(data: bytes) -> list[tuple[int, bytes]]:
    return [(record.kind, bytes(record.body)) for record in journal.read(data)]


@given(bodies)
def test_what_is_written_is_read_back(records: list[tuple[int, bytes]]) -> None:
    assert read(joined(records)) == records


@given(bodies, st.data())
def test_a_journal_cut_anywhere_gives_every_whole_record_before_the_cut(
    records: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    whole = joined(records)
    cut = data.draw(st.integers(0, len(whole)))
    ends, at = [], 0
    for kind, body in records:
        at += len(journal.pack(kind, body))
        ends.append(at)
    expected = [record for record, end in zip(records, ends, strict=True) if end <= cut]
    damage = journal.Damage()
    assert [(r.kind, bytes(r.body)) for r in journal.read(whole[:cut], damage=damage)] == expected
    assert damage.bytes_skipped == 0


@given(bodies.filter(lambda records: len(records) > 2), st.data())
def test_one_flipped_bit_costs_one_record(records: list[tuple[int, bytes]], data: st.DataObject) -> None:
    whole = bytearray(joined(records))
    hit = data.draw(st.integers(0, len(records) - 1))
    begin = len(joined(records[:hit]))
    end = len(joined(records[: hit + 1]))
    place = data.draw(st.integers(begin, end - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    assert read(bytes(whole)) == records[:hit] + records[hit + 1 :]


@given(st.binary(max_size=2000))
def test_garbage_is_no_record_and_no_crash(data: bytes) -> None:
    assert all(kind in journal.KINDS for kind, _ in read(data))
    assert journal.header_of(data) is None or data[:2] == b"\xca\x7d"


@given(st.integers(0, 65_535), st.binary(min_size=8, max_size=1300))
def test_a_tap_frame_is_kept_word_for_word(origin: int, payload: bytes) -> None:
    (record,) = journal.read(journal.pack_tap(tap.RTP, origin, memoryview(payload)))
    assert bytes(record.body) == origin.to_bytes(2, "big") + payload


def test_our_own_records_round_trip() -> None:
    header = journal.Header(1, "r", 3, "boot", 12, "2026-11-23T01:30:00+00:00")
    data = (
        journal.pack_json(journal.HEADER, header)
        + journal.pack_close(5)
        + journal.pack_hole(1, 2, "spool_full")
        + journal.pack_gone(4, 6)
    )
    assert journal.header_of(data) == header
    _, close, hole, gone = journal.read(data)
    assert journal.unpack_close(close.body) == 5
    assert journal.unpack_hole(hole.body) == (1, 2, "spool_full")
    assert journal.unpack_gone(gone.body) == (4, 6)


def test_a_torn_append_to_the_catalogue_never_counted(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.log"
    catalogue = Catalogue(path)
    gap = GapFact("g1", "t1", 0, 10, "lost")
    catalogue.append([gap])
    whole = path.read_bytes()
    catalogue.append([GapFact("g2", "t1", 10, 20, "lost"), Closed(20)])
    longer = path.read_bytes()
    catalogue.close()
    for cut in range(len(whole), len(longer)):
        path.write_bytes(longer[:cut])
        again = Catalogue(path)
        assert (again.gaps, again.closed) == ([gap], None)
        again.append([Closed(7)])
        again.close()
        assert reloaded(path).closed == Closed(7)


def test_a_catalogue_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.log"
    catalogue = Catalogue(path)
    catalogue.append([Closed(1)])
    before = path.read_bytes()
    catalogue._file.close()
    catalogue._file = path.open("rb")  # type: ignore[assignment]  # refuses to be written, as a full disk does
    try:
        catalogue.append([GapFact("g", "t", 0, 1, "lost")])
    except OSError:
        pass
    else:
        raise AssertionError("the fault was hidden")
    assert path.read_bytes() == before
    assert catalogue.gaps == []
    catalogue.append([GapFact("g", "t", 0, 1, "lost")])
    catalogue.close()
    assert len(reloaded(path).gaps) == 1


def reloaded(path: Path) -> Catalogue:
    catalogue = Catalogue(path)
    catalogue.close()
    return catalogue


def test_facts_are_told_apart_by_their_tag() -> None:
    assert msgspec.json.decode(msgspec.json.encode(Closed(3))) == {"type": "closed", "duration_ms": 3}
