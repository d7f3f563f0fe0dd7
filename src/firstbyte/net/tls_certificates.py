"""X.509 certificates described for people; unreadable parts are told as such, never raised."""

import hashlib
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache, partial
from itertools import takewhile
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, SignatureAlgorithmOID
from msgspec.structs import replace

from firstbyte.events.tls import Certificate

_E = TypeVar("_E", bound=x509.ExtensionType)

_UNREADABLE = "unreadable"

_CURVES = {
    "secp256r1": "P-256",
    "secp384r1": "P-384",
    "secp521r1": "P-521",
}

_SIGNATURES = {
    oid.dotted_string: name
    for name, oid in vars(SignatureAlgorithmOID).items()
    if isinstance(oid, x509.ObjectIdentifier)
}

_INTERMEDIATE_NAMES = re.compile(r"\b(inter(mediate)?|issuing|sub(ordinate)?)\b", re.IGNORECASE)


@lru_cache(maxsize=512)
def parse(der: bytes) -> x509.Certificate | None:
    """The certificate, or None when the library finds it malformed (OpenSSL may not)."""
    try:
        with _without_advice():
            return x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return None


def parse_chain(chain: Sequence[bytes]) -> list[x509.Certificate]:
    """The certificates up to the first that cannot be read."""
    return list(takewhile(lambda each: each is not None, map(parse, chain)))  # type: ignore[arg-type]


def describe_chain(chain: Sequence[bytes], sent: Sequence[bytes]) -> tuple[Certificate, ...]:
    """Describe a chain of DER, leaf first; ``sent`` tells which of them the peer sent."""
    return tuple(
        replace(_describe(der), depth=depth, sent=der in sent) for depth, der in enumerate(chain)
    )


def rfc3339(moment: datetime) -> str:
    """A UTC time with seconds: "2026-01-31T00:00:00Z"."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def issuer_is_intermediate(certificate: x509.Certificate) -> bool:
    """Whether the certificate itself tells that its issuer is no root.

    Evidence, any of: authority information access names a place to fetch the issuer from
    (RFC 5280, 4.2.2.1); the authority key identifier names an issuer of the issuer that is
    another (4.2.1.1); the issuer's name calls it an intermediate.
    """
    return (
        _has_issuer_url(certificate)
        or _issuers_issuer_is_another(certificate)
        or _INTERMEDIATE_NAMES.search(_readable(partial(_issuer, certificate))) is not None
    )


@lru_cache(maxsize=512)
def _describe(der: bytes) -> Certificate:
    certificate = parse(der)
    fingerprint = hashlib.sha256(der).hexdigest()
    if certificate is None:
        return _unreadable(fingerprint, len(der))
    return Certificate(
        depth=0,
        sent=False,
        subject=_readable(partial(_subject, certificate)),
        issuer=_readable(partial(_issuer, certificate)),
        serial=_readable(lambda: f"{certificate.serial_number:x}"),
        not_before=_readable(lambda: rfc3339(certificate.not_valid_before_utc)),
        not_after=_readable(lambda: rfc3339(certificate.not_valid_after_utc)),
        key=_readable(lambda: _key(certificate)),
        signature_algorithm=_readable(lambda: _signature(certificate)),
        san=_alternative_names(certificate),
        is_ca=_is_ca(certificate),
        self_signed=_is_self_issued(certificate),
        sha256=fingerprint,
        bytes=len(der),
        must_staple=_must_staple(certificate),
        logged=_extension(certificate, x509.PrecertificateSignedCertificateTimestamps) is not None,
    )


def _unreadable(fingerprint: str, size_bytes: int) -> Certificate:
    return Certificate(
        depth=0,
        sent=False,
        subject=_UNREADABLE,
        issuer=_UNREADABLE,
        serial=_UNREADABLE,
        not_before=_UNREADABLE,
        not_after=_UNREADABLE,
        key=_UNREADABLE,
        signature_algorithm=_UNREADABLE,
        san=(),
        is_ca=False,
        self_signed=False,
        sha256=fingerprint,
        bytes=size_bytes,
    )


def _readable(read: Callable[[], str]) -> str:
    """What ``read`` gives, or a word for what the library cannot make sense of."""
    try:
        with _without_advice():
            return read()
    except Exception:  # the library's errors here are many and undocumented
        return _UNREADABLE


def _subject(certificate: x509.Certificate) -> str:
    """The library reads a name when it is asked for: it may raise here."""
    return certificate.subject.rfc4514_string()


def _issuer(certificate: x509.Certificate) -> str:
    return certificate.issuer.rfc4514_string()


@contextmanager
def _without_advice() -> Iterator[None]:
    """Silence the library's warnings: a peer's odd certificate is no fault of our user's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _key(certificate: x509.Certificate) -> str:
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"EC {_CURVES.get(key.curve.name, key.curve.name)}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448"
    if isinstance(key, dsa.DSAPublicKey):
        return f"DSA {key.key_size}"
    return type(key).__name__.removesuffix("PublicKey")


def _signature(certificate: x509.Certificate) -> str:
    """As in "ECDSA with SHA256", "ED25519"; an algorithm without a name by its OID."""
    oid = certificate.signature_algorithm_oid.dotted_string
    return _SIGNATURES.get(oid, oid).replace("_WITH_", " with ").replace("_", "-")


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    """DNS names and IP addresses as such; other kinds with their kind before a colon."""
    names = _extension(certificate, x509.SubjectAlternativeName)
    return tuple(_general_name(name) for name in names) if names is not None else ()


def _general_name(name: x509.GeneralName) -> str:
    if isinstance(name, x509.DNSName):
        return name.value
    if isinstance(name, x509.IPAddress):
        return str(name.value)
    if isinstance(name, x509.DirectoryName):
        return f"directory:{name.value.rfc4514_string()}"
    kind = type(name).__name__.removesuffix("Name").removesuffix("Identifier")
    return f"{kind.lower()}:{name.value}"


def _is_ca(certificate: x509.Certificate) -> bool:
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def _must_staple(certificate: x509.Certificate) -> bool:
    features = _extension(certificate, x509.TLSFeature)
    return features is not None and x509.TLSFeatureType.status_request in features


def _is_self_issued(certificate: x509.Certificate) -> bool:
    """Subject and issuer are one, and the key identifiers (if given) agree."""
    try:
        if certificate.subject != certificate.issuer:
            return False
    except ValueError:
        return False
    authority = _extension(certificate, x509.AuthorityKeyIdentifier)
    subject = _extension(certificate, x509.SubjectKeyIdentifier)
    if authority is None or subject is None or authority.key_identifier is None:
        return True
    return authority.key_identifier == subject.digest


def _has_issuer_url(certificate: x509.Certificate) -> bool:
    access = _extension(certificate, x509.AuthorityInformationAccess)
    wanted = AuthorityInformationAccessOID.CA_ISSUERS
    return access is not None and any(entry.access_method == wanted for entry in access)


def _issuers_issuer_is_another(certificate: x509.Certificate) -> bool:
    authority = _extension(certificate, x509.AuthorityKeyIdentifier)
    if authority is None or authority.authority_cert_issuer is None:
        return False
    return any(
        isinstance(name, x509.DirectoryName) and name.value != certificate.issuer
        for name in authority.authority_cert_issuer
    )


def _extension(certificate: x509.Certificate, kind: type[_E]) -> _E | None:
    """The extension of this kind, or None when there is none or it cannot be read."""
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except Exception:  # the library's errors here are many and undocumented
        return None
