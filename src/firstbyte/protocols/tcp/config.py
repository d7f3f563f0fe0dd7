"""Everything about a connection that can be chosen; the defaults are Linux's."""

from msgspec import Struct

MS = 1_000_000
SECOND = 1_000_000_000


class TcpConfig(Struct, frozen=True, kw_only=True):
    """Options of one connection. Times are nanoseconds. Linux's name stands in brackets."""

    mss_bytes: int = 1460
    """The largest segment that we accept and send: MTU less headers, before options."""
    default_peer_mss_bytes: int = 536
    """Assumed when the peer's SYN has no MSS option: 536, over IPv6 1220 (RFC 9293, 3.7.1)."""

    window_scaling: bool = True
    sack: bool = True
    timestamps: bool = True

    send_buffer_bytes: int = 4 * 1024 * 1024
    """How much unacknowledged and unsent data ``write`` takes [tcp_wmem max, SO_SNDBUF]."""
    receive_buffer_bytes: int = 64240
    """Unread data that we hold, and so the window first offered [tcp_rmem, SO_RCVBUF]."""
    receive_buffer_max_bytes: int = 6 * 1024 * 1024
    """How far the buffer grows while the user keeps up; equal to the above: not at all."""

    congestion: str = "cubic"
    """"cubic" (RFC 9438) or "newreno" (RFC 5681) [tcp_congestion_control, TCP_CONGESTION]."""
    initial_window_segments: int = 10
    """RFC 6928."""
    slow_start_after_idle: bool = True
    """Restart from the initial window after an RTO of silence (RFC 5681, section 4.1)."""

    nodelay: bool = False
    """Send small segments at once [TCP_NODELAY]."""
    cork: bool = False
    """Send only full segments, for at most 200 ms [TCP_CORK]."""
    quick_ack: bool = False
    """Never delay an acknowledgement [TCP_QUICKACK, held on]."""
    delayed_ack_ns: int = 40 * MS
    """How long an acknowledgement may wait [TCP_DELACK_MIN]; at most 500 ms (RFC 9293, 3.8.6.3)."""

    initial_rto_ns: int = 1 * SECOND
    """RFC 6298, section 2.1."""
    min_rto_ns: int = 200 * MS
    """The least that is added to the smoothed round trip [TCP_RTO_MIN]; the RFC would have 1 s."""
    max_rto_ns: int = 120 * SECOND
    """[TCP_RTO_MAX]."""
    syn_retries: int = 6
    """SYNs sent again before ETIMEDOUT: after 1, 3, 7, 15, 31, 63 s; given up at 127 s."""
    synack_retries: int = 5
    """[tcp_synack_retries]: given up at 63 s."""
    data_retries: int = 15
    """[tcp_retries2]: read as the time that so many back-offs from 200 ms would take, 924.6 s."""
    orphan_retries: int = 8
    """The same for a connection that the user has closed [tcp_orphan_retries]."""
    user_timeout_ns: int | None = None
    """Give up when data stays unacknowledged for so long (RFC 5482) [TCP_USER_TIMEOUT]."""

    keepalive: bool = False
    """[SO_KEEPALIVE]."""
    keepalive_idle_ns: int = 7200 * SECOND
    keepalive_interval_ns: int = 75 * SECOND
    keepalive_probes: int = 9

    time_wait_ns: int = 60 * SECOND
    """Linux's 60 s; 2 × MSL would be 240 s (RFC 9293, section 3.4.2)."""
    fin_timeout_ns: int = 60 * SECOND
    """How long a closed connection waits in FIN-WAIT-2 for the peer's FIN [tcp_fin_timeout]."""
    linger_zero: bool = False
    """``close`` aborts: RST instead of FIN, no TIME-WAIT [SO_LINGER on, 0 s]."""
    challenge_interval_ns: int = 500 * MS
    """One answer to invalid segments per this time (RFC 5961, 7) [tcp_invalid_ratelimit]."""


DEFAULTS = TcpConfig()
