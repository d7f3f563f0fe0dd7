"""The server on sockets: the kernel's and the private internet's."""

import asyncio

import dns.asyncquery
import dns.message
import dns.query
import dns.rcode
import dns.xfr
import dns.zone
import pytest

from firstbyte.server.dns.answers import Manners
from firstbyte.server.dns.faults.registry import all_faults, choose, treatments
from firstbyte.server.dns.serving import NameServer
from firstbyte.server.dns.zone_set import ZoneSet
from firstbyte.sim import Internet
from testbed.name_server import parent_zone, signed_zones


def run(coroutine):
    return asyncio.run(coroutine)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_answers_over_udp_and_tcp(plain, host):
    async def program():
        async with NameServer(plain, (host, 0)) as server:
            address, port = server.address
            query = dns.message.make_query("huge.example.org", "TXT")
            udp = await dns.asyncquery.udp(query, address, 5, port)
            tcp = await dns.asyncquery.tcp(query, address, 5, port)
            assert server.asked == 2
        return udp, tcp

    udp, tcp = run(program())
    assert udp.flags & dns.flags.TC
    assert tcp.answer


def test_gives_whole_zones_over_tcp_in_several_messages():
    zones, _ = signed_zones()

    async def program():
        async with NameServer(zones) as server:
            zone = dns.zone.Zone("example.org.", relativize=False)
            query, _ = dns.xfr.make_query(zone)
            host, port = server.address
            await dns.asyncquery.inbound_xfr(host, zone, query, port=port, lifetime=10)
            return zone

    zone = run(program())
    zone.check_origin()
    assert zone.find_rdataset("www.example.org.", "RRSIG", "A")
    assert zone.find_rdataset("ns.sub.example.org.", "A")


def test_refuses_transfers_to_others(plain):
    async def program():
        async with NameServer(plain, manners=Manners(transfers=())) as server:
            query = dns.message.make_query("example.org", "AXFR")
            return await dns.asyncquery.tcp(query, *server.address[:1], 5, server.address[1])

    assert run(program()).rcode() == dns.rcode.REFUSED


def test_runs_on_the_private_internet(plain):
    internet = Internet(seed=1)
    client, host = internet.host("client"), internet.host("ns")
    internet.link(client, host, rtt_s=0.05)
    server = NameServer(plain, (str(host.address), 53))

    async def serve():
        async with server:
            await asyncio.sleep(60)

    async def ask():
        await asyncio.sleep(1)
        query = dns.message.make_query("www.example.org", "A")
        answer = await dns.asyncquery.udp(query, str(host.address), 5)
        assert answer.answer
        huge = dns.message.make_query("huge.example.org", "TXT")
        assert (await dns.asyncquery.tcp(huge, str(host.address), 5)).answer

    host.run(serve())
    internet.run(until=client.run(ask()), limit_s=100)
    internet.close()


async def _with(faults, name, *, tcp=False, edns=True, zones=None, timeout_s=5.0):
    chosen = [choose(text, 0.0) for text in faults]
    zones = zones or ZoneSet([parent_zone()])
    async with NameServer(zones, treatments=treatments(chosen)) as server:
        query = dns.message.make_query(name, "A", use_edns=0 if edns else False)
        ask = dns.asyncquery.tcp if tcp else dns.asyncquery.udp
        host, port = server.address
        return await ask(query, host, timeout_s, port)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("lame", lambda m: m.rcode() == dns.rcode.REFUSED and not m.answer),
        ("servfail", lambda m: m.rcode() == dns.rcode.SERVFAIL),
        ("upward-referral", lambda m: m.authority[0].name == dns.name.root),
        ("truncating", lambda m: m.flags & dns.flags.TC and not m.answer),
        ("no-edns", lambda m: m.rcode() == dns.rcode.FORMERR),
        ("slow=0", lambda m: m.answer[0][0].address == "192.0.2.80"),
        ("lame@sub.example.org", lambda m: m.answer[0][0].address == "192.0.2.80"),
        ("lame@www.example.org", lambda m: m.rcode() == dns.rcode.REFUSED),
        ("poisoning=bank.test", lambda m: any("bank" in str(s.name) for s in m.additional)),
    ],
)
def test_does_the_wrong_that_is_asked_for(fault, expected):
    assert expected(run(_with([fault], "www.example.org")))


@pytest.mark.parametrize("fault", ["silent", "edns-silent"])
def test_is_silent_when_told(fault):
    with pytest.raises(dns.exception.Timeout):
        run(_with([fault], "www.example.org", timeout_s=0.1))
    if fault == "edns-silent":
        assert run(_with([fault], "www.example.org", edns=False)).answer


def test_forged_answers_come_first_and_a_careful_client_waits():
    async def program():
        zones = ZoneSet([parent_zone()])
        loop = asyncio.get_running_loop()
        chosen = [choose("spoofing=203.0.113.9", 0.0)]
        async with NameServer(zones, treatments=treatments(chosen)) as server:
            got: list[tuple[bytes, int]] = []
            told_the_truth = asyncio.Event()

            class Listen(asyncio.DatagramProtocol):
                def datagram_received(self, data, addr):
                    got.append((data, addr[1]))
                    if b"\xc0\x00\x02\x50" in data:
                        told_the_truth.set()

            transport, _ = await loop.create_datagram_endpoint(Listen, ("127.0.0.1", 0))
            query = dns.message.make_query("www.example.org", "A")
            transport.sendto(query.to_wire(), server.address)
            async with asyncio.timeout(5):
                await told_the_truth.wait()
            transport.close()
            return query.id, got, server.address[1]

    ident, got, port = run(program())
    forged = [(data, source) for data, source in got if bytes((203, 0, 113, 9)) in data]
    assert len(forged) == 9
    assert all(source != port for data, source in forged if data[:2] == ident.to_bytes(2, "big"))


def test_every_fault_is_described():
    for name, fault in all_faults().items():
        assert fault.name == name
        assert fault.summary.endswith(".")
        assert fault.before_signing or fault.after_signing or fault.treatment
    assert len(all_faults()) >= 20
