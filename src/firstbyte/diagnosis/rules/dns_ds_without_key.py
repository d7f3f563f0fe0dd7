"""A DS record at the parent fits no key of the zone."""

import base64
import binascii
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from firstbyte.diagnosis.rule import Observation, Rule
from firstbyte.diagnosis.zones import canonical, records_of, shown
from firstbyte.journey.model import Journey
from firstbyte.protocols.dns.names import from_text

_HASHES = {1: "sha1", 2: "sha256", 4: "sha384"}


class _Key(NamedTuple):
    """A DNSKEY record's data."""

    rdata: bytes

    @property
    def algorithm(self) -> int:
        return self.rdata[3]

    @property
    def tag(self) -> int:
        """The key tag (RFC 4034, appendix B)."""
        total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(self.rdata))
        return (total + (total >> 16)) & 0xFFFF


class _Ds(NamedTuple):
    """A DS record's data."""

    tag: int
    algorithm: int
    digest_type: int
    digest: str

    def fits(self, owner: str, key: _Key) -> bool:
        """Whether it is the key's (RFC 4034, 5.1.4); of an unknown digest the tag is believed."""
        if (self.tag, self.algorithm) != (key.tag, key.algorithm):
            return False
        name = _HASHES.get(self.digest_type)
        if name is None:
            return True
        return hashlib.new(name, from_text(owner).lower() + key.rdata).hexdigest() == self.digest


def _check(journey: Journey) -> Iterator[Observation]:
    keys = _keys(journey)
    for zone, delegated in _delegated(journey).items():
        present = keys.get(zone)
        if not present:
            continue
        lost = [ds for ds in delegated if not any(ds.fits(zone, key) for key in present)]
        if not lost:
            continue
        tags = ", ".join(sorted(f"tag {key.tag} algorithm {key.algorithm}" for key in present))
        words = f"DS: {_words(delegated)}; DNSKEY: {tags}"
        if len(lost) == len(delegated):
            yield Observation(f"No DS record of {shown(zone)} fits any of its keys.", words)
        else:
            yield Observation(
                f"A DS record of {shown(zone)} fits none of its keys: {_words(lost)}.",
                words,
                severity="info",
            )


def _keys(journey: Journey) -> dict[str, list[_Key]]:
    found: dict[str, list[_Key]] = {}
    for _, record in records_of(journey, "DNSKEY"):
        key = _key_of(record.data)
        if key is not None:
            found.setdefault(canonical(record.name), []).append(key)
    return found


def _delegated(journey: Journey) -> dict[str, list[_Ds]]:
    found: dict[str, list[_Ds]] = {}
    for _, record in records_of(journey, "DS"):
        words = record.data.split()
        if len(words) >= 4 and all(word.isdecimal() for word in words[:3]):
            tag, algorithm, digest_type = map(int, words[:3])
            ds = _Ds(tag, algorithm, digest_type, "".join(words[3:]).lower())
            found.setdefault(canonical(record.name), []).append(ds)
    return found


def _key_of(text: str) -> _Key | None:
    words = text.split()
    if len(words) < 4 or not all(word.isdecimal() for word in words[:3]):
        return None
    flags, protocol, algorithm = map(int, words[:3])
    if max(flags >> 16, protocol >> 8, algorithm >> 8):
        return None
    try:
        public = base64.b64decode("".join(words[3:]), validate=True)
    except (ValueError, binascii.Error):
        return None
    return _Key(flags.to_bytes(2, "big") + bytes((protocol, algorithm)) + public)


def _words(delegated: list[_Ds]) -> str:
    return ", ".join(
        sorted(f"tag {ds.tag} algorithm {ds.algorithm} digest {ds.digest_type}" for ds in delegated)
    )


RULE = Rule(
    id="dns.ds_without_key",
    severity="error",
    check=_check,
    title="A DS record without its DNSKEY",
    meaning=(
        "The DS record at the parent names a key that the zone does not have. If no DS record "
        "fits, the chain of trust is cut, and validating resolvers refuse the whole zone. If "
        "others fit, it is a leftover or a preparation of a key rollover: harmless today, and "
        "fatal if the fitting one is removed."
    ),
    see=("dig ZONE DS", "dig ZONE DNSKEY +multiline   # key id", "delv ZONE SOA"),
    fix="Publish the DS record of the key that signs the zone's DNSKEY set.",
    cures=(
        "After moving to another provider: remove the old DS record, or import the old keys.",
        "Let the parent follow CDS and CDNSKEY records (RFC 8078).",
    ),
    references=("RFC 4035, 5.2", "RFC 6781, 4.1", "RFC 8914, 4.10"),
    aliases=("DS mismatch", "no matching DNSKEY", "stale DS", "DS record without DNSKEY"),
)
