"""A root of our own, and a certificate for the site made by it (RFC 5280)."""

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from firstbyte.lab.x509_parts import issued_by, key_id, key_pem, key_usage, named

LIFE = datetime.timedelta(days=90)
"""How long each certificate is valid in all."""


@dataclass(frozen=True, slots=True)
class Identity:
    """PEM: the site's chain and key, and the root that made it."""

    chain: bytes
    key: bytes
    root: bytes


def make_identity(names: tuple[str, ...], now: datetime.datetime, valid_days: int) -> Identity:
    """A certificate for ``names`` that is valid for ``valid_days`` more."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name = named("firstbyte loopback CA")
    root = (
        _builder(root_name, root_name, now, 80)
        .public_key(root_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(key_usage(authority=True), critical=True)
        .add_extension(key_id(root_key), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    subject = named(names[0])
    leaf = (
        _builder(subject, root_name, now, valid_days)
        .public_key(key.public_key())
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(n) for n in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(key_id(key), critical=False)
        .add_extension(
            issued_by(root_key),
            critical=False,
        )
        .sign(root_key, hashes.SHA256())
    )
    return Identity(_pem(leaf), key_pem(key), _pem(root))


def _builder(
    subject: x509.Name, issuer: x509.Name, now: datetime.datetime, valid_days: int
) -> x509.CertificateBuilder:
    end = now + datetime.timedelta(days=valid_days)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - LIFE)
        .not_valid_after(end)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
