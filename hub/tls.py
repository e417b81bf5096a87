"""A certificate of our own, so that other PCs on the network may use their cameras: browsers ask for HTTPS."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.config import Config
from hub.errors import ConfigError
from hub.ids import utc_now

VALID_FOR = timedelta(days=397)  # the longest that browsers accept for a server certificate
RENEW_BEFORE = timedelta(days=30)


def certificate_files(config: Config, names: Iterable[str] = ()) -> tuple[Path, Path] | None:
    """``(chain, key)`` to serve HTTPS with, or None for plain HTTP.

    With ``tls_self_signed`` they are made on first use, and again when they are about to expire or when one of
    ``names`` (host names or addresses) is missing.
    """
    if config.tls_cert is not None and config.tls_key is not None:
        return config.tls_cert, config.tls_key
    if not config.tls_self_signed:
        return None
    folder = config.data_dir / "tls"
    chain, key = folder / "self-signed.pem", folder / "self-signed.key"
    wanted = {"localhost", "127.0.0.1", "::1", socket.gethostname(), *names}
    if not _still_good(chain, key, wanted):
        folder.mkdir(parents=True, exist_ok=True)
        _make(chain, key, sorted(wanted))
    return chain, key


def server_context(files: tuple[Path, Path]) -> ssl.SSLContext:
    """Raises ``ConfigError`` when the files are not a certificate and its key."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(*files)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError([f"tls_cert and tls_key: {files[0]}, {files[1]}: {error}"]) from error
    return context


def _still_good(chain: Path, key: Path, wanted: set[str]) -> bool:
    """Not so either when what a power cut left is damaged, or the one file is older than the other."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chain, key)
    except (OSError, ssl.SSLError):
        return False
    certificate = x509.load_pem_x509_certificate(chain.read_bytes())
    if certificate.not_valid_after_utc - utc_now() < RENEW_BEFORE:
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    held = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return wanted <= held


def _make(chain: Path, key_file: Path, names: list[str]) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cau Tiep Dan")])
    now = utc_now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName([_general_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
