"""The certificate of our own, and logs that hold no personal data."""

from __future__ import annotations

import json
import logging
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from hub import logs, tls
from hub.config import Config
from hub.errors import ConfigError


def test_the_self_signed_certificate_is_kept_and_names_every_address(data_dir: Path) -> None:
    config = Config(data_dir=data_dir, tls_self_signed=True)
    first = tls.certificate_files(config, ["192.0.2.10", "hub.example"])
    assert first is not None
    tls.server_context(first)
    kept = first[0].read_bytes()
    tls.certificate_files(config, ["192.0.2.10"])
    assert first[0].read_bytes() == kept
    tls.certificate_files(config, ["192.0.2.11"])
    assert first[0].read_bytes() != kept


def test_the_private_key_is_readable_by_its_owner_only(data_dir: Path) -> None:
    files = tls.certificate_files(Config(data_dir=data_dir, tls_self_signed=True))
    assert files is not None
    assert files[1].stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damaged", ["self-signed.pem", "self-signed.key"])
def test_a_certificate_that_was_half_written_is_made_again(data_dir: Path, damaged: str) -> None:
    config = Config(data_dir=data_dir, tls_self_signed=True)
    files = tls.certificate_files(config)
    (data_dir / "tls" / damaged).write_bytes(b"")
    assert tls.certificate_files(config) == files
    assert files is not None
    tls.server_context(files)


def test_a_certificate_without_its_key_is_a_fault_of_the_configuration(data_dir: Path) -> None:
    (data_dir / "c.pem").write_text("not a certificate")
    with pytest.raises(ConfigError, match=r"c\.pem"):
        tls.server_context((data_dir / "c.pem", data_dir / "c.pem"))


def test_without_settings_there_is_no_https(data_dir: Path) -> None:
    assert tls.certificate_files(Config(data_dir=data_dir)) is None
    with pytest.raises(ssl.SSLError):
        ssl.create_default_context().load_verify_locations(cadata="-----BEGIN CERTIFICATE-----")


class Written:
    """What has gone to standard error so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys, self._text = capsys, ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Iterator[Written]:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield Written(capsys)
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_line_says_which_process_and_carries_what_was_bound(written: Written) -> None:
    logs.set_up(Config(log_format="json"), "web")
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger("test").info("case opened", case_id="c1")
    line = json.loads(written.getvalue())
    assert (line["event"], line["process"], line["request_id"], line["case_id"]) == ("case opened", "web", "r1", "c1")
    assert line["timestamp"].endswith("Z")


def test_personal_data_never_reaches_a_log_even_when_passed(written: Written) -> None:
    logs.set_up(Config(log_format="json"), "web")
    structlog.get_logger("test").info("oops", full_name="Nguyễn Thị Đào", id_number="001162004217", password="x")
    assert "Đào" not in written.getvalue()
    assert "001162004217" not in written.getvalue()
    assert "oops" in written.getvalue()


def test_what_libraries_log_has_the_same_form(written: Written) -> None:
    logs.set_up(Config(log_format="json"), "recorder")
    logging.getLogger("some.library").warning("low on %s", "space")
    line = json.loads(written.getvalue())
    assert (line["event"], line["level"], line["process"]) == ("low on space", "warning", "recorder")


def test_a_traceback_shows_no_local_variables(written: Written) -> None:
    logs.set_up(Config(), "web")
    name = "Nguyễn Thị Đào"
    try:
        int(len(name) * "x")
    except ValueError:
        structlog.get_logger("test").exception("failed")
    assert "ValueError" in written.getvalue()
    assert "Đào" not in written.getvalue()


def test_below_the_level_nothing_is_written(written: Written) -> None:
    logs.set_up(Config(log_level="error"), "web")
    structlog.get_logger("test").warning("quiet")
    assert written.getvalue() == ""
