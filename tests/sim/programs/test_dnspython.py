"""dnspython's asyncio resolver, and getaddrinfo through the world's name servers."""

import asyncio
import socket

import dns.asyncresolver
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset
import pytest


class NameServer(asyncio.DatagramProtocol):
    """Answers A questions for one name."""

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        question = query.question[0]
        if question.name.to_text() != "www.zone.example.":
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, 60, "IN", "A", "10.0.0.2"))
        self.transport.sendto(response.to_wire(), addr)


async def serve_names():
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(NameServer, local_addr=("0.0.0.0", 53))


def test_the_asyncio_resolver(pair):
    async def ask():
        resolver = dns.asyncresolver.Resolver(configure=False)
        resolver.nameservers = [pair.server.address]
        answer = await resolver.resolve("www.zone.example", "A")
        return [rdata.to_text() for rdata in answer]

    pair.server.run(serve_names())
    assert pair.run(ask()) == ["10.0.0.2"]
    assert pair.time_s == pytest.approx(0.08)


def test_it_knows_what_its_host_is_told(pair):
    async def ask():
        answer = await dns.asyncresolver.resolve("www", "A", search=True)
        return str(answer.qname), answer.rrset[0].to_text()

    async def without():
        with pytest.raises(dns.resolver.NoResolverConfiguration):
            dns.asyncresolver.get_default_resolver()

    pair.client.nameservers = [pair.server.address]
    pair.client.search = ["zone.example"]
    pair.server.run(serve_names())
    assert pair.run(ask()) == ("www.zone.example.", "10.0.0.2")
    pair.internet.run(until=pair.server.run(without()))


def test_getaddrinfo_asks_the_name_server(pair):
    async def ask():
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo("www.zone.example", 80, type=socket.SOCK_STREAM)
        with pytest.raises(socket.gaierror) as caught:
            await loop.getaddrinfo("other.zone.example", 80)
        assert caught.value.errno == socket.EAI_NONAME
        return [info[4] for info in found]

    pair.client.nameservers = [pair.server.address]
    pair.server.run(serve_names())
    assert pair.run(ask()) == [("10.0.0.2", 80)]


def test_silent_name_servers_are_eai_again(pair):
    async def ask():
        with pytest.raises(socket.gaierror) as caught:
            await asyncio.get_running_loop().getaddrinfo("www.zone.example", 80)
        return caught.value.errno

    pair.server.partition()
    pair.client.nameservers = [pair.server.address]
    assert pair.run(ask()) == socket.EAI_AGAIN
    assert pair.time_s == pytest.approx(10, abs=1)
