"""Private keys in BIND's files, as ``dnssec-keygen`` writes them (Private-key-format v1)."""

import base64
import binascii
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from firstbyte.errors import UsageError
from firstbyte.server.dns.keys import ENTRY_POINT, Role, ZoneKey, adopt

_RSA = frozenset({8, 10})
_RSA_FIELDS = (
    "Prime1",
    "Prime2",
    "PrivateExponent",
    "Exponent1",
    "Exponent2",
    "Coefficient",
    "PublicExponent",
    "Modulus",
)
_FLAGS_WORD = "DNSKEY"


def find(directory: Path, zone: str, algorithm: int) -> list[ZoneKey]:
    """The zone's keys of that algorithm in ``directory``, key-signing ones first; maybe none.

    A key with the entry point's flag that stands alone signs everything.

    Raises:
        UsageError: a file cannot be read.

    """
    paths = sorted(directory.glob(f"K{zone}+{algorithm:03d}+*.private"))
    flagged = [(_is_entry_point(path.with_suffix(".key")), path) for path in paths]
    alone = len({entry for entry, _ in flagged}) == 1
    found = [read(path, "csk" if alone else "ksk" if entry else "zsk") for entry, path in flagged]
    return sorted(found, key=lambda key: key.role == "zsk")


def read(path: Path, role: Role) -> ZoneKey:
    """One key.

    Raises:
        UsageError: it cannot be read, or its algorithm is none that signs here.

    """
    fields = _fields(path)
    try:
        number = int(fields.get("Algorithm", "0").split()[0])
        key = _numbers(fields, number)
    except (ValueError, KeyError, binascii.Error) as error:
        raise UsageError(
            f"{path}: not a private key of BIND's that can be used: {error}"
        ) from error
    return adopt(key, role, rsa_number=number)


def _fields(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    pairs = (line.partition(":") for line in lines)
    return {name.strip(): value.strip() for name, sign, value in pairs if sign}


def _numbers(
    fields: dict[str, str], number: int
) -> ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey:
    if number == 13:
        secret = int.from_bytes(base64.b64decode(fields["PrivateKey"]), "big")
        return ec.derive_private_key(secret, ec.SECP256R1())
    if number == 15:
        octets = base64.b64decode(fields["PrivateKey"])
        return ed25519.Ed25519PrivateKey.from_private_bytes(octets)
    if number in _RSA:
        p, q, d, dmp1, dmq1, iqmp, e, n = (
            int.from_bytes(base64.b64decode(fields[name]), "big") for name in _RSA_FIELDS
        )
        public = rsa.RSAPublicNumbers(e, n)
        return rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key()
    raise ValueError(f"algorithm {number}")


def _is_entry_point(path: Path) -> bool:
    """Whether the public key's flags say that it signs keys.

    Raises:
        UsageError: the file lacks, or has no DNSKEY record.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}") from error
    for line in text.splitlines():
        words = line.partition(";")[0].split()
        if _FLAGS_WORD in words:
            flags = words[words.index(_FLAGS_WORD) + 1 :][:1]
            if flags and flags[0].isdecimal():
                return bool(int(flags[0]) & ENTRY_POINT)
    raise UsageError(f"{path}: there is no DNSKEY record in it")
