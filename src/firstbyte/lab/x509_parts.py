"""What certificates of labs have in common (RFC 5280): uses, identifiers, keys as PEM."""

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def key_usage(*, authority: bool) -> x509.KeyUsage:
    """Signs certificates and revocation lists if it is an ``authority``'s (4.2.1.3)."""
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def key_id(key: ec.EllipticCurvePrivateKey) -> x509.SubjectKeyIdentifier:
    """The subject's (4.2.1.2)."""
    return x509.SubjectKeyIdentifier.from_public_key(key.public_key())


def issued_by(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """The issuer's (4.2.1.1)."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def named(text: str) -> x509.Name:
    """A name that is a common name alone."""
    return x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, text)])


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, not encrypted."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
