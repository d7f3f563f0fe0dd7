"""Connections of the OpenSSL that Python's own ``ssl`` has loaded: where what is sent must repeat.

The private internet seeds that library's random numbers, so hellos and key shares come out again
for the same seed. Chains are judged by pyOpenSSL, as everywhere (``tls_judge``).
"""

import ctypes
import os
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from firstbyte.net import libssl
from firstbyte.net.tls_engine import EngineError, PeerEndedError, WantsMoreError
from firstbyte.net.tls_messages import SeenMessages
from firstbyte.net.tls_peer_name import PeerName
from firstbyte.net.tls_settings import (
    TlsSettings,
    append_secret,
    load_private_key,
    split_ciphers,
)

# openssl/ssl.h and openssl/tls1.h
_SET_MODE = 33
_SET_HOST_NAME = 55
_SET_STATUS_TYPE = 65
_GET_STATUS_RESPONSE = 70
_SET_GROUPS_LIST = 92
_SET_SIGNATURE_ALGORITHMS_LIST = 98
_SET_MIN_VERSION = 123
_SET_MAX_VERSION = 124
_STATUS_TYPE_OCSP = 1
_NAME_TYPE_HOST = 0
_VERIFY_NONE = 0
_ENABLE_PARTIAL_WRITE = 0x1
_ACCEPT_MOVING_WRITE_BUFFER = 0x2
_NO_CERTIFICATE_COMPRESSION = 1 << 33
"""SSL_OP_NO_RX_CERTIFICATE_COMPRESSION (RFC 8879): pyOpenSSL's has no zlib and offers none."""
_WANT_READ = 2
_ZERO_RETURN = 6

# Lists of our own, so that a world does not depend on OpenSSL's version or the system's openssl.cnf
_SECURITY_LEVEL = 2
"""OpenSSL's default since 3.2."""
_OLDER_CIPHERS = "DEFAULT"
_MODERN_CIPHERS = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256"
_SIGNATURE_ALGORITHMS = (
    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448"
    ":rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512"
    ":rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512"
    ":rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512"
)
_VERSIONS = {"1.2": 0x0303, "1.3": 0x0304}
_RECORD_BYTES = 16384


class UnsupportedError(Exception):
    """This OpenSSL cannot do what the settings ask for."""


class Judged(Struct, frozen=True):
    """The chain that verification built, DER, and its faults: (OpenSSL's code, depth)."""

    built: list[bytes]
    errors: list[tuple[int, int]]


