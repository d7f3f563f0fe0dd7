"""The sockets of a host, as ``ss -a`` lists them."""

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from firstbyte.events.tcp import TcpInfo
from firstbyte.protocols.ip.addresses import ANY_V4

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

Address = tuple[str, int]


class SocketRow(Struct, frozen=True):
    """One socket.

    ``receive_queue`` and ``send_queue`` are bytes that wait; of a listener, they are connections
    that wait to be accepted, and its backlog. ``info`` is that of a connection.
    """

    protocol: Literal["tcp", "udp", "icmp"]
    state: str
    receive_queue: int
    send_queue: int
    local: Address
    remote: Address | None
    info: TcpInfo | None = None


def list_sockets(host: "Host") -> list[SocketRow]:
    """Listeners, then connections, then UDP sockets, then ping sockets."""
    stack = host.kernel.stack
    rows = [
        SocketRow("tcp", "LISTEN", len(one.queue), one.backlog, one.local, None)
        for listeners in stack.tcp.listeners.values()
        for one in listeners
    ]
    rows += [
        SocketRow(
            "tcp",
            one.state.value,
            one.readable_bytes,
            one.unsent_bytes,
            one.local,
            one.remote,
            one.info(),
        )
        for one in stack.tcp.connections.values()
    ]
    rows += [
        SocketRow(
            "udp",
            "UNCONN" if one.remote is None else "ESTABLISHED",
            sum(len(received.data) for received in one.queue),
            0,
            one.local,
            one.remote,
        )
        for sockets in stack.udp.sockets.values()
        for one in sockets
    ]
    rows += [
        SocketRow(
            "icmp",
            "UNCONN" if one.remote is None else "ESTABLISHED",
            sum(len(pong.data) for pong in one.queue),
            0,
            (one.source or ANY_V4, one.identifier),
            None if one.remote is None else (one.remote, 0),
        )
        for one in stack.icmp.pings.values()
    ]
    return rows
