"""Keys that sign zones: ECDSA P-256, Ed25519 and RSA (RFC 9904's recommended algorithms)."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from msgspec import Struct

from firstbyte.errors import UsageError

ZONE_KEY = 0x0100
ENTRY_POINT = 0x0001
SHA256_DIGEST = 2
RSA_BITS = 2048
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""SEC 2, 2.4.2."""
Role = Literal["csk", "ksk", "zsk"]


class _Private(Protocol):
    @property
    def number(self) -> int:
        """The algorithm's number."""

    def public(self) -> bytes:
        """The key's octets in a DNSKEY record."""

    def sign(self, data: bytes) -> bytes:
        """A signature as in an RRSIG record."""

    def pem(self) -> bytes:
        """The private key."""


class _Ecdsa(Struct, frozen=True):
    """RFC 6605."""

    private: ec.EllipticCurvePrivateKey
    number: int = 13

    def public(self) -> bytes:
        raw = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return raw[1:]

    def sign(self, data: bytes) -> bytes:
        # RFC 6979: equal data, equal signature; and no signature leaks the key by a bad dice.
        scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.private.sign(data, scheme))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class _Ed25519(Struct, frozen=True):
    """RFC 8080."""

    private: ed25519.Ed25519PrivateKey
    number: int = 15

    def public(self) -> bytes:
        return self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)

    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class _Rsa(Struct, frozen=True):
    """RFC 5702; the public key as in RFC 3110, 2."""

    private: rsa.RSAPrivateKey
    number: int = 8

    def public(self) -> bytes:
        numbers = self.private.public_key().public_numbers()
        exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
        return bytes((len(exponent),)) + exponent + modulus

    def sign(self, data: bytes) -> bytes:
        digest = hashes.SHA256() if self.number == 8 else hashes.SHA512()
        return self.private.sign(data, padding.PKCS1v15(), digest)

    def pem(self) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


ALGORITHMS = {
    "ecdsap256sha256": 13,
    "ed25519": 15,
    "rsasha256": 8,
    "rsasha512": 10,
}


@dataclass(frozen=True)
class ZoneKey:
    """A key with its role: ``ksk`` signs the DNSKEY set, ``zsk`` the rest, ``csk`` both."""

    private: _Private
    role: Role = "csk"
    dnskey: bytes = field(init=False)
    """The DNSKEY record's data."""
    tag: int = field(init=False)

    def __post_init__(self) -> None:
        flags = ZONE_KEY | (0 if self.role == "zsk" else ENTRY_POINT)
        head = flags.to_bytes(2, "big") + bytes((3, self.private.number))
        object.__setattr__(self, "dnskey", head + self.private.public())
        object.__setattr__(self, "tag", key_tag(self.dnskey))

    @property
    def algorithm(self) -> int:
        """Its number."""
        return self.private.number

    def ds(self, zone: bytes) -> bytes:
        """The DS record's data that delegates trust to this key (RFC 4034, 5.1.4; SHA-256)."""
        digest = hashlib.sha256(zone + self.dnskey).digest()
        return self.tag.to_bytes(2, "big") + bytes((self.algorithm, SHA256_DIGEST)) + digest


def key_tag(dnskey: bytes) -> int:
    """RFC 4034, appendix B."""
    total = sum(octet if at & 1 else octet << 8 for at, octet in enumerate(dnskey))
    return (total + (total >> 16)) & 0xFFFF


def generate(algorithm: str, role: Role = "csk") -> ZoneKey:
    """A new key.

    Raises:
        UsageError: the algorithm's name is unknown.

    """
    number = ALGORITHMS.get(algorithm.lower())
    if number == 13:
        return ZoneKey(_Ecdsa(ec.generate_private_key(ec.SECP256R1())), role)
    if number == 15:
        return ZoneKey(_Ed25519(ed25519.Ed25519PrivateKey.generate()), role)
    if number is not None:
        return ZoneKey(_Rsa(rsa.generate_private_key(65537, RSA_BITS), number), role)
    known = ", ".join(sorted(ALGORITHMS))
    raise UsageError(f"{algorithm!r} is no algorithm that signs here", f"known: {known}")


def derive(secret: bytes, algorithm: str, role: Role = "csk") -> ZoneKey:
    """The key that belongs to ``secret``: the same on every machine.

    Raises:
        UsageError: the algorithm is none of those whose keys are plain numbers.

    """
    number = ALGORITHMS.get(algorithm.lower())
    if number == 13:
        return ZoneKey(_Ecdsa(_derive_p256(secret)), role)
    if number == 15:
        seed = hashlib.sha512(secret).digest()[:32]
        return ZoneKey(_Ed25519(ed25519.Ed25519PrivateKey.from_private_bytes(seed)), role)
    raise UsageError(f"no key of {algorithm!r} can be derived", "ecdsap256sha256 or ed25519")


def _derive_p256(secret: bytes) -> ec.EllipticCurvePrivateKey:
    """The key on P-256 that belongs to ``secret``."""
    number = int.from_bytes(hashlib.sha512(secret).digest(), "big") % (_P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())


def from_pem(data: bytes, role: Role = "csk", *, rsa_number: int = 8) -> ZoneKey:
    """The key in PKCS #8.

    Raises:
        UsageError: it cannot be read, or its kind signs no zones here.

    """
    try:
        private = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise UsageError(f"the private key cannot be read: {error}") from error
    return adopt(private, role, rsa_number=rsa_number)


def adopt(private: object, role: Role = "csk", *, rsa_number: int = 8) -> ZoneKey:
    """A private key of ``cryptography``'s as one that signs zones.

    Raises:
        UsageError: its kind signs no zones here.

    """
    if isinstance(private, ec.EllipticCurvePrivateKey) and private.curve.name == "secp256r1":
        return ZoneKey(_Ecdsa(private), role)
    if isinstance(private, ed25519.Ed25519PrivateKey):
        return ZoneKey(_Ed25519(private), role)
    if isinstance(private, rsa.RSAPrivateKey):
        return ZoneKey(_Rsa(private, rsa_number), role)
    raise UsageError("the private key is neither ECDSA P-256 nor Ed25519 nor RSA")
