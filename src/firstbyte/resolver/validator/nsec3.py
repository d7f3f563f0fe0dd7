"""Denial with NSEC3 records (RFC 5155, 8). All names are keys; signatures have been verified."""

import hashlib
from base64 import b32hexdecode
from binascii import Error as BinasciiError
from functools import lru_cache
from typing import NamedTuple

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import (
    ancestor,
    ancestors,
    is_under,
    label_count,
    parent,
    wildcard,
)
from firstbyte.resolver.machine.work import Work
from firstbyte.resolver.validator.bitmap import types
from firstbyte.resolver.validator.denial import Proof
from firstbyte.resolver.validator.nsec import lacks

SHA1 = 1
OPT_OUT = 1


class Params(NamedTuple):
    """How names are hashed."""

    algorithm: int
    iterations: int
    salt: bytes


class Nsec3(NamedTuple):
    """One link of the zone's chain of hashes."""

    zone: bytes
    hash: bytes
    next: bytes
    params: Params
    opt_out: bool
    types: frozenset[int]


class _Encloser(NamedTuple):
    name: bytes
    opt_out: bool


def parse(rrset: RRset) -> Nsec3 | None:
    """The record of an NSEC3 set; None where it is broken or uses flags or hashes unknown here."""
    return _parse(rrset.key, rrset.rdatas[0]) if len(rrset.rdatas) == 1 else None


@lru_cache(maxsize=4096)
def _parse(key: bytes, rdata: bytes) -> Nsec3 | None:
    if len(rdata) < 6 or rdata[0] != SHA1 or rdata[1] & ~OPT_OUT or len(key) < 2:
        return None
    salt_end = 5 + rdata[4]
    if salt_end >= len(rdata):
        return None
    next_end = salt_end + 1 + rdata[salt_end]
    after = rdata[salt_end + 1 : next_end]
    try:
        owner = b32hexdecode(key[1 : 1 + key[0]].upper())
    except (BinasciiError, ValueError):
        return None
    if len(owner) != 20 or len(after) != 20:
        return None
    params = Params(rdata[0], int.from_bytes(rdata[2:4], "big"), rdata[5:salt_end])
    opt_out = bool(rdata[1] & OPT_OUT)
    return Nsec3(parent(key), owner, after, params, opt_out, types(rdata[next_end:]))


@lru_cache(maxsize=16384)
def hashed(name: bytes, params: Params) -> bytes:
    """The hash of a name (RFC 5155, 5)."""
    digest = name
    for _ in range(params.iterations + 1):
        digest = hashlib.sha1(digest + params.salt).digest()  # noqa: S324 - the protocol's hash
    return digest


class Chain:
    """The records of one zone and one set of parameters; hashes are counted on ``work``."""

    def __init__(self, records: list[Nsec3], zone: bytes, work: Work) -> None:
        self.zone = zone
        fitting = [record for record in records if record.zone == zone]
        self.params = fitting[0].params if fitting else Params(SHA1, 0, b"")
        self._records = [record for record in fitting if record.params == self.params]
        self._by_hash = {record.hash: record for record in self._records}
        self._work = work

    def __len__(self) -> int:
        return len(self._records)

    def match(self, name: bytes) -> Nsec3 | None:
        """The record at ``name``."""
        if not self._work.may_hash(1):
            return None
        return self._by_hash.get(hashed(name, self.params))

    def cover(self, name: bytes) -> Nsec3 | None:
        """The record that says that nothing is at ``name``."""
        if not self._work.may_hash(1):
            return None
        digest = hashed(name, self.params)
        for record in self._records:
            low, high = record.hash, record.next
            if low < digest < high or (low >= high and (digest > low or digest < high)):
                return record
        return None

    def _encloser(self, name: bytes) -> _Encloser | None:
        """The closest provable encloser and its proof (RFC 5155, 8.3)."""
        closer = name
        for above in ancestors(name)[1:]:
            if not is_under(above, self.zone):
                return None
            found = self.match(above)
            if found is not None:
                cut = dns.NS in found.types and dns.SOA not in found.types
                if dns.DNAME in found.types or cut:
                    return None
                cover = self.cover(closer)
                return None if cover is None else _Encloser(above, cover.opt_out)
            closer = above
        return None

    def no_name(self, name: bytes) -> Proof:
        """RFC 5155, 8.4."""
        encloser = self._encloser(name)
        if encloser is None or self.cover(wildcard(encloser.name)) is None:
            return Proof.FAILED
        return Proof.OPT_OUT if encloser.opt_out else Proof.PROVED

    def no_data(self, name: bytes, rdtype: int) -> Proof:
        """RFC 5155, 8.5 to 8.7."""
        found = self.match(name)
        if found is not None:
            return Proof.PROVED if lacks(found.types, name, rdtype) else Proof.FAILED
        encloser = self._encloser(name)
        if encloser is None:
            return Proof.FAILED
        star = self.match(wildcard(encloser.name))
        if star is not None:
            if not lacks(star.types, wildcard(encloser.name), rdtype):
                return Proof.FAILED
            return Proof.OPT_OUT if encloser.opt_out else Proof.PROVED
        return Proof.OPT_OUT if encloser.opt_out else Proof.FAILED

    def no_closer(self, name: bytes, labels: int) -> Proof:
        """For an answer from a wildcard with so many labels (RFC 5155, 8.8)."""
        if labels >= label_count(name):
            return Proof.FAILED
        cover = self.cover(ancestor(name, labels + 1))
        if cover is None:
            return Proof.FAILED
        return Proof.OPT_OUT if cover.opt_out else Proof.PROVED
