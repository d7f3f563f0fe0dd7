"""What each TLS extension says, by the message that carries it (RFC 8446, 4.2, and others).

``decode_extensions`` reads a block and adds to the message's detail: ``extensions``, the names in
the order sent, and one key for each extension whose content is worth telling. An extension that
carries nothing (a flag) tells by its name alone.
"""

from collections.abc import Callable
from typing import Any

from firstbyte.protocols.tls import names
from firstbyte.protocols.tls.cursor import Cursor

Decoder = Callable[[Cursor], Any]
"""Reads an extension's content and gives a JSON value."""

CLIENT_HELLO = "client_hello"
SERVER_HELLO = "server_hello"
HELLO_RETRY_REQUEST = "hello_retry_request"
ENCRYPTED_EXTENSIONS = "encrypted_extensions"
CERTIFICATE = "certificate"
CERTIFICATE_REQUEST = "certificate_request"
NEW_SESSION_TICKET = "new_session_ticket"


def decode_extensions(cursor: Cursor, message: str, detail: dict[str, Any]) -> None:
    """Read an extension block with its length; ``message`` says which forms apply.

    Raises:
        DecodeError: a length does not fit, or a known extension breaks its form. What was read
            before stays in ``detail``; the names of all extensions always do.

    """
    block = cursor.vector(2, "extensions")
    found = list(block.each(_extension))
    detail["extensions"] = [names.name16(names.EXTENSIONS, code) for code, _ in found]
    for code, body in found:
        form = _FORMS.get(code)
        if form is None:
            continue
        key, by_message = form
        decoder = by_message.get(message)
        if decoder is not None:
            detail[key] = decoder(body)
            body.finish(f"{key} extension")


def text(data: bytes) -> str:
    """Bytes of the peer as text, whatever they are."""
    return data.decode("utf-8", "backslashreplace")


def _extension(block: Cursor) -> tuple[int, Cursor]:
    return block.u16("extension type"), block.vector(2, "extension")


def _names16(table: dict[int, str], field: str, width: int = 2) -> Decoder:
    def read(cursor: Cursor) -> list[str]:
        return [names.name16(table, code) for code in cursor.u16s(width, field)]

    return read


def _names8(table: dict[int, str], field: str) -> Decoder:
    def read(cursor: Cursor) -> list[str]:
        return [names.name8(table, code) for code in cursor.opaque(1, field)]

    return read


def _one16(table: dict[int, str], field: str) -> Decoder:
    return lambda cursor: names.name16(table, cursor.u16(field))


def _one8(table: dict[int, str], field: str) -> Decoder:
    return lambda cursor: names.name8(table, cursor.u8(field))


def _opaque_length(width: int, field: str) -> Decoder:
    return lambda cursor: len(cursor.opaque(width, field))


def _whole_length(cursor: Cursor) -> int:
    return len(cursor.rest())


def _server_name(cursor: Cursor) -> str | None:
    """RFC 6066, 3: of the list, the host name (the only type there is)."""
    found = None
    for kind, name in cursor.vector(2, "server_name list").each(
        lambda c: (c.u8("name type"), c.opaque(2, "server name"))
    ):
        if kind == 0 and found is None:
            found = text(name)
    return found


def _protocols(cursor: Cursor) -> list[str]:
    """RFC 7301, 3.1."""
    window = cursor.vector(2, "protocol name list")
    return [text(name) for name in window.each(lambda c: c.opaque(1, "protocol name"))]


def _protocol(cursor: Cursor) -> str | None:
    chosen = _protocols(cursor)
    return chosen[0] if chosen else None


def _share(cursor: Cursor) -> dict[str, Any]:
    group = names.name16(names.GROUPS, cursor.u16("key share group"))
    return {"group": group, "bytes": len(cursor.opaque(2, "key exchange"))}


def _shares(cursor: Cursor) -> list[dict[str, Any]]:
    return list(cursor.vector(2, "client shares").each(_share))


def _status_request(cursor: Cursor) -> str:
    """RFC 6066, 8: the type is told, responder ids and request extensions are skipped."""
    kind = names.name8(names.STATUS_TYPES, cursor.u8("status type"))
    cursor.rest()
    return kind


def _staple(cursor: Cursor) -> dict[str, Any]:
    """RFC 8446, 4.4.2.1: a CertificateStatus inside a certificate's extensions."""
    kind = names.name8(names.STATUS_TYPES, cursor.u8("status type"))
    return {"type": kind, "bytes": len(cursor.opaque(3, "OCSP response"))}


def _timestamps(cursor: Cursor) -> int:
    """RFC 6962, 3.3: how many SCTs."""
    window = cursor.vector(2, "SCT list")
    return sum(1 for _ in window.each(lambda c: c.opaque(2, "SCT")))


