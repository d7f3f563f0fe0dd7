"""Handshake messages, alerts and change_cipher_spec: their names and what they say.

Two views: ``parse_message`` is strict and raises at the first broken rule; ``decode_message``
accepts anything, keeps what could be read, and puts the rule that was broken under ``error``.
The fields of every detail are listed in docs/reference/tls-messages.md.
"""

from collections.abc import Callable
from typing import Any

from firstbyte.errors import DecodeError
from firstbyte.protocols.tls import extensions, names
from firstbyte.protocols.tls.cursor import Cursor

TLS12 = 0x0303
TLS13 = 0x0304

CHANGE_CIPHER_SPEC = 20
ALERT = 21
HANDSHAKE = 22

HEADER_BYTES = 4

HELLO_RETRY_REQUEST_RANDOM = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
"""SHA-256 of "HelloRetryRequest": the random that makes a server_hello one (RFC 8446, 4.1.3)."""

_DOWNGRADES = {b"DOWNGRD\x01": "TLSv1.2", b"DOWNGRD\x00": "TLSv1.1"}

Detail = dict[str, Any]


def decode_handshake(message: bytes, version: int | None = None) -> tuple[str, Detail]:
    """The name and the fields of a handshake message with its 4-byte header; never raises.

    ``version`` is the agreed protocol version as on the wire (0x0304), if it is known; without
    it the form of messages that changed in TLS 1.3 is told by trying. In a broken message,
    ``detail["error"]`` says what is wrong with it.
    """
    return decode_message(HANDSHAKE, message, version)


def parse_handshake(message: bytes, version: int | None = None) -> tuple[str, Detail]:
    """As ``decode_handshake``, but strict.

    Raises:
        DecodeError: the message breaks the RFC's form.

    """
    return parse_message(HANDSHAKE, message, version)


def decode_message(
    content_type: int, message: bytes, version: int | None = None
) -> tuple[str, Detail]:
    """As ``decode_handshake``, for any content type: 20, 21 or 22; never raises."""
    detail: Detail = {}
    name = message_name(content_type, message)
    try:
        return _read(content_type, name, message, version, detail), detail
    except DecodeError as error:
        detail["error"] = str(error)
        return name, detail


def parse_message(
    content_type: int, message: bytes, version: int | None = None
) -> tuple[str, Detail]:
    """As ``decode_message``, but strict.

    Raises:
        DecodeError: the message breaks the RFC's form.

    """
    detail: Detail = {}
    name = message_name(content_type, message)
    return _read(content_type, name, message, version, detail), detail


def message_name(content_type: int, message: bytes) -> str:
    """The RFC's name in snake case, as far as the first byte tells; "unknown_99" otherwise."""
    if content_type != HANDSHAKE:
        return names.name8(names.CONTENT_TYPES, content_type)
    if not message:
        return "handshake"
    return names.name8(names.HANDSHAKE_TYPES, message[0])


def certificate_list(message: bytes, version: int) -> list[bytes]:
    """The DER certificates of a whole ``certificate`` message, leaf first; the staple is left out.

    Raises:
        DecodeError: the message breaks the RFC's form.

    """
    cursor = _body(message)
    if version >= TLS13:
        cursor.opaque(1, "certificate request context")
    return [der for der, _ in _certificates(cursor, version)]


def split_handshake(data: bytes) -> tuple[list[bytes], bytes]:
    """Whole messages at the front of a handshake stream, and the bytes of the unfinished last."""
    found: list[bytes] = []
    offset = 0
    while len(data) - offset >= HEADER_BYTES:
        end = offset + HEADER_BYTES + int.from_bytes(data[offset + 1 : offset + 4], "big")
        if end > len(data):
            break
        found.append(data[offset:end])
        offset = end
    return found, data[offset:]


