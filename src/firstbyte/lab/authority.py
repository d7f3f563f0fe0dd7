"""The worlds' certificate authority: a root, an intermediate, and chains for sites (RFC 5280)."""

import datetime
import random
from dataclasses import dataclass
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from firstbyte.lab.x509_parts import issued_by, key_id, key_pem, key_usage, named

ROOT_DAYS = 3650
LEAF_DAYS = 90
_KEY_BITS = 255
"""A bit less than the order of P-256."""
_SERIAL_BITS = 128
ISSUER_URL = "http://ca.example/ca1.der"
"""Where certificates say that their issuer's is to be had."""


@dataclass(frozen=True, slots=True)
class Chain:
    """PEM: the site's certificate and the intermediate, and the site's key."""

    certificates: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """What a certificate is to be. Days are counted from the authority's ``now``."""

    names: tuple[str, ...]
    from_day: int = -30
    until_day: int = LEAF_DAYS - 30
    with_intermediate: bool = True
    self_signed: bool = False


class Authority:
    """Issues certificates that are valid around ``now_s``, the Unix time at which a world begins.

    The root is what clients trust; the intermediate signs what sites have. The same name and seed
    give the same keys and, to the byte, the same certificates: nothing in a lab is secret.
    """

    def __init__(self, now_s: float, name: str = "firstbyte lab", *, seed: int = 0) -> None:
        self._now = datetime.datetime.fromtimestamp(now_s, datetime.UTC)
        self._random = random.Random(f"{name} {seed}")  # noqa: S311 - it is to repeat
        self._root_key, self._key = self._make_key(), self._make_key()
        self._root_name = named(f"{name} root CA")
        self._issuer_name = named(f"{name} CA 1")

    @cached_property
    def root_pem(self) -> bytes:
        """The root's certificate."""
        draft = self._draft(self._root_name, self._root_name, (-365, ROOT_DAYS))
        draft = _as_authority(draft, self._root_key, path_length=1)
        return _signed(draft, self._root_key)

    @cached_property
    def _intermediate_pem(self) -> bytes:
        draft = self._draft(self._issuer_name, self._root_name, (-365, ROOT_DAYS // 2))
        draft = _as_authority(draft, self._key, path_length=0).add_extension(
            issued_by(self._root_key), critical=False
        )
        return _signed(draft, self._root_key)

    def issue(self, wish: Wish) -> Chain:
        """A chain for a site."""
        key = self._make_key()
        signer = key if wish.self_signed else self._key
        subject = named(wish.names[0])
        issuer = subject if wish.self_signed else self._issuer_name
        draft = self._draft(subject, issuer, (wish.from_day, wish.until_day))
        draft = draft.public_key(key.public_key())
        names = [x509.DNSName(name) for name in wish.names]
        draft = _as_leaf(draft, names, key, signer)
        if not wish.self_signed:
            draft = draft.add_extension(_issuer_place(), critical=False)
        leaf = _signed(draft, signer)
        alone = wish.self_signed or not wish.with_intermediate
        rest = b"" if alone else self._intermediate_pem
        return Chain(leaf + rest, key_pem(key))

    def _make_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self._random.getrandbits(_KEY_BITS) | 1, ec.SECP256R1())

    def _draft(
        self, subject: x509.Name, issuer: x509.Name, days: tuple[int, int]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .serial_number(self._random.getrandbits(_SERIAL_BITS) | 1)
            .not_valid_before(self._now + datetime.timedelta(days=days[0]))
            .not_valid_after(self._now + datetime.timedelta(days=days[1]))
        )


def _as_authority(
    draft: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey, path_length: int
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return (
        draft.public_key(key.public_key())
        .add_extension(constraints, critical=True)
        .add_extension(key_usage(authority=True), critical=True)
        .add_extension(key_id(key), critical=False)
    )


def _as_leaf(
    draft: x509.CertificateBuilder,
    names: list[x509.DNSName],
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    purposes = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    return (
        draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(constraints, critical=True)
        .add_extension(key_usage(authority=False), critical=True)
        .add_extension(purposes, critical=False)
        .add_extension(key_id(key), critical=False)
        .add_extension(issued_by(signer), critical=False)
    )


def _issuer_place() -> x509.AuthorityInformationAccess:
    place = x509.UniformResourceIdentifier(ISSUER_URL)
    method = AuthorityInformationAccessOID.CA_ISSUERS
    return x509.AuthorityInformationAccess([x509.AccessDescription(method, place)])


def _signed(draft: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The certificate as PEM; the signature has no random part (RFC 6979)."""
    certificate = draft.sign(key, hashes.SHA256(), ecdsa_deterministic=True)
    return certificate.public_bytes(serialization.Encoding.PEM)