def _offered_keys(cursor: Cursor) -> dict[str, Any]:
    """RFC 8446, 4.2.11."""
    identities = cursor.vector(2, "PSK identities").each(
        lambda c: {
            "bytes": len(c.opaque(2, "identity")),
            "obfuscated_ticket_age": c.u32("obfuscated ticket age"),
        }
    )
    told = list(identities)
    binders = cursor.vector(2, "PSK binders")
    sizes = [len(binder) for binder in binders.each(lambda c: c.opaque(1, "binder"))]
    return {"identities": told, "binder_bytes": sizes}


def _authorities(cursor: Cursor) -> dict[str, int]:
    sizes = [len(name) for name in cursor.vector(2, "authorities").each(_distinguished_name)]
    return {"count": len(sizes), "bytes": sum(sizes)}


def _distinguished_name(cursor: Cursor) -> bytes:
    return cursor.opaque(2, "distinguished name")


def _oid_filters(cursor: Cursor) -> list[str]:
    window = cursor.vector(2, "OID filters")
    return [
        oid.hex()
        for oid, _ in window.each(lambda c: (c.opaque(1, "OID"), c.opaque(2, "OID values")))
    ]


def _ech_client(cursor: Cursor) -> dict[str, Any]:
    """RFC 9849, 5: outer carries the sealed inner hello; inner is empty."""
    if cursor.u8("ECH client hello type") == 1:
        return {"type": "inner"}
    return {
        "type": "outer",
        "kdf": names.name16(names.HPKE_KDFS, cursor.u16("HPKE KDF")),
        "aead": names.name16(names.HPKE_AEADS, cursor.u16("HPKE AEAD")),
        "config_id": cursor.u8("config id"),
        "enc_bytes": len(cursor.opaque(2, "enc")),
        "payload_bytes": len(cursor.opaque(2, "payload")),
    }


def _ech_retry(cursor: Cursor) -> dict[str, Any]:
    return {"retry_configs_bytes": len(cursor.opaque(2, "retry configs"))}


def _ech_confirmation(cursor: Cursor) -> dict[str, Any]:
    return {"confirmation_bytes": len(cursor.take(8, "confirmation"))}


def _flag(cursor: Cursor) -> bool:
    """An extension that is empty and says by being there."""
    cursor.finish("empty extension")
    return True


def _quic_varint(cursor: Cursor) -> int:
    """RFC 9000, 16."""
    first = cursor.u8("variable-length integer")
    value = first & 0x3F
    for _ in range((1 << (first >> 6)) - 1):
        value = value << 8 | cursor.u8("variable-length integer")
    return value


_QUIC_OPAQUE = {0x00, 0x02, 0x0D, 0x0F, 0x10}
_QUIC_FLAGS = {0x0C, 0x2AB2}
_QUIC_VERSION_INFORMATION = 0x11


def _transport_parameters(cursor: Cursor) -> dict[str, Any]:
    """RFC 9000, 18: numbers as such, ids in hex, flags as true; reserved ones as GREASE."""
    told: dict[str, Any] = {}
    while len(cursor):
        code = _quic_varint(cursor)
        length = _quic_varint(cursor)
        value = Cursor(cursor.take(length, "transport parameter"), "RFC 9000, 18.2")
        if code % 31 == 27:
            told[names.GREASE] = length
        else:
            told[names.QUIC_TRANSPORT_PARAMETERS.get(code, f"unknown_0x{code:x}")] = (
                _transport_parameter(code, value)
            )
    return told


def _transport_parameter(code: int, value: Cursor) -> Any:
    if code in _QUIC_FLAGS:
        return True
    if code == _QUIC_VERSION_INFORMATION:
        return [f"0x{version:08x}" for version in value.each(lambda c: c.u32("version"))]
    if code in _QUIC_OPAQUE or code not in names.QUIC_TRANSPORT_PARAMETERS:
        return value.rest().hex()
    return _quic_varint(value)


_GROUPS = _names16(names.GROUPS, "groups")
_SCHEMES = _names16(names.SIGNATURE_SCHEMES, "signature schemes")
_POINTS = _names8(names.POINT_FORMATS, "point formats")
_COMPRESSIONS = _names16(names.CERTIFICATE_COMPRESSION, "compression algorithms", width=1)
_CERTIFICATE_TYPES = _names8(names.CERTIFICATE_TYPES, "certificate types")
_CERTIFICATE_TYPE = _one8(names.CERTIFICATE_TYPES, "certificate type")
_LIMIT: Decoder = lambda cursor: cursor.u16("record size limit")  # noqa: E731


def _fragment_length(cursor: Cursor) -> int | None:
    """RFC 6066, 4, in bytes."""
    return names.MAX_FRAGMENT_LENGTHS.get(cursor.u8("max fragment length"))


