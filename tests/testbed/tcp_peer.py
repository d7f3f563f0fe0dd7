"""Plays the other end of one TCP connection by hand, with relative numbers (like packetdrill)."""

from msgspec.structs import replace

from firstbyte.events.tcp import StateChanged
from firstbyte.protocols.tcp.config import MS, TcpConfig
from firstbyte.protocols.tcp.connection import Connection, Polled, Told
from firstbyte.protocols.tcp.options import NO_OPTIONS, TcpOptions
from firstbyte.protocols.tcp.segment import ACK, FIN, SYN, Segment
from firstbyte.protocols.tcp.states import State

MASK = 0xFFFFFFFF
OURS = 0xFFFFFF00
"""The connection's initial number: close to the end, so that every test wraps around."""
THEIRS = 0xFFFFFFF0
"""The peer's."""
MSS_ONLY = TcpOptions(mss=1460)
PLAIN = TcpConfig(timestamps=False, sack=False, window_scaling=False)


class Peer:
    """``c`` is the connection under test; numbers given and shown count from the initial ones."""

    def __init__(self, config: TcpConfig = PLAIN, options: TcpOptions = MSS_ONLY) -> None:
        self.c = Connection(1000, 80, OURS, config, tracing=True)
        self.options = options
        self.now_ns = 0
        self.told: list[Told] = []
        self.deadline_ns: int | None = None

    def poll(self) -> list[Segment]:
        polled: Polled = self.c.poll(self.now_ns)
        self.told += polled.events
        self.deadline_ns = polled.deadline_ns
        return [self._relative(segment) for segment in polled.segments]

    def wait(self, ms: float) -> list[Segment]:
        """Let time pass, polling at every deadline on the way."""
        return [segment for _, segment in self.wait_timed(ms)]

    def wait_timed(self, ms: float) -> list[tuple[float, Segment]]:
        """The same, with the milliseconds from now at which each segment left."""
        begun = self.now_ns
        end = begun + int(ms * MS)
        sent = [(0.0, segment) for segment in self.poll()]
        while self.deadline_ns is not None and self.deadline_ns <= end:
            self.now_ns = max(self.now_ns, self.deadline_ns)
            at_ms = (self.now_ns - begun) / MS
            sent += [(at_ms, segment) for segment in self.poll()]
        self.now_ns = end
        return sent + [((end - begun) / MS, segment) for segment in self.poll()]

    def send(
        self,
        flags: int,
        seq: int,
        ack: int = 0,
        payload: bytes = b"",
        *,
        window: int = 65535,
        options: TcpOptions = NO_OPTIONS,
    ) -> list[Segment]:
        """Deliver a segment of the peer's; gives what the connection sends at once."""
        wire_ack = (OURS + ack) & MASK if flags & ACK else 0
        blocks = tuple(((OURS + a) & MASK, (OURS + b) & MASK) for a, b in options.sack_blocks)
        if blocks:
            options = replace(options, sack_blocks=blocks)
        segment = Segment(
            80, 1000, (THEIRS + seq) & MASK, wire_ack, flags, window, payload, options
        )
        self.c.segment(segment, self.now_ns)
        return self.poll()

    def connect(self, rtt_ms: float = 10) -> "Peer":
        """Our active open, answered after ``rtt_ms``."""
        self.c.connect(self.now_ns)
        self.poll()
        self.now_ns += int(rtt_ms * MS)
        self.send(SYN | ACK, 0, 1, options=self.options)
        return self

    def accept(self, rtt_ms: float = 10) -> "Peer":
        """Our passive open."""
        self.c.listen(self.now_ns)
        self.send(SYN, 0, options=self.options)
        self.now_ns += int(rtt_ms * MS)
        self.send(ACK, 1, 1)
        return self

    def write(self, data: bytes) -> list[Segment]:
        self.c.write(data)
        return self.poll()

    def close(self) -> list[Segment]:
        self.c.close(self.now_ns)
        return self.poll()

    def shutdown(self) -> list[Segment]:
        self.c.shutdown(self.now_ns)
        return self.poll()

    @property
    def state(self) -> State:
        return self.c.state

    @property
    def moves(self) -> list[str]:
        """The states passed through, in order."""
        return [t.what.new for t in self.told if isinstance(t.what, StateChanged)]

    def _relative(self, segment: Segment) -> Segment:
        ack = (segment.ack - THEIRS) & MASK if segment.flags & ACK else 0
        return replace(segment, seq=(segment.seq - OURS) & MASK, ack=ack)


def in_state(state: State, config: TcpConfig = PLAIN) -> Peer:
    """A connection brought to ``state``; the peer has sent nothing but SYN and FIN."""
    peer = Peer(config)
    if state is State.CLOSED:
        return peer
    if state is State.LISTEN:
        peer.c.listen(0)
    elif state is State.SYN_SENT:
        peer.c.connect(0)
        peer.poll()
    elif state is State.SYN_RECEIVED:
        peer.c.listen(0)
        peer.send(SYN, 0, options=MSS_ONLY)
    else:
        _after_handshake(peer.connect(), state)
    assert peer.state is state
    return peer


def _after_handshake(peer: Peer, state: State) -> None:
    if state in {State.CLOSE_WAIT, State.LAST_ACK}:
        peer.send(FIN | ACK, 1, 1)
    if state not in {State.ESTABLISHED, State.CLOSE_WAIT}:
        peer.shutdown()
    if state in {State.FIN_WAIT_2, State.TIME_WAIT}:
        peer.send(ACK, 1, 2)
    if state in {State.CLOSING, State.TIME_WAIT}:
        peer.send(FIN | ACK, 1, 2 if state is State.TIME_WAIT else 1)


def shape(segments: list[Segment]) -> list[str]:
    """Segments in short: "PSH ACK 1:6 ack 1"."""
    return [
        f"{s.flag_names} {s.seq}:{s.seq + len(s.payload)}"
        + (f" ack {s.ack}" if s.flags & ACK else "")
        for s in segments
    ]
