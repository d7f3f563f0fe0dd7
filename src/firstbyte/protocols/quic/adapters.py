"""aioquic's classes, extended where this project wants to see more or hold less.

Only here are aioquic's inner names used. Nothing global is changed: the TLS context of one
connection is given a subclass when the connection makes it, and so is its loss recovery.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pylsqpack
from aioquic import tls
from aioquic._buffer import Buffer
from aioquic.h3.connection import FrameType, H3Connection
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.connection import QuicConnection
from aioquic.quic.events import ConnectionTerminated
from aioquic.quic.logger import QuicLogger, QuicLoggerTrace
from aioquic.quic.recovery import QuicPacketRecovery

_GROUPS = [tls.Group.X25519, tls.Group.SECP256R1, tls.Group.SECP384R1]
"""Offered with a key share each, best first: aioquic does not follow a HelloRetryRequest."""

MessageObserver = Callable[[bool, bytes, bool], None]
"""Takes (sent, whole message, encrypted)."""

CloseObserver = Callable[[bool, ConnectionTerminated], None]
"""Takes (closed by us, how)."""

PacketObserver = Callable[[str, dict[str, Any]], None]
"""Takes qlog's event name ("packet_sent", "packet_received") and its data."""


class WatchedContext(tls.Context):
    """TLS as aioquic does it, each message shown."""

    observer: MessageObserver

    def handle_message(self, input_data: bytes, output_buf: dict[tls.Epoch, Buffer]) -> None:
        """Show what is written; buffers only grow during the call."""
        marks = {epoch: buffer.tell() for epoch, buffer in output_buf.items()}
        try:
            super().handle_message(input_data, output_buf)
        finally:
            for epoch, buffer in output_buf.items():
                data = buffer.data_slice(marks[epoch], buffer.tell())
                self._show(data, encrypted=epoch != tls.Epoch.INITIAL)

    def _show(self, data: bytes, *, encrypted: bool) -> None:
        while len(data) >= 4:
            size = 4 + int.from_bytes(data[1:4], "big")
            self.observer(True, data[:size], encrypted)
            data = data[size:]

    def _handle_reassembled_message(
        self, message_type: int, input_buf: Buffer, output_buf: dict[tls.Epoch, Buffer]
    ) -> None:
        encrypted = self.state != tls.State.CLIENT_EXPECT_SERVER_HELLO
        self.observer(False, input_buf.data_slice(0, input_buf.capacity), encrypted)
        super()._handle_reassembled_message(message_type, input_buf, output_buf)


class CountingRecovery(QuicPacketRecovery):
    """Loss recovery that counts what it gives up (RFC 9002, 6.1)."""

    lost_packets = 0

    @property
    def estimates(self) -> tuple[float, float, float] | None:
        """Smoothed RTT, minimum and variance in seconds; null before the first sample."""
        if not self._rtt_initialized:
            return None
        return self._rtt_smoothed, self._rtt_min, self._rtt_variance

    def _on_packets_lost(self, *, packets: Iterable[Any], **others: Any) -> None:
        lost = list(packets)
        if others.get("congestion_event", True):
            self.lost_packets += len(lost)
        super()._on_packets_lost(packets=lost, **others)


class PacketTrace(QuicLoggerTrace):
    """Hands packets to an observer instead of keeping a log; takes no time and no header text."""

    def __init__(self, observer: PacketObserver) -> None:
        super().__init__(is_client=True, odcid=b"")
        self._observer = observer

    def log_event(self, *, category: str, event: str, data: dict[str, Any]) -> None:
        """Pass on packets alone."""
        if category == "transport" and event in ("packet_sent", "packet_received"):
            self._observer(event, data)

    def _encode_http3_headers(self, headers: object) -> list[dict[str, Any]]:
        """Nothing: aioquic would decode the peer's bytes as UTF-8, and raise for others."""
        del headers
        return []


class PacketLogger(QuicLogger):
    """The configuration's logger: makes the one trace."""

    def __init__(self, observer: PacketObserver) -> None:
        super().__init__()
        self._observer = observer

    def start_trace(self, is_client: bool, odcid: bytes) -> QuicLoggerTrace:  # noqa: ARG002
        """The trace of the connection."""
        return PacketTrace(self._observer)

    def end_trace(self, trace: QuicLoggerTrace) -> None:
        """Nothing was kept."""


class WatchedConnection(QuicConnection):
    """A client's connection whose handshake messages are shown, and its end as soon as it comes.

    aioquic itself tells an end only after the closing or draining period (RFC 9000, 10.2).
    """

    def __init__(
        self,
        configuration: QuicConfiguration,
        on_message: MessageObserver,
        on_close: CloseObserver,
    ) -> None:
        super().__init__(configuration=configuration)
        self._on_message = on_message
        self._on_close = on_close
        self._loss.__class__ = CountingRecovery

    def _close_begin(self, is_initiator: bool, now: float) -> None:
        super()._close_begin(is_initiator, now)
        if self._close_event is not None:
            self._on_close(is_initiator, self._close_event)

    @property
    def closing(self) -> ConnectionTerminated | None:
        """How the connection is about to end, before that is told."""
        return self._close_event

    def _initialize(self, peer_cid: bytes) -> None:
        super()._initialize(peer_cid)
        self.tls.__class__ = WatchedContext
        self.tls._supported_groups = _GROUPS  # noqa: SLF001
        self.tls.observer = self._on_message  # type: ignore[attr-defined]

    @property
    def version_name(self) -> str:
        """The version in use, as people write it."""
        number = self._version
        names = {0x00000001: "1", 0x6B3343CF: "2"}
        return names.get(number or 0, f"{number or 0:#010x}")

    @property
    def retried(self) -> bool:
        """The server sent a Retry (RFC 9000, 8.1.2)."""
        return self._retry_count > 0

    @property
    def recovery(self) -> CountingRecovery:
        """Loss recovery, for its estimates."""
        recovery: Any = self._loss
        return recovery  # type: ignore[no-any-return]

    def queued_bytes(self, stream_id: int) -> int:
        """Bytes that were ever given to the stream."""
        stream = self._streams.get(stream_id)
        return 0 if stream is None else stream.sender._buffer_stop  # noqa: SLF001

    def is_sent(self, stream_id: int) -> bool:
        """All data of the stream has been put into packets."""
        stream = self._streams.get(stream_id)
        return stream is None or stream.sender.buffer_is_empty


class BoundedH3(H3Connection):
    """HTTP/3 without push and without QPACK's dynamic table.

    The dynamic table would let a few bytes stand for megabytes of header; without it a header
    section is at most some dozens of times its size on the wire, and no stream waits for another.
    """

    goaway = False
    """The server has said that it goes (RFC 9114, 5.2)."""

    @property
    def is_broken(self) -> bool:
        """The peer broke a rule; the connection is closing."""
        return self._is_done

    def _init_connection(self) -> None:
        self._max_push_id = None
        self._max_table_capacity = 0
        self._blocked_streams = 0
        self._decoder = pylsqpack.Decoder(0, 0)
        super()._init_connection()

    def _check_control_frame_type(self, frame_type: int) -> None:
        super()._check_control_frame_type(frame_type)
        if frame_type == FrameType.GOAWAY:
            self.goaway = True

    def waiting_header_bytes(self, stream_id: int) -> int:
        """Size of an unfinished HEADERS frame that is being kept for the stream."""
        stream = self._stream.get(stream_id)
        return 0 if stream is None or stream.frame_type == FrameType.DATA else len(stream.buffer)
