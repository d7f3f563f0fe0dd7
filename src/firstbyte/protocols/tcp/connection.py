"""One TCP connection (RFC 9293) as a pure machine.

Feed it segments, the user's calls and the time; ask it for segments, events and the next
deadline. It holds no clock, no socket and no randomness: the initial sequence number and the
timestamp offset are given by the caller (see :mod:`.isn`)::

    connection = Connection(40000, 80, iss, config)
    connection.connect()
    polled = connection.poll(now_ns)          # polled.segments holds the SYN
    connection.segment(syn_ack, now_ns)       # call for each segment that arrives
    connection.write(b"hello")                # then poll again: after every call
    polled = connection.poll(now_ns)          # … and when polled.deadline_ns has come

Where things are: ``arrival`` (segments in), ``output`` (segments out), ``expiry`` (timers),
``send`` and ``receive`` (the two halves), ``scoreboard``, ``recovery`` and ``congestion`` (loss),
``rto``, ``acks``, ``handshake``, ``states``.
"""

from msgspec import Struct

from firstbyte.events.base import Direction
from firstbyte.events.tcp import Closed, StateChanged, TcpEvent, TcpInfo
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.acks import AckPolicy
from firstbyte.protocols.tcp.arrival import arrive
from firstbyte.protocols.tcp.config import DEFAULTS, TcpConfig
from firstbyte.protocols.tcp.congestion import make_congestion
from firstbyte.protocols.tcp.expiry import expire, restart_keepalive
from firstbyte.protocols.tcp.handshake import TIMESTAMP_BYTES
from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.output import flush, queue_reset, send_ack, split_records
from firstbyte.protocols.tcp.receive import Receiver
from firstbyte.protocols.tcp.recovery import Recovery
from firstbyte.protocols.tcp.rto import RttEstimator
from firstbyte.protocols.tcp.scoreboard import Scoreboard
from firstbyte.protocols.tcp.segment import Segment
from firstbyte.protocols.tcp.send import Sender
from firstbyte.protocols.tcp.sequence import MASK
from firstbyte.protocols.tcp.states import MAY_SEND, SYNCHRONIZED, Cause, State, after
from firstbyte.protocols.tcp.tell import segment_event, tcp_info
from firstbyte.protocols.tcp.timers import CORK, NEVER, TIME_WAIT, Timers

MS = 1_000_000

READABLE, WRITABLE, CONNECTED, ENDED = 1, 2, 4, 8
"""Bits of :attr:`Connection.changed`: data or end of data came; a full send buffer has room; the
handshake is done; the connection is CLOSED (``error`` says if it failed)."""

MIN_MSS = 48
"""No path is believed to need smaller segments than this [tcp_min_snd_mss]."""


class Told(Struct, gc=False):
    """An event body with its time and, for segments, its direction."""

    at_ns: int
    direction: Direction | None
    what: TcpEvent


class Polled(Struct, gc=False):
    """What :meth:`Connection.poll` gives. ``deadline_ns`` is when to poll again at the latest."""

    segments: list[Segment]
    events: list[Told]
    deadline_ns: int | None


class Counters:
    """Totals over the connection's life."""

    __slots__ = (
        "bytes_retransmitted",
        "bytes_sent",
        "data_segments_in",
        "data_segments_out",
        "delivered",
        "retransmitted_segments",
        "segments_in",
        "segments_out",
    )

    def __init__(self) -> None:
        self.segments_in = self.segments_out = 0
        self.data_segments_in = self.data_segments_out = 0
        self.bytes_sent = self.bytes_retransmitted = 0
        self.retransmitted_segments = self.delivered = 0


