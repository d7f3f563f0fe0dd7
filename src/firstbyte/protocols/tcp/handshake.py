"""What the two SYNs agree on: MSS, window scale, SACK, timestamps."""

from typing import TYPE_CHECKING

from firstbyte.protocols.tcp.options import TcpOptions
from firstbyte.protocols.tcp.segment import Segment

if TYPE_CHECKING:
    from firstbyte.protocols.tcp.connection import Connection

MAX_SCALE = 14
TIMESTAMP_BYTES = 12


def scale_for(buffer_bytes: int) -> int:
    """The least window scale with which 16 bits can say ``buffer_bytes`` (RFC 7323, 2.3)."""
    scale = 0
    while scale < MAX_SCALE and buffer_bytes >> scale > 0xFFFF:
        scale += 1
    return scale


def syn_options(connection: "Connection", now_ns: int) -> TcpOptions:
    """Our SYN's options; in a SYN ACK only what the peer offered too."""
    config = connection.config
    peer = connection.peer_options
    offered = peer is None
    sack = config.sack and (offered or connection.sack_ok)
    scaling = config.window_scaling and (
        offered or (peer is not None and peer.window_scale is not None)
    )
    stamps = config.timestamps and (offered or connection.timestamps_ok)
    scale = scale_for(connection.receiver.limit_max)
    return TcpOptions(
        mss=config.mss_bytes,
        window_scale=scale if scaling else None,
        sack_permitted=sack,
        timestamp=(connection.timestamp(now_ns), connection.ts_recent) if stamps else None,
    )


def adopt(connection: "Connection", segment: Segment, now_ns: int) -> None:
    """The peer's SYN is here: take over what both sides can."""
    config, options = connection.config, segment.options
    sender, receiver = connection.sender, connection.receiver
    connection.peer_options = options
    receiver.start(segment.seq)
    connection.last_ack_sent = receiver.nxt
    connection.sack_ok = connection.recovery.sack = config.sack and options.sack_permitted
    if config.window_scaling and options.window_scale is not None:
        sender.scale = min(options.window_scale, MAX_SCALE)
        receiver.scale = scale_for(receiver.limit_max)
    else:
        receiver.limit_max = min(receiver.limit_max, 0xFFFF)
    if config.timestamps and options.timestamp is not None:
        connection.timestamps_ok = True
        connection.ts_recent = options.timestamp[0]
        connection.ts_recent_ns = now_ns
    connection.set_mss()
    sender.window = sender.max_window = sender.last_window = segment.window
    sender.wl1 = receiver.irs
