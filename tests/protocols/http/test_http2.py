"""The client's machine against h2's own server, whole and byte by byte, and against bad frames."""

import struct

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import RequestReceived, WindowUpdated
from hypothesis import given
from hypothesis import strategies as st

from firstbyte.protocols.http.http2 import Http2Machine
from firstbyte.protocols.http.messages import (
    Complete,
    Content,
    Failure,
    Head,
    InterimHead,
    MachineEvent,
    Request,
    Reset,
    ResponseBegan,
    TrailerSection,
)

GET = Request("GET", "https", "example.com", "/x", (("Accept", "*/*"), ("Connection", "close")))
OK = [(":status", "200"), ("server", "t")]


class Pair:
    """The machine and a server, with the bytes between them passed in steps."""

    def __init__(self, request: Request = GET, step: int = 1 << 20, **options: int) -> None:
        self.machine = Http2Machine(**options)
        self.server = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self.server.initiate_connection()
        self.step = step
        self.stream = self.machine.request(request)
        self.seen = self.to_server()
        self.events: list[MachineEvent] = []

    def to_server(self) -> list[object]:
        seen: list[object] = []
        while data := self.machine.outgoing():
            seen += self.server.receive_data(data)
        return seen

    def to_client(self) -> list[MachineEvent]:
        data = self.server.data_to_send()
        new: list[MachineEvent] = []
        for start in range(0, len(data), self.step):
            new += self.machine.receive(data[start : start + self.step])
        self.events += new
        return new


def failure(events: list[MachineEvent]) -> str | None:
    return next((event.id for event in events if isinstance(event, Failure)), None)


def test_the_request():
    pair = Pair()
    request = next(event for event in pair.seen if isinstance(event, RequestReceived))
    assert dict(request.headers) == {
        ":method": "GET",
        ":authority": "example.com",
        ":scheme": "https",
        ":path": "/x",
        "accept": "*/*",
    }
    assert pair.machine.request_sent
    assert 10 < pair.machine.head_bytes < 100


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
def test_a_whole_response(step: int):
    pair = Pair(step=step)
    pair.server.send_headers(1, [(":status", "103"), ("link", "</a>")])
    pair.server.send_headers(1, OK)
    pair.server.send_data(1, b"hello", pad_length=3)
    pair.server.send_headers(1, [("t", "v")], end_stream=True)
    events = pair.to_client()
    assert events[0] == ResponseBegan()
    assert [event for event in events if not isinstance(event, ResponseBegan)] == [
        InterimHead(103, (("link", "</a>"),)),
        Head("2", 200, "", (("server", "t"),)),
        Content(b"hello"),
        TrailerSection((("t", "v"),)),
        Complete(),
    ]
    assert pair.machine.can_reuse


def test_the_first_byte_is_told_before_the_head_is_whole():
    pair = Pair()
    pair.to_client()
    pair.server.send_headers(1, OK)
    data = pair.server.data_to_send()
    assert pair.machine.receive(data[:10]) == [ResponseBegan()]


def test_streams_follow_each_other():
    pair = Pair()
    pair.server.send_headers(1, OK, end_stream=True)
    pair.to_client()
    assert pair.machine.request(GET) == 3
    pair.to_server()
    pair.server.send_headers(3, OK, end_stream=True)
    assert pair.to_client()[-1] == Complete()


def test_a_large_download_keeps_its_window():
    pair = Pair()
    pair.server.send_headers(1, OK)
    total = 0
    for _ in range(3000):
        pair.server.send_data(1, bytes(16_000))
        pair.to_client()
        total += 16_000
        pair.to_server()
    got = sum(len(event.data) for event in pair.events if isinstance(event, Content))
    assert got == total > 2 * 16 * 1024 * 1024


def test_an_upload_waits_for_the_window():
    body = bytes(300_000)
    post = Request("POST", "https", "h", "/", (("Content-Length", str(len(body))),), body)
    pair = Pair(post)
    assert not pair.machine.request_sent
    assert pair.machine.body_bytes_sent == 65_535
    for _ in range(20):
        pair.server.increment_flow_control_window(60_000)
        if not pair.machine.request_sent:
            pair.server.increment_flow_control_window(60_000, 1)
        pair.to_client()
        assert not any(isinstance(event, WindowUpdated) for event in pair.to_server())
    assert pair.machine.request_sent
    assert pair.machine.body_bytes_sent == len(body)


def test_an_answer_before_the_upload_ends():
    post = Request("POST", "https", "h", "/", (), bytes(300_000))
    pair = Pair(post)
    pair.server.send_headers(1, [(":status", "413")], end_stream=True)
    assert pair.to_client()[-1] == Complete()
    assert not pair.machine.can_reuse


def test_a_reset():
    pair = Pair()
    pair.server.reset_stream(1, ErrorCodes.HTTP_1_1_REQUIRED)
    events = pair.to_client()
    assert Reset(13, "HTTP_1_1_REQUIRED") in events
    assert failure(events) == "http.stream_reset"
    assert "--http1.1" in events[-1].hint


def goaway(last: int, code: int, debug: bytes = b"") -> bytes:
    payload = struct.pack(">II", last, code) + debug
    return len(payload).to_bytes(3, "big") + b"\x07\x00\x00\x00\x00\x00" + payload


def test_a_graceful_goaway_lets_the_stream_finish():
    pair = Pair()
    pair.server.send_headers(1, OK)
    pair.to_client()
    assert pair.machine.receive(goaway(1, 0)) == []
    pair.server.send_data(1, b"rest", end_stream=True)
    assert pair.to_client() == [Content(b"rest"), Complete()]
    assert not pair.machine.can_reuse


