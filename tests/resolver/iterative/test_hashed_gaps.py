"""Which hashed links are kept to deny other names and types (RFC 8198)."""

from base64 import b32hexencode

import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import names
from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.cache import Entry
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Moment, Security
from firstbyte.resolver.validator import nsec3
from firstbyte.resolver.validator.aggressive import Denials

ZONE = names.from_text("example.")
NOW = Moment(0.0, 1000.0)
PARAMS = nsec3.Params(1, 0, b"")
TXT_ALONE = b"\0\x03\0\0\x80"


@pytest.mark.parametrize(("gap", "denied"), [(1, False), (2, False), (1 << 150, True)])
def test_a_link_made_for_one_question_says_nothing_of_other_types(gap, denied) -> None:
    """Balancers give such links with types left out (as Knot Resolver found in the wild)."""
    owner = nsec3.hashed(ZONE, PARAMS)
    after = ((int.from_bytes(owner, "big") + gap) % (1 << 160)).to_bytes(20, "big")
    key = b"\x20" + b32hexencode(owner).lower() + ZONE
    link = RRset(key, c.NSEC3, 300, [b"\1\0\0\0\0\x14" + after + TXT_ALONE], [b"signed"])
    soa = RRset(ZONE, c.SOA, 300, [ZONE + ZONE + bytes(20)])
    entry = Entry(ZONE, c.AAAA, None, 300, soa=soa, proofs=[link], security=Security.SECURE)
    entry.signer, entry.expires_s = ZONE, NOW.unix_s + 300
    denials = Denials(Settings())
    denials.learn(entry, NOW)
    assert (denials.deny(ZONE, c.MX, NOW) is not None) is denied
