"""The client's half of DTLS-SRTP (RFC 5764) without sockets: datagrams in, datagrams out, one protection profile.

Offering a single profile makes sure that every server that is measured does the same cryptographic work.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pylibsrtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

PROFILES = {
    "SRTP_AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    "SRTP_AES128_CM_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
"""Name, as OpenSSL says it, to libsrtp's number, key and salt length in bytes."""
MOST_DATAGRAM_BYTES = 1200
RECORD_HEAD_BYTES = 13


class HandshakeFailed(RuntimeError):
    """The server and we share no profile, or it answered nonsense."""


class Identity:
    """One certificate for all peers of the process: making keys is not what is measured."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "load")])
        now = datetime.now(UTC)
        self._certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=2))
            .sign(self._key, hashes.SHA256())
        )
        self._context = self._make_context()

    @property
    def fingerprint(self) -> str:
        """SHA-256, as SDP writes it."""
        digest = hashlib.sha256(self._certificate.public_bytes(Encoding.DER)).hexdigest().upper()
        return ":".join(digest[at : at + 2] for at in range(0, len(digest), 2))

    def _make_context(self) -> SSL.Context:
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_verify(SSL.VERIFY_NONE, lambda *_: True)
        context.use_certificate(self._certificate)
        context.use_privatekey(self._key)
        context.set_tlsext_use_srtp(self.profile.encode())
        return context

    def connection(self) -> SSL.Connection:
        return SSL.Connection(self._context, None)


class Dtls:
    """One association, as client. ``done`` once ``protect`` and ``unprotect`` can be used."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._ssl = identity.connection()
        self._ssl.set_connect_state()
        self._ssl.set_ciphertext_mtu(MOST_DATAGRAM_BYTES)
        self.done = False
        self.profile = ""
        self._flight: list[bytes] = []
        self.sending: pylibsrtp.Session
        self.receiving: pylibsrtp.Session

    def step(self, datagram: bytes = b"") -> list[bytes]:
        """Take what arrived, nothing at first; what to send now. Raises ``HandshakeFailed``."""
        if datagram:
            self._ssl.bio_write(datagram)
        if not self.done:
            try:
                self._ssl.do_handshake()
                self._derive()
            except SSL.WantReadError:
                pass
            except SSL.Error as error:
                raise HandshakeFailed(str(error)) from error
        written = self._pending()
        self._flight = written or self._flight
        return written

    def again(self) -> list[bytes]:
        """The last flight once more. OpenSSL itself would wait a second; browsers begin with 50 ms."""
        return self._flight

    def _pending(self) -> list[bytes]:
        written = b""
        while True:
            try:
                written += self._ssl.bio_read(16_384)
            except SSL.Error:
                return split_records(written)

    def _derive(self) -> None:
        self.profile = self._ssl.get_selected_srtp_profile().decode()
        if self.profile != self._identity.profile:
            raise HandshakeFailed(f"no common SRTP profile: offered {self._identity.profile}, got {self.profile!r}")
        number, key, salt = PROFILES[self.profile]
        material = self._ssl.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client = material[:key] + material[2 * key : 2 * key + salt]
        server = material[key : 2 * key] + material[2 * key + salt :]
        self.sending = _session(client, pylibsrtp.Policy.SSRC_ANY_OUTBOUND, number)
        self.receiving = _session(server, pylibsrtp.Policy.SSRC_ANY_INBOUND, number)
        self.done = True


def _session(key: bytes, direction: int, profile: int) -> pylibsrtp.Session:
    policy = pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.allow_repeat_tx, policy.window_size = True, 1024
    return pylibsrtp.Session(policy)


def split_records(written: bytes) -> list[bytes]:
    """OpenSSL's memory gives one run of bytes; DTLS records must not be torn between datagrams (RFC 6347, 4.1)."""
    datagrams: list[bytes] = []
    at = 0
    while at + RECORD_HEAD_BYTES <= len(written):
        end = at + RECORD_HEAD_BYTES + int.from_bytes(written[at + 11 : at + 13])
        if datagrams and len(datagrams[-1]) + end - at <= MOST_DATAGRAM_BYTES:
            datagrams[-1] += written[at:end]
        else:
            datagrams.append(written[at:end])
        at = end
    return datagrams
