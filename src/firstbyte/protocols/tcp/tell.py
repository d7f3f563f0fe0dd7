"""Turns what a connection does into events (``events.tcp``); only when it is being traced."""

from functools import lru_cache
from typing import TYPE_CHECKING

from firstbyte.events.base import Direction
from firstbyte.events.tcp import Segment as SegmentEvent
from firstbyte.events.tcp import SegmentOptions, TcpInfo
from firstbyte.protocols.tcp.options import NO_OPTIONS, TcpOptions
from firstbyte.protocols.tcp.segment import ACK, SYN, Segment, flag_names
from firstbyte.protocols.tcp.sequence import MASK

if TYPE_CHECKING:
    from firstbyte.protocols.tcp.connection import Connection


def segment_event(connection: "Connection", segment: Segment, direction: Direction) -> SegmentEvent:
    """``segment`` as its host tells it, with numbers relative to the initial ones."""
    sender, receiver = connection.sender, connection.receiver
    if direction == "sent":
        ours, theirs, scale = sender.iss, receiver.irs, receiver.scale
    else:
        ours, theirs, scale = receiver.irs, sender.iss, sender.scale
    if segment.flags & SYN:
        # Its window is never scaled, and the peer's initial number is known by it alone.
        scale = 0
        ours = segment.seq
    return SegmentEvent(
        flags=flag_names(segment.flags),
        length=len(segment.payload),
        seq=(segment.seq - ours) & MASK,
        ack=(segment.ack - theirs) & MASK if segment.flags & ACK else None,
        window_bytes=segment.window << scale,
        options=options_event(segment.options),
        retransmission=segment.retransmission,
    )


@lru_cache(maxsize=256)
def options_event(options: TcpOptions) -> SegmentOptions:
    """The options as the event vocabulary has them; shared, since many segments have the same."""
    if options is NO_OPTIONS:
        return SegmentOptions()
    cookie = options.fast_open_cookie
    return SegmentOptions(
        mss=options.mss,
        window_scale=options.window_scale,
        sack_permitted=options.sack_permitted,
        sack_blocks=options.sack_blocks,
        timestamp=options.timestamp,
        fast_open_cookie=None if cookie is None else cookie.hex(),
        other=tuple(kind for kind, _ in options.other),
    )


def tcp_info(connection: "Connection") -> TcpInfo:
    """A snapshot in the fields of Linux's TCP_INFO."""
    sender, receiver, rtt = connection.sender, connection.receiver, connection.rtt
    congestion, board = connection.recovery.congestion, connection.board
    counters = connection.counters
    return TcpInfo(
        state=connection.state.value,
        rtt_us=_us(rtt.srtt_ns),
        rttvar_us=_us(rtt.rttvar_ns) if rtt.srtt_ns is not None else None,
        min_rtt_us=_us(rtt.min_rtt_ns),
        rto_us=rtt.rto_ns // 1000,
        ato_us=connection.config.delayed_ack_ns // 1000,
        snd_mss_bytes=sender.mss,
        rcv_mss_bytes=receiver.mss,
        advmss_bytes=connection.config.mss_bytes,
        snd_cwnd_segments=congestion.cwnd,
        snd_ssthresh_segments=congestion.ssthresh,
        snd_wnd_bytes=sender.window,
        rcv_wnd_bytes=receiver.window,
        rcv_space_bytes=receiver.limit,
        unacked_segments=len(board.records),
        lost_segments=board.lost,
        retransmits=connection.retransmits,
        total_retrans=counters.retransmitted_segments,
        backoff=rtt.backoff,
        timestamps=connection.timestamps_ok,
        sack=connection.sack_ok,
        window_scaling=receiver.scale > 0 or sender.scale > 0,
        snd_wscale=sender.scale,
        rcv_wscale=receiver.scale,
        bytes_sent=counters.bytes_sent,
        bytes_acked=max(0, sender.una - sender.iss - 1),
        bytes_received=receiver.total,
        bytes_retrans=counters.bytes_retransmitted,
        segs_out=counters.segments_out,
        segs_in=counters.segments_in,
        data_segs_out=counters.data_segments_out,
        data_segs_in=counters.data_segments_in,
        delivered=counters.delivered,
        notsent_bytes=max(0, sender.end - sender.nxt),
        rcv_ooopack=receiver.out_of_order_count,
    )


def _us(value_ns: int | None) -> int | None:
    return None if value_ns is None else value_ns // 1000
