"""A zone with one of everything, and ways to ask it."""

import dns.flags
import dns.message

from firstbyte.server.dns.answers import Client, answer
from firstbyte.server.dns.signing import Policy, make_keys, sign_tree
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import parse_zone

NOW_S = 1_700_000_000
TEXT = f' "{"x" * 250}"'
ZONE = """
$ORIGIN example.org.
$TTL 3600
@ IN SOA ns1 admin 7 7200 3600 1209600 300
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 127.0.0.1
ns2 A 127.0.0.1
ns2 AAAA ::1
mail A 192.0.2.10
www A 192.0.2.80
www AAAA 2001:db8::80
alias CNAME www
ext CNAME www.other.test.
gone CNAME nothing
loop CNAME pool
pool CNAME loop
down CNAME host.sub
dn DNAME www.example.org.
*.wild A 192.0.2.90
*.wild TXT "w"
*.cw CNAME www
a.b.c.ent A 192.0.2.91
sub NS ns.sub
ns.sub A 192.0.2.53
far NS ns.elsewhere.test.
signed NS ns1
"""
ZONE += f"big TXT {TEXT * 3}\nhuge TXT {TEXT * 7}\n"
CHILD = """
$ORIGIN signed.example.org.
@ 600 IN SOA ns1.example.org. admin.example.org. 5 7200 3600 1209600 300
@ 600 NS ns1.example.org.
www 600 A 192.0.2.1
"""


def parent_zone():
    return parse_zone(ZONE, "example.org.", "test")


def child_zone():
    return parse_zone(CHILD, "signed.example.org.", "test")


def signed_zones(policy=None, now_s=NOW_S):
    """Both zones signed, and their keys."""
    policy = policy or Policy()
    zones = [parent_zone(), child_zone()]
    keys = {zone.apex: make_keys(policy) for zone in zones}
    sign_tree(zones, keys, policy, now_s)
    return ZoneSet(zones), keys


def ask(zones, name, rdtype="A", *, dnssec=False, tcp=False, edns=True, client="127.0.0.1"):
    """The decoded answer."""
    query = dns.message.make_query(
        name, rdtype, use_edns=0 if edns else False, want_dnssec=dnssec, payload=1232
    )
    query.flags &= ~dns.flags.RD
    data = answer(query.to_wire(), Client(client, "tcp" if tcp else "udp"), zones, NOW_S)
    assert data is not None
    assert tcp or len(data) <= (1232 if edns else 512)
    message = dns.message.from_wire(data)
    assert query.is_response(message)
    return message
