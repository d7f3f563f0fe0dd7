"""Many servers side by side: agreement, split horizon, serials, silence."""

import asyncio

import pytest

from firstbyte.diagnosis import diagnose
from firstbyte.rendering.dns_compare import comparison
from firstbyte.rendering.look import Look
from firstbyte.resolver.query.compare import Job, compare
from firstbyte.resolver.query.wanted import Wanted
from firstbyte.server.dns.faults.fault import Order
from firstbyte.server.dns.faults.registry import all_faults
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from testbed.dns_server import DnsServer
from testbed.name_server import parent_zone
from testbed.pki import Pki
from testbed.secure_dns_server import SecureDnsServer

WWW = b"\x03www\x07example\x03org\0"


def zone(address=None, behind=None):
    made = parent_zone()
    made.nodes[b"\x03ns1\x07example\x03org\0"][1].rdatas = [bytes((192, 0, 2, 1))]
    made.nodes[b"\x03ns2\x07example\x03org\0"][1].rdatas = [bytes((192, 0, 2, 2))]
    del made.nodes[b"\x03ns2\x07example\x03org\0"][28]
    if address:
        made.nodes[WWW][1].rdatas = [bytes(map(int, address.split(".")))]
    if behind:
        all_faults()["stale-serial"].before_signing(made, Order(behind))
    return ZoneSet([made])


def compared(first=None, second=None, resolver=None, *, name="www.example.org", more=()):
    async def program():
        async with (
            NameServer(first or zone()) as one,
            NameServer(second or zone()) as two,
            NameServer(resolver or zone()) as own,
        ):
            table = {("192.0.2.1", 53): one.address, ("192.0.2.2", 53): two.address}
            servers = (f"{own.address[0]}:{own.address[1]}", *more)
            wanted = Wanted(timeout_s=1.0, tries=1)
            return await compare(Job(name, 1, servers, True, table, wanted))

    return asyncio.run(program())


def ids(value):
    return {finding.id: finding for finding in diagnose(value.journey)}


def test_servers_that_agree():
    value = compared()
    assert value.zone == "example.org."
    assert [seen.authoritative for seen in value.seen] == [False, True, True]
    assert {seen.group for seen in value.seen} == {0}
    assert {seen.serial for seen in value.seen} == {7}
    assert ids(value) == {}


def test_an_old_serial_is_a_change_on_its_way():
    value = compared(second=zone("192.0.2.66", behind="2"))
    assert "serial 5" in ids(value)["dns.serials_differ"].evidence
    assert "A 192.0.2.66" in ids(value)["dns.answers_differ"].evidence


def test_a_resolver_that_lies_is_split_horizon():
    value = compared(resolver=zone("10.0.0.1"))
    assert "10.0.0.1" in ids(value)["dns.split_horizon"].evidence
    assert value.seen[0].records == ("10.0.0.1",)


def test_silence_is_no_answer():
    value = compared(more=("127.0.0.1:1",))
    assert value.seen[1].failure == "connection refused"
    assert value.seen[1].group is None


def test_names_that_do_not_exist_are_compared_too():
    value = compared(name="nothing.example.org")
    assert {seen.rcode for seen in value.seen} == {"NXDOMAIN"}
    assert value.seen[0].ttl_s == 300


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("unicode", [True, False])
def test_the_table_keeps_its_width(width, unicode):
    value = compared(second=zone("192.0.2.66", behind="2"), more=("127.0.0.1:1",))
    lines = comparison(value, Look(width, unicode))
    assert max(line.cell_len for line in lines) <= width
    text = "\n".join(line.plain for line in lines)
    assert "ns1.example.org." in text
    assert "192.0.2.66" in text


def test_resolvers_over_tls(tmp_path, monkeypatch):
    """By URL; one whose certificate is not trusted says so in its row."""
    pki = Pki(tmp_path)
    monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(pki.root_file))
    good, bad = (pki.issue(kind).server_context() for kind in ("good", "self_signed"))
    answers = {"www.example.org": {"A": ["192.0.2.80"]}}

    async def program():
        async with (
            DnsServer(answers) as names,
            SecureDnsServer(names, "dot", good) as trusted,
            SecureDnsServer(names, "dot", bad) as other,
        ):
            servers = [f"tls://localhost:{server.port}" for server in (trusted, other)]
            return await compare(Job("www.example.org", 1, servers, False))

    value = asyncio.run(program())
    assert value.seen[0].records == ("192.0.2.80",)
    assert "certificate" in value.seen[1].failure
    lines = [line.plain for line in comparison(value, Look(80, True))]
    assert max(map(len, lines)) <= 80
    assert any(value.seen[0].server in line and "192.0.2.80" in line for line in lines)
