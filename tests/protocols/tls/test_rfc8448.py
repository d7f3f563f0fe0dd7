"""The published traces of TLS 1.3 (RFC 8448), read strictly."""

import json
from pathlib import Path
from typing import Any

import pytest

from firstbyte.protocols.tls.messages import certificate_list, parse_handshake

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "rfc8448.json").read_text())

SCHEMES = [
    "ecdsa_secp256r1_sha256",
    "ecdsa_secp384r1_sha384",
    "ecdsa_secp521r1_sha512",
    "ecdsa_sha1",
    "rsa_pss_rsae_sha256",
    "rsa_pss_rsae_sha384",
    "rsa_pss_rsae_sha512",
    "rsa_pkcs1_sha256",
    "rsa_pkcs1_sha384",
    "rsa_pkcs1_sha512",
    "rsa_pkcs1_sha1",
    "dsa_sha256",
    "dsa_sha384",
    "dsa_sha512",
    "dsa_sha1",
]
GROUPS = [
    "x25519",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "ffdhe2048",
    "ffdhe3072",
    "ffdhe4096",
    "ffdhe6144",
    "ffdhe8192",
]


def parsed(key: str) -> tuple[str, dict[str, Any]]:
    return parse_handshake(bytes.fromhex(VECTORS[key]), 0x0304)


def test_simple_client_hello() -> None:
    assert parsed("client_hello") == (
        "client_hello",
        {
            "legacy_version": "TLSv1.2",
            "random": "cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7",
            "session_id_bytes": 0,
            "cipher_suites": [
                "TLS_AES_128_GCM_SHA256",
                "TLS_CHACHA20_POLY1305_SHA256",
                "TLS_AES_256_GCM_SHA384",
            ],
            "compression_methods": ["null"],
            "extensions": [
                "server_name",
                "renegotiation_info",
                "supported_groups",
                "session_ticket",
                "key_share",
                "supported_versions",
                "signature_algorithms",
                "psk_key_exchange_modes",
                "record_size_limit",
            ],
            "server_name": "server",
            "renegotiation_info_bytes": 0,
            "supported_groups": GROUPS,
            "session_ticket_bytes": 0,
            "key_share": [{"group": "x25519", "bytes": 32}],
            "supported_versions": ["TLSv1.3"],
            "signature_algorithms": SCHEMES,
            "psk_key_exchange_modes": ["psk_dhe_ke"],
            "record_size_limit": 16385,
            "grease": False,
        },
    )


def test_simple_server_flight() -> None:
    name, hello = parsed("server_hello")
    assert name == "server_hello"
    assert hello["version"] == "TLSv1.3"
    assert hello["cipher_suite"] == "TLS_AES_128_GCM_SHA256"
    assert hello["key_share"] == {"group": "x25519", "bytes": 32}
    _, extensions = parsed("encrypted_extensions")
    assert extensions == {
        "extensions": ["supported_groups", "record_size_limit", "server_name"],
        "supported_groups": GROUPS,
        "record_size_limit": 16385,
    }
    _, certificate = parsed("certificate")
    assert certificate["certificate_bytes"] == [432]
    _, verify = parsed("certificate_verify")
    assert verify == {"signature_algorithm": "rsa_pss_rsae_sha256", "signature_bytes": 128}
    assert parsed("server_finished") == ("finished", {"verify_bytes": 32})


def test_certificates_can_be_taken_out() -> None:
    (der,) = certificate_list(bytes.fromhex(VECTORS["certificate"]), 0x0304)
    assert der.startswith(b"\x30\x82\x01\xac")
    assert len(der) == 432


def test_resumption_with_early_data() -> None:
    _, hello = parsed("resumption_client_hello")
    assert hello["extensions"][-2:] == ["padding", "pre_shared_key"]
    assert hello["early_data"] is True
    assert hello["padding_bytes"] == 87
    assert hello["pre_shared_key"]["binder_bytes"] == [32]
    assert [identity["bytes"] for identity in hello["pre_shared_key"]["identities"]] == [178]


def test_hello_retry_request() -> None:
    name, retry = parsed("hello_retry_request")
    assert name == "hello_retry_request"
    assert retry["key_share"] == {"group": "secp256r1"}
    assert retry["cookie_bytes"] == 114
    name, hello = parsed("second_server_hello")
    assert name == "server_hello"
    assert hello["key_share"] == {"group": "secp256r1", "bytes": 65}


@pytest.mark.parametrize("key", [key for key in VECTORS if key != "source"])
def test_without_the_version_the_form_is_found_by_trying(key: str) -> None:
    assert parse_handshake(bytes.fromhex(VECTORS[key])) == parsed(key)
