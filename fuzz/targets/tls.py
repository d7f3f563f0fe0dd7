"""TLS messages, records and certificates."""

import json
import tempfile
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from firstbyte.errors import DecodeError
from firstbyte.net.tls_certificates import describe_chain, issuer_is_intermediate, parse
from firstbyte.net.tls_staple import read_staple
from firstbyte.protocols.tls.messages import (
    certificate_list,
    decode_message,
    parse_message,
    split_handshake,
)
from firstbyte.protocols.tls.records import check_header, is_plain_text, read_records
from fuzz.target import Target
from testbed.pki import Pki

_VECTORS = Path(__file__).parents[2] / "tests" / "vectors" / "rfc8448.json"
_VERSIONS = (None, 0x0303, 0x0304)


def _messages() -> tuple[bytes, ...]:
    vectors = json.loads(_VECTORS.read_text(encoding="utf-8"))
    return tuple(bytes.fromhex(value) for name, value in vectors.items() if name != "source")


def _tolerant(data: bytes) -> None:
    for version in _VERSIONS:
        for content_type in (20, 21, 22, 23, data[0] if data else 0):
            name, detail = decode_message(content_type, data, version)
            assert name
            json.dumps(detail)


def _strict(data: bytes) -> None:
    for version in _VERSIONS:
        parse_message(22, data, version)


def _lists(data: bytes) -> None:
    split_handshake(data)
    certificate_list(data, 0x0303 if data[-1:] == b"\x03" else 0x0304)


def _records(data: bytes) -> None:
    for record in read_records(data):
        assert record.name
    is_plain_text(data)
    check_header(data[:5])


def _certificates() -> tuple[bytes, ...]:
    """Of several makes: EC and RSA, with and without extensions."""
    with tempfile.TemporaryDirectory() as folder:
        pki = Pki(Path(folder))
        issued = [pki.issue(kind) for kind in ("good", "rsa", "self_signed", "name_constrained")]
        return tuple(each.public_bytes(Encoding.DER) for one in issued for each in one.chain)


def _describe(data: bytes) -> None:
    describe_chain([data], [data])
    certificate = parse(data)
    if certificate is not None:
        issuer_is_intermediate(certificate)
        read_staple(data, [certificate], 1e9)


TARGETS = (
    Target("tls.decode_message", _messages(), _tolerant),
    Target("tls.parse_message", _messages(), _strict, (DecodeError,)),
    Target("tls.certificate_list", _messages(), _lists, (DecodeError,)),
    Target(
        "tls.records", (b"\x16\x03\x01\0\5hello\x15\x03\x03\0\2\2\x28",), _records, (DecodeError,)
    ),
    Target("tls.certificates", (*_certificates(), b"0\x03\x0a\1\0"), _describe),
)
