"""DNS over HTTP/2: a stream for each question (RFC 9113; RFC 8484, 5.2)."""

from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import H2Error, ProtocolError
from h2.settings import SettingCodes

from firstbyte.resolver.daemon.doh.requests import (
    MAX_HEADER_BYTES,
    MAX_QUERY_BYTES,
    Incoming,
    Refusal,
    headers_of,
    question_in,
)

MAX_STREAMS = 100
MAX_RESETS = 200
"""Requests that a client may take back on one connection (CVE-2023-44487, "rapid reset")."""


@dataclass
class _Open:
    """A request that is not complete."""

    fields: dict[str, str]
    body: bytearray = field(default_factory=bytearray)


class Http2Server:
    """The machine: as ``Http1Server``, with many requests at once."""

    def __init__(self) -> None:
        config = H2Configuration(client_side=False, header_encoding="utf-8")
        self._connection = H2Connection(config)
        self._connection.local_settings[SettingCodes.MAX_CONCURRENT_STREAMS] = MAX_STREAMS
        self._connection.local_settings[SettingCodes.MAX_HEADER_LIST_SIZE] = MAX_HEADER_BYTES
        # h2 waits for the client's word on the settings before it holds the client to them
        self._connection.decoder.max_header_list_size = MAX_HEADER_BYTES
        self._connection.initiate_connection()
        self._open: dict[int, _Open] = {}
        self._unsent: dict[int, bytes] = {}
        """Bodies that the client's window did not take yet."""
        self._resets = 0
        self.ended = False

    def receive(self, data: bytes, date: str = "") -> list[Incoming]:  # noqa: ARG002
        """The requests that are complete with this; ``date`` as in ``Http1Server``."""
        try:
            events = self._connection.receive_data(data)
        except (H2Error, UnicodeDecodeError):
            self.ended = True
            return []
        return [found for event in events if (found := self._take(event)) is not None]

    def _take(self, event: Event) -> Incoming | None:
        if isinstance(event, ConnectionTerminated):
            self.ended = True
        elif isinstance(event, RequestReceived) and event.stream_id is not None:
            fields = {str(name): str(value) for name, value in event.headers or ()}
            self._open[event.stream_id] = _Open(fields)
        elif isinstance(event, DataReceived):
            return self._data(event)
        elif isinstance(event, StreamReset) and event.stream_id is not None:
            self._reset(event.stream_id)
        elif isinstance(event, WindowUpdated):
            for key in list(self._unsent):
                self._flush(key)
        elif isinstance(event, StreamEnded) and event.stream_id is not None:
            return self._complete(event.stream_id)
        return None

    def _reset(self, key: int) -> None:
        self._open.pop(key, None)
        self._unsent.pop(key, None)
        self._resets += 1
        if self._resets > MAX_RESETS and not self.ended:
            self._connection.close_connection(ErrorCodes.ENHANCE_YOUR_CALM)
            self.ended = True

    def _data(self, event: DataReceived) -> Incoming | None:
        key = event.stream_id or 0
        size = event.flow_controlled_length or 0
        if size:
            self._connection.acknowledge_received_data(size, key)
        request = self._open.get(key)
        if request is None:
            return None
        request.body += event.data or b""
        if len(request.body) <= MAX_QUERY_BYTES:
            return None
        del self._open[key]
        return Incoming(key, Refusal(413, "no DNS message is that long"))

    def _complete(self, key: int) -> Incoming | None:
        request = self._open.pop(key, None)
        if request is None:
            return None
        fields = request.fields
        content = question_in(
            fields.get(":method", ""),
            fields.get(":path", ""),
            fields.get("content-type", ""),
            bytes(request.body),
        )
        return Incoming(key, content)

    def respond(
        self, key: int, content: bytes | Refusal, max_age_s: int, date: str = ""
    ) -> list[Incoming]:
        """Answer the request of stream ``key``; nothing where it is gone."""
        status, fields, body = headers_of(content, max_age_s, date)
        try:
            self._connection.send_headers(key, [(":status", str(status)), *fields])
        except ProtocolError:
            return []
        self._unsent[key] = body
        self._flush(key)
        return []

    def _flush(self, key: int) -> None:
        """Send as much of a body as the client takes (RFC 9113, 5.2)."""
        body = self._unsent[key]
        try:
            while body:
                window = self._connection.local_flow_control_window(key)
                room = min(window, self._connection.max_outbound_frame_size)
                if room <= 0:
                    self._unsent[key] = body
                    return
                self._connection.send_data(key, body[:room])
                body = body[room:]
            self._connection.end_stream(key)
        except ProtocolError:
            pass
        self._unsent.pop(key, None)

    def outgoing(self) -> bytes:
        """What is to be sent."""
        return self._connection.data_to_send()

    def go_away(self) -> None:
        """Tell the client that no more will be answered."""
        if not self.ended:
            self._connection.close_connection(ErrorCodes.NO_ERROR)