class LibsslConnection:
    """A ``tls_engine.Connection``.

    Args:
        settings: versions, algorithms, client certificate, key log.
        peer: for SNI.
        alpn: protocols to offer, best first.
        judge: the verdict on the chain that the peer sent, asked for once.
        seen: takes the messages.

    Raises:
        UnsupportedError: there is no such library here, or it cannot do what the settings ask for.

    """

    def __init__(
        self,
        settings: TlsSettings,
        peer: PeerName,
        alpn: tuple[str, ...],
        judge: Callable[[list[bytes]], Judged],
        seen: SeenMessages,
    ) -> None:
        self._library = library = libssl.load()
        if library is None:
            raise UnsupportedError
        self._seen = seen
        self._keylog_file = settings.keylog_file
        self._judge = judge
        self._judged: Judged | None = None
        self._buffer = ctypes.create_string_buffer(_RECORD_BYTES)
        context = _context(library, settings)
        self._ssl = library.SSL_new(context)
        library.SSL_CTX_free(context)  # the connection holds it from here on
        _must(self._ssl is not None)
        weakref.finalize(self, library.SSL_free, self._ssl).atexit = False
        self._from_peer = library.BIO_new(library.BIO_s_mem())
        self._to_peer = library.BIO_new(library.BIO_s_mem())
        library.SSL_set_bio(self._ssl, self._from_peer, self._to_peer)
        library.SSL_set_connect_state(self._ssl)
        self._set_extensions(peer, alpn)
        _connections[self._ssl] = self

    def do_handshake(self) -> None:
        """Go on with the handshake until it is complete."""
        self._run(lambda: self._library.SSL_do_handshake(self._ssl))

    def bio_write(self, data: bytes) -> None:
        """Take in what the peer sent."""
        self._library.BIO_write(self._from_peer, data, len(data))

    def bio_read(self) -> bytes:
        """Give what is to be sent to the peer, once."""
        waiting = self._library.BIO_ctrl_pending(self._to_peer)
        if not waiting:
            return b""
        buffer = ctypes.create_string_buffer(waiting)
        length = self._library.BIO_read(self._to_peer, buffer, waiting)
        return buffer.raw[:length]

    def recv(self, size: int) -> bytes:
        """Decrypted bytes, at most so many, and at most one record's."""
        room = min(size, _RECORD_BYTES)
        length = self._run(lambda: self._library.SSL_read(self._ssl, self._buffer, room))
        return ctypes.string_at(self._buffer, length)

    def send(self, data: memoryview) -> int:
        """Encrypt; how many bytes were taken."""
        part = bytes(data[:_RECORD_BYTES])
        return self._run(lambda: self._library.SSL_write(self._ssl, part, len(part)))

    def shutdown(self) -> None:
        """Say close_notify."""
        self._library.ERR_clear_error()
        if self._library.SSL_shutdown(self._ssl) < 0:
            self._library.ERR_clear_error()

    @property
    def version(self) -> str:
        """As in the RFCs: "TLSv1.3"."""
        return str(self._library.SSL_get_version(self._ssl).decode())

    @property
    def version_number(self) -> int:
        """As on the wire: 0x0304."""
        return int(self._library.SSL_version(self._ssl))

    @property
    def cipher(self) -> str | None:
        """OpenSSL's name of the cipher suite in force."""
        cipher = self._library.SSL_get_current_cipher(self._ssl)
        return self._library.SSL_CIPHER_get_name(cipher).decode() if cipher else None

    @property
    def alpn(self) -> str | None:
        """The protocol that the server chose, or None."""
        place, length = ctypes.c_void_p(), ctypes.c_uint()
        self._library.SSL_get0_alpn_selected(self._ssl, ctypes.byref(place), ctypes.byref(length))
        return _copy(place, length.value).decode("ascii", "replace") or None

    @property
    def resumed(self) -> bool:
        """Whether the handshake resumed an earlier session."""
        return bool(self._library.SSL_session_reused(self._ssl))

    def staple(self) -> bytes | None:
        """The OCSP response that came with the handshake, DER."""
        place = ctypes.c_void_p()
        length = self._library.SSL_ctrl(self._ssl, _GET_STATUS_RESPONSE, 0, ctypes.byref(place))
        return _copy(place, length) or None

    def chain_sent(self) -> list[bytes]:
        """The peer's certificates as it sent them, leaf first, DER."""
        library = self._library
        chain = library.SSL_get_peer_cert_chain(self._ssl)
        if not chain:
            return []
        return [
            _der(library, library.OPENSSL_sk_value(chain, index))
            for index in range(library.OPENSSL_sk_num(chain))
        ]

    def chain_built(self) -> list[bytes]:
        """The chain that verification built, leaf first, DER."""
        return self._verdict().built

    def verify_errors(self) -> list[tuple[int, int]]:
        """The faults of that chain: (OpenSSL's code, depth), in the order that they were found."""
        return self._verdict().errors

    def on_message(self, sent: bool, content_type: int, data: bytes) -> None:
        """Called back by OpenSSL for each record header and each message."""
        self._seen.show(sent, self.version_number, content_type, data)

    def on_secret(self, line: bytes) -> None:
        """Called back by OpenSSL for each line of the key log."""
        if self._keylog_file is not None:
            append_secret(self._keylog_file, line)

    def _verdict(self) -> Judged:
        if self._judged is None:
            self._judged = self._judge(self.chain_sent())
        return self._judged

    def _set_extensions(self, peer: PeerName, alpn: tuple[str, ...]) -> None:
        library = self._library
        if peer.sni is not None:
            library.SSL_ctrl(self._ssl, _SET_HOST_NAME, _NAME_TYPE_HOST, peer.sni.encode())
        if alpn:
            # RFC 7301, 3.1: each name with its length before it
            names = b"".join(bytes([len(name)]) + name.encode() for name in alpn)
            library.SSL_set_alpn_protos(self._ssl, names, len(names))
        library.SSL_ctrl(self._ssl, _SET_STATUS_TYPE, _STATUS_TYPE_OCSP, None)

    def _run(self, call: Callable[[], int]) -> int:
        """The call's positive result; what stands in its way becomes an exception."""
        self._library.ERR_clear_error()
        result = call()
        if result > 0:
            return result
        why = self._library.SSL_get_error(self._ssl, result)
        if why == _WANT_READ:
            raise WantsMoreError
        if why == _ZERO_RETURN:
            raise PeerEndedError
        raise EngineError(tuple(_reasons(self._library)))


