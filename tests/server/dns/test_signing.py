"""Signatures and proofs, judged by dnspython and by our own validator's rules."""

import base64

import dns.dnssec
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.dns.constants import DS
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.resolver.validator.nsec3 import parse as parse_nsec3
from firstbyte.server.dns import bitmap
from firstbyte.server.dns.keys import ALGORITHMS, from_pem, generate
from firstbyte.server.dns.nsec3 import Params, hashed
from firstbyte.server.dns.signing import Policy, ZoneSigner
from testbed.name_server import NOW_S, ask, signed_zones

POLICIES = {
    "nsec": Policy(),
    "nsec3": Policy(denial="nsec3"),
    "opt-out": Policy(denial="nsec3", hashing=Params(opt_out=True)),
    "salted": Policy(denial="nsec3", hashing=Params(3, b"\xab\xcd")),
    "split": Policy(split=True, algorithm="ed25519"),
    "online": Policy(online=True, denial="nsec3"),
}
QUESTIONS = [
    ("www.example.org", "A"),
    ("example.org", "DNSKEY"),
    ("alias.example.org", "A"),
    ("x.dn.example.org", "A"),
    ("x.wild.example.org", "A"),
    ("x.wild.example.org", "MX"),
    ("x.cw.example.org", "A"),
    ("nothing.example.org", "A"),
    ("x.y.nothing.example.org", "A"),
    ("b.c.ent.example.org", "A"),
    ("www.example.org", "TXT"),
    ("host.sub.example.org", "A"),
    ("far.example.org", "DS"),
    ("signed.example.org", "DS"),
]


def dnskeys(zones, name="example.org"):
    rrset = ask(zones, name, "DNSKEY", tcp=True).answer[0]
    return {rrset.name: rrset}


@pytest.fixture(scope="module", params=POLICIES, ids=list(POLICIES))
def signed(request):
    return signed_zones(POLICIES[request.param])[0]


@pytest.mark.parametrize(("name", "rdtype"), QUESTIONS)
def test_every_set_that_should_be_signed_verifies(signed, name, rdtype):
    message = ask(signed, name, rdtype, dnssec=True, tcp=True)
    keys = dnskeys(signed)
    sets = [*message.answer, *message.authority]
    signatures = {
        (rrset.name, rrset.covers): rrset for rrset in sets if rrset.rdtype == dns.rdatatype.RRSIG
    }
    synthesised = {
        rrset.name for rrset in sets if rrset.rdtype == dns.rdatatype.CNAME and "dn" in name
    }
    checked = 0
    for rrset in sets:
        if rrset.rdtype in (dns.rdatatype.RRSIG, dns.rdatatype.NS) or rrset.name in synthesised:
            continue
        dns.dnssec.validate(rrset, signatures[rrset.name, rrset.rdtype], keys, now=NOW_S)
        checked += 1
    assert checked


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_verifies_and_survives_storage(algorithm):
    made = generate(algorithm)
    key = from_pem(made.private.pem(), rsa_number=made.algorithm)
    assert key.dnskey == made.dnskey
    apex = from_text("example.org.")
    rrset = RRset(apex, 1, 300, [b"\x7f\0\0\2", b"\x7f\0\0\1"])
    ZoneSigner(apex, [key], Policy()).sign(rrset, NOW_S)
    owner = dns.name.from_text("example.org.")
    rdata = dns.rdata.from_wire("IN", "DNSKEY", key.dnskey, 0, len(key.dnskey))
    keys = {owner: dns.rrset.from_rdata(owner, 300, rdata)}
    data = dns.rrset.from_text(owner, 300, "IN", "A", "127.0.0.1", "127.0.0.2")
    signature = dns.rdata.from_wire("IN", "RRSIG", rrset.signatures[0], 0, len(rrset.signatures[0]))
    dns.dnssec.validate(data, dns.rrset.from_rdata(owner, 300, signature), keys, now=NOW_S)
    assert dns.dnssec.key_id(rdata) == key.tag
    assert dns.dnssec.make_ds(owner, rdata, "SHA256").to_wire() == key.ds(apex)


def test_the_parent_gets_the_childs_ds():
    zones, keys = signed_zones()
    child = from_text("signed.example.org.")
    assert zones.default[from_text("example.org.")].nodes[child][DS].rdatas == [
        keys[child][0].ds(child)
    ]


def test_signatures_are_made_again_before_they_end():
    zones, _ = signed_zones(Policy(validity_s=1000))
    zone = zones.default[from_text("example.org.")]
    first = list(zone.soa.signatures)
    zone.signed(zone.soa, NOW_S + 10)
    assert zone.soa.signatures == first
    zone.signed(zone.soa, NOW_S + 900)
    assert zone.soa.signatures != first


def test_online_signing_signs_what_is_asked_alone():
    zones, _ = signed_zones(Policy(online=True))
    zone = zones.default[from_text("example.org.")]
    assert not zone.soa.signatures
    ask(zones, "nothing.example.org", dnssec=True)
    assert zone.soa.signatures
    assert not zone.nodes[from_text("www.example.org.")][1].signatures


@pytest.mark.parametrize(
    ("policy", "owner_count"), [(Policy(denial="nsec3"), 25), (POLICIES["opt-out"], 23)]
)
def test_opt_out_leaves_unsigned_delegations_out(policy, owner_count):
    zones, _ = signed_zones(policy)
    zone = zones.default[from_text("example.org.")]
    records = [parse_nsec3(rrset) for rrset in zone.denial.all()]
    assert all(records)
    assert len(records) == owner_count


def test_hashes_as_rfc_5155_appendix_a_does():
    salt = bytes.fromhex("aabbccdd")
    table = {
        "example.": "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom",
        "a.example.": "35mthgpgcu1qg68fab165klnsnk3dpvl",
        "*.w.example.": "r53bq7cc2uvmubfu5ocmm6pers9tk9en",
    }
    for name, expected in table.items():
        digest = hashed(from_text(name), 12, salt)
        assert base64.b32hexencode(digest).decode().lower() == expected


@given(st.sets(st.integers(1, 65535), min_size=1, max_size=40))
def test_bitmaps_read_back(types):
    from dns.rdtypes.util import Bitmap
    from dns.wire import Parser

    windows = Bitmap.from_wire_parser(Parser(bitmap.encode(types))).windows
    found = {
        window << 8 | at << 3 | bit
        for window, octets in windows
        for at, octet in enumerate(octets)
        for bit in range(8)
        if octet & 0x80 >> bit
    }
    assert found == types
