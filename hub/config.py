"""One frozen ``Config``, read once at start from ``hub.toml`` and ``HUB_*`` variables (which win).

Every fault is reported at once (``ConfigError``). Each field's description is its documentation: a test fails when
``docs/configuration.md`` does not name it.
"""

from __future__ import annotations

import ipaddress
import os
import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from hub import turn
from hub.errors import ConfigError


def setting(default: Any, about: str, *, secret: bool = False) -> Any:
    """A field with its documentation: one sentence that says what it is and in which unit. Secrets are not printed."""
    return field(default=default, repr=not secret, metadata={"about": about})


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    data_dir: Path = setting(Path("var"), "Where the embedded database, keys, spool, objects and sockets live.")
    database_url: str = setting(
        "", "SQLAlchemy URL; empty means SQLite in data_dir, else postgresql://user@host/name.", secret=True
    )
    store_url: str = setting("", "Object store: empty means data_dir/objects, else file:///path or s3://bucket/prefix.")
    s3_endpoint: str = setting("", "Address of an S3 server other than Amazon's, for example http://127.0.0.1:8333.")
    s3_region: str = setting("us-east-1", "Region named in S3 requests.")
    s3_access_key: str = setting("", "S3 access key; empty means boto3's own chain (environment, files).")
    s3_secret_key: str = setting("", "S3 secret key; never logged.", secret=True)
    s3_encryption: str = setting(
        "", "Server-side encryption asked of S3: AES256, aws:kms or aws:kms:KEY-ID; empty leaves it to the bucket."
    )
    encrypt_recordings: bool = setting(
        False, "Encrypt recordings before they leave this machine; always on where the bucket has Object Lock."
    )
    master_keys: tuple[str, ...] = setting(
        (),
        "Keys that wrap the recordings' keys, 32 bytes in base64 each, the one in use first; empty means a file.",
        secret=True,
    )
    denouncer_keys: tuple[str, ...] = setting(
        (),
        "Keys that seal who denounced, 32 bytes in base64 each, the one in use first; empty means a file.",
        secret=True,
    )
    reconcile_hour: int = setting(2, "Hour of the night (0 to 23, in Vietnam) at which rows and store are compared.")
    reconcile_sample_mb: int = setting(500, "Megabytes of archived files whose checksums are computed anew each night.")
    http_host: str = setting("127.0.0.1", "Address the web server listens on.")
    http_port: int = setting(8080, "Port of the web server; PORT is honoured too; 0 takes a free one.")
    public_url: str = setting(
        "", "Address that people open the hub at, as https://tiepdan.example.vn; empty means made from the others."
    )
    tls_cert: Path | None = setting(None, "Certificate chain in PEM; with tls_key turns on HTTPS.")
    tls_key: Path | None = setting(None, "Private key in PEM.")
    tls_self_signed: bool = setting(False, "Make and use a self-signed certificate, kept in data_dir/tls.")
    behind_proxy: bool = setting(False, "Trust X-Forwarded-For and X-Forwarded-Proto from the reverse proxy.")
    media_workers: int = setting(1, "Number of media worker processes, one per core at most.")
    media_port: int = setting(0, "First UDP port for media, worker N uses media_port + N; 0 takes free ones.")
    media_tcp: bool = setting(True, "Take media by TCP on the same ports too, for networks that let no UDP out.")
    media_gso: bool = setting(True, "Send runs of packets in one system call (UDP GSO) where the machine can.")
    media_addresses: tuple[str, ...] = setting((), "Addresses announced to browsers; empty means all of the machine's.")
    turn_urls: tuple[str, ...] = setting(
        (), "TURN servers for browsers that cannot reach the media port, as turn:10.0.0.5:3478?transport=udp."
    )
    turn_secret: str = setting("", "The secret shared with the TURN servers (coturn: static-auth-secret).", secret=True)
    media_last_n: int = setting(16, "Most pictures that a browser is sent at once.")
    listen_above_points: int = setting(
        12, "Hearings with more points open with only those sending whom the chair invites; the others listen."
    )
    session_hours: int = setting(12, "Hours after which an unused sign-in ends.")
    lockout_attempts: int = setting(5, "Wrong passwords in a row that lock an account.")
    lockout_minutes: int = setting(15, "Minutes for which it stays locked.")
    attachment_max_mb: int = setting(20, "Largest attachment in megabytes (10^6 bytes).")
    antivirus_command: str = setting(
        "",
        "Command that scans a document on its standard input, as clamdscan - does: 0 clean, 1 infected; empty none.",
    )
    antivirus_socket: str = setting(
        "", "Where clamd listens, as unix:/run/clamav/clamd.ctl or 127.0.0.1:3310; empty means no scanner."
    )
    antivirus_away: str = setting(
        "refuse", "While the scanner is away: refuse documents, or let them wait locked until it answers (wait)."
    )
    segment_max_s: int = setting(10, "Longest recorded segment in seconds.")
    spool_warn_mb: int = setting(5_000, "Free spool space in megabytes below which everyone is warned.")
    spool_min_mb: int = setting(1_000, "Free spool space in megabytes below which no hearing can open.")
    timestamp_url: str = setting(
        "", "Address of a time-stamping authority (RFC 3161) that stamps the seals of recordings; empty means none."
    )
    timestamp_ca: Path | None = setting(
        None, "Certificates in PEM that time stamps are checked against; keep those of former authorities in it."
    )
    chair_lost_s: int = setting(60, "Seconds without the chair after which a hearing is interrupted.")
    help_phone: str = setting("", "Telephone number for help, shown in the waiting room.")
    smtp_host: str = setting("", "Mail server that takes our letters; empty means that nobody is told by e-mail.")
    smtp_port: int = setting(0, "Its port; 0 means 587 for starttls, 465 for tls and 25 for none.")
    smtp_security: str = setting("starttls", "starttls, tls, or none where the line to the server is safe by itself.")
    smtp_ca: Path | None = setting(
        None, "Certificates in PEM that the mail server is checked against; empty: the system's."
    )
    smtp_username: str = setting("", "Name to sign in at the mail server with; empty means none is asked for.")
    smtp_password_file: Path | None = setting(None, "File whose first line is the password for it.")
    smtp_from: str = setting("", "E-mail address that letters come from; needed with smtp_host.")
    smtp_from_name: str = setting("Cầu Tiếp Dân", "Name beside that address.")
    reminder_hour: int = setting(
        7, "Hour of a working day (0 to 23, in Vietnam) from which people are reminded of what is due."
    )
    line_days: int = setting(365, "Days for which the quality of every line is kept, minute by minute.")
    log_format: str = setting("console", "console or json.")
    log_level: str = setting("info", "debug, info, warning or error.")
    demo: bool = setting(False, "Allow demo accounts to sign in; only on a loopback address and behind no proxy.")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'hub.db'}"

    @property
    def store(self) -> str:
        return self.store_url or f"file://{self.data_dir.absolute() / 'objects'}"

    @property
    def key_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def spool_dir(self) -> Path:
        return self.data_dir / "spool"

    @property
    def run_dir(self) -> Path:
        return self.data_dir / "run"

    @property
    def https(self) -> bool:
        return self.tls_self_signed or self.tls_cert is not None


