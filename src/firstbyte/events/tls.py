"""TLS: each message, what was agreed, and whether the peer is who it says (RFC 8446, 5246)."""

from typing import Any

from msgspec import Struct

from firstbyte.events.body import Body


class HandshakeStarted(Body, frozen=True, tag="tls.started"):
    """The client begins: the name it asks for (SNI) and the protocols it offers (ALPN)."""

    server_name: str | None
    alpn_offered: tuple[str, ...]


class Message(Body, frozen=True, tag="tls.message"):
    """One handshake message, alert or change_cipher_spec; direction says who sent it.

    ``name`` is the RFC's name in snake case ("client_hello", "encrypted_extensions", "alert").
    ``bytes`` is the whole message with its 4-byte header (alert: 2, change_cipher_spec: 1).
    ``detail`` holds the decoded fields, JSON values only; docs/reference/tls-messages.md lists
    them.
    """

    name: str
    bytes: int
    encrypted: bool
    detail: dict[str, Any] = {}


class Certificate(Struct, frozen=True, kw_only=True):
    """One X.509 certificate, described."""

    depth: int
    """Place in the chain: 0 is the server's own."""
    sent: bool
    """The peer sent it (false: it came from the trust store)."""
    subject: str
    issuer: str
    serial: str
    not_before: str
    """RFC 3339, UTC."""
    not_after: str
    key: str
    """Algorithm and size: "EC P-256", "RSA 2048", "Ed25519"."""
    signature_algorithm: str
    san: tuple[str, ...]
    is_ca: bool
    self_signed: bool
    sha256: str
    bytes: int
    must_staple: bool = False
    """It demands an OCSP staple in every handshake (RFC 7633)."""
    logged: bool | None = None
    """It carries timestamps of public logs (RFC 6962, 3.3); null when that is not known."""
    added_from: str | None = None
    """A trusted root that was added to this machine: the file that it was added by."""


class Certificates(Body, frozen=True, tag="tls.certificates"):
    """The chain as the peer sent it, and the chain that verification built (leaf first)."""

    sent: tuple[Certificate, ...]
    built: tuple[Certificate, ...]


class VerifyError(Struct, frozen=True):
    """One fault of the chain: OpenSSL's code and name, our finding id, and where."""

    depth: int
    code: int
    name: str
    """OpenSSL's symbol without its prefix: "CERT_HAS_EXPIRED"."""
    message: str
    finding: str
    """Our id for the fault: "tls.cert.expired"."""


class Staple(Struct, frozen=True, kw_only=True):
    """The OCSP response that came with the handshake (RFC 6066, 6960)."""

    status: str
    """good, revoked, unknown, or the response's own error status."""
    produced_at: str | None = None
    this_update: str | None = None
    next_update: str | None = None
    revoked_at: str | None = None
    valid: bool | None = None
    """Signature and times hold; null when they could not be checked."""


class Verified(Body, frozen=True, tag="tls.verified"):
    """The verdict on the peer's chain and name, with every error found."""

    ok: bool
    errors: tuple[VerifyError, ...]
    name_checked: str | None
    staple: Staple | None = None


class HandshakeFinished(Body, frozen=True, tag="tls.finished"):
    """Keys are agreed and both Finished were exchanged.

    ``compute_ns`` is the time that the client's own processor spent in the TLS engine.
    """

    version: str
    """As in the RFC: "TLSv1.3", "TLSv1.2"."""
    cipher: str
    group: str | None
    signature_algorithm: str | None
    alpn: str | None
    resumed: bool
    early_data: bool
    compute_ns: int


class HandshakeFailed(Body, frozen=True, tag="tls.failed"):
    """The handshake failed. ``cause`` is an error id such as ``tls.alert.protocol_version``."""

    cause: str
    message: str


class Truncated(Body, frozen=True, tag="tls.truncated"):
    """The peer's FIN came without its close_notify (RFC 8446, 6.1).

    What ends there may have been cut by somebody on the way.
    """


TlsEvent = (
    HandshakeStarted
    | Message
    | Certificates
    | Verified
    | HandshakeFinished
    | HandshakeFailed
    | Truncated
)
