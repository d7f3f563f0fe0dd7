"""The HTTP/3 machine against aioquic's server in memory, with the time as an argument."""

import random
from pathlib import Path

import pytest
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from hypothesis import given, settings
from hypothesis import strategies as st

from firstbyte.protocols.http.messages import Complete, Content, Head, Request
from firstbyte.protocols.quic.http3 import Http3Machine, QuicParameters, alert_name, error_name
from firstbyte.protocols.quic.sights import Connected, Ended, PacketSeen, Sight, TlsMessageSeen
from testbed.pki import Pki

GET = Request("GET", "https", "localhost", "/", ())
CLIENT = ("127.0.0.1", 1)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory) -> QuicConfiguration:
    chain = Pki(tmp_path_factory.mktemp("pki")).issue("good")
    made = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
    made.load_cert_chain(Path(chain.cert_file), Path(chain.key_file))
    return made


class World:
    """A client's machine and a server, with virtual time and a path that may lose datagrams."""

    def __init__(self, configuration: QuicConfiguration, seed: int = 0, loss: float = 0.0) -> None:
        self.now_s = 100.0
        self.random = random.Random(seed)
        self.loss = loss
        self.configuration = configuration
        self.machine = Http3Machine(QuicParameters("localhost", idle_timeout_s=20))
        self.server: QuicConnection | None = None
        self.h3: H3Connection | None = None
        self.seen: list[Sight] = []
        self.asked = False

    def of(self, kind: type) -> list:
        return [sight for sight in self.seen if isinstance(sight, kind)]

    def run(self, until_s: float = 60.0) -> None:
        """Pass datagrams, and jump to the next deadline when there are none."""
        self.machine.connect(self.now_s)
        end_s = self.now_s + until_s
        while self.now_s < end_s and not self.of(Complete) and not self.of(Ended):
            if not self.step() and not self.of(Ended):
                deadlines = [self.machine.next_deadline()]
                if self.server is not None:
                    deadlines.append(self.server.get_timer())
                known = [at for at in deadlines if at is not None]
                if not known:
                    return
                self.now_s = max(self.now_s, min(known))
                self.machine.timeout(self.now_s)
                if self.server is not None:
                    self.server.handle_timer(now=self.now_s)
            if self.of(Connected) and not self.asked:
                self.asked = True
                self.machine.request(GET)

    def step(self) -> bool:
        """One flight each way; whether anything was sent."""
        self.seen += self.machine.events()
        to_server = self.machine.outgoing(self.now_s)
        self.seen += self.machine.events()
        self.now_s += 0.01
        for data in to_server:
            if self.random.random() >= self.loss:
                self.serve(data)
        to_client = [] if self.server is None else self.server.datagrams_to_send(now=self.now_s)
        self.now_s += 0.01
        for data, _ in to_client:
            if self.random.random() >= self.loss:
                self.machine.receive(data, self.now_s)
        self.seen += self.machine.events()
        return bool(to_server or to_client)

    def serve(self, data: bytes) -> None:
        if self.server is None:
            self.server = QuicConnection(
                configuration=self.configuration,
                original_destination_connection_id=data[6 : 6 + data[5]],
            )
        self.server.receive_datagram(data, CLIENT, now=self.now_s)
        while (event := self.server.next_event()) is not None:
            if self.h3 is None and type(event).__name__ == "ProtocolNegotiated":
                self.h3 = H3Connection(self.server)
            for found in self.h3.handle_event(event) if self.h3 is not None else ():
                if isinstance(found, HeadersReceived):
                    self.h3.send_headers(found.stream_id, [(b":status", b"200")])
                    self.h3.send_data(found.stream_id, b"hello", end_stream=True)


