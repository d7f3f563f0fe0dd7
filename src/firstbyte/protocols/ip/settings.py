"""A host's settings; the defaults are Linux's, whose names stand in brackets."""

from msgspec import Struct

from firstbyte.protocols.tcp.config import SECOND, TcpConfig


class HostSettings(Struct, frozen=True, kw_only=True):
    """Everything about a host that can be chosen. Times are nanoseconds."""

    tcp: TcpConfig = TcpConfig()
    """What new TCP sockets start with; the MSS follows the route."""
    ttl: int = 64
    forwarding: bool = False
    """Pass on packets for others: be a router [ip_forward]."""

    ephemeral_ports: tuple[int, int] = (32768, 60999)
    """First and last, both included [ip_local_port_range]."""
    reuse_time_wait: bool = False
    """``tcp_connect`` may take over a TIME-WAIT older than 1 s [tcp_tw_reuse = 1]."""
    abort_on_overflow: bool = False
    """A full accept queue answers the last ACK with RST [tcp_abort_on_overflow]."""
    max_syn_backlog: int = 4096
    """Half-open connections of one listener [tcp_max_syn_backlog]."""
    max_backlog: int = 4096
    """Upper bound of every listener's backlog [somaxconn]."""

    udp_buffer_bytes: int = 212_992
    """Unread datagrams of one socket [rmem_default]."""

    neighbor_probes: int = 3
    """Solicitations without an answer before EHOSTUNREACH [mcast_solicit]."""
    neighbor_interval_ns: int = 1 * SECOND
    neighbor_reachable_ns: int = 30 * SECOND
    """How long an answer is believed without asking again [base_reachable_time]."""
    neighbor_queue: int = 101
    """Packets that wait for one neighbour's address [unres_qlen]."""

    reassembly_timeout_ns: int = 30 * SECOND
    """[ipfrag_time]; IPv6 has 60 s (RFC 8200, section 4.5)."""
    reassembly_timeout_v6_ns: int = 60 * SECOND
    reassembly_bytes: int = 4 * 1024 * 1024
    """All fragments held together [ipfrag_high_thresh]."""

    icmp_errors_per_s: int = 1000
    """[icmp_msgs_per_sec]."""
    icmp_error_burst: int = 50
    """[icmp_msgs_burst]."""
    path_mtu_ns: int = 600 * SECOND
    """How long a learned path MTU holds [mtu_expires]."""
    answer_echo: bool = True
    """[icmp_echo_ignore_all = 0]."""