def _read(content_type: int, name: str, message: bytes, version: int | None, detail: Detail) -> str:
    if content_type == ALERT:
        return _alert(message, detail)
    if content_type == CHANGE_CIPHER_SPEC:
        return _change_cipher_spec(message)
    if content_type != HANDSHAKE:
        detail["content_bytes"] = len(message)
        return name
    cursor = _body(message)
    reader = _READERS.get(message[0])
    if reader is None:
        detail["content_bytes"] = len(cursor.rest())
        return name
    renamed = reader(cursor, version, detail)
    cursor.finish(name)
    return renamed or name


def _body(message: bytes) -> Cursor:
    cursor = Cursor(message, "RFC 8446, 4")
    cursor.u8("handshake type")
    length = cursor.u24("message length")
    if length != len(cursor):
        raise cursor.fail("message length", str(len(cursor)), str(length), at=1)
    return cursor


def _alert(message: bytes, detail: Detail) -> str:
    cursor = Cursor(message, "RFC 8446, 6")
    detail["level"] = names.name8(names.ALERT_LEVELS, cursor.u8("level"))
    detail["description"] = names.alert_name(cursor.u8("description"))
    cursor.finish("alert")
    return "alert"


def _change_cipher_spec(message: bytes) -> str:
    cursor = Cursor(message, "RFC 5246, 7.1")
    value = cursor.u8("change_cipher_spec")
    if value != 1:
        raise cursor.fail("change_cipher_spec", "1", str(value), at=0)
    cursor.finish("change_cipher_spec")
    return "change_cipher_spec"


