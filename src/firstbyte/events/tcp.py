"""TCP as its host sees it (RFC 9293): connection attempts, segments, timers, ends."""

from typing import Literal

from msgspec import Struct

from firstbyte.events.body import Body


class TcpInfo(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Linux ``struct tcp_info`` by field; what the kernel did not give is null.

    The simulated network fills the same fields from its own stack.
    """

    state: str
    rtt_us: int | None = None
    rttvar_us: int | None = None
    min_rtt_us: int | None = None
    rto_us: int | None = None
    ato_us: int | None = None
    snd_mss_bytes: int | None = None
    rcv_mss_bytes: int | None = None
    advmss_bytes: int | None = None
    pmtu_bytes: int | None = None
    snd_cwnd_segments: int | None = None
    snd_ssthresh_segments: int | None = None
    rcv_ssthresh_bytes: int | None = None
    rcv_space_bytes: int | None = None
    rcv_rtt_us: int | None = None
    snd_wnd_bytes: int | None = None
    rcv_wnd_bytes: int | None = None
    last_ack_recv_ms: int | None = None
    """How long ago the peer's last acknowledgement came."""
    unacked_segments: int | None = None
    lost_segments: int | None = None
    retransmits: int | None = None
    """Unanswered retransmission timeouts in a row, now."""
    total_retrans: int | None = None
    """Segments retransmitted in the connection's life."""
    reordering: int | None = None
    reord_seen: int | None = None
    dsack_dups: int | None = None
    backoff: int | None = None
    timestamps: bool | None = None
    sack: bool | None = None
    window_scaling: bool | None = None
    ecn: bool | None = None
    syn_data: bool | None = None
    snd_wscale: int | None = None
    rcv_wscale: int | None = None
    delivery_rate_bytes_per_s: int | None = None
    delivery_rate_app_limited: bool | None = None
    pacing_rate_bytes_per_s: int | None = None
    bytes_sent: int | None = None
    bytes_acked: int | None = None
    bytes_received: int | None = None
    bytes_retrans: int | None = None
    segs_out: int | None = None
    segs_in: int | None = None
    data_segs_out: int | None = None
    data_segs_in: int | None = None
    delivered: int | None = None
    notsent_bytes: int | None = None
    busy_time_us: int | None = None
    rwnd_limited_us: int | None = None
    sndbuf_limited_us: int | None = None
    rcv_ooopack: int | None = None


class ConnectStarted(Body, frozen=True, tag="tcp.connect_started"):
    """``connect()`` was called; the kernel sends its SYN at once. Attempts count from 1."""

    attempt: int
    address: str
    port: int


class Connected(Body, frozen=True, tag="tcp.connected"):
    """The handshake is done: SYN-ACK came and our ACK left."""

    attempt: int
    local_address: str
    local_port: int


class ConnectFailed(Body, frozen=True, tag="tcp.connect_failed"):
    """The attempt failed. ``errno`` is the symbol ("ECONNREFUSED"), null when we gave up on time.

    ``cause`` is an error id: tcp.refused, tcp.timed_out, tcp.no_route, tcp.reset, tcp.failed.
    """

    attempt: int
    cause: str
    message: str
    errno: str | None = None


class ConnectCancelled(Body, frozen=True, tag="tcp.connect_cancelled"):
    """We gave the attempt up because another one won."""

    attempt: int


class InfoSampled(Body, frozen=True, tag="tcp.info"):
    """TCP_INFO was read; ``moment`` is "connected", "first_byte", "end" or "sampled"."""

    moment: str
    info: TcpInfo


class SegmentOptions(Struct, frozen=True, omit_defaults=True):
    """TCP options that a segment carries; null where absent (RFC 9293, 7323, 2018, 7413)."""

    mss: int | None = None
    window_scale: int | None = None
    sack_permitted: bool = False
    sack_blocks: tuple[tuple[int, int], ...] = ()
    timestamp: tuple[int, int] | None = None
    """(TSval, TSecr)."""
    fast_open_cookie: str | None = None
    other: tuple[int, ...] = ()
    """Kinds that are carried but not decoded."""


class Segment(Body, frozen=True, tag="tcp.segment"):
    """One segment on the wire (or inferred to have been).

    ``flags`` are the RFC's letters in header order, e.g. "SYN", "SYN ACK", "PSH ACK", "RST".
    ``seq`` and ``ack`` are relative to the initial sequence numbers; null when only inferred.
    """

    flags: str
    length: int | None
    seq: int | None = None
    ack: int | None = None
    window_bytes: int | None = None
    options: SegmentOptions = SegmentOptions()
    retransmission: bool = False
    packet_bytes: int | None = None


class StateChanged(Body, frozen=True, tag="tcp.state"):
    """The connection moved between two of the 11 states (RFC 9293, 3.3.2)."""

    old: str
    new: str
    cause: str


class TimerFired(Body, frozen=True, tag="tcp.timer"):
    """A timer of the stack fired: "rto", "delayed_ack", "persist", "keepalive" or "time_wait"."""

    timer: str
    count: int


class BytesSent(Body, frozen=True, tag="tcp.bytes_sent"):
    """The kernel took ``count`` bytes from us."""

    count: int


class BytesReceived(Body, frozen=True, tag="tcp.bytes_received"):
    """The kernel gave us ``count`` bytes; ``reads`` neighbouring reads were merged into this.

    The event's time is that of the first read, ``span_ns`` later came the last.
    """

    count: int
    reads: int = 1
    span_ns: int = 0


class Closed(Body, frozen=True, tag="tcp.closed"):
    """The connection ended. ``how`` is "fin", "rst" or "timeout"; direction says by whom."""

    how: Literal["fin", "rst", "timeout"]
    error: str | None = None


class Probed(Body, frozen=True, tag="tcp.probed"):
    """A keepalive probe was asked for (RFC 9293, 3.8.4), since nothing had come for so long.

    It was sent shortly before a time limit, to learn whether the peer still answers at all.
    """

    silence_ns: int


class TapSummary(Body, frozen=True, tag="tcp.tap"):
    """What the packet tap saw of the connection: packets kept, and dropped by the kernel."""

    packets: int
    dropped: int


TcpEvent = (
    ConnectStarted
    | Connected
    | ConnectFailed
    | ConnectCancelled
    | InfoSampled
    | Segment
    | StateChanged
    | TimerFired
    | BytesSent
    | BytesReceived
    | Closed
    | Probed
    | TapSummary
)
