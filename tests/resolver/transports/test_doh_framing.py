import h2.config
import h2.connection
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.resolver.transports.doh_framing import (
    MEDIA_TYPE,
    Endpoint,
    Http1Framing,
    Http2Framing,
)
from firstbyte.resolver.transports.framing import Unfit

ENDPOINT = Endpoint("dns.example", 443, "dns.example", "/dns-query")
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/dns-message\r\ncontent-length: 3\r\n\r\nabc"


def test_http1_asks_and_is_answered_again_and_again() -> None:
    framing = Http1Framing(ENDPOINT)
    for _ in range(2):
        assert framing.free
        key = framing.submit(b"query")
        sent = framing.outgoing()
        assert sent.startswith(b"POST /dns-query HTTP/1.1\r\n")
        assert sent.lower().count(b"content-type: application/dns-message") == 1
        assert sent.endswith(b"\r\n\r\nquery")
        assert not framing.free
        assert framing.receive(OK[:50]) == []
        assert framing.receive(OK[50:]) == [(key, b"abc")]


@pytest.mark.parametrize(
    "answer",
    [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", b"\x15\x03\x01\0\2\2\x28"],
)
def test_what_is_no_http1(answer: bytes) -> None:
    framing = Http1Framing(ENDPOINT)
    framing.submit(b"query")
    with pytest.raises(Unfit):
        framing.receive(answer + bytes(20))


class Server:
    """The other end of an ``Http2Framing``."""

    def __init__(self) -> None:
        config = h2.config.H2Configuration(client_side=False, validate_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()

    def answer(self, framing: Http2Framing, key: int, status: bytes, body: bytes) -> bytes:
        self.h2.receive_data(framing.outgoing())
        headers = [(b":status", status), (b"content-type", MEDIA_TYPE.encode()), (b"x", b"\xff")]
        self.h2.send_headers(key, headers)
        self.h2.send_data(key, body, end_stream=True)
        return self.h2.data_to_send()


def test_http2_carries_many_at_once() -> None:
    framing, server = Http2Framing(ENDPOINT), Server()
    keys = [framing.submit(b"query") for _ in range(3)]
    answers = [server.answer(framing, key, b"200", b"a%d" % key) for key in reversed(keys)]
    assert [framing.receive(answer) for answer in answers] == [
        [(key, b"a%d" % key)] for key in reversed(keys)
    ]
    assert framing.free


@pytest.mark.parametrize("status", [b"404", b"500", b"2000", b"\xb2\xb2\xb2", b"-20"])
def test_http2_statuses(status: bytes) -> None:
    framing = Http2Framing(ENDPOINT)
    key = framing.submit(b"query")
    try:
        ((answered, text),) = framing.receive(Server().answer(framing, key, status, b"x"))
    except Unfit:
        return
    assert answered == key
    assert "HTTP status" in str(text)


def test_http2_reset_and_goaway() -> None:
    framing, server = Http2Framing(ENDPOINT), Server()
    first, second = framing.submit(b"query"), framing.submit(b"query")
    server.h2.receive_data(framing.outgoing())
    server.h2.reset_stream(first, 7)
    ((key, text),) = framing.receive(server.h2.data_to_send())
    assert (key, "reset" in str(text)) == (first, True)
    server.h2.close_connection()
    assert framing.receive(server.h2.data_to_send()) == []
    assert not framing.free
    assert second != first


@given(st.binary(max_size=400))
def test_http2_survives_any_bytes(data: bytes) -> None:
    framing = Http2Framing(ENDPOINT)
    framing.submit(b"query")
    try:
        framing.receive(data)
    except Unfit:
        assert not framing.free


@given(st.lists(st.tuples(st.integers(0), st.integers(0, 255)), min_size=1, max_size=8))
def test_http2_survives_damage(damage: list[tuple[int, int]]) -> None:
    framing = Http2Framing(ENDPOINT)
    key = framing.submit(b"query")
    wire = bytearray(Server().answer(framing, key, b"200", b"abc"))
    for place, value in damage:
        wire[place % len(wire)] = value
    try:
        framing.receive(bytes(wire))
    except Unfit:
        assert not framing.free


@given(st.binary(max_size=300), st.booleans())
def test_http1_survives_any_bytes(data: bytes, started: bool) -> None:
    framing = Http1Framing(ENDPOINT)
    framing.submit(b"query")
    framing.outgoing()
    try:
        framing.receive((b"HTTP/1.1 200 OK\r\n" if started else b"") + (data or b"x"))
    except Unfit:
        return
