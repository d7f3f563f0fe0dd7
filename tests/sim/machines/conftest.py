"""A client and a server with a router between them: 10 ms and 30 ms round trips."""

from dataclasses import dataclass

import pytest

from firstbyte.events.link import PacketDropped
from firstbyte.sim import Internet


@dataclass
class Way:
    internet: Internet
    client: object
    router: object
    server: object

    def run(self, program, limit_s=10_000):
        return self.internet.run(until=self.client.run(program), limit_s=limit_s)

    def drops(self):
        events = [event.what for event in self.internet.events]
        return [what.reason for what in events if isinstance(what, PacketDropped)]


@pytest.fixture
def way():
    internet = Internet(seed=7)
    client = internet.host("client", addresses=["192.168.1.10"])
    router = internet.host("router", addresses=["192.168.1.1", "203.0.113.7"], forwarding=True)
    server = internet.host("server", addresses=["198.51.100.1"])
    internet.link(client, router, rtt_s=0.010)
    internet.link(router, server, rtt_s=0.030)
    yield Way(internet, client, router, server)
    internet.close()