# keyed by the address of OpenSSL's SSL object; an entry goes when its connection does
_connections: weakref.WeakValueDictionary[int, LibsslConnection] = weakref.WeakValueDictionary()


def _on_message(
    sent: int, _version: int, content_type: int, place: int, length: int, ssl: int, _arg: int
) -> None:
    connection = _connections.get(ssl)
    if connection is not None:
        connection.on_message(bool(sent), content_type, ctypes.string_at(place, length))


def _on_secret(ssl: int, line: bytes) -> None:
    connection = _connections.get(ssl)
    if connection is not None:
        connection.on_secret(line)


_message_callback = libssl.OnMessage(_on_message)
_secret_callback = libssl.OnSecret(_on_secret)


def _context(library: Any, settings: TlsSettings) -> Any:
    context = library.SSL_CTX_new(library.TLS_client_method())
    try:
        _must(context is not None)
        _set_versions(library, context, settings)
        _set_algorithms(library, context, settings)
        _set_client_certificate(library, context, settings)
    except UnsupportedError:
        library.SSL_CTX_free(context)
        library.ERR_clear_error()
        raise
    library.SSL_CTX_ctrl(
        context, _SET_MODE, _ENABLE_PARTIAL_WRITE | _ACCEPT_MOVING_WRITE_BUFFER, None
    )
    library.SSL_CTX_set_options(context, _NO_CERTIFICATE_COMPRESSION)
    library.SSL_CTX_set_verify(context, _VERIFY_NONE, None)
    library.SSL_CTX_set_msg_callback(context, _message_callback)
    if settings.keylog_file is not None:
        library.SSL_CTX_set_keylog_callback(context, _secret_callback)
    return context


def _set_versions(library: Any, context: Any, settings: TlsSettings) -> None:
    least = _VERSIONS[settings.minimum]
    most = 0 if settings.maximum is None else _VERSIONS[settings.maximum]
    _must(library.SSL_CTX_ctrl(context, _SET_MIN_VERSION, least, None))
    _must(library.SSL_CTX_ctrl(context, _SET_MAX_VERSION, most, None))


def _set_algorithms(library: Any, context: Any, settings: TlsSettings) -> None:
    modern, older = split_ciphers(settings.ciphers)
    signatures = _SIGNATURE_ALGORITHMS.encode()
    library.SSL_CTX_set_security_level(context, _SECURITY_LEVEL)
    _must(library.SSL_CTX_set_ciphersuites(context, (modern or _MODERN_CIPHERS).encode()))
    _must(library.SSL_CTX_set_cipher_list(context, (older or _OLDER_CIPHERS).encode()))
    _must(library.SSL_CTX_ctrl(context, _SET_SIGNATURE_ALGORITHMS_LIST, 0, signatures))
    if settings.curves:
        _must(library.SSL_CTX_ctrl(context, _SET_GROUPS_LIST, 0, settings.curves.encode()))


def _set_client_certificate(library: Any, context: Any, settings: TlsSettings) -> None:
    if settings.cert_file is None:
        return
    from cryptography.hazmat.primitives import serialization as form

    chain_file = os.fsencode(settings.cert_file)
    _must(library.SSL_CTX_use_certificate_chain_file(context, chain_file))
    der = load_private_key(settings.key_file or settings.cert_file).private_bytes(
        form.Encoding.DER, form.PrivateFormat.PKCS8, form.NoEncryption()
    )
    place = ctypes.c_char_p(der)
    key = library.d2i_AutoPrivateKey(None, ctypes.byref(place), len(der))
    _must(key is not None)
    used = library.SSL_CTX_use_PrivateKey(context, key)
    library.EVP_PKEY_free(key)
    _must(used)


def _must(done: int) -> None:
    if not done:
        raise UnsupportedError


def _reasons(library: Any) -> Iterator[str]:
    """The words of the errors that wait in OpenSSL's queue, oldest first."""
    while code := library.ERR_get_error():
        reason = library.ERR_reason_error_string(code)
        yield reason.decode("ascii", "replace") if reason else f"error {code:08x}"


def _copy(place: ctypes.c_void_p, length: int) -> bytes:
    return b"" if place.value is None or length <= 0 else ctypes.string_at(place, length)


def _der(library: Any, certificate: int) -> bytes:
    buffer = ctypes.create_string_buffer(library.i2d_X509(certificate, None))
    library.i2d_X509(certificate, ctypes.byref(ctypes.c_void_p(ctypes.addressof(buffer))))
    return buffer.raw
