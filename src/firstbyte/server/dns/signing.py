"""Signs zones: DNSKEY, DS of children, the chain of denial, signatures (RFC 4035, 2)."""

import struct
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import label_count
from firstbyte.protocols.dns.rdata import canonical
from firstbyte.server.dns import nsec, nsec3
from firstbyte.server.dns.keys import ZoneKey, generate
from firstbyte.server.dns.zone import Zone, add

CDS = 59
CDNSKEY = 60
_BY_ENTRY_POINT = frozenset({dns.DNSKEY, CDS, CDNSKEY})
_HEAD = struct.Struct("!HBBIIIH")
_SERIAL_MASK = 0xFFFFFFFF


class Policy(Struct, frozen=True):
    """How zones are signed. Times in seconds."""

    algorithm: str = "ecdsap256sha256"
    split: bool = False
    """A key-signing and a zone-signing key, not one key for both."""
    denial: Literal["nsec", "nsec3"] = "nsec"
    hashing: nsec3.Params = field(default_factory=nsec3.Params)
    validity_s: int = 14 * 86400
    skew_s: int = 3600
    """How far in the past signatures begin, for resolvers whose clocks are late."""
    online: bool = False
    """Sign each set when it is first asked for, not all of them at the start."""


class ZoneSigner:
    """Signs the sets of one zone."""

    def __init__(self, apex: bytes, keys: Sequence[ZoneKey], policy: Policy) -> None:
        self.apex = apex
        self.keys = keys
        self.policy = policy

    def sign(self, rrset: RRset, now_s: float) -> None:
        """Put fresh signatures on the set, unless those that it has last a quarter of their life.

        The list is changed in place: other views of the set share it.
        """
        if rrset.signatures and _left_s(rrset.signatures[0], now_s) > self.policy.validity_s // 4:
            return
        inception = int(now_s) - self.policy.skew_s
        expiration = int(now_s) + self.policy.validity_s
        wanted = "ksk" if rrset.rdtype in _BY_ENTRY_POINT else "zsk"
        made = [
            self.signature(rrset, key, inception, expiration)
            for key in self.keys
            if key.role in ("csk", wanted)
        ]
        rrset.signatures = made

    def signature(self, rrset: RRset, key: ZoneKey, inception: int, expiration: int) -> bytes:
        """One RRSIG record's data (RFC 4034, 3.1.8.1); times are Unix seconds."""
        owner_labels = label_count(rrset.key) - rrset.key.startswith(b"\x01*")
        head = _HEAD.pack(
            rrset.rdtype,
            key.algorithm,
            owner_labels,
            rrset.ttl_s,
            expiration & _SERIAL_MASK,
            inception & _SERIAL_MASK,
            key.tag,
        )
        head += self.apex
        fixed = rrset.key + struct.pack("!HHI", rrset.rdtype, dns.IN, rrset.ttl_s)
        records = sorted(canonical(rrset.rdtype, rdata) for rdata in rrset.rdatas)
        data = head + b"".join(fixed + len(rdata).to_bytes(2, "big") + rdata for rdata in records)
        return head + key.private.sign(data)


def _left_s(signature: bytes, now_s: float) -> float:
    return int.from_bytes(signature[8:12], "big") - now_s


def make_keys(policy: Policy) -> list[ZoneKey]:
    """New keys for a zone."""
    if policy.split:
        return [generate(policy.algorithm, "ksk"), generate(policy.algorithm, "zsk")]
    return [generate(policy.algorithm)]


def sign_zone(
    zone: Zone,
    keys: Sequence[ZoneKey],
    policy: Policy,
    now_s: float,
    before: Zone | None = None,
) -> None:
    """Sign ``zone`` in place: its children's DS records must stand in it already.

    Sets that are the same in ``before``, an older version with these keys, keep its signatures.
    """
    _remove_security(zone)
    add(zone, RRset(zone.apex, dns.DNSKEY, zone.soa.ttl_s, [key.dnskey for key in keys]))
    if policy.denial == "nsec3":
        param = RRset(zone.apex, dns.NSEC3PARAM, 0, [policy.hashing.rdata(0)])
        add(zone, param)
        zone.denial = nsec3.build(zone, policy.hashing)
    else:
        zone.denial = nsec.build(zone)
    if before is not None:
        _take_over(zone, before)
    signer = ZoneSigner(zone.apex, keys, policy)
    zone.signer = signer
    if not policy.online:
        for rrset in (*zone.authoritative_sets(), *zone.denial.all()):
            signer.sign(rrset, now_s)


def _take_over(zone: Zone, before: Zone) -> None:
    """Copy the signatures of sets that did not change."""
    chain = [] if before.denial is None else before.denial.all()
    known = {(rrset.key, rrset.rdtype): rrset for rrset in (*before.authoritative_sets(), *chain)}
    own = [] if zone.denial is None else zone.denial.all()
    for rrset in (*zone.authoritative_sets(), *own):
        old = known.get((rrset.key, rrset.rdtype))
        if old is not None and old.ttl_s == rrset.ttl_s and set(old.rdatas) == set(rrset.rdatas):
            rrset.signatures = old.signatures


def _remove_security(zone: Zone) -> None:
    """Take out what an earlier signer left."""
    zone.denial = None
    for node in zone.nodes.values():
        for rdtype in (dns.NSEC, dns.NSEC3PARAM, dns.DNSKEY):
            node.pop(rdtype, None)
        for rrset in node.values():
            rrset.signatures = ()


def ds_set(apex: bytes, keys: Sequence[ZoneKey], ttl_s: int) -> RRset:
    """The DS set for the parent, and the trust anchor."""
    return RRset(apex, dns.DS, ttl_s, [key.ds(apex) for key in keys if key.role != "zsk"])


def delegate(zones: Iterable[Zone], keys: dict[bytes, Sequence[ZoneKey]]) -> None:
    """Give parents the DS sets of those of their children whose ``keys`` are here."""
    for zone in zones:
        for cut in zone.cuts & keys.keys():
            add(zone, ds_set(cut, keys[cut], zone.nodes[cut][dns.NS].ttl_s))


def sign_tree(
    zones: Iterable[Zone], keys: dict[bytes, Sequence[ZoneKey]], policy: Policy, now_s: float
) -> None:
    """Sign several zones; a parent gets the DS sets of children with ``keys``.

    ``keys`` holds the keys of each zone by its apex.
    """
    every = list(zones)
    delegate(every, keys)
    for zone in every:
        sign_zone(zone, keys[zone.apex], policy, now_s)
