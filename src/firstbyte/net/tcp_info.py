"""Linux ``struct tcp_info`` to named fields and back (include/uapi/linux/tcp.h).

The kernel hands out as much of the struct as it knows, so older ones give shorter data: what is
missing is null. The simulated network packs its own state with ``pack_tcp_info``, so that code
which asks ``getsockopt(IPPROTO_TCP, TCP_INFO)`` gets its answer on both networks.
"""

import socket
import struct
from typing import Any

from msgspec import Struct
from msgspec.structs import asdict

from firstbyte.events.tcp import TcpInfo

STRUCT_BYTES = 512
"""How much to ask for: more than any kernel gives."""

# include/net/tcp_states.h, by number, in RFC 9293's spelling.
STATES = (
    "UNKNOWN",
    "ESTABLISHED",
    "SYN-SENT",
    "SYN-RECEIVED",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSED",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECEIVED",
)

_TIMESTAMPS, _SACK, _WSCALE, _ECN, _SYN_DATA = 1, 2, 4, 8, 32
_INFINITE_SSTHRESH = 0x7FFFFFFF
_NO_MIN_RTT = 0xFFFFFFFF
_HEAD = struct.Struct("=8B")


class _Field(Struct, frozen=True):
    """One member after the eight leading bytes: our name (empty: not shown) and its width."""

    name: str
    code: str = "I"
    unmeasured: frozenset[int] = frozenset()
    """Values by which the kernel says that it has not measured."""


def _u64(name: str) -> _Field:
    return _Field(name, "Q")


_ZERO = frozenset({0})
_FIELDS = (
    _Field("rto_us"),
    _Field("ato_us"),
    _Field("snd_mss_bytes"),
    _Field("rcv_mss_bytes"),
    _Field("unacked_segments"),
    _Field(""),  # sacked
    _Field("lost_segments"),
    _Field(""),  # retrans: in flight now
    _Field(""),  # fackets
    _Field(""),  # last_data_sent
    _Field(""),  # last_ack_sent
    _Field(""),  # last_data_recv
    _Field("last_ack_recv_ms"),
    _Field("pmtu_bytes"),
    _Field("rcv_ssthresh_bytes"),
    _Field("rtt_us", unmeasured=_ZERO),
    _Field("rttvar_us"),
    _Field("snd_ssthresh_segments", unmeasured=frozenset({_INFINITE_SSTHRESH})),
    _Field("snd_cwnd_segments"),
    _Field("advmss_bytes"),
    _Field("reordering"),
    _Field("rcv_rtt_us", unmeasured=_ZERO),
    _Field("rcv_space_bytes"),
    _Field("total_retrans"),
    _u64("pacing_rate_bytes_per_s"),
    _u64(""),  # max_pacing_rate
    _u64("bytes_acked"),
    _u64("bytes_received"),
    _Field("segs_out"),
    _Field("segs_in"),
    _Field("notsent_bytes"),
    _Field("min_rtt_us", unmeasured=frozenset({0, _NO_MIN_RTT})),
    _Field("data_segs_in"),
    _Field("data_segs_out"),
    _Field("delivery_rate_bytes_per_s", "Q", _ZERO),
    _u64("busy_time_us"),
    _u64("rwnd_limited_us"),
    _u64("sndbuf_limited_us"),
    _Field("delivered"),
    _Field(""),  # delivered_ce
    _u64("bytes_sent"),
    _u64("bytes_retrans"),
    _Field("dsack_dups"),
    _Field("reord_seen"),
    _Field("rcv_ooopack"),
    _Field("snd_wnd_bytes"),
    _Field("rcv_wnd_bytes"),
)


def unpack_tcp_info(data: bytes) -> TcpInfo:
    """Name the fields of a ``struct tcp_info``; a short one leaves its tail null.

    Args:
        data: what ``getsockopt`` returned, any length.

    """
    head = _HEAD.unpack(data[:8].ljust(8, b"\0"))
    state, _, retransmits, _, backoff, options, scales, limits = head
    values: dict[str, Any] = {}
    offset = _HEAD.size
    for field in _FIELDS:
        width = 8 if field.code == "Q" else 4
        if offset + width > len(data):
            break
        value = int.from_bytes(data[offset : offset + width], "little")
        offset += width
        if field.name and value not in field.unmeasured:
            values[field.name] = value
    scaled = bool(options & _WSCALE)
    return TcpInfo(
        state=STATES[state] if state < len(STATES) else "UNKNOWN",
        retransmits=retransmits,
        backoff=backoff,
        timestamps=bool(options & _TIMESTAMPS),
        sack=bool(options & _SACK),
        window_scaling=scaled,
        ecn=bool(options & _ECN),
        syn_data=bool(options & _SYN_DATA),
        snd_wscale=scales & 15 if scaled else None,
        rcv_wscale=scales >> 4 if scaled else None,
        delivery_rate_app_limited=bool(limits & 1),
        **values,
    )


def pack_tcp_info(info: TcpInfo) -> bytes:
    """The inverse of ``unpack_tcp_info``: what a kernel in this state would have returned."""
    options = (
        (_TIMESTAMPS if info.timestamps else 0)
        | (_SACK if info.sack else 0)
        | (_WSCALE if info.window_scaling else 0)
        | (_ECN if info.ecn else 0)
        | (_SYN_DATA if info.syn_data else 0)
    )
    scales = (info.snd_wscale or 0) | (info.rcv_wscale or 0) << 4
    head = _HEAD.pack(
        STATES.index(info.state),
        0,
        min(info.retransmits or 0, 255),
        0,
        min(info.backoff or 0, 255),
        options,
        scales,
        1 if info.delivery_rate_app_limited else 0,
    )
    values = asdict(info)
    return head + b"".join(_pack_field(field, values.get(field.name)) for field in _FIELDS)


def _pack_field(field: _Field, value: int | None) -> bytes:
    if value is None:
        value = max(field.unmeasured, default=0)
    return value.to_bytes(8 if field.code == "Q" else 4, "little")


def read_tcp_info(sock: socket.socket) -> TcpInfo | None:
    """TCP_INFO of a connected socket, or None where the system does not give it."""
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return None
    try:
        return unpack_tcp_info(sock.getsockopt(socket.IPPROTO_TCP, option, STRUCT_BYTES))
    except OSError:
        return None
