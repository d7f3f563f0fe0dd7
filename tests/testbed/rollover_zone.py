"""A zone whose key-signing keys come and go; dnspython makes and signs its DNSKEY sets."""

from dataclasses import dataclass, field

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firstbyte.protocols.dns import constants
from firstbyte.protocols.dns.message import RRset

SEP, REVOKE = 0x0001, 0x0080


@dataclass(eq=False)
class Ksk:
    """A key; ``revoked`` may be set later."""

    revoked: bool = False
    flags: int = 0x0100 | SEP
    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def record(self):
        """The DNSKEY as it is published."""
        flags = self.flags | (REVOKE if self.revoked else 0)
        return dns.dnssec.make_dnskey(self.private.public_key(), "ED25519", flags)

    @property
    def tag(self):
        return dns.dnssec.key_id(self.record)

    @property
    def rdata(self):
        return self.record.to_wire()

    def ds(self, zone, digest="SHA256"):
        """As text for ``trust_anchors``; of the key as it was before any revocation."""
        key = Ksk(flags=self.flags, private=self.private).record
        value = dns.dnssec.make_ds(zone, key, digest, validating=True)
        return f"{zone} IN DS {value.to_text()}"


def key_rrset(zone, keys, signers, now_s, *, ttl_s=172800, validity_s=21 * 86400):
    """The DNSKEY set and its signatures, as dnspython's rrsets."""
    owner = dns.name.from_text(zone)
    rrset = dns.rrset.from_rdata_list(owner, ttl_s, [key.record for key in keys])
    made = [
        dns.dnssec.sign(rrset, key.private, owner, key.record, now_s - 3600, now_s + validity_s)
        for key in signers
    ]
    return rrset, dns.rrset.from_rdata_list(owner, ttl_s, made) if made else None


def key_set(zone, keys, signers, now_s, **more):
    """The same as the resolver holds it."""
    rrset, signatures = key_rrset(zone, keys, signers, now_s, **more)
    return RRset(
        rrset.name.to_wire(),
        constants.DNSKEY,
        rrset.ttl,
        [rdata.to_wire() for rdata in rrset],
        [rdata.to_wire() for rdata in signatures or ()],
    )
