"""DNSKEY and DS records: tags, digests, algorithms, public keys (RFC 4034, RFC 6605, RFC 8080).

Which algorithms count is the rule of RFC 9904 and RFC 9905: SHA-1 only where it is asked for. The
unsupported are not broken: what only they sign is insecure (RFC 4035, 5.2).
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

RSASHA1 = 5
RSASHA1_NSEC3 = 7
RSASHA256 = 8
RSASHA512 = 10
ECDSAP256 = 13
ECDSAP384 = 14
ED25519 = 15
ED448 = 16
SUPPORTED = frozenset({RSASHA256, RSASHA512, ECDSAP256, ECDSAP384, ED25519, ED448})
SHA1_ALGORITHMS = frozenset({RSASHA1, RSASHA1_NSEC3})
SHA1_DIGEST = 1
DIGESTS = {1: hashlib.sha1, 2: hashlib.sha256, 4: hashlib.sha384}
DIGEST_BYTES = {1: 20, 2: 32, 4: 48}
ZONE_KEY = 0x0100
REVOKED = 0x0080
MIN_RSA_BITS = 512
MAX_RSA_BITS = 4096
MAX_EXPONENT_BITS = 64
# DER of DigestInfo up to the digest (RFC 8017, 9.2, note 1)
_DIGEST_INFO = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha512": bytes.fromhex("3051300d060960864801650304020305000440"),
}
_RSA_HASH = {RSASHA1: "sha1", RSASHA1_NSEC3: "sha1", RSASHA256: "sha256", RSASHA512: "sha512"}


class Key(NamedTuple):
    """A DNSKEY record."""

    flags: int
    protocol: int
    algorithm: int
    public: bytes
    tag: int
    rdata: bytes

    @property
    def usable(self) -> bool:
        """Whether it may sign zone data (RFC 4034, 2.1; RFC 5011, 2.1)."""
        return bool(self.flags & ZONE_KEY) and self.protocol == 3 and not self.flags & REVOKED


class Ds(NamedTuple):
    """A DS record (RFC 4034, 5.1)."""

    tag: int
    algorithm: int
    digest_type: int
    digest: bytes


def parse_key(rdata: bytes) -> Key | None:
    """The key of DNSKEY data; None where they are too short."""
    if len(rdata) < 5:
        return None
    flags = int.from_bytes(rdata[:2], "big")
    return Key(flags, rdata[2], rdata[3], rdata[4:], key_tag(rdata), rdata)


def parse_ds(rdata: bytes) -> Ds | None:
    """The DS of record data; None where they are too short."""
    if len(rdata) < 5:
        return None
    return Ds(int.from_bytes(rdata[:2], "big"), rdata[2], rdata[3], rdata[4:])


def key_tag(rdata: bytes) -> int:
    """RFC 4034, appendix B; for RSA/MD5 appendix B.1."""
    if rdata[3] == 1:
        return int.from_bytes(rdata[-3:-1], "big")
    even = sum(rdata[0::2])
    odd = sum(rdata[1::2])
    total = (even << 8) + odd
    return (total + (total >> 16)) & 0xFFFF


def digest_matches(owner: bytes, key: Key, ds: Ds) -> bool:
    """Whether ``ds`` is the digest of the key of zone ``owner`` (RFC 4034, 5.1.4)."""
    make = DIGESTS.get(ds.digest_type)
    return make is not None and make(owner + key.rdata).digest() == ds.digest


def algorithm_counts(algorithm: int, *, allow_sha1: bool) -> bool:
    """Whether signatures of this algorithm are verified here."""
    return algorithm in SUPPORTED or (allow_sha1 and algorithm in SHA1_ALGORITHMS)


def digest_counts(digest_type: int, *, allow_sha1: bool) -> bool:
    """Whether DS records of this digest type are used here (RFC 9905, 3)."""
    return digest_type in DIGESTS and (allow_sha1 or digest_type != SHA1_DIGEST)


def is_misshapen(ds: Ds) -> bool:
    """Whether its digest has not the length of its type, so that no key can ever match it."""
    return len(ds.digest) != DIGEST_BYTES.get(ds.digest_type, len(ds.digest))


def verify(key: Key, signature: bytes, data: bytes) -> bool:
    """Whether ``signature`` over ``data`` was made with ``key``, whose algorithm counts."""
    if key.algorithm in _RSA_HASH:
        return _verify_rsa(key, signature, data)
    try:
        public = _public_key(key.algorithm, key.public)
        if isinstance(public, ec.EllipticCurvePublicKey):
            half = 32 if key.algorithm == ECDSAP256 else 48
            if len(signature) != 2 * half:
                return False
            r = int.from_bytes(signature[:half], "big")
            s = int.from_bytes(signature[half:], "big")
            make = hashes.SHA256() if half == 32 else hashes.SHA384()
            public.verify(encode_dss_signature(r, s), data, ec.ECDSA(make))
        else:
            public.verify(signature, data)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


@lru_cache(maxsize=4096)
def _public_key(
    algorithm: int, public: bytes
) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey:
    if algorithm == ED25519:
        return ed25519.Ed25519PublicKey.from_public_bytes(public)
    if algorithm == ED448:
        return ed448.Ed448PublicKey.from_public_bytes(public)
    curve = ec.SECP256R1() if algorithm == ECDSAP256 else ec.SECP384R1()
    return ec.EllipticCurvePublicKey.from_encoded_point(curve, b"\x04" + public)


def _verify_rsa(key: Key, signature: bytes, data: bytes) -> bool:
    """RSASSA-PKCS1-v1_5 (RFC 8017, 8.2.2) with the key format of RFC 3110, 2.

    Not the library's, because it refuses the short keys that old zones are signed with. All here
    is public, so that time tells nobody anything.
    """
    exponent, modulus = _rsa_numbers(key.public)
    bits = modulus.bit_length()
    if (
        not MIN_RSA_BITS <= bits <= MAX_RSA_BITS
        or not 1 < exponent.bit_length() <= MAX_EXPONENT_BITS
    ):
        return False
    size = (bits + 7) // 8
    number = int.from_bytes(signature, "big")
    if len(signature) != size or number >= modulus:
        return False
    name = _RSA_HASH[key.algorithm]
    wanted = _DIGEST_INFO[name] + hashlib.new(name, data).digest()
    if size < len(wanted) + 11:
        return False
    padded = b"\0\x01" + b"\xff" * (size - len(wanted) - 3) + b"\0" + wanted
    return pow(number, exponent, modulus).to_bytes(size, "big") == padded


def _rsa_numbers(public: bytes) -> tuple[int, int]:
    length, at = public[0], 1
    if length == 0:
        length, at = int.from_bytes(public[1:3], "big"), 3
    exponent = int.from_bytes(public[at : at + length], "big")
    return exponent, int.from_bytes(public[at + length :], "big")
