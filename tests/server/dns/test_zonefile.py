"""Zone files: their names, their faults, and what a signer left in them."""

import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.names import from_text, to_text
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.server.dns.zonefile import load_zone, origin_in, parse_zone
from testbed.name_server import ZONE, ask, signed_zones

SOA = "SOA ns admin 1 2 3 4 5"


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (f"$ORIGIN example.org.\n@ IN {SOA}", "example.org."),
        (f"example.org. 300 IN {SOA}", "example.org."),
        (f"$ORIGIN org.\nexample IN {SOA}", "example.org."),
        (f"; none\n@ IN {SOA}", None),
        ("", None),
    ],
)
def test_finds_the_zones_name(text, origin):
    assert origin_in(text) == origin


@pytest.mark.parametrize("file", ["example.org.zone", "db.example.org", "example.org"])
def test_takes_the_files_name_else(tmp_path, file):
    path = tmp_path / file
    path.write_text(f"$TTL 60\n@ IN {SOA}\n@ NS ns\nns A 192.0.2.1\n")
    assert to_text(load_zone(path).apex) == "example.org."


def test_includes_files_beside_it(tmp_path, monkeypatch):
    (tmp_path / "more").write_text("www 60 A 192.0.2.7\n")
    path = tmp_path / "example.org.zone"
    path.write_text(f"$TTL 60\n@ IN {SOA}\n$INCLUDE {tmp_path}/more\n")
    zone = load_zone(path)
    assert from_text("www.example.org.") in zone.nodes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("www A 192.0.2.1", "no SOA"),
        ("@ A 192.0.2", "zone:2: text input is malformed: @ A 192.0.2"),
        ("\n@ A 192.0.2\nwww A 192.0.2.1", "zone:3: text input is malformed"),
        ("@ FOO bar", "zone:2: unknown rdatatype 'FOO': @ FOO bar"),
        (f"@ {SOA}\nwww CNAME @\nwww A 192.0.2.1", "zone:4: a name with a CNAME record"),
        (f"@ {SOA}\n@ SOA ns admin 2 2 3 4 5", "zone:3: example.org. has two SOA records"),
        (f"@ {SOA}\nd DNAME a\nd DNAME b", "zone:4: d.example.org. has two DNAME records"),
        (f"@ {SOA}\nwww CNAME a\nwww CNAME b", "zone:4: www.example.org. has two CNAME records"),
        ('@ TXT "open', "zone:2: newline in quoted string"),
        ("@ SOA ( ns admin 1 2 3 4 5\n@ NS ns", 'zone:3: "@" is one field too many'),
        ("$INCLUDE nowhere", "zone:2: cannot read nowhere: No such file"),
    ],
)
def test_tells_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "example.org.zone"
    path.write_text("$TTL 60\n" + text + "\n")
    with pytest.raises(UsageError) as caught:
        load_zone(path)
    assert words.lower() in str(caught.value).lower()


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot read"):
        load_zone(tmp_path / "nothing")


def test_keeps_what_another_signer_signed():
    import dns.message
    import dns.xfr
    import dns.zone

    from firstbyte.server.dns.answers import Client, Manners
    from firstbyte.server.dns.transfer import messages

    zones, _ = signed_zones()
    query = dns.message.make_query("example.org.", "AXFR")
    sent = messages(query.to_wire(), Client("127.0.0.1", "tcp"), zones, 0, Manners())
    lines = []
    for data in sent:
        message = dns.message.from_wire(data, one_rr_per_rrset=True)
        lines += [rrset.to_text() for rrset in message.answer]
    copy = ZoneSet([parse_zone("\n".join(lines[:-1]), "example.org.", "copy")])
    for name, rdtype in (("nothing.example.org", "A"), ("www.example.org", "A")):
        assert (
            ask(copy, name, rdtype, dnssec=True).to_text().partition("QUESTION")[2]
            == ask(zones, name, rdtype, dnssec=True).to_text().partition("QUESTION")[2]
        )


def test_a_zone_of_everything_loads():
    assert parse_zone(ZONE, "example.org.", "test").serial == 7


@pytest.mark.parametrize(
    ("records", "remark"),
    [
        ("", "example.org. has no NS record"),
        ("@ NS ns", "example.org. NS ns.example.org. has no address in the zone"),
        ("@ NS ns\nns CNAME www\nwww A 192.0.2.1", "example.org. NS ns.example.org. is an alias"),
        ("sub NS ns.sub", "sub.example.org. NS ns.sub.example.org. has no address"),
        ("@ MX 1 mail", "example.org. MX mail.example.org. has no address"),
        ("other.test. A 192.0.2.1", "zone:3: other.test. is not in the zone example.org."),
    ],
)
def test_remarks_on_what_leads_nowhere(records, remark):
    zone = parse_zone(f"$TTL 60\n@ {SOA}\n{records}\n", "example.org.", "zone")
    assert any(remark in told for told in zone.remarks), zone.remarks


@pytest.mark.parametrize(
    "records",
    [
        "ns A 192.0.2.1\n@ NS ns",
        "@ NS ns.other.test.",
        "@ NS ns\n* A 192.0.2.1",
        "@ NS ns.other.test.\nsub NS ns.sub\nns.sub AAAA 2001:db8::1",
        "@ NS ns.other.test.\nsub NS ns.other.test.\n@ MX 1 mail.sub",
        "@ NS ns.other.test.\n@ MX 0 .",
    ],
)
def test_has_nothing_to_remark_on_what_is_right(records):
    zone = parse_zone(f"$TTL 60\n@ {SOA}\n{records}\n", "example.org.", "zone")
    assert zone.remarks == []


def test_the_same_record_twice_is_one(tmp_path):
    zone = parse_zone(f"$TTL 60\n@ {SOA}\n@ {SOA}\na CNAME b\na CNAME b\n", "x.test.", "zone")
    assert len(zone.nodes[from_text("a.x.test.")]) == 1
