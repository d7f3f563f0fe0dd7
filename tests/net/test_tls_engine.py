"""The engine in memory, against OpenSSL's server side: no socket, no loop."""

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from OpenSSL import SSL

from firstbyte.client.options import TlsOptions
from firstbyte.errors import UsageError
from firstbyte.net import tls_bindings
from firstbyte.net.system import KernelSystem
from firstbyte.net.tls_certificates import describe_chain
from firstbyte.net.tls_engine import EngineError, TlsEngine
from firstbyte.net.tls_engines import make_engine
from firstbyte.net.tls_settings import make_settings
from firstbyte.protocols.tls.messages import decode_message, parse_message
from testbed.pki import Pki

pytestmark = pytest.mark.usefixtures("openssl")


def client(pki: Pki, name: str = "localhost", alpn: tuple[str, ...] = ()) -> TlsEngine:
    settings = make_settings(TlsOptions(ca_file=str(pki.root_file)), KernelSystem())
    return make_engine(settings, name, alpn, time.monotonic_ns, time.time())


def server(pki: Pki, version: int = SSL.TLS1_3_VERSION) -> SSL.Connection:
    issued = pki.issue("good")
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.use_certificate_chain_file(str(issued.cert_file))
    context.use_privatekey_file(str(issued.key_file))
    context.set_max_proto_version(version)
    connection = SSL.Connection(context, None)
    connection.set_accept_state()
    return connection


def answer(peer: SSL.Connection, data: bytes) -> bytes:
    """Feed the server and take what it says."""
    if data:
        peer.bio_write(data)
    with contextlib.suppress(SSL.WantReadError):
        peer.do_handshake()
    try:
        return peer.bio_read(1 << 20)
    except SSL.WantReadError:
        return b""


@pytest.mark.parametrize("version", [SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION])
@pytest.mark.parametrize("piece", [1, 7, 100000])
def test_a_handshake_in_pieces_of_any_size(pki: Pki, version: int, piece: int) -> None:
    engine, peer = client(pki), server(pki, version)
    complete = engine.handshake()
    arrived = 0
    while not complete:
        data = answer(peer, engine.outgoing())
        assert data
        for start in range(0, len(data), piece):
            arrived += 1
            engine.feed(data[start : start + piece], arrived)
            complete = engine.handshake()
    if tickets := answer(peer, engine.outgoing()):
        engine.feed(tickets, arrived)
    messages = engine.take_messages()
    assert engine.take_messages() == []
    assert messages[0].sent
    times = [message.arrived_ns for message in messages if message.arrived_ns is not None]
    assert times == sorted(times)
    assert times[-1] == arrived
    for message in messages:
        parse_message(message.content_type, message.data, engine.version_number)
    engine.write(b"x" * 40000)
    peer.bio_write(engine.outgoing())
    assert len(peer.recv(16384)) == 16384
    peer.send(b"hello")
    engine.feed(peer.bio_read(1 << 20), arrived)
    assert engine.read() == b"hello"
    assert engine.read() is None
    peer.shutdown()
    engine.feed(peer.bio_read(1 << 20), arrived)
    assert engine.read() == b""
    assert engine.ended
    assert engine.read() == b""


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=4))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_broken_flights_end_in_engine_errors_alone(
    pki: Pki, changes: list[tuple[float, int]]
) -> None:
    engine, peer = client(pki), server(pki)
    engine.handshake()
    flight = bytearray(answer(peer, engine.outgoing()))
    for place, byte in changes:
        flight[int(place * (len(flight) - 1))] = byte
    engine.feed(bytes(flight), 1)
    with contextlib.suppress(EngineError):
        engine.handshake()
    engine.shut_down()
    engine.outgoing()
    for message in engine.take_messages():
        decode_message(message.content_type, message.data, engine.version_number)
    describe_chain(engine.chain_sent(), engine.chain_built())


@given(st.binary(min_size=1, max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_ends_in_engine_errors_alone(pki: Pki, garbage: bytes) -> None:
    engine = client(pki)
    engine.handshake()
    engine.feed(garbage, 1)
    with contextlib.suppress(EngineError):
        assert not engine.handshake()


@pytest.mark.parametrize("name", ["b\u00fccher..test", "a" * 64 + "\u00e9.test"])
def test_names_that_cannot_be_are_usage_errors(pki: Pki, name: str) -> None:
    with pytest.raises(UsageError):
        client(pki, name)


def test_without_private_bindings_nothing_is_known_and_nothing_is_trusted(
    pki: Pki, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not tls_bindings.UNAVAILABLE
    monkeypatch.setattr(tls_bindings, "UNAVAILABLE", frozenset(tls_bindings._GROUPS))
    engine, peer = client(pki), server(pki)
    engine.handshake()
    engine.feed(answer(peer, engine.outgoing()), 1)
    assert engine.handshake()
    assert engine.staple() is None
    assert not engine.resumed
    assert (1, 0) in engine.verify_errors
    assert len(engine.chain_built()) == 3
