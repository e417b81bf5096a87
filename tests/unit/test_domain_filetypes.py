from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub import filetypes
from hub.filetypes import recognise


def archive(**members: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as target:
        for name, text in members.items():
            target.writestr(name.replace("__", "/").replace("TYPES", "[Content_Types].xml").replace("_dot_", "."), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"%PDF-1.7\n", filetypes.PDF),
        (b"\x89PNG\r\n\x1a\n....", filetypes.PNG),
        (b"\xff\xd8\xff\xe0....", filetypes.JPEG),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", filetypes.WAV),
        (b"ID3\x04....", filetypes.MP3),
        (b"\xff\xfb\x90\x64....", filetypes.MP3),
        (archive(TYPES="", word__document_dot_xml=""), filetypes.DOCX),
        (archive(TYPES="", xl__workbook_dot_xml=""), filetypes.XLSX),
        (archive(mimetype="application/vnd.oasis.opendocument.text"), filetypes.ODT),
    ],
)
def test_a_document_is_known_by_its_content(data, kind):
    assert recognise(data) is kind


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"MZ\x90\x00",
        b"\x7fELF",
        b"<html><script>alert(1)</script>",
        b"RIFF\x00\x00\x00\x00AVI LIST",
        b"PK\x03\x04 broken",
        archive(readme="x"),
        archive(TYPES="", word__document_dot_xml="", word__vbaProject_dot_bin="x"),
        archive(mimetype="application/vnd.oasis.opendocument.spreadsheet"),
    ],
)
def test_anything_else_is_refused(data):
    assert recognise(data) is None


@given(st.binary(max_size=200))
def test_no_bytes_make_it_fall_over(data):
    recognise(data)
    recognise(b"PK\x03\x04" + data)