def test_a_handshake_and_an_exchange_in_virtual_time(configuration: QuicConfiguration):
    world = World(configuration)
    world.run()
    (connected,) = world.of(Connected)
    assert (connected.version, connected.alpn, connected.retry) == ("1", "h3", False)
    assert world.of(Head)[0].status == 200
    assert b"".join(content.data for content in world.of(Content)) == b"hello"
    assert world.machine.can_reuse
    assert world.machine.request_sent
    assert world.machine.head_bytes > 0
    rtt = world.machine.rtt
    assert rtt is not None
    assert rtt.minimum_s == pytest.approx(0.02)


@pytest.mark.parametrize("seed", range(8))
def test_loss_delays_but_does_not_break(configuration: QuicConfiguration, seed: int):
    world = World(configuration, seed, loss=0.25)
    world.run(120)
    assert world.of(Complete) or world.of(Ended)[0].how == "idle"


def test_silence_ends_by_the_idle_timeout(configuration: QuicConfiguration):
    world = World(configuration, loss=1.0)
    world.run()
    (ended,) = world.of(Ended)
    assert ended.how == "idle"
    assert len([packet for packet in world.of(PacketSeen) if packet.sent]) > 3
    assert world.machine.next_deadline() is None
    assert world.machine.outgoing(world.now_s) == []


def test_an_alert_of_the_server_is_told_at_once(configuration: QuicConfiguration):
    world = World(configuration)
    world.machine = Http3Machine(QuicParameters("localhost", alpn=("doq",)))
    world.run()
    (ended,) = world.of(Ended)
    assert (ended.how, alert_name(ended.code)) == ("peer", "no_application_protocol")


def test_our_own_close_says_so(configuration: QuicConfiguration):
    world = World(configuration)
    world.run()
    world.machine.close()
    world.step()
    (ended,) = world.of(Ended)
    assert (ended.how, ended.name) == ("own", "H3_NO_ERROR")


def test_a_machine_that_never_began_closes_quietly():
    machine = Http3Machine(QuicParameters("localhost"))
    machine.close()
    assert machine.outgoing(1.0) == []
    assert machine.next_deadline() is None
    assert machine.events() == []


def test_messages_are_whole(configuration: QuicConfiguration):
    world = World(configuration)
    world.run()
    for message in world.of(TlsMessageSeen):
        assert len(message.data) == 4 + int.from_bytes(message.data[1:4], "big")


def test_names_of_codes():
    assert error_name(0x10C, application=True) == "H3_REQUEST_CANCELLED"
    assert error_name(0xA, application=False) == "PROTOCOL_VIOLATION"
    assert error_name(0x128, application=False) == "CRYPTO_ERROR"
    assert (
        error_name(0x9999, application=True) == error_name(0x9999, application=False) == "unknown"
    )
    assert alert_name(0x128) == "handshake_failure"
    assert alert_name(0x1FE) == "unknown_254"
    assert alert_name(0xA) is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=1300), max_size=6), st.randoms(use_true_random=False))
def test_noise_never_raises(datagrams: list[bytes], chance: random.Random):
    machine = Http3Machine(QuicParameters("localhost"))
    machine.connect(1.0)
    (first,) = machine.outgoing(1.0)
    mutated = bytearray(first)
    for _ in range(5):
        mutated[chance.randrange(len(mutated))] = chance.randrange(256)
    for data in [bytes(mutated), *datagrams]:
        machine.receive(data, 2.0)
        machine.outgoing(2.0)
    machine.timeout(3.0)
    machine.events()


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_on_the_request_stream_never_raise(configuration, data: bytes, end: bool):
    world = World(configuration)

    class Raw(H3Connection):
        def handle_event(self, event):
            found = super().handle_event(event)
            for each in found:
                if isinstance(each, HeadersReceived):
                    self._quic.send_stream_data(each.stream_id, data, end)
            return []

    world.h3 = None
    serve = world.serve

    def raw(datagram: bytes) -> None:
        serve(datagram)
        if world.h3 is not None:
            world.h3.__class__ = Raw

    world.serve = raw  # type: ignore[method-assign]
    world.run(5)
    world.machine.events()