def _client_hello(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.1.2."""
    detail["legacy_version"] = names.version_name(cursor.u16("legacy_version"))
    detail["random"] = cursor.take(32, "random").hex()
    detail["session_id_bytes"] = len(_session_id(cursor))
    detail["cipher_suites"] = [
        names.cipher_suite_name(code) for code in cursor.u16s(2, "cipher_suites")
    ]
    methods = cursor.opaque(1, "compression methods")
    detail["compression_methods"] = [
        names.name8(names.COMPRESSION_METHODS, code) for code in methods
    ]
    if len(cursor):
        extensions.decode_extensions(cursor, extensions.CLIENT_HELLO, detail)
    detail["grease"] = _has_grease(detail)


def _session_id(cursor: Cursor) -> bytes:
    start = cursor.offset
    session = cursor.opaque(1, "session id")
    if len(session) > 32:
        raise cursor.fail("session id", "at most 32 bytes", str(len(session)), at=start)
    return session


def _has_grease(detail: Detail) -> bool:
    lists = ("cipher_suites", "extensions", "supported_groups", "supported_versions")
    return any(names.GREASE in detail.get(key, ()) for key in lists)


def _server_hello(cursor: Cursor, _version: int | None, detail: Detail) -> str:
    """RFC 8446, 4.1.3 and 4.1.4; RFC 5246, 7.4.1.3."""
    legacy = cursor.u16("legacy_version")
    random = cursor.take(32, "random")
    retry = random == HELLO_RETRY_REQUEST_RANDOM
    detail["version"] = names.version_name(legacy)
    detail["random"] = random.hex()
    detail["session_id_bytes"] = len(_session_id(cursor))
    detail["cipher_suite"] = names.cipher_suite_name(cursor.u16("cipher_suite"))
    detail["compression_method"] = names.name8(
        names.COMPRESSION_METHODS, cursor.u8("compression method")
    )
    name = extensions.HELLO_RETRY_REQUEST if retry else extensions.SERVER_HELLO
    detail["extensions"] = []
    if len(cursor):
        extensions.decode_extensions(cursor, name, detail)
    detail["version"] = detail.get("supported_versions", detail["version"])
    downgrade = _DOWNGRADES.get(random[24:])
    if downgrade is not None and detail["version"] != "TLSv1.3":
        detail["downgrade_sentinel"] = downgrade
    return name


def _new_session_ticket(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.6.1; RFC 5077, 3.3."""
    if version is None:
        version = _guess(cursor, _ticket13, TLS13, TLS12)
    if version >= TLS13:
        _ticket13(cursor, detail)
        return
    cursor.reference = "RFC 5077, 3.3"
    detail["lifetime_s"] = cursor.u32("ticket lifetime hint")
    detail["ticket_bytes"] = len(cursor.opaque(2, "ticket"))


def _ticket13(cursor: Cursor, detail: Detail) -> None:
    detail["lifetime_s"] = cursor.u32("ticket lifetime")
    detail["age_add"] = cursor.u32("ticket age add")
    detail["nonce_bytes"] = len(cursor.opaque(1, "ticket nonce"))
    detail["ticket_bytes"] = len(cursor.opaque(2, "ticket"))
    extensions.decode_extensions(cursor, extensions.NEW_SESSION_TICKET, detail)
    if "early_data" in detail:
        detail["max_early_data_bytes"] = detail.pop("early_data")


def _encrypted_extensions(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.3.1."""
    extensions.decode_extensions(cursor, extensions.ENCRYPTED_EXTENSIONS, detail)


def _certificate(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.4.2; RFC 5246, 7.4.2."""
    if version is None:
        version = _guess(cursor, _certificate12, TLS12, TLS13)
    if version < TLS13:
        _certificate12(cursor, detail)
        return
    detail["context_bytes"] = len(cursor.opaque(1, "certificate request context"))
    found = _certificates(cursor, TLS13)
    _tell_certificates([len(der) for der, _ in found], detail)
    told: list[Detail] = []
    detail["entries"] = told
    for _, extra in found:
        entry: Detail = {}
        told.append(entry)
        extensions.decode_extensions(extra, extensions.CERTIFICATE, entry)


def _certificate12(cursor: Cursor, detail: Detail) -> None:
    _tell_certificates([len(der) for der, _ in _certificates(cursor, TLS12)], detail)


def _tell_certificates(sizes: list[int], detail: Detail) -> None:
    detail["certificates"] = len(sizes)
    detail["certificate_bytes"] = sizes


def _certificates(cursor: Cursor, version: int) -> list[tuple[bytes, Cursor]]:
    """Each certificate with the window on its extension block (empty before TLS 1.3)."""
    window = cursor.vector(3, "certificate list")
    return list(window.each(lambda c: _certificate_entry(c, version)))


def _certificate_entry(cursor: Cursor, version: int) -> tuple[bytes, Cursor]:
    der = cursor.opaque(3, "certificate")
    start = cursor.offset
    if version >= TLS13:
        cursor.vector(2, "certificate extensions")
    return der, Cursor(cursor.data, cursor.reference, start, cursor.offset)


def _guess(
    cursor: Cursor, read: Callable[[Cursor, Detail], None], version: int, otherwise: int
) -> int:
    """``version`` when ``read`` understands the whole of a copy of the cursor's window."""
    copy = Cursor(cursor.data, cursor.reference, cursor.offset, cursor.end)
    try:
        read(copy, {})
        copy.finish("message")
    except DecodeError:
        return otherwise
    return version


def _certificate_status(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 6066, 8: the staple in TLS 1.2."""
    cursor.reference = "RFC 6066, 8"
    detail["status_type"] = names.name8(names.STATUS_TYPES, cursor.u8("status type"))
    detail["response_bytes"] = len(cursor.opaque(3, "response"))


def _certificate_request(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.3.2; RFC 5246, 7.4.4."""
    if version is None:
        version = _guess(cursor, _request13, TLS13, TLS12)
    if version >= TLS13:
        _request13(cursor, detail)
        return
    cursor.reference = "RFC 5246, 7.4.4"
    detail["certificate_types"] = [
        names.name8(names.CLIENT_CERTIFICATE_TYPES, code)
        for code in cursor.opaque(1, "certificate types")
    ]
    # TLS 1.0 and 1.1 have no list of signature algorithms
    if version == TLS12:
        detail["signature_algorithms"] = [
            names.name16(names.SIGNATURE_SCHEMES, code)
            for code in cursor.u16s(2, "signature algorithms")
        ]
    sizes = [
        len(name)
        for name in cursor.vector(2, "certificate authorities").each(
            lambda c: c.opaque(2, "distinguished name")
        )
    ]
    detail["certificate_authorities"] = {"count": len(sizes), "bytes": sum(sizes)}


def _request13(cursor: Cursor, detail: Detail) -> None:
    detail["context_bytes"] = len(cursor.opaque(1, "certificate request context"))
    extensions.decode_extensions(cursor, extensions.CERTIFICATE_REQUEST, detail)


def _certificate_verify(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.4.3; RFC 5246, 7.4.8."""
    _signature(cursor, version, detail)


def _signature(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """An algorithm (from TLS 1.2 on) and the signature's length."""
    if version is None or version >= TLS12:
        detail["signature_algorithm"] = names.name16(
            names.SIGNATURE_SCHEMES, cursor.u16("signature algorithm")
        )
    detail["signature_bytes"] = len(cursor.opaque(2, "signature"))


def _server_key_exchange(cursor: Cursor, version: int | None, detail: Detail) -> None:
    """RFC 8422, 5.4 and RFC 5246, 7.4.3.

    The form depends on the cipher suite. A named curve is tried first; what reads as finite-field
    Diffie-Hellman comes next; anything else (PSK hints, SRP) is told by size alone.
    """
    start = cursor.offset
    for read in (_ecdhe, _dhe):
        cursor.offset = start
        told: Detail = {}
        try:
            read(cursor, told)
            if len(cursor):
                _signature(cursor, version, told)
            cursor.finish("server_key_exchange")
        except DecodeError:
            continue
        detail.update(told)
        return
    cursor.offset = start
    detail["parameter_bytes"] = len(cursor.rest())


def _ecdhe(cursor: Cursor, detail: Detail) -> None:
    named_curve = 3
    kind = cursor.u8("curve type")
    if kind != named_curve:
        raise cursor.fail("curve type", "3 (named_curve)", str(kind))
    detail["group"] = names.name16(names.GROUPS, cursor.u16("named curve"))
    detail["public_key_bytes"] = len(cursor.opaque(1, "public point"))


def _dhe(cursor: Cursor, detail: Detail) -> None:
    prime = cursor.opaque(2, "dh_p")
    cursor.opaque(2, "dh_g")
    detail["prime_bits"] = int.from_bytes(prime, "big").bit_length()
    detail["public_key_bytes"] = len(cursor.opaque(2, "dh_Ys"))


def _client_key_exchange(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 5246, 7.4.7: a public value, or a secret sealed with the server's RSA key."""
    detail["exchange_bytes"] = len(cursor.rest())


def _finished(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.4.4."""
    detail["verify_bytes"] = len(cursor.rest())


def _key_update(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 8446, 4.6.3."""
    value = cursor.u8("request_update")
    if value > 1:
        raise cursor.fail("request_update", "0 or 1", str(value), at=cursor.offset - 1)
    detail["update_requested"] = value == 1


def _compressed_certificate(cursor: Cursor, _version: int | None, detail: Detail) -> None:
    """RFC 8879, 4."""
    cursor.reference = "RFC 8879, 4"
    detail["algorithm"] = names.name16(
        names.CERTIFICATE_COMPRESSION, cursor.u16("compression algorithm")
    )
    detail["uncompressed_bytes"] = cursor.u24("uncompressed length")
    detail["compressed_bytes"] = len(cursor.opaque(3, "compressed certificate"))


def _empty(_cursor: Cursor, _version: int | None, _detail: Detail) -> None:
    """hello_request, server_hello_done and end_of_early_data say nothing more."""


_Reader = Callable[[Cursor, int | None, Detail], str | None]

_READERS: dict[int, _Reader] = {
    0: _empty,
    1: _client_hello,
    2: _server_hello,
    4: _new_session_ticket,
    5: _empty,
    8: _encrypted_extensions,
    11: _certificate,
    12: _server_key_exchange,
    13: _certificate_request,
    14: _empty,
    15: _certificate_verify,
    16: _client_key_exchange,
    20: _finished,
    22: _certificate_status,
    24: _key_update,
    25: _compressed_certificate,
}