def load(env: Mapping[str, str] = os.environ, file: Path | None = None) -> Config:
    """Read ``hub.toml`` (or ``file``, or ``HUB_CONFIG``) and ``HUB_*``. Raises ``ConfigError`` with all faults."""
    faults: list[str] = []
    path = file or Path(env.get("HUB_CONFIG", "hub.toml"))
    values = _from_file(path, faults, required=file is not None or "HUB_CONFIG" in env)
    known = {f.name: f for f in fields(Config)}
    hints = get_type_hints(Config)
    for name, text in _from_env(env, known, faults).items():
        values[name] = text
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        if name not in known:
            faults.append(f"{path}: unknown setting {name!r}")
            continue
        try:
            parsed[name] = _convert(hints[name], value)
        except ValueError as error:
            faults.append(f"{name}: {error}")
    faults += _cross_check({**_defaults(known), **parsed})
    if faults:
        raise ConfigError(faults)
    return Config(**parsed)


def _defaults(known: Mapping[str, Field[Any]]) -> dict[str, Any]:
    return {name: f.default for name, f in known.items() if f.default is not MISSING}


def _from_file(path: Path, faults: list[str], *, required: bool) -> dict[str, Any]:
    if not path.is_file():
        if required:
            faults.append(f"{path}: no such file")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{path}: {error}")
        return {}


def _from_env(env: Mapping[str, str], known: Mapping[str, object], faults: list[str]) -> dict[str, str]:
    found = {}
    if "PORT" in env:
        found["http_port"] = env["PORT"]
    for key, text in env.items():
        if key.startswith("HUB_") and key != "HUB_CONFIG":
            name = key.removeprefix("HUB_").lower()
            if name in known:
                found[name] = text
            else:
                faults.append(f"{key}: unknown setting")
    return found


def _convert(hint: Any, value: Any) -> Any:
    options = get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if type(None) in options and value in ("", None):
        return None
    if bool in options:
        return _boolean(value)
    if int in options:
        if isinstance(value, bool):
            raise ValueError(f"{value!r} is not a whole number")
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ValueError(f"{value!r} is not a whole number") from None
    if Path in options:
        return Path(str(value)).expanduser()
    if hint == tuple[str, ...]:
        parts = value if isinstance(value, list) else str(value).split(",")
        return tuple(str(part).strip() for part in parts if str(part).strip())
    return str(value)


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    try:
        return words[str(value).strip().lower()]
    except KeyError:
        raise ValueError(f"{value!r} is not yes or no") from None


LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


_COUNTS = (
    "media_workers",
    "session_hours",
    "lockout_attempts",
    "attachment_max_mb",
    "chair_lost_s",
    "media_last_n",
    "line_days",
)
_SCHEMES = {
    "store_url": ("file:///", "s3://"),
    "public_url": ("http://", "https://"),
    "timestamp_url": ("http://", "https://"),
    "database_url": ("sqlite:///", "postgresql://"),
}


