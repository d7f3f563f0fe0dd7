"""TLS messages: forms by hand, by Hypothesis, and as OpenSSL sends them."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.errors import DecodeError
from firstbyte.protocols.tls import messages
from firstbyte.protocols.tls.messages import decode_handshake, decode_message, parse_handshake


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def vector(width: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return len(content).to_bytes(width, "big") + content


def u16(*values: int) -> bytes:
    return b"".join(value.to_bytes(2, "big") for value in values)


def extension(code: int, body: bytes) -> bytes:
    return u16(code) + vector(2, body)


@given(st.sampled_from([20, 21, 22, 23, 99]), st.binary(max_size=300))
def test_decoding_never_raises_and_gives_json(content_type: int, data: bytes) -> None:
    name, detail = decode_message(content_type, data)
    assert name
    assert msgspec.json.decode(msgspec.json.encode(detail)) == detail


@given(
    st.integers(0, 255), st.binary(max_size=300), st.sampled_from([None, 0x0301, 0x0303, 0x0304])
)
def test_bodies_raise_decode_errors_alone(kind: int, body: bytes, version: int | None) -> None:
    message = handshake(kind, body)
    told = decode_handshake(message, version)
    error = None
    try:
        assert parse_handshake(message, version) == told
    except DecodeError as raised:
        error = raised
    assert told[1].get("error") == (str(error) if error else None)
    if error:
        assert 0 <= error.offset <= len(message)
        assert error.reference.startswith("RFC")


@given(st.binary(max_size=200))
def test_handshake_streams_split_without_loss(data: bytes) -> None:
    found, rest = messages.split_handshake(data)
    assert b"".join(found) + rest == data


def test_a_hello_retry_request_is_known_by_its_random() -> None:
    body = (
        u16(0x0303)
        + messages.HELLO_RETRY_REQUEST_RANDOM
        + vector(1, b"")
        + u16(0x1301)
        + b"\0"
        + vector(2, extension(43, u16(0x0304)), extension(51, u16(23)))
    )
    name, detail = parse_handshake(handshake(2, body))
    assert name == "hello_retry_request"
    assert detail["version"] == "TLSv1.3"
    assert detail["key_share"] == {"group": "secp256r1"}
    assert detail["extensions"] == ["supported_versions", "key_share"]


def test_a_downgrade_is_told() -> None:
    body = u16(0x0303) + bytes(24) + b"DOWNGRD\x01" + vector(1, b"") + u16(0xC02F) + b"\0"
    name, detail = parse_handshake(handshake(2, body))
    assert name == "server_hello"
    assert detail["downgrade_sentinel"] == "TLSv1.2"
    assert detail["cipher_suite"] == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"


CLIENT_HELLO = handshake(
    1,
    u16(0x0303)
    + bytes(32)
    + vector(1, bytes(32))
    + vector(2, u16(0x2A2A, 0x1301, 0xFFFE))
    + vector(1, b"\0")
    + vector(
        2,
        extension(0x1A1A, b""),
        extension(0, vector(2, b"\0" + vector(2, b"a.test"))),
        extension(16, vector(2, vector(1, b"h2"), vector(1, b"http/1.1"))),
        extension(51, vector(2, u16(0x3A3A) + vector(2, b"\0"), u16(29) + vector(2, bytes(32)))),
        extension(45, vector(1, b"\1")),
        extension(42, b""),
        extension(
            41,
            vector(2, vector(2, bytes(50)) + bytes([0, 0, 1, 0])) + vector(2, vector(1, bytes(32))),
        ),
    ),
)


def test_a_client_hello_tells_all_that_it_offers() -> None:
    name, detail = parse_handshake(CLIENT_HELLO)
    assert name == "client_hello"
    assert detail["cipher_suites"] == ["GREASE", "TLS_AES_128_GCM_SHA256", "unknown_0xfffe"]
    assert detail["extensions"] == [
        "GREASE",
        "server_name",
        "application_layer_protocol_negotiation",
        "key_share",
        "psk_key_exchange_modes",
        "early_data",
        "pre_shared_key",
    ]
    assert detail["server_name"] == "a.test"
    assert detail["alpn"] == ["h2", "http/1.1"]
    assert detail["key_share"] == [
        {"group": "GREASE", "bytes": 1},
        {"group": "x25519", "bytes": 32},
    ]
    assert detail["pre_shared_key"] == {
        "identities": [{"bytes": 50, "obfuscated_ticket_age": 256}],
        "binder_bytes": [32],
    }
    assert detail["early_data"] is True
    assert detail["grease"] is True


@pytest.mark.parametrize("end", range(len(CLIENT_HELLO)))
def test_a_cut_client_hello_says_where_it_ends(end: int) -> None:
    with pytest.raises(DecodeError):
        parse_handshake(CLIENT_HELLO[:end])
    detail = decode_handshake(CLIENT_HELLO[:end])[1]
    assert "error" in detail


def test_a_broken_extension_leaves_what_was_read_before() -> None:
    broken = CLIENT_HELLO.replace(vector(2, b"\0" + vector(2, b"a.test")), bytes(11))
    _, detail = decode_handshake(broken)
    assert detail["extensions"][1] == "server_name"
    assert "RFC 8446" in detail["error"]


@pytest.mark.parametrize(
    ("kind", "version", "body", "name", "detail"),
    [
        (0, 0x0303, b"", "hello_request", {}),
        (14, 0x0303, b"", "server_hello_done", {}),
        (5, 0x0304, b"", "end_of_early_data", {}),
        (20, 0x0304, bytes(32), "finished", {"verify_bytes": 32}),
        (24, 0x0304, b"\1", "key_update", {"update_requested": True}),
        (16, 0x0303, vector(1, bytes(65)), "client_key_exchange", {"exchange_bytes": 66}),
        (
            25,
            0x0304,
            u16(2) + (900).to_bytes(3, "big") + vector(3, bytes(400)),
            "compressed_certificate",
            {"algorithm": "brotli", "uncompressed_bytes": 900, "compressed_bytes": 400},
        ),
        (
            4,
            0x0304,
            (7200).to_bytes(4, "big")
            + (9).to_bytes(4, "big")
            + vector(1, bytes(8))
            + vector(2, bytes(200))
            + vector(2, extension(42, (16384).to_bytes(4, "big"))),
            "new_session_ticket",
            {
                "lifetime_s": 7200,
                "age_add": 9,
                "nonce_bytes": 8,
                "ticket_bytes": 200,
                "extensions": ["early_data"],
                "max_early_data_bytes": 16384,
            },
        ),
        (
            4,
            0x0303,
            (300).to_bytes(4, "big") + vector(2, bytes(160)),
            "new_session_ticket",
            {"lifetime_s": 300, "ticket_bytes": 160},
        ),
        (
            12,
            0x0303,
            b"\3" + u16(29) + vector(1, bytes(32)) + u16(0x0804) + vector(2, bytes(256)),
            "server_key_exchange",
            {
                "group": "x25519",
                "public_key_bytes": 32,
                "signature_algorithm": "rsa_pss_rsae_sha256",
                "signature_bytes": 256,
            },
        ),
        (
            12,
            0x0303,
            vector(2, b"\x80" + bytes(255))
            + vector(2, b"\2")
            + vector(2, bytes(256))
            + u16(0x0401)
            + vector(2, bytes(256)),
            "server_key_exchange",
            {
                "prime_bits": 2048,
                "public_key_bytes": 256,
                "signature_algorithm": "rsa_pkcs1_sha256",
                "signature_bytes": 256,
            },
        ),
        (12, 0x0303, vector(2, b"hint"), "server_key_exchange", {"parameter_bytes": 6}),
        (
            11,
            0x0304,
            vector(1, b"")
            + vector(
                3,
                vector(3, bytes(500)) + vector(2, extension(5, b"\1" + vector(3, bytes(471)))),
                vector(3, bytes(400)) + vector(2, b""),
            ),
            "certificate",
            {
                "context_bytes": 0,
                "certificates": 2,
                "certificate_bytes": [500, 400],
                "entries": [
                    {
                        "extensions": ["status_request"],
                        "status_request": {"type": "ocsp", "bytes": 471},
                    },
                    {"extensions": []},
                ],
            },
        ),
        (
            11,
            0x0303,
            vector(3, vector(3, bytes(500))),
            "certificate",
            {"certificates": 1, "certificate_bytes": [500]},
        ),
        (
            13,
            0x0303,
            vector(1, b"\1\x40") + vector(2, u16(0x0403)) + vector(2, vector(2, bytes(30))),
            "certificate_request",
            {
                "certificate_types": ["rsa_sign", "ecdsa_sign"],
                "signature_algorithms": ["ecdsa_secp256r1_sha256"],
                "certificate_authorities": {"count": 1, "bytes": 30},
            },
        ),
        (
            13,
            0x0304,
            vector(1, b"") + vector(2, extension(13, vector(2, u16(0x0403)))),
            "certificate_request",
            {
                "context_bytes": 0,
                "extensions": ["signature_algorithms"],
                "signature_algorithms": ["ecdsa_secp256r1_sha256"],
            },
        ),
        (
            22,
            0x0303,
            b"\1" + vector(3, bytes(471)),
            "certificate_status",
            {"status_type": "ocsp", "response_bytes": 471},
        ),
        (
            15,
            0x0304,
            u16(0x0807) + vector(2, bytes(64)),
            "certificate_verify",
            {"signature_algorithm": "ed25519", "signature_bytes": 64},
        ),
        (
            8,
            0x0304,
            vector(2, extension(16, vector(2, vector(1, b"h3"))), extension(42, b"")),
            "encrypted_extensions",
            {
                "extensions": ["application_layer_protocol_negotiation", "early_data"],
                "alpn": "h3",
                "early_data": True,
            },
        ),
    ],
)
def test_each_message_tells_its_fields(
    kind: int, version: int, body: bytes, name: str, detail: dict[str, object]
) -> None:
    message = handshake(kind, body)
    assert parse_handshake(message, version) == (name, detail)
    assert decode_handshake(message) == (name, detail)


def test_alerts_and_change_cipher_spec() -> None:
    alert = {"level": "fatal", "description": "handshake_failure"}
    assert decode_message(21, b"\2\x28") == ("alert", alert)
    assert decode_message(21, b"\2\xc8")[1]["description"] == "unknown_200"
    assert decode_message(20, b"\1") == ("change_cipher_spec", {})
    assert "error" in decode_message(20, b"\2")[1]


def test_quic_transport_parameters() -> None:
    parameters = bytes.fromhex("0104 80007530 0f04 01020304 0c00 1b01ff".replace(" ", ""))
    message = handshake(8, vector(2, extension(57, parameters)))
    assert parse_handshake(message)[1]["quic_transport_parameters"] == {
        "max_idle_timeout": 30000,
        "initial_source_connection_id": "01020304",
        "disable_active_migration": True,
        "GREASE": 1,
    }