_FORMS: dict[int, tuple[str, dict[str, Decoder]]] = {
    0: ("server_name", {CLIENT_HELLO: _server_name}),
    1: (
        "max_fragment_length",
        {
            CLIENT_HELLO: _fragment_length,
            SERVER_HELLO: _fragment_length,
            ENCRYPTED_EXTENSIONS: _fragment_length,
        },
    ),
    5: (
        "status_request",
        {
            CLIENT_HELLO: _status_request,
            CERTIFICATE_REQUEST: _status_request,
            CERTIFICATE: _staple,
        },
    ),
    10: ("supported_groups", {CLIENT_HELLO: _GROUPS, ENCRYPTED_EXTENSIONS: _GROUPS}),
    11: ("ec_point_formats", {CLIENT_HELLO: _POINTS, SERVER_HELLO: _POINTS}),
    13: ("signature_algorithms", {CLIENT_HELLO: _SCHEMES, CERTIFICATE_REQUEST: _SCHEMES}),
    16: (
        "alpn",
        {CLIENT_HELLO: _protocols, SERVER_HELLO: _protocol, ENCRYPTED_EXTENSIONS: _protocol},
    ),
    18: (
        "signed_certificate_timestamps",
        {SERVER_HELLO: _timestamps, CERTIFICATE: _timestamps},
    ),
    19: (
        "client_certificate_type",
        {
            CLIENT_HELLO: _CERTIFICATE_TYPES,
            SERVER_HELLO: _CERTIFICATE_TYPE,
            ENCRYPTED_EXTENSIONS: _CERTIFICATE_TYPE,
        },
    ),
    20: (
        "server_certificate_type",
        {
            CLIENT_HELLO: _CERTIFICATE_TYPES,
            SERVER_HELLO: _CERTIFICATE_TYPE,
            ENCRYPTED_EXTENSIONS: _CERTIFICATE_TYPE,
        },
    ),
    21: ("padding_bytes", {CLIENT_HELLO: _whole_length}),
    27: (
        "compress_certificate",
        {CLIENT_HELLO: _COMPRESSIONS, CERTIFICATE_REQUEST: _COMPRESSIONS},
    ),
    28: (
        "record_size_limit",
        {CLIENT_HELLO: _LIMIT, SERVER_HELLO: _LIMIT, ENCRYPTED_EXTENSIONS: _LIMIT},
    ),
    34: ("delegated_credential", {CLIENT_HELLO: _SCHEMES, CERTIFICATE_REQUEST: _SCHEMES}),
    35: ("session_ticket_bytes", {CLIENT_HELLO: _whole_length, SERVER_HELLO: _whole_length}),
    41: (
        "pre_shared_key",
        {CLIENT_HELLO: _offered_keys, SERVER_HELLO: lambda c: c.u16("selected identity")},
    ),
    42: (
        "early_data",
        {
            CLIENT_HELLO: _flag,
            ENCRYPTED_EXTENSIONS: _flag,
            NEW_SESSION_TICKET: lambda c: c.u32("max early data size"),
        },
    ),
    43: (
        "supported_versions",
        {
            CLIENT_HELLO: _names16(names.VERSIONS, "versions", width=1),
            SERVER_HELLO: _one16(names.VERSIONS, "selected version"),
            HELLO_RETRY_REQUEST: _one16(names.VERSIONS, "selected version"),
        },
    ),
    44: (
        "cookie_bytes",
        {
            CLIENT_HELLO: _opaque_length(2, "cookie"),
            HELLO_RETRY_REQUEST: _opaque_length(2, "cookie"),
        },
    ),
    45: ("psk_key_exchange_modes", {CLIENT_HELLO: _names8(names.PSK_MODES, "PSK modes")}),
    47: (
        "certificate_authorities",
        {CLIENT_HELLO: _authorities, CERTIFICATE_REQUEST: _authorities},
    ),
    48: ("oid_filters", {CERTIFICATE_REQUEST: _oid_filters}),
    50: ("signature_algorithms_cert", {CLIENT_HELLO: _SCHEMES, CERTIFICATE_REQUEST: _SCHEMES}),
    51: (
        "key_share",
        {
            CLIENT_HELLO: _shares,
            SERVER_HELLO: _share,
            HELLO_RETRY_REQUEST: lambda c: {
                "group": names.name16(names.GROUPS, c.u16("selected group"))
            },
        },
    ),
    57: (
        "quic_transport_parameters",
        {CLIENT_HELLO: _transport_parameters, ENCRYPTED_EXTENSIONS: _transport_parameters},
    ),
    65037: (
        "encrypted_client_hello",
        {
            CLIENT_HELLO: _ech_client,
            ENCRYPTED_EXTENSIONS: _ech_retry,
            HELLO_RETRY_REQUEST: _ech_confirmation,
        },
    ),
    65281: (
        "renegotiation_info_bytes",
        {
            CLIENT_HELLO: _opaque_length(1, "renegotiated connection"),
            SERVER_HELLO: _opaque_length(1, "renegotiated connection"),
        },
    ),
}