def _cross_check(value: Mapping[str, Any]) -> list[str]:
    faults = []
    for name in ("http_port", "media_port"):
        if not 0 <= value[name] <= 65_535:
            faults.append(f"{name}: {value[name]} is not a port")
    for name in _COUNTS:
        if value[name] < 1:
            faults.append(f"{name}: must be at least 1")
    if not 1 <= value["segment_max_s"] <= 10:
        faults.append("segment_max_s: must be 1 to 10")
    if value["spool_warn_mb"] < value["spool_min_mb"]:
        faults.append("spool_warn_mb: must not be below spool_min_mb")
    if (value["tls_cert"] is None) != (value["tls_key"] is None):
        faults.append("tls_cert and tls_key: give both or neither")
    if value["log_format"] not in ("console", "json"):
        faults.append(f"log_format: {value['log_format']!r} is neither console nor json")
    if value["log_level"] not in ("debug", "info", "warning", "error"):
        faults.append(f"log_level: {value['log_level']!r} is not debug, info, warning or error")
    for name, schemes in _SCHEMES.items():
        if value[name] and not value[name].startswith(schemes):
            faults.append(f"{name}: must begin with {' or '.join(schemes)}")
    faults += _check_media(value)
    if value["demo"] and (value["http_host"] not in LOOPBACK or value["behind_proxy"]):
        faults.append("demo: demo accounts are refused unless http_host is a loopback address and behind no proxy")
    faults += _check_stamps(value["timestamp_url"], value["timestamp_ca"])
    faults += _check_antivirus(value["antivirus_command"], value["antivirus_socket"], value["antivirus_away"])
    faults += _check_nightly(value["reconcile_hour"], value["reconcile_sample_mb"])
    faults += _check_encryption(value["s3_encryption"])
    faults += _check_keys("master_keys", value["master_keys"])
    faults += _check_keys("denouncer_keys", value["denouncer_keys"])
    faults += _check_mail(value)
    return faults


def _check_mail(value: Mapping[str, Any]) -> list[str]:
    from hub.mail import is_address

    faults = [] if 0 <= value["reminder_hour"] <= 23 else ["reminder_hour: must be 0 to 23"]
    if value["smtp_security"] not in ("starttls", "tls", "none"):
        faults.append(f"smtp_security: {value['smtp_security']!r} is not starttls, tls or none")
    if not 0 <= value["smtp_port"] <= 65_535:
        faults.append(f"smtp_port: {value['smtp_port']} is not a port")
    if value["smtp_host"] and not is_address(value["smtp_from"]):
        faults.append("smtp_from: an e-mail address is needed with smtp_host")
    if bool(value["smtp_username"]) != (value["smtp_password_file"] is not None):
        faults.append("smtp_username and smtp_password_file: give both or neither")
    for name in ("smtp_password_file", "smtp_ca"):
        if value[name] is not None and not value[name].is_file():
            faults.append(f"{name}: {value[name]}: no such file")
    return faults


def _check_stamps(url: str, authority: Path | None) -> list[str]:
    if url and authority is None:
        return ["timestamp_url: timestamp_ca is needed too; a stamp that nobody can check proves nothing"]
    if authority is not None and not authority.is_file():
        return [f"timestamp_ca: {authority}: no such file"]
    return []


def _check_antivirus(command: str, socket: str, away: str) -> list[str]:
    faults = []
    if command and socket:
        faults.append("antivirus_command and antivirus_socket: give one or none")
    if socket and not re.fullmatch(r"unix:/.+|.+:\d{1,5}", socket):
        faults.append(f"antivirus_socket: {socket!r} is neither unix:/path nor host:port")
    if away not in ("refuse", "wait"):
        faults.append(f"antivirus_away: {away!r} is neither refuse nor wait")
    return faults


def _check_nightly(hour: int, sample_mb: int) -> list[str]:
    faults = [] if 0 <= hour <= 23 else ["reconcile_hour: must be 0 to 23"]
    return faults if sample_mb >= 0 else [*faults, "reconcile_sample_mb: must not be negative"]


def _check_encryption(at_server: str) -> list[str]:
    if at_server not in ("", "AES256") and not re.fullmatch(r"aws:kms(:\S+)?", at_server):
        return [f"s3_encryption: {at_server!r} is not AES256, aws:kms or aws:kms:KEY-ID"]
    return []


def _check_keys(name: str, given: tuple[str, ...]) -> list[str]:
    faults = []
    if given:
        from hub.key_rings import parse

        for number, text in enumerate(given, start=1):
            try:
                parse(text)
            except ValueError as error:
                faults.append(f"{name}: number {number}: {error}")
    return faults


def _check_media(value: Mapping[str, Any]) -> list[str]:
    faults = turn.faults(value["turn_urls"], value["turn_secret"])
    for text in value["media_addresses"]:
        try:
            ipaddress.ip_address(text)
        except ValueError:
            faults.append(f"media_addresses: {text!r} is not an IP address; browsers get no names to look up")
    media_ports = range(value["media_port"], value["media_port"] + value["media_workers"])
    if value["media_tcp"] and value["media_port"] and value["http_port"] in media_ports:
        faults.append("media_port: http_port is among the media ports, which are listened on for TCP as well")
    return faults
