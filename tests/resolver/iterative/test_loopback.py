"""The broken tree on real sockets: what a client of the daemon is told of each fault."""

import asyncio

import dns.edns
import dns.flags
import dns.message
import dns.rcode

from firstbyte.resolver.daemon.config import from_mapping
from firstbyte.resolver.daemon.daemon import Daemon
from firstbyte.resolver.machine.values import Ask
from resolver.iterative.test_broken import BOGUS, NOW

AT_LEAST = 40


class Server(asyncio.DatagramProtocol):
    """One address of the tree; ``mutate`` breaks its answers."""

    def __init__(self, tree, address: str) -> None:
        self.tree, self.address = tree, address
        self.mutate = None
        self.transport = None

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer) -> None:
        query = dns.message.from_wire(data)
        zone = self.tree.by_address[self.address]
        response = self.tree.answer(zone, query)
        if self.mutate is not None:
            response = self.mutate(response, self.tree, self._ask(zone, query))
        response.id = query.id
        self.transport.sendto(response.to_wire(max_size=65535), peer)

    def _ask(self, zone, query) -> Ask:
        asked = query.question[0]
        return Ask(
            number=1,
            server=(self.address, 53),
            zone=zone.name.to_wire(),
            name=asked.name.canonicalize().to_wire(),
            rdtype=asked.rdtype,
            recursive=False,
            edns=True,
            tcp=False,
            mix_case=False,
            timeout_s=1.0,
            attempt=1,
        )


class Client(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.answer = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, peer) -> None:
        if not self.answer.done():
            self.answer.set_result(dns.message.from_wire(data))


async def asked(port: int, name: str, rdtype: str, *, cd: bool = False) -> dns.message.Message:
    loop = asyncio.get_running_loop()
    to = ("127.0.0.1", port)
    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=to)
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    query.flags |= dns.flags.CD if cd else 0
    transport.sendto(query.to_wire())
    try:
        async with asyncio.timeout(10):
            return await client.answer
    finally:
        transport.close()


def codes(message: dns.message.Message) -> list[int]:
    return [int(one.code) for one in message.options if isinstance(one, dns.edns.EDEOption)]


def test_each_fault_has_its_verdict_and_its_error(tree, tmp_path) -> None:
    clock = tmp_path / "clock"
    clock.write_text(f"frozen {NOW}")
    assert len(BOGUS) >= AT_LEAST
    asyncio.run(ask_all(tree, clock))


async def ask_all(tree, clock) -> None:
    loop = asyncio.get_running_loop()
    servers = [Server(tree, address) for address in tree.by_address]
    address_map = {}
    for server in servers:
        await loop.create_datagram_endpoint(lambda one=server: one, ("127.0.0.1", 0))
        port = server.transport.get_extra_info("sockname")[1]
        address_map[f"{server.address}:53"] = f"127.0.0.1:{port}"
    config = from_mapping(
        {
            "listen": "127.0.0.1:0",
            "root_hints": [["ns.root.", "192.0.2.1"]],
            "trust_anchors": [tree.anchor()],
            "address_map": address_map,
            "clock_file": str(clock),
            "send_ta_signal": False,
            "cookies": False,
            "use_0x20": False,
        }
    )
    daemon = Daemon(config)
    await daemon.start()
    try:
        for label, mutate, name, rdtype, code in [("whole", None, *BOGUS[0][2:4], None), *BOGUS]:
            daemon.reload(config)
            for server in servers:
                server.mutate = mutate
            told = await asked(daemon.ports[0][1], name, rdtype)
            authentic = bool(told.flags & dns.flags.AD)
            assert authentic is (mutate is None), label
            assert told.rcode() == (dns.rcode.SERVFAIL if mutate else dns.rcode.NOERROR), label
            assert codes(told)[:1] == ([int(code)] if mutate else []), label
            unchecked = await asked(daemon.ports[0][1], name, rdtype, cd=True)
            assert unchecked.rcode() != dns.rcode.SERVFAIL, label
    finally:
        daemon.close()
        for server in servers:
            server.transport.close()
