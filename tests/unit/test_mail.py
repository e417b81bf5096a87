"""A letter's bytes: what a mail program reads, and what nobody can smuggle in."""

from __future__ import annotations

from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.i18n import Named, Text
from hub.mail import Letter, MailFile, build, is_address, message_id, packed, packed_files, unpacked, unpacked_files

NOW = datetime(2026, 11, 23, 1, 30, tzinfo=UTC)
ICS = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def made(letter: Letter, name: str = "Nguyễn Thị Đào", **changes: str):
    given = {"sender": "hub@tinh.gov.vn", "sender_name": "Cầu Tiếp Dân", "recipient": "dao@xa.gov.vn"} | changes
    message = build(letter, name=name, identifier=message_id("abc", "tinh.gov.vn"), sent_at=NOW, **given)
    return message_from_bytes(message.as_bytes(), policy=policy.SMTP), message.as_bytes()


def test_a_letter_is_read_as_text_and_as_html_in_vietnamese():
    letter = Letter(subject="Việc đến hạn ngày 23/11", lines=["Kính gửi <ông>,", "Còn 3 việc."], link="https://h/tasks")
    read, octets = made(letter)
    assert read["Subject"] == "Việc đến hạn ngày 23/11"
    assert read["To"].addresses[0].display_name == "Nguyễn Thị Đào"
    assert read["Message-ID"] == "<abc@tinh.gov.vn>"
    assert "Còn 3 việc." in read.get_body(("plain",)).get_content()
    page = read.get_body(("html",)).get_content()
    assert "Kính gửi &lt;ông&gt;," in page
    assert 'href="https://h/tasks"' in page
    assert max(octets) < 128, "every server carries seven bits"


def test_an_invitation_is_offered_to_the_calendar_and_attached():
    file = MailFile(name="mời họp.ics", media_type="text/calendar", data=ICS, method="REQUEST")
    read, _octets = made(Letter(subject="Mời", lines=["Mời dự."], files=[file]))
    parts = {part.get_content_type(): part for part in read.walk()}
    assert parts["text/calendar"].get_param("method") == "REQUEST"
    assert "METHOD:REQUEST" in parts["text/calendar"].get_content()
    assert parts["application/ics"].get_filename() == "mời họp.ics"
    assert parts["application/ics"].get_content() == ICS


@given(st.text(max_size=300), st.text(max_size=150))
def test_nothing_in_a_subject_or_a_name_becomes_a_header(subject, name):
    read, octets = made(Letter(subject=subject + "\r\nBcc: spy@x.vn", lines=["x"]), name + "\nBcc: spy@x.vn")
    assert "Bcc" not in read
    assert b"\nBcc:" not in octets.split(b"\r\n\r\n")[0]
    assert len(read["To"].addresses) == 1


@pytest.mark.parametrize(
    "text", ["", "a", "a@", "@b.vn", "a b@c.vn", "a@b.vn\nx", "a@b..vn", "đào@xa.vn", "a@-b.vn", "a,b@c.vn", "<a@b.vn>"]
)
def test_what_is_no_address_is_refused(text):
    assert not is_address(text)
    with pytest.raises(ValueError, match="address"):
        made(Letter(subject="x", lines=[]), recipient=text)


def test_ordinary_addresses_are_taken():
    assert is_address("dao.nguyen+tiepdan@tantien.hungyen.gov.vn")
    assert is_address("root@localhost")


def test_a_text_comes_out_of_the_queue_as_it_went_in():
    text = Text(
        "%(a)s %(b)s %(c)s %(d)s %(e)s", {"a": 3, "b": date(2026, 11, 23), "c": NOW, "d": Named("Tết", "New year")}
    )
    text.params["e"] = Text("Đóng")
    assert unpacked(packed(text)) == text
    files = [MailFile(name="a.ics", media_type="text/calendar", data=ICS, method="CANCEL")]
    assert unpacked_files(packed_files(files)) == files


@settings(deadline=None)
@given(
    st.lists(st.text("aăâbcdđeêghikơôưxéạộ-/12", min_size=1, max_size=12), min_size=1, max_size=20).map(" ".join),
    st.lists(st.text("AĐNăâgơôưxéạộ", min_size=1, max_size=9), min_size=1, max_size=9).map(" ".join),
)
def test_long_subjects_and_names_arrive_letter_by_letter_on_short_lines(subject, name):
    _read, octets = made(Letter(subject=subject, lines=["x"]), name)
    raw = message_from_bytes(octets, policy=policy.compat32)  # the newer reading of names adds spaces of its own
    said = {each: str(make_header(decode_header(raw[each]))) for each in ("Subject", "To")}
    assert said["Subject"] == subject[:200].strip()
    assert said["To"].rpartition(" <")[0].strip('"') == name[:100].strip()
    assert max(map(len, octets.split(b"\r\n\r\n")[0].split(b"\r\n"))) <= 80
