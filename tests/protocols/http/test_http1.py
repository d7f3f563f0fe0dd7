"""Responses are read whole, byte by byte, and refused when they break RFC 9112."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.messages import (
    Complete,
    Content,
    Failure,
    Head,
    InterimHead,
    MachineEvent,
    Request,
    ResponseBegan,
    TrailerSection,
)

GET = Request("GET", "http", "example.com", "/x?y", (("Accept", "*/*"),))


def asked(request: Request = GET, **options: object) -> Http1Machine:
    machine = Http1Machine(**options)  # type: ignore[arg-type]
    machine.request(request)
    while machine.outgoing():
        pass
    return machine


def feed(machine: Http1Machine, data: bytes, step: int = 0, *, end: bool = False):
    events: list[MachineEvent] = []
    pieces = [data[i : i + step] for i in range(0, len(data), step)] if step else [data]
    for piece in pieces:
        events += machine.receive(piece)
    if end:
        events += machine.receive(b"")
    return events


def body(events: list[MachineEvent]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, Content))


def failure(events: list[MachineEvent]) -> str | None:
    return next((event.id for event in events if isinstance(event, Failure)), None)


def test_a_request_is_written_in_order():
    machine = Http1Machine()
    machine.request(GET)
    assert machine.outgoing() == b"GET /x?y HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n"
    assert machine.request_sent
    assert machine.outgoing() == b""


def test_http10_without_host_and_with_empty_header():
    machine = Http1Machine("1.0")
    machine.request(Request("GET", "http", None, "/", (("X-Empty", ""),)))
    assert machine.outgoing() == b"GET / HTTP/1.0\r\nX-Empty:\r\n\r\n"


def test_a_body_goes_out_in_pieces_and_counts():
    machine = Http1Machine()
    data = bytes(200_000)
    machine.request(Request("POST", "http", "h", "/", (("Content-Length", str(len(data))),), data))
    sent = []
    while piece := machine.outgoing():
        sent.append(piece)
    assert len(sent) > 1
    assert b"".join(sent).endswith(b"\r\n\r\n" + data)
    assert machine.body_bytes_sent == len(data)


@pytest.mark.parametrize(
    ("data", "wire"), [(b"", b"0\r\n\r\n"), (b"abc", b"3\r\nabc\r\n0\r\n\r\n")]
)
def test_a_chunked_request(data: bytes, wire: bytes):
    machine = Http1Machine()
    machine.request(Request("PUT", "http", "h", "/", (("Transfer-Encoding", "chunked"),), data))
    sent = b""
    while piece := machine.outgoing():
        sent += piece
    assert sent.partition(b"\r\n\r\n")[2] == wire


RESPONSES = {
    "length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
    "chunked": (
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"3;ext=1\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
        ),
        b"hello",
        True,
    ),
    "no reason": (b"HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n", b"", True),
    "204": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", b"x", False),
    "1.0": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x", False),
}


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("name", RESPONSES)
def test_responses(name: str, step: int):
    data, content, reusable = RESPONSES[name]
    machine = asked()
    events = feed(machine, data, step)
    assert events[0] == ResponseBegan()
    assert isinstance(events[1], Head)
    assert body(events) == content
    assert events[-1] == Complete()
    assert machine.can_reuse is reusable


def test_close_delimited():
    events = feed(asked(), b"HTTP/1.1 200 OK\r\n\r\nall of it", end=True)
    assert body(events) == b"all of it"
    assert events[-1] == Complete()


def test_head_has_no_content():
    machine = asked(Request("HEAD", "http", "h", "/"))
    events = feed(machine, b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")
    assert events[-1] == Complete()
    assert machine.can_reuse


def test_interim_and_trailers():
    events = feed(
        asked(),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-T: 1\r\n\r\n",
    )
    assert InterimHead(103, (("Link", "</a>"),)) in events
    assert TrailerSection((("X-T", "1"),)) in events


def test_a_second_request_on_the_same_connection():
    machine = asked()
    feed(machine, RESPONSES["length"][0])
    machine.request(GET)
    assert machine.outgoing().startswith(b"GET ")
    events = feed(machine, RESPONSES["chunked"][0])
    assert body(events) == b"hello"


def test_bytes_after_the_end_forbid_reuse():
    machine = asked()
    feed(machine, RESPONSES["length"][0] + b"HTTP/1.1 200 OK")
    assert not machine.can_reuse
    assert machine.leftover == b"HTTP/1.1 200 OK"


def test_connect_switches():
    machine = asked(Request("CONNECT", "http", "h:443", "h:443"))
    events = feed(machine, b"HTTP/1.1 200 Connection established\r\n\r\n")
    assert events[-1] == Complete()
    assert machine.leftover == b""


def test_a_refused_connect_has_content():
    machine = asked(Request("CONNECT", "http", "h:443", "h:443"))
    events = feed(machine, b"HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
    assert body(events) == b"no"


def test_an_upgrade_that_was_asked_for_ends_the_exchange():
    machine = asked(
        Request("GET", "http", "h", "/", (("Connection", "Upgrade"), ("Upgrade", "websocket")))
    )
    events = feed(
        machine, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x00"
    )
    assert isinstance(events[1], Head)
    assert events[1].status == 101
    assert events[-1] == Complete()
    assert not machine.can_reuse


FAULTS = {
    "nothing": (b"", "http.empty_reply"),
    "html": (b"<html>hi</html>", "http.http09"),
    "text": (b"hello there", "http.http09"),
    "binary": (b"\x00\xff\x13garbage", "http.http09"),
    "ssh": (b"SSH-2.0-OpenSSH_9\r\n", "http.http09"),
    "tls alert": (b"\x15\x03\x03\x00\x02\x02\x46", "http.tls_on_plain_port"),
    "bad status line": (b"HTTP/1.1 abc\r\n\r\n", "http.http09"),
    "bad version": (b"HTTP/9 200 OK\r\n\r\n", "http.http09"),
    "status below 100": (b"HTTP/1.1 099 No\r\n\r\n", "http.http09"),
    "unknown transfer coding": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        "http.bad_encoding",
    ),
    "bad header": (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "http.malformed"),
    "nul in header": (b"HTTP/1.1 200 OK\r\nA: \x00\r\n\r\n", "http.malformed"),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        "http.malformed",
    ),
    "bad chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "http.malformed"),
    "cut head": (b"HTTP/1.1 200 OK\r\nA: b\r\n", "http.malformed"),
    "cut start": (b"HT", "http.malformed"),
    "short": (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "http.short_body"),
    "short chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        "http.short_body",
    ),
    "101 unasked": (b"HTTP/1.1 101 Switch\r\n\r\n", "http.malformed"),
    "endless header": (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 2000, "http.header_too_large"),
    "endless interim": (b"HTTP/1.1 103 E\r\n\r\n" * 200, "http.malformed"),
    "endless trailers": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * 2000,
        "http.header_too_large",
    ),
}


@pytest.mark.parametrize("step", [0, 1, 100])
@pytest.mark.parametrize("name", FAULTS)
def test_faults(name: str, step: int):
    data, expected = FAULTS[name]
    machine = asked(max_header_bytes=4096)
    events = feed(machine, data, step, end=True) if data else machine.receive(b"")
    assert failure(events) == expected
    assert not machine.can_reuse
    assert machine.receive(b"more") == []
    assert machine.outgoing() == b""


def test_an_interim_response_alone_is_told_from_a_cut_head():
    [*_, failed] = feed(asked(), b"HTTP/1.1 100 Continue\r\n\r\n", end=True)
    assert isinstance(failed, Failure)
    assert "after an interim response" in failed.message
    [*_, failed] = feed(asked(), b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 2", end=True)
    assert isinstance(failed, Failure)
    assert "inside the header section" in failed.message


def test_what_was_wrong_is_shown_in_its_own_octets():
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    [*_, failed] = feed(asked(), head + b"0x2\r\n")
    assert isinstance(failed, Failure)
    assert failed.message == "the answer breaks HTTP/1: illegal chunk header: '0x2\\r\\n'"
    [*_, failed] = feed(asked(), head + b"0" * 5000 + b"\r\n")
    assert isinstance(failed, Failure)
    assert len(failed.message) < 300


@example([b"HTTP/1.0 200\n\n", b"", b"\0"], False)
@given(st.lists(st.binary(max_size=60), max_size=8), st.booleans())
def test_random_bytes_never_raise(pieces: list[bytes], valid_start: bool):
    machine = asked(max_header_bytes=256)
    if valid_start:
        machine.receive(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n")
    for piece in [*pieces, b""]:
        machine.receive(piece)
