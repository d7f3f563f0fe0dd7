"""The chain of trust from what messages held, without a network."""

import pytest

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.resolver.machine.settings import Validation
from firstbyte.resolver.query.trust import Evidence, chain
from firstbyte.server.dns.keys import generate
from firstbyte.server.dns.signing import Policy, ZoneSigner, ds_set

NOW_S = 1_700_000_000
ROOT, ORG = b"\0", from_text("org.")
WWW = from_text("www.org.")
ANSWER = render(Parts(1, dns.QR, WWW, dns.A, answer=[RRset(WWW, dns.A, 60, [bytes(4)])])).data


def evidence(ds=None):
    """A secure root that delegates to org with ``ds``; and the root's anchor."""
    key = generate("ed25519")
    signer = ZoneSigner(ROOT, [key], Policy())
    found = Evidence()
    found.tried.add(ROOT)
    found.dnskeys[ROOT] = RRset(ROOT, dns.DNSKEY, 60, [key.dnskey])
    signer.sign(found.dnskeys[ROOT], NOW_S)
    if ds is not None:
        found.delegations[ORG] = RRset(ORG, dns.DS, 60, [ds])
        signer.sign(found.delegations[ORG], NOW_S)
    else:
        found.cuts[ORG] = "NSEC3 opt-out"
    return found, Validation(anchors=(ds_set(ROOT, [key], 0),))


@pytest.mark.parametrize(
    ("ds", "verdict", "reason"),
    [
        (None, "insecure", "it has no DS"),
        (b"\0\1\5\2" + bytes(32), "insecure", "algorithm and digest"),
        (b"\0\1\x0d\1" + bytes(20), "insecure", "algorithm and digest"),
        (b"\0\1\x0d\2" + bytes(32), "indeterminate", "needed its keys"),
    ],
)
def test_the_link_below_a_secure_root(ds, verdict, reason):
    found, validation = evidence(ds)
    root, org = chain(found, validation, [ANSWER], (), NOW_S)
    assert root.verdict == "secure"
    assert org.verdict == verdict
    assert reason in org.reason


def test_without_an_anchor_nothing_is_known():
    found, _ = evidence()
    links = chain(found, Validation(), [ANSWER], (), NOW_S)
    assert {link.verdict for link in links} == {"indeterminate"}


def test_a_ds_whose_signature_ended_breaks_the_chain():
    found, validation = evidence(b"\0\1\x0d\2" + bytes(32))
    late = NOW_S + 30 * 86400
    links = chain(found, validation, [ANSWER], (), late)
    assert [link.verdict for link in links] == ["bogus", "bogus"]
