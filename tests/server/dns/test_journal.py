"""Versions of a zone: what changed, under which serial, and how secondaries get it."""

import dns.message
import dns.query
import dns.rdatatype
import dns.rrset
import dns.xfr
import dns.zone
import pytest

from firstbyte.protocols.dns.names import from_text
from firstbyte.server.dns.answers import Client, Manners, answer
from firstbyte.server.dns.journal import is_newer
from firstbyte.server.dns.setup import Wishes, prepare
from firstbyte.server.dns.signing import Policy
from firstbyte.server.dns.transfer import messages
from testbed.name_server import NOW_S, ZONE

APEX = from_text("example.org.")
TCP = Client("127.0.0.1", "tcp")


def version(serial, address="192.0.2.80", text=ZONE):
    return text.replace("admin 7", f"admin {serial}").replace(
        "www A 192.0.2.80", f"www A {address}"
    )


def served(path, *texts, policy=None):
    """What is served after each text was the zone file, in turn."""
    now = None
    for text in texts:
        path.write_text(text)
        wishes = Wishes([f"example.org={path}"], policy=policy)
        now = prepare(wishes, NOW_S, now)
    return now


def transferred(now, serial, client=TCP):
    """The records of an incremental transfer: (type, data) in order."""
    query = dns.message.make_query("example.org", "IXFR", use_edns=0)
    query.authority = [dns.rrset.from_text("example.org.", 0, "IN", "SOA", f". . {serial} 0 0 0 0")]
    wire = query.to_wire()
    if client.transport == "udp":
        data = [answer(wire, client, now.zones, NOW_S)]
    else:
        data = list(messages(wire, client, now.zones, NOW_S, Manners()))
    found = []
    for one in data:
        message = dns.message.from_wire(one, one_rr_per_rrset=True)
        found += [(dns.rdatatype.to_text(r.rdtype), r[0].to_text()) for r in message.answer]
    assert dns.message.from_wire(data[0]).edns == 0
    return found


def serials(records):
    return [int(data.split()[2]) for kind, data in records if kind == "SOA"]


def test_a_changed_zone_goes_out_as_its_changes(tmp_path):
    now = served(tmp_path / "z", version(7), version(8, "192.0.2.81"), version(9, "192.0.2.82"))
    records = transferred(now, 7)
    assert serials(records) == [9, 7, 8, 8, 9, 9]
    assert [data for kind, data in records if kind == "A"] == [
        "192.0.2.80",
        "192.0.2.81",
        "192.0.2.81",
        "192.0.2.82",
    ]
    assert serials(transferred(now, 8)) == [9, 8, 9, 9]


def test_dnspython_applies_the_changes(tmp_path):
    path = tmp_path / "z"
    secondary = dns.zone.from_text(version(7), "example.org.", relativize=False, check_origin=False)
    now = served(path, version(7), version(8, "192.0.2.81"))
    query, _ = dns.xfr.make_query(secondary)
    with dns.xfr.Inbound(secondary, dns.rdatatype.IXFR, 7, is_udp=False) as inbound:
        for data in messages(query.to_wire(), TCP, now.zones, NOW_S, Manners()):
            inbound.process_message(dns.message.from_wire(data, xfr=True, one_rr_per_rrset=True))
    assert secondary.get_rdataset("www.example.org.", "A")[0].address == "192.0.2.81"
    assert secondary.get_soa().serial == 8


def test_who_is_up_to_date_gets_one_soa_and_who_is_far_behind_all(tmp_path):
    now = served(tmp_path / "z", version(7), version(8, "192.0.2.81"))
    assert [kind for kind, _ in transferred(now, 8)] == ["SOA"]
    assert [kind for kind, _ in transferred(now, 9)] == ["SOA"]
    whole = transferred(now, 3)
    assert serials(whole) == [8, 8]
    assert len(whole) > 20


def test_over_udp_small_changes_fit_and_others_are_left_to_tcp(tmp_path):
    udp = Client("127.0.0.1")
    now = served(tmp_path / "z", version(7), version(8, "192.0.2.81"))
    assert serials(transferred(now, 7, udp)) == [8, 7, 8, 8]
    assert serials(transferred(now, 6, udp)) == [8]
    large = version(9) + "".join(f"more{n} TXT {'x' * 100}\n" for n in range(40))
    now = served(tmp_path / "z", version(7), large)
    assert serials(transferred(now, 7, udp)) == [9]
    assert serials(transferred(now, 7, Client("192.0.2.1"))) == [9]


def test_a_signed_zone_gets_the_next_serial_by_itself(tmp_path):
    policy = Policy(denial="nsec3")
    now = served(tmp_path / "z", version(7), version(7, "192.0.2.81"), policy=policy)
    assert now.places[None, APEX].serial == 8
    assert now.remarks == []
    records = transferred(now, 7)
    assert serials(records) == [8, 7, 8, 8]
    assert ("A", "192.0.2.81") in records
    assert sum(kind == "RRSIG" for kind, _ in records) == 4  # of the SOA and the address, both ways


def test_what_did_not_change_keeps_its_keys_and_signatures(tmp_path):
    path, policy = tmp_path / "z", Policy()
    path.write_text(version(7))
    wishes = Wishes([f"example.org={path}"], policy=policy)
    first = prepare(wishes, NOW_S)
    again = prepare(wishes, NOW_S + 60, first)
    assert again.places[None, APEX] is first.places[None, APEX]
    later = prepare(wishes, NOW_S + 60, again, resign=True)
    assert later.keys == first.keys
    assert later.places[None, APEX].serial == 8
    assert serials(transferred(later, 7)) == [8, 8]  # so much is new that the whole zone is less


def test_an_unsigned_zone_without_a_new_serial_is_told_of(tmp_path):
    same = served(tmp_path / "z", version(7), version(7, "192.0.2.81"))
    assert "but not its serial 7" in same.remarks[0]
    assert serials(transferred(same, 6)) == [7, 7]
    back = served(tmp_path / "z", version(7), version(6, "192.0.2.81"))
    assert "went back from 7 to 6" in back.remarks[0]


@pytest.mark.parametrize(
    ("serial", "than", "newer"),
    [(8, 7, True), (7, 7, False), (6, 7, False), (0, 0xFFFFFFFF, True), (1 << 31, 0, False)],
)
def test_serials_go_around(serial, than, newer):
    assert is_newer(serial, than) is newer