class Connection:
    """See the module. Attributes are for this package; others use the methods and properties."""

    __slots__ = (
        "ack_answered_ns",
        "acks",
        "blocked",
        "board",
        "changed",
        "config",
        "counters",
        "cwnd_limited",
        "error",
        "events",
        "last_ack_sent",
        "last_received_ns",
        "last_sent_ns",
        "local_port",
        "max_outstanding",
        "orphaned",
        "peer_options",
        "probes",
        "receiver",
        "recovery",
        "remote_port",
        "replies",
        "retransmits",
        "rtt",
        "sack_ok",
        "sender",
        "soft_error",
        "stalled_since_ns",
        "stamped",
        "state",
        "timers",
        "timestamps_ok",
        "tracing",
        "ts_offset",
        "ts_recent",
        "ts_recent_ns",
        "usage_point",
    )

    def __init__(
        self,
        local_port: int,
        remote_port: int,
        iss: int,
        config: TcpConfig = DEFAULTS,
        *,
        ts_offset: int = 0,
        tracing: bool = False,
    ) -> None:
        self.local_port = local_port
        self.remote_port = remote_port
        self.config = config
        self.tracing = tracing
        self.state = State.CLOSED
        self.error: str | None = None
        self.soft_error: str | None = None
        self.changed = 0
        self.blocked = False
        self.orphaned = False
        self.sender = Sender(iss, config.send_buffer_bytes, config.mss_bytes)
        self.receiver = Receiver(
            config.receive_buffer_bytes, config.receive_buffer_max_bytes, config.mss_bytes
        )
        self.board = Scoreboard()
        congestion = make_congestion(config.congestion, config.initial_window_segments)
        self.recovery = Recovery(self.board, congestion, iss)
        self.rtt = RttEstimator(config.initial_rto_ns, config.min_rto_ns, config.max_rto_ns)
        self.acks = AckPolicy(config.delayed_ack_ns, always=config.quick_ack)
        self.timers = Timers()
        self.counters = Counters()
        self.events: list[Told] = []
        self.replies: list[Segment] = []
        self.peer_options: TcpOptions | None = None
        self.sack_ok = self.timestamps_ok = False
        self.ts_offset = ts_offset
        self.ts_recent = 0
        self.ts_recent_ns = 0
        self.stamped: TcpOptions | None = None
        self.last_ack_sent = 0
        self.last_sent_ns: int | None = None
        self.last_received_ns = 0
        self.ack_answered_ns: int | None = None
        self.retransmits = 0
        self.probes = 0
        self.stalled_since_ns: int | None = None
        self.cwnd_limited = False
        self.max_outstanding = 0
        self.usage_point = iss

    # The user's calls. After each of them, poll.

    def connect(self, now_ns: int) -> None:
        """Open actively: the next poll gives the SYN."""
        self.move(Cause.ACTIVE_OPEN, now_ns)

    def listen(self, now_ns: int) -> None:
        """Open passively: wait in LISTEN for the one SYN that this connection is for."""
        self.move(Cause.PASSIVE_OPEN, now_ns)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Queue data; gives how many bytes were taken (less than given: the buffer is full).

        Raises :class:`SocketError`: the connection's error, EPIPE after close, ENOTCONN before
        it was opened.
        """
        if self.error is not None:
            raise SocketError(self.error, "the connection failed")
        if self.sender.fin_queued:
            raise SocketError("EPIPE", "the sending half is closed")
        if self.state not in MAY_SEND and self.state not in _OPENING:
            raise SocketError("EPIPE" if self.peer_options else "ENOTCONN", "not connected")
        taken = self.sender.write(data)
        self.blocked = taken < len(data)
        return taken

    def read(self, count: int = 1 << 30) -> bytes:
        """Take up to ``count`` bytes that have arrived; empty when there are none (yet)."""
        receiver = self.receiver
        data = receiver.read(count)
        if data and self.state is not State.CLOSED and receiver.may_open_much():
            self.acks.due = True
        return data

    @property
    def readable_bytes(self) -> int:
        """How many bytes :meth:`read` would give."""
        return len(self.receiver.buffer)

    @property
    def at_eof(self) -> bool:
        """The peer has closed its half and everything was read."""
        receiver = self.receiver
        ended = receiver.fin is not None and receiver.nxt > receiver.fin
        return ended and not receiver.buffer

    @property
    def writable_bytes(self) -> int:
        """How many bytes :meth:`write` would take."""
        return self.sender.room if self.state in MAY_SEND and not self.sender.fin_queued else 0

    def shutdown(self, now_ns: int) -> None:
        """Close the sending half: FIN goes out after what is queued. Reading goes on."""
        if self.state in _CLOSABLE:
            self.sender.fin_queued = self.state is not State.SYN_SENT
            self.move(Cause.CLOSE, now_ns)

    def close(self, now_ns: int) -> None:
        """Close both halves. Unread data, or linger 0, makes it an abort (RFC 9293, 3.10.4)."""
        self.orphaned = True
        if self.state in _RESETTABLE and (self.config.linger_zero or self.readable_bytes):
            self.abort(now_ns)
            return
        self.shutdown(now_ns)
        if self.state is State.FIN_WAIT_2:
            self.timers.set(TIME_WAIT, now_ns + self.config.fin_timeout_ns)

    def abort(self, now_ns: int) -> None:
        """End at once with RST; nothing more is sent or received."""
        if self.state in _RESETTABLE:
            queue_reset(self, now_ns)
        if self.state is not State.CLOSED:
            self.tell(now_ns, Closed("rst"), "sent")
            self.move(Cause.ABORT, now_ns)

    def configure(self, config: TcpConfig, now_ns: int) -> None:
        """Change options while open: nodelay, cork, keepalive, linger, time limits."""
        self.config = config
        if not config.cork:
            self.timers.cancel(CORK)
        if self.state in SYNCHRONIZED:
            self.watch_idle(now_ns)

    # The network's calls.

    def segment(self, segment: Segment, now_ns: int) -> None:
        """A segment for this connection arrived."""
        self.counters.segments_in += 1
        if self.acks.due:
            # Each segment is answered on its own, however many come between two polls: duplicate
            # ACKs are counted by the peer, and its window grows by the ACK.
            send_ack(self, now_ns)
        if self.tracing:
            event = segment_event(self, segment, "received")
            self.events.append(Told(now_ns, "received", event))
        arrive(self, segment, now_ns)

    def unreachable(self, errno_name: str, now_ns: int) -> None:
        """ICMP says that the peer cannot be reached.

        Fatal while connecting; later only remembered, for when we time out (RFC 1122, 4.2.3.9).
        """
        if self.state in {State.SYN_SENT, State.SYN_RECEIVED}:
            self.fail(Cause.ERROR, errno_name, now_ns)
        else:
            self.soft_error = errno_name

    def path_mss(self, mss_bytes: int) -> None:
        """The path takes segments of no more than ``mss_bytes`` with options (RFC 1191, 8201)."""
        payload = max(mss_bytes, MIN_MSS) - (TIMESTAMP_BYTES if self.timestamps_ok else 0)
        if payload < self.sender.mss:
            self.sender.mss = payload
            split_records(self)

    def poll(self, now_ns: int) -> Polled:
        """Everything to send and tell now. Call after every other call, and at the deadline."""
        if now_ns >= self.timers.deadline:
            expire(self, now_ns)
        segments = flush(self, now_ns)
        events = self.events
        if events:
            self.events = []
        deadline = self.timers.deadline
        return Polled(segments, events, None if deadline == NEVER else deadline)

    def take_changed(self) -> int:
        """What changed for the user since the last call, as bits."""
        changed, self.changed = self.changed, 0
        return changed

    def info(self) -> TcpInfo:
        """A snapshot like TCP_INFO."""
        return tcp_info(self)

    # For the other modules of this package.

    def move(self, cause: Cause, now_ns: int) -> None:
        """Go where the table says."""
        old, new = self.state, after(self.state, cause)
        self.state = new
        if self.tracing:
            self.tell(now_ns, StateChanged(old.value, new.value, cause.value))
        if new is State.CLOSED:
            self.timers.clear()
            self.changed |= ENDED
        elif new is State.ESTABLISHED:
            self.changed |= CONNECTED
            self.watch_idle(now_ns)
        elif new is State.TIME_WAIT:
            self.timers.clear()
            self.timers.set(TIME_WAIT, now_ns + self.config.time_wait_ns)
        elif new is State.FIN_WAIT_2 and self.orphaned:
            self.timers.set(TIME_WAIT, now_ns + self.config.fin_timeout_ns)

    def fail(self, cause: Cause, errno_name: str, now_ns: int) -> None:
        """End with an error that the user will see."""
        self.error = errno_name
        if cause is Cause.RST:
            self.tell(now_ns, Closed("rst", errno_name), "received")
        elif cause is Cause.TIMEOUT:
            self.tell(now_ns, Closed("timeout", errno_name))
        self.move(cause, now_ns)

    def tell(self, now_ns: int, what: TcpEvent, direction: Direction | None = None) -> None:
        """Record an event, if anybody listens."""
        if self.tracing:
            self.events.append(Told(now_ns, direction, what))

    def timestamp(self, now_ns: int) -> int:
        """TSval: a millisecond clock with an offset of this connection's (RFC 7323, 5.4)."""
        return (now_ns // MS + self.ts_offset) & MASK

    def set_mss(self) -> None:
        """The payload that fits a segment, now that both sides' options are known."""
        peer = self.peer_options.mss if self.peer_options else None
        limit = min(self.config.mss_bytes, peer or self.config.default_peer_mss_bytes)
        used = TIMESTAMP_BYTES if self.timestamps_ok else 0
        self.sender.mss = max(limit, MIN_MSS) - used
        self.receiver.mss = self.config.mss_bytes - used

    def watch_idle(self, now_ns: int) -> None:
        """Start or stop the keepalive timer, as configured."""
        restart_keepalive(self, now_ns)


_OPENING = frozenset({State.SYN_SENT, State.SYN_RECEIVED})
_CLOSABLE = frozenset(
    {State.LISTEN, State.SYN_SENT, State.SYN_RECEIVED, State.ESTABLISHED, State.CLOSE_WAIT}
)
_RESETTABLE = (SYNCHRONIZED | {State.SYN_RECEIVED}) - {State.TIME_WAIT}
