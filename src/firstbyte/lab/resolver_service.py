"""The resolver daemon's own service on sockets of a world; what a world loads when it is asked."""

import socket
from collections.abc import Mapping, Sequence
from typing import Any

from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.config import driver_settings, from_mapping, machine_settings
from firstbyte.resolver.daemon.listeners import BUFFER_BYTES, UdpListener
from firstbyte.resolver.daemon.replies import Manners
from firstbyte.resolver.daemon.service import Rules, Service
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.daemon.streams import StreamLimits, StreamListener
from firstbyte.resolver.daemon.tcp import DnsConversation
from firstbyte.resolver.driver import Driver, SystemClock


async def serve_resolver(
    sockets: Sequence[socket.socket], keys: Mapping[str, Any], allows: Sequence[str]
) -> list[object]:
    """Answer by bound sockets, UDP's and TCP's in turn; the result is what must be kept.

    ``keys``: as in the daemon's configuration. ``allows``: networks that may ask.
    """
    config = from_mapping(dict(keys))
    clock = SystemClock()
    driver = Driver(machine_settings(config), driver_settings(config), clock)
    manners = Manners(config.edns_buffer_size, config.ede, True)
    rules = Rules(AccessList(list(allows)), RateLimiter(0), manners)
    service = Service(driver, clock, rules, Statistics())
    limits = StreamLimits(config.max_tcp_connections, config.tcp_idle_timeout)
    streams = StreamListener(service, Channel.TCP, DnsConversation, limits)
    datagrams = []
    for udp, tcp in zip(sockets[::2], sockets[1::2], strict=True):
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            udp.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
        datagrams.append(UdpListener(udp, service))
        await streams.start(tcp)
    return [service, streams, datagrams]
