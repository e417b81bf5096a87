"""The manifest's canonical form (RFC 8785) and its seal."""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hub import manifest as form
from hub import seals

TEXT = st.text(st.characters(exclude_categories=("Cs",)))
NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-form.EXACT, form.EXACT)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
IN_NODE = """
const order = (v) => Array.isArray(v) ? v.map(order)
  : v && typeof v === 'object' ? Object.keys(v).sort().map((k) => [k, order(v[k])]) : v;
const write = (v) => Array.isArray(v) ? '[' + v.map(write).join(',') + ']'
  : v && typeof v === 'object'
    ? '{' + Object.keys(v).sort().map((k) => JSON.stringify(k) + ':' + write(v[k])).join(',') + '}'
    : JSON.stringify(v);
const lines = require('fs').readFileSync(0, 'utf8').split('\\n').filter(Boolean);
process.stdout.write(lines.map((line) => write(JSON.parse(line))).join('\\n'));
"""


@given(VALUES)
def test_a_value_has_one_form_and_comes_back_from_it(value: object) -> None:
    written = form.canonical(value)
    again = json.loads(written, parse_int=float)  # a double, as for every reader of I-JSON
    assert again == value
    assert form.canonical(again) == written


def test_the_form_is_the_one_that_the_rfc_gives() -> None:
    numbers = [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001]
    text = "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/"
    given_value = {"numbers": numbers, "string": text, "literals": [None, True, False]}
    assert form.canonical(given_value).decode() == (
        '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    )
    names = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\u0080": 6, "\u00f6": 7}
    assert list(json.loads(form.canonical(names)).values()) == [2, 4, 6, 7, 1, 5, 3]


@pytest.mark.parametrize(
    ("bits", "written"),
    [
        (0x8000000000000000, "0"),
        (0x0000000000000001, "5e-324"),
        (0x7FEFFFFFFFFFFFFF, "1.7976931348623157e+308"),
        (0x4340000000000000, "9007199254740992"),
        (0x444B1AE4D6E2EF4E, "999999999999999700000"),
        (0x444B1AE4D6E2EF50, "1e+21"),
        (0x3EB0C6F7A0B5ED8D, "0.000001"),
        (0x3EB0C6F7A0B5ED8C, "9.999999999999997e-7"),
        (0xBECBF647612F3696, "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_ecmascript_does(bits: int, written: str) -> None:
    assert form.canonical(struct.unpack(">d", bits.to_bytes(8, "big"))[0]).decode() == written


def test_an_ecmascript_engine_writes_the_same() -> None:
    node = shutil.which("node")
    assert node, "node is needed: see tools/system-packages"
    samples: list[object] = []

    @given(VALUES)
    def collect(value: object) -> None:
        samples.append(value)

    collect()
    text = "\n".join(json.dumps(sample) for sample in samples)
    done = subprocess.run([node, "-e", IN_NODE], input=text, capture_output=True, text=True, check=True, timeout=150)
    assert done.stdout.split("\n") == [form.canonical(sample).decode() for sample in samples]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53, "\ud800", {1: 2}, {1, 2}, b"x"])
def test_what_has_no_such_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        form.canonical(value)


def test_integers_that_readers_would_round_become_text() -> None:
    assert form.plain({"epoch_ns": 2**60, "list": [1, -(2**53)]}) == {
        "epoch_ns": str(2**60),
        "list": [1, str(-(2**53))],
    }


DOCUMENT = {"tracks": [{"id": "t", "segments": [{"key": "recordings/r/t/000000.webm", "sha256": "ab" * 32}]}]}


def test_a_seal_says_when_and_with_which_key_and_covers_every_file() -> None:
    key = Ed25519PrivateKey.generate()
    print_ = seals.fingerprint(key.public_key())
    heading = seals.Heading("r", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), print_)
    data = seals.sums(heading, b"{}", DOCUMENT)
    assert data.decode().splitlines() == [
        "# citizen-reception-hub/seal/1",
        "# recording r",
        "# sealed 2026-01-02T03:04:05.678+00:00",
        f"# key {print_}",
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a  manifest.json",
        f"{'ab' * 32}  t/000000.webm",
    ]
    assert seals.read_heading(data) == heading
    signature = seals.sign(key, data)
    assert seals.signed(key.public_key(), data, signature)
    assert not seals.signed(key.public_key(), data.replace(b"ab", b"ac", 1), signature)
    assert not seals.signed(Ed25519PrivateKey.generate().public_key(), data, signature)


@pytest.mark.parametrize("data", [b"", b"\xff", b"# a\n# b\n", b"# citizen-reception-hub/seal/1\n# recording r\n"])
def test_other_lists_of_checksums_are_not_taken_for_ours(data: bytes) -> None:
    with pytest.raises(ValueError):
        seals.read_heading(data)
