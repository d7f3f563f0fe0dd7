"""HTTP/3, unchanged, in the private internet: known delays, loss, a silent and a closed port."""

import asyncio

import pytest

from firstbyte.client.exchange import Response
from firstbyte.client.options import TlsOptions
from firstbyte.client.quic import connect_quic
from firstbyte.errors import ConnectionLifeError
from firstbyte.events import Recorder, Scope
from firstbyte.net.system import current
from firstbyte.net.tls import make_settings
from firstbyte.protocols.http.messages import Request
from firstbyte.sim.internet import Internet
from testbed.h3_server import hello, serve_h3
from testbed.pki import Pki

GET = Request("GET", "https", "localhost", "/", ())
PORT = 443


class World:
    """A client and a server with a path of 20 ms each way."""

    def __init__(self, directory, **link) -> None:
        self.pki = Pki(directory)
        self.internet = Internet(
            seed=1, start_s=self.pki.now.timestamp(), clocks=True, observe=False
        )
        self.client = self.internet.host("client")
        self.server = self.internet.host("server")
        self.internet.link(self.client, self.server, delay_s=0.02, **link)
        self.scope: Scope | None = None

    def fetch(self, port: int = PORT) -> Response | ConnectionLifeError | None:
        async def serve() -> None:
            async with serve_h3(self.pki.issue("good"), hello, host="0.0.0.0", port=PORT):
                await asyncio.sleep(100)

        async def ask() -> Response | ConnectionLifeError:
            system = current()
            self.scope = Recorder(system.now_ns, "simulated").scope().on_connection("quic")
            settings = make_settings(TlsOptions(ca_file=str(self.pki.root_file)), system)
            try:
                connection = await connect_quic(
                    self.server.address, port, "localhost", settings, self.scope
                )
                try:
                    return await connection.exchange(GET, self.scope)
                finally:
                    await connection.close()
            except ConnectionLifeError as error:
                return error

        self.server.run(serve())
        return self.internet.run(self.client.run(ask()), limit_s=90)

    def at_ms(self, kind: str) -> float:
        assert self.scope is not None
        return next(e.at_ns for e in self.scope.recorder.events if e.type == kind) / 1e6


def test_each_round_trip_takes_the_path_s_delay(tmp_path):
    world = World(tmp_path)
    response = world.fetch()
    assert isinstance(response, Response)
    assert response.status == 200
    assert world.at_ms("quic.connected") == pytest.approx(40, abs=1)
    assert world.at_ms("http.first_byte") == pytest.approx(80, abs=1)
    world.internet.close()


def test_loss_is_survived(tmp_path):
    world = World(tmp_path, loss=0.1)
    assert isinstance(world.fetch(), Response)
    world.internet.close()


def test_silence_ends_by_the_idle_timeout_in_virtual_time(tmp_path):
    world = World(tmp_path, loss=1.0)
    error = world.fetch()
    assert isinstance(error, ConnectionLifeError)
    assert error.id == "quic.timed_out"
    world.internet.close()


def test_a_closed_port_is_refused(tmp_path):
    world = World(tmp_path)
    error = world.fetch(port=444)
    assert isinstance(error, ConnectionLifeError)
    assert error.id == "quic.refused"
    world.internet.close()
