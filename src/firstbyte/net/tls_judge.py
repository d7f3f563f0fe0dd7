"""Judges a chain that came by another way than pyOpenSSL's handshake: inside QUIC, or in a world.

The chain is put into the server's first flight of a TLS 1.2 handshake, where it still travels in
the clear, and our own engine is left to read it. So a chain gets the same verdict, all errors with
their depths, whether it came over TCP or over QUIC. No key is agreed and nothing is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace

from firstbyte.errors import TlsError
from firstbyte.events.tls import Certificates, Verified
from firstbyte.net.tls_certificates import describe_chain, parse, parse_chain
from firstbyte.net.tls_engine import EngineError, TlsEngine
from firstbyte.net.tls_local_roots import tell_origin
from firstbyte.net.tls_messages import SeenMessages
from firstbyte.net.tls_peer_name import PeerName, peer_name
from firstbyte.net.tls_pyopenssl import PyOpenSslConnection
from firstbyte.net.tls_settings import TlsSettings
from firstbyte.net.tls_verify import explain_errors

_ECDHE_RSA = b"\xc0\x2f"
_ECDHE_ECDSA = b"\xc0\x2b"
_RENEGOTIATION_INFO = b"\xff\x01\x00\x01\x00"
"""RFC 5746, 3.4: OpenSSL refuses a server that does not say it."""
_MAX_RECORD_BYTES = 16_384


@dataclass(frozen=True, slots=True)
class Judgement:
    """Who the peer is, and the verdict, as the two events that tell it."""

    certificates: Certificates
    verified: Verified


def judge_chain(
    chain: list[bytes],
    settings: TlsSettings,
    server_name: str,
    now_ns: Callable[[], int],
    wall_time_s: float,
) -> Judgement:
    """Verify ``chain`` (DER, leaf first, as the peer sent it) for ``server_name``.

    Raises:
        TlsError: as ``examine``.

    """
    engine = examine(chain, settings, peer_name(server_name), now_ns, wall_time_s)
    sent, built = engine.chain_sent(), engine.chain_built()
    errors = explain_errors(engine.verify_errors, parse_chain(built or sent))
    described = tell_origin(describe_chain(built, sent), settings.roots)
    return Judgement(
        Certificates(describe_chain(sent, sent), described),
        Verified(not errors, errors, engine.name_checked),
    )


def examine(
    chain: list[bytes],
    settings: TlsSettings,
    peer: PeerName,
    now_ns: Callable[[], int],
    wall_time_s: float,
) -> TlsEngine:
    """An engine that has read ``chain``, for its ``chain_built`` and ``verify_errors``.

    Raises:
        TlsError: tls.protocol, when it holds no certificate or one that cannot be parsed; and the
            errors of ``TlsSettings.context``.

    """
    if not chain:
        raise TlsError("tls.protocol", "the server sent no certificate")
    leaf = parse(chain[0])
    if leaf is None:
        raise TlsError("tls.protocol", "the server's certificate cannot be read")
    try:
        is_rsa = isinstance(leaf.public_key(), rsa.RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise TlsError("tls.protocol", f"the certificate's key cannot be read: {error}") from error
    plain = replace(
        settings,
        minimum="1.2",
        maximum="1.2",
        ciphers=None,
        curves=None,
        keylog_file=None,
        cert_file=None,
        key_file=None,
    )
    seen = SeenMessages(now_ns())
    connection = PyOpenSslConnection(plain.context(), peer, (), wall_time_s, seen)
    engine = TlsEngine(connection, peer, now_ns, seen)
    suite = _ECDHE_RSA if is_rsa else _ECDHE_ECDSA
    try:
        engine.handshake()
        engine.feed(_first_flight(chain, suite), now_ns())
        engine.handshake()
    except EngineError as error:
        raise TlsError(
            "tls.protocol", f"the certificate chain cannot be read: {'; '.join(error.reasons)}"
        ) from error
    return engine


def _first_flight(chain: list[bytes], suite: bytes) -> bytes:
    """ServerHello and Certificate (RFC 5246, 7.4.1.3 and 7.4.2) in records."""
    extensions = _prefixed(_RENEGOTIATION_INFO, 2)
    hello = b"\x03\x03" + bytes(32) + b"\x00" + suite + b"\x00" + extensions
    entries = b"".join(_prefixed(der, 3) for der in chain)
    messages = b"\x02" + _prefixed(hello, 3) + b"\x0b" + _prefixed(_prefixed(entries, 3), 3)
    return b"".join(
        b"\x16\x03\x03" + _prefixed(messages[start : start + _MAX_RECORD_BYTES], 2)
        for start in range(0, len(messages), _MAX_RECORD_BYTES)
    )


def _prefixed(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data
