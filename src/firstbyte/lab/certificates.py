"""Makes a lab's certificates: a root, an intermediate, and chains for sites (RFC 5280)."""

import datetime
import random
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from firstbyte.lab.authority import Chain, Wish
from firstbyte.lab.x509_parts import issued_by, key_id, key_pem, key_usage, named

ROOT_DAYS = 3650
_KEY_BITS = 255
"""A bit less than the order of P-256."""
_SERIAL_BITS = 128
ISSUER_URL = "http://ca.example/ca1.der"
"""Where certificates say that their issuer's is to be had."""


class Issuer:
    """What ``lab.authority.Authority`` does, and with what.

    Every key and serial number has a generator of its own, seeded by what it is for: so none
    depends on which were made before.
    """

    def __init__(self, now_s: float, name: str, seed: int) -> None:
        self._now = datetime.datetime.fromtimestamp(now_s, datetime.UTC)
        self._seed = f"{name} {seed}"
        self._root_key, self._key = self._make_key("root"), self._make_key("intermediate")
        self._root_name = named(f"{name} root CA")
        self._issuer_name = named(f"{name} CA 1")

    @cached_property
    def root_pem(self) -> bytes:
        """The root's certificate."""
        draft = self._draft("root", self._root_name, self._root_name, (-365, ROOT_DAYS))
        draft = _as_authority(draft, self._root_key, path_length=1)
        return _signed(draft, self._root_key)

    @cached_property
    def _intermediate_pem(self) -> bytes:
        days = (-365, ROOT_DAYS // 2)
        draft = self._draft("intermediate", self._issuer_name, self._root_name, days)
        draft = _as_authority(draft, self._key, path_length=0).add_extension(
            issued_by(self._root_key), critical=False
        )
        return _signed(draft, self._root_key)

    def issue(self, wish: Wish) -> Chain:
        """A chain for a site."""
        key = self._make_key(f"site {' '.join(wish.names)}")
        signer = key if wish.self_signed else self._key
        subject = named(wish.names[0])
        issuer = subject if wish.self_signed else self._issuer_name
        draft = self._draft(repr(wish), subject, issuer, (wish.from_day, wish.until_day))
        draft = draft.public_key(key.public_key())
        names = [x509.DNSName(name) for name in wish.names]
        draft = _as_leaf(draft, names, key, signer)
        if not wish.self_signed:
            draft = draft.add_extension(_issuer_place(), critical=False)
        leaf = _signed(draft, signer)
        alone = wish.self_signed or not wish.with_intermediate
        rest = b"" if alone else self._intermediate_pem
        return Chain(leaf + rest, key_pem(key))

    def _number(self, what: str, bits: int) -> int:
        generator = random.Random(f"{self._seed} {what}")  # noqa: S311 - it is to repeat
        return generator.getrandbits(bits) | 1

    def _make_key(self, what: str) -> ec.EllipticCurvePrivateKey:
        return ec.derive_private_key(self._number(f"key {what}", _KEY_BITS), ec.SECP256R1())

    def _draft(
        self, what: str, subject: x509.Name, issuer: x509.Name, days: tuple[int, int]
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .serial_number(self._number(f"serial {what}", _SERIAL_BITS))
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
