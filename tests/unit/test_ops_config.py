"""Configuration: from one file and the environment, every fault at once, every setting documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from hub import config
from hub.config import Config
from hub.errors import ConfigError
from tools import config_docs

ROOT = Path(__file__).parents[2]


def faults_of(env: dict[str, str], file: Path | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        config.load(env, file)
    return caught.value.faults


def test_without_anything_set_the_embedded_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = config.load({})
    assert found.database == f"sqlite:///{tmp_path}/var/hub.db"
    assert found.store == f"file://{tmp_path}/var/objects"
    assert found.http_host == "127.0.0.1"
    assert not found.demo


def test_every_fault_is_reported_at_once() -> None:
    env = {
        "HUB_HTTP_PORT": "eighty",
        "HUB_SEGMENT_MAX_S": "11",
        "HUB_TLS_CERT": "/c.pem",
        "HUB_DEMO": "perhaps",
        "HUB_NO_SUCH": "1",
        "HUB_STORE_URL": "ftp://x",
        "HUB_DATABASE_URL": "mysql://x",
        "HUB_LOG_LEVEL": "loud",
        "HUB_TURN_URLS": "stun:public.example",
        "HUB_MEDIA_PORT": "8080",
        "HUB_MEDIA_ADDRESSES": "hub.local",
    }
    found = "\n".join(faults_of(env))
    for word in (
        "http_port",
        "segment_max_s",
        "tls_cert",
        "demo",
        "HUB_NO_SUCH",
        "store_url",
        "database_url",
        "log_level",
        "turn_urls",
        "turn_secret",
        "media_port",
        "media_addresses",
    ):
        assert word in found


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('http_port = 9000\nhelp_phone = "0204 3888 888"\nmedia_addresses = ["10.0.0.1", "10.0.0.2"]\n')
    found = config.load({"HUB_CONFIG": str(file), "HUB_HTTP_PORT": "9001"})
    assert (found.http_port, found.help_phone) == (9001, "0204 3888 888")
    assert found.media_addresses == ("10.0.0.1", "10.0.0.2")


def test_port_is_honoured_and_the_hubs_own_variable_wins() -> None:
    assert config.load({"PORT": "8123"}).http_port == 8123
    assert config.load({"PORT": "8123", "HUB_HTTP_PORT": "8124"}).http_port == 8124


def test_a_file_that_was_named_must_exist(tmp_path: Path) -> None:
    missing = tmp_path / "none.toml"
    assert str(missing) in faults_of({"HUB_CONFIG": str(missing)})[0]


def test_a_file_that_is_not_toml_is_one_fault_among_the_others(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("http_port: 80\n")
    found = faults_of({"HUB_HTTP_PORT": "-1"}, file)
    assert any(str(file) in fault for fault in found)
    assert any("not a port" in fault for fault in found)


def test_an_unknown_setting_in_the_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("htpp_port = 80\n")
    assert "htpp_port" in faults_of({}, file)[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::"])
def test_demo_accounts_are_refused_off_loopback(host: str) -> None:
    assert any(fault.startswith("demo:") for fault in faults_of({"HUB_DEMO": "yes", "HUB_HTTP_HOST": host}))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_demo_accounts_are_allowed_on_loopback(host: str) -> None:
    assert config.load({"HUB_DEMO": "yes", "HUB_HTTP_HOST": host}).demo


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for each in fields(Config):
        assert f"`{each.name}`" in text, f"docs/configuration.md does not name {each.name}; run make docs"
        assert each.metadata["about"] in text, f"docs/configuration.md tells something else about {each.name}"


def test_the_table_of_settings_is_the_one_the_code_makes() -> None:
    text = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    assert config_docs.updated(text) == text, "run make docs"


def test_secrets_are_not_in_a_printed_configuration() -> None:
    assert "hunter2" not in repr(config.load({"HUB_S3_SECRET_KEY": "hunter2", "HUB_S3_ACCESS_KEY": "a"}))
    assert "hunter2" not in repr(config.load({"HUB_DATABASE_URL": "postgresql://hub:hunter2@db/hub"}))


def test_demo_accounts_are_refused_behind_a_proxy_which_lets_others_in() -> None:
    env = {"HUB_DEMO": "yes", "HUB_HTTP_HOST": "127.0.0.1", "HUB_BEHIND_PROXY": "yes"}
    assert any(fault.startswith("demo:") for fault in faults_of(env))
