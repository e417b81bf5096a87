"""What a hostile client may send instead of a form: it is refused in words, never an error of ours, never unbounded."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import structlog
from sqlalchemy import func, select

from hub.config import Config
from hub.models import Attachment, Case, CaseType
from tests.support.pages import Browser, Pages, running_pages
from web import uploads

pytestmark = pytest.mark.asyncio

FILE = 'Content-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n%PDF-1.7\n'


@pytest_asyncio.fixture
async def pages(config: Config) -> AsyncIterator[Pages]:
    async with running_pages(config) as running:
        yield running


async def attachments_of(pages: Pages) -> str:
    async with pages.database.reading() as db:
        found = (await db.execute(select(Case.id).where(Case.type == CaseType.COMPLAINT))).scalar_one()
    return f"/cases/{found}/attachments"


def multipart(browser: Browser, *parts: str) -> bytes:
    token = f'Content-Disposition: form-data; name="csrf_token"\r\n\r\n{browser.csrf}'
    return "".join(f"--b\r\n{part}\r\n" for part in (token, *parts)).encode() + b"--b--\r\n"


async def send(browser: Browser, path: str, body: bytes) -> int:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with structlog.testing.capture_logs() as logs:
        answer = await browser._ask("POST", path, data=body, headers=headers)
    assert [line for line in logs if line["log_level"] in ("error", "critical")] == []
    return answer.status


FIELD = 'Content-Disposition: form-data; name="x"\r\n\r\n'
NESTED = "Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n" + FIELD + "1\r\n--c--"


async def test_a_file_among_a_few_small_fields_is_taken(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    assert await send(browser, await attachments_of(pages), multipart(browser, FIELD + "1", FILE, FIELD + "2")) == 303


@pytest.mark.parametrize(
    "parts",
    [
        [FIELD + "1"] * (uploads.MOST_PARTS + 1) + [FILE],
        [FIELD + "x" * (uploads.MOST_FIELD_BYTES + 1), FILE],
        [NESTED, FILE],
        ["no headers at all", FILE],
        [FIELD],
    ],
    ids=["many", "large", "nested", "broken", "none"],
)
async def test_a_body_that_no_form_sends_is_refused(pages: Pages, parts: list[str]) -> None:
    browser, path = await pages.person("canbotantien"), await attachments_of(pages)
    assert await send(browser, path, multipart(browser, *parts)) in (400, 413)
    async with pages.database.reading() as db:
        assert (await db.execute(select(func.count()).select_from(Attachment))).scalar_one() == 0


async def test_a_body_that_ends_in_the_middle_is_refused(pages: Pages) -> None:
    browser, path = await pages.person("canbotantien"), await attachments_of(pages)
    assert await send(browser, path, multipart(browser, FILE)[:-20]) in (303, 400)
    assert await send(browser, path, b"--b\r\n") in (400, 403)
    assert await send(browser, path, b"nothing of the kind") in (400, 403)


async def test_an_ordinary_form_that_comes_as_an_upload_is_refused(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    for path in ("/cases/new", "/hearings/new", "/account/password", "/language"):
        assert await send(browser, path, multipart(browser, FIELD + "1")) == 400, path


async def test_a_form_beyond_a_megabyte_is_refused_in_words(pages: Pages) -> None:
    browser = await pages.person("canbotantien")
    answer = await browser.post("/cases/new", {"summary": "x" * 1_010_000})
    assert answer.status == 413
    assert "quá lớn" in answer.text


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"seat_id":' + "[" * 9_000 + "]" * 9_000 + "}", "\xff", "null", "1e999"]
)
async def test_json_of_any_shape_is_refused_as_bad_input(pages: Pages, body: str) -> None:
    browser = await pages.person("canbotantien")
    headers = {"X-CSRF-Token": browser.csrf, "Content-Type": "application/json"}
    with structlog.testing.capture_logs() as logs:
        answer = await browser._ask("POST", "/api/hearings/x/notice", data=body.encode("latin-1"), headers=headers)
    assert answer.status == 400
    assert [line for line in logs if line["log_level"] == "error"] == []


@pytest.mark.parametrize("origin", ["http://[", "null", "//", "http://", "\u00e9"])
async def test_an_origin_that_is_none_is_not_ours(pages: Pages, origin: str) -> None:
    browser = await pages.person("canbotantien")
    url = pages.server.make_url("/sign-out")
    headers = {"Origin": origin}
    async with browser.session.post(url, data={"csrf_token": browser.csrf}, headers=headers) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    "name",
    ['a"b.pdf', "a%0D%0ASet-Cookie: x=y.pdf", "../../etc/passwd.pdf", "a;filename=b.pdf", "Đơn đề nghị số 1.pdf"],
)
async def test_the_name_of_a_document_cannot_leave_its_header(pages: Pages, name: str) -> None:
    browser, path = await pages.person("canbotantien"), await attachments_of(pages)
    await browser.upload(path, name, b"%PDF-1.7\n<script>alert(1)</script>")
    async with pages.database.reading() as db:
        kept = (await db.execute(select(Attachment))).scalar_one()
    answer = await browser.get(f"{path}/{kept.id}")
    assert answer.status == 200
    disposition = answer.header("Content-Disposition")
    assert disposition.isascii()
    assert disposition.startswith("attachment; filename*=UTF-8''")
    assert not set(disposition.removeprefix("attachment; ")) & set('"\r\n;/\\')
    assert answer.header("Set-Cookie") == ""
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Content-Security-Policy").startswith("sandbox")
    assert answer.header("Content-Type") == "application/pdf"
