"""With no loss and ample rate, time is round trips × RTT, and timers fire when the RFCs say."""

import asyncio
import contextlib
import socket
from itertools import pairwise

import pytest
from aioquic.asyncio import QuicConnectionProtocol
from aioquic.asyncio.client import connect
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

from firstbyte.sim import NthLoss

RTT_S = 0.080
REQUEST = b"GET / HTTP/1.1\r\nHost: server.example\r\n\r\n"


async def answer(reader, writer):
    with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        await writer.drain()
        await reader.read()


async def first_byte(port, **options):
    loop = asyncio.get_running_loop()
    began = loop.time()
    reader, writer = await asyncio.open_connection("server.example", port, **options)
    writer.write(REQUEST)
    await reader.read(1)
    elapsed = loop.time() - began
    writer.close()
    return elapsed


@pytest.mark.parametrize("rtt_s", [0.001, 0.020, 0.080, 0.600])
def test_http_takes_two_round_trips(pair, rtt_s):
    pair.internet.links[0].set(rtt_s=rtt_s)
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    assert pair.run(first_byte(80)) == pytest.approx(2 * rtt_s, abs=1e-6)


def test_https_takes_three(pair, server_tls, client_tls):
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 443, ssl=server_tls))
    assert pair.run(first_byte(443, ssl=client_tls)) == pytest.approx(3 * RTT_S, abs=1e-6)


class Http3Client(QuicConnectionProtocol):
    def get(self):
        self.http = H3Connection(self._quic)
        self.answered = asyncio.get_running_loop().create_future()
        names = (b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/")
        headers = [*names, (b":authority", b"server.example")]
        self.http.send_headers(self._quic.get_next_available_stream_id(), headers, end_stream=True)
        self.transmit()
        return self.answered

    def quic_event_received(self, event):
        if hasattr(self, "http"):
            for one in self.http.handle_event(event):
                if isinstance(one, HeadersReceived) and not self.answered.done():
                    self.answered.set_result(None)


def test_http3_takes_two(pair, pem_files, serve_http3):
    here = QuicConfiguration(is_client=True, alpn_protocols=["h3"])
    here.load_verify_locations(str(pem_files.anchors))

    async def get():
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with connect(
            "server.example", 443, configuration=here, create_protocol=Http3Client
        ) as quic:
            await quic.get()
            return loop.time() - began

    pair.server.run(serve_http3(443))
    assert pair.run(get()) == pytest.approx(2 * RTT_S, abs=1e-6)


def test_the_rate_adds_its_time(pair):
    """A packet of n bytes occupies the link for 8 n / rate seconds, each way."""
    pair.internet.links[0].set(rate_bps=1e6)
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    elapsed = pair.run(first_byte(80))
    pair.internet.run(until=1)
    seen = pair.internet.capture(pair.client).seen[:6]
    syn, syn_ack, ack, request, _, response = (one.packet.size for one in seen)
    expected = 2 * RTT_S + 8 * (syn + syn_ack + ack + request) / 1e6
    acknowledged = seen[4].packet.size
    assert elapsed == pytest.approx(expected + 8 * (acknowledged + response) / 1e6, abs=1e-6)


def test_a_lost_syn_costs_a_second(pair):
    """RFC 6298, section 2.1: the first RTO is 1 s."""
    pair.internet.links[0].towards(pair.server).set(loss=NthLoss([1]))
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    elapsed = pair.run(first_byte(80))
    assert elapsed == pytest.approx(1 + 2 * RTT_S, abs=1e-6)


def timers(pair, name):
    return [
        event.at_ns / 1e9
        for event in pair.internet.events
        if event.host == "client" and event.type == "tcp.timer" and event.what.timer == name
    ]


def test_a_dead_peer_is_found_by_keepalive(pair):
    """Idle 10 s, then 3 probes 5 s apart: 25 s."""

    async def wait():
        loop = asyncio.get_running_loop()
        reader, writer = await asyncio.open_connection("server.example", 80)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in (("IDLE", 10), ("INTVL", 5), ("CNT", 3)):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, f"TCP_KEEP{name}"), value)
        began = loop.time()
        pair.server.crash()
        with pytest.raises(TimeoutError) as caught:
            await reader.read(1)
        writer.close()
        return loop.time() - began, caught.value.errno

    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    elapsed, code = pair.run(wait())
    assert elapsed == pytest.approx(25, abs=0.1)
    assert code == 110


def test_retransmissions_back_off(pair):
    """RFC 6298, section 5.5: each time-out is twice the one before."""

    async def send():
        _, writer = await asyncio.open_connection("server.example", 80)
        await asyncio.sleep(1)
        pair.server.partition()
        writer.write(b"x")
        await asyncio.sleep(30)
        writer.transport.abort()

    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    pair.run(send())
    fired = timers(pair, "rto")
    gaps = [b - a for a, b in pairwise(fired)]
    assert len(gaps) >= 4
    assert all(b == pytest.approx(2 * a, rel=1e-6) for a, b in pairwise(gaps))


def test_time_wait_lasts_a_minute(pair):
    async def close_first():
        _, writer = await asyncio.open_connection("server.example", 80)
        writer.close()
        await writer.wait_closed()

    def states():
        return [row.state for row in pair.internet.sockets(pair.client)]

    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 80))
    pair.run(close_first())
    pair.internet.run(until=59.9)
    assert states() == ["TIME-WAIT"]
    pair.internet.run(until=0.4)
    assert states() == []