@pytest.mark.parametrize(("last", "code"), [(0, 0), (1, 11), (1, 0xFFFF)])
def test_other_goaways_fail(last: int, code: int):
    pair = Pair()
    pair.to_client()
    events = pair.machine.receive(goaway(last, code, b"too_many_pings"))
    assert failure(events) == "http.goaway"
    assert "too_many_pings" in events[-1].message


def test_ends():
    pair = Pair()
    pair.to_client()
    assert failure(pair.machine.receive(b"")) == "http.empty_reply"
    pair = Pair()
    pair.server.send_headers(1, OK)
    pair.to_client()
    assert failure(pair.machine.receive(b"")) == "http.short_body"
    pair = Pair()
    pair.server.send_headers(1, OK, end_stream=True)
    pair.to_client()
    assert pair.machine.receive(b"") == []
    assert not pair.machine.can_reuse


def test_a_short_body():
    pair = Pair()
    pair.server.send_headers(1, [*OK, ("content-length", "9")])
    pair.server.send_data(1, b"abc", end_stream=True)
    assert failure(pair.to_client()) == "http.short_body"


def test_a_huge_header_list_is_refused():
    pair = Pair(max_header_bytes=2000)
    pair.server.remote_settings._settings.clear()
    pair.server.send_headers(1, [*OK, ("x", "y" * 3000)])
    assert failure(pair.to_client()) == "http.header_too_large"


def frame(kind: int, payload: bytes = b"", flags: int = 0, stream: int = 0) -> bytes:
    return (
        len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload
    )


SETTINGS = frame(4)
BAD = {
    "http/1": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "garbage": b"\xff" * 40,
    "tls alert": b"\x15\x03\x03\x00\x02\x02\x46",
    "no settings first": frame(1, b"\x88", 4, 1),
    "push": SETTINGS + frame(5, b"\0\0\0\2\x82", 4, 1),
    "overlong": SETTINGS + b"\xff\xff\xff\x00\x00\x00\x00\x00\x01",
    "bad hpack": SETTINGS + frame(1, b"\xff\xff\xff\xff\xff\xff", 4, 1),
    "data before headers": SETTINGS + frame(0, b"x", 0, 1),
    "no status": SETTINGS + frame(1, b"\x00\x01a\x01b", 4, 1),
    "short goaway": SETTINGS + frame(7, b"\0"),
    "overlong goaway": SETTINGS + frame(7, bytes(20_000)),
    "window of zero": SETTINGS + frame(8, bytes(4)),
    "odd settings": SETTINGS + frame(4, b"abc"),
    "continuation flood": SETTINGS + frame(1, b"", 0, 1) + frame(9, b"", 0, 1) * 100,
    "odd status": SETTINGS + frame(1, b"\x48\x03abc", 4, 1),
    "low status": SETTINGS + frame(1, b"\x48\x0299", 4, 1),
    "long status": SETTINGS + frame(1, b"\x48\x7f\x89\x26" + b"9" * 5000, 4, 1),
    "settings flood": SETTINGS * 10_002,
    "empty data flood": SETTINGS + frame(1, b"\x88", 4, 1) + frame(0, b"", 0, 1) * 10_002,
    "endless interim": SETTINGS + frame(1, b"\x48\x03103", 4, 1) + frame(1, b"\xbe", 4, 1) * 200,
}


@pytest.mark.parametrize("step", [1, 1 << 20])
@pytest.mark.parametrize("name", BAD)
def test_broken_peers(name: str, step: int):
    machine = Http2Machine()
    machine.request(GET)
    machine.outgoing()
    data = BAD[name]
    events = [
        event
        for start in range(0, len(data), step)
        for event in machine.receive(data[start : start + step])
    ]
    assert failure(events) == "http.protocol2"
    assert machine.receive(b"more") == []
    assert machine.outgoing() == b""


def test_an_overlong_goaway_is_not_said_to_be_short():
    machine = Http2Machine()
    machine.request(GET)
    [refused] = [e for e in machine.receive(BAD["overlong goaway"]) if isinstance(e, Failure)]
    assert "a frame of 20000 bytes" in refused.message


def test_an_upload_takes_as_many_window_updates_as_it_needs():
    pair = Pair(Request("POST", "https", "h", "/", (), bytes(1_000_000)))
    for _ in range(3):
        pair.machine.receive(frame(8, b"\0\0\0\1") * 9_000)
        pair.server.increment_flow_control_window(16_384)
        pair.server.increment_flow_control_window(16_384, pair.stream)
        assert failure(pair.to_client()) is None
        pair.to_server()


def test_a_reason_holds_no_address_of_memory():
    machine = Http2Machine()
    machine.request(GET)
    machine.outgoing()
    [failed] = machine.receive(BAD["bad hpack"])[-1:]
    assert isinstance(failed, Failure)
    assert "0x" not in failed.message


frames = st.builds(
    frame,
    st.integers(0, 12),
    st.binary(max_size=30),
    st.sampled_from([0, 1, 4, 5, 8, 0x20, 0x2D]),
    st.sampled_from([0, 1, 2, 3, 0x7FFFFFFF]),
)


@given(st.lists(st.one_of(frames, st.binary(max_size=20)), max_size=12), st.booleans())
def test_random_frames_never_raise(pieces: list[bytes], opened: bool):
    machine = Http2Machine(max_header_bytes=1000)
    machine.request(GET)
    machine.outgoing()
    machine.receive(SETTINGS)
    if opened:
        machine.receive(frame(1, b"\x88", 4, 1))
    for piece in [*pieces, b""]:
        machine.receive(piece)
        machine.outgoing()
