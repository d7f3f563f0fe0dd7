"""ICMP in a host: echoes, errors that we send, errors that we are told, neighbour discovery."""

from collections import deque
from typing import NamedTuple

from msgspec.structs import replace

from firstbyte.events.link import IcmpReceived
from firstbyte.protocols.ip import addresses, icmpv4, icmpv6
from firstbyte.protocols.ip.icmp_errors import Icmp, RateLimit, host_unreachable, may_be_answered
from firstbyte.protocols.ip.icmp_reports import ErrorQueue, IcmpReport, meaning
from firstbyte.protocols.ip.icmpv4 import Icmpv4
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ipv4 import Ipv4
from firstbyte.protocols.ip.notify import READABLE, Notices
from firstbyte.protocols.ip.packet import (
    ICMPV4,
    ICMPV6,
    Packet,
    decode_quoted,
    encode_transport,
)
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.tcp_layer import TcpLayer
from firstbyte.protocols.ip.transmit import Transmitter
from firstbyte.protocols.ip.udp import Datagram
from firstbyte.protocols.ip.udp_layer import UdpLayer
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.segment import Segment

MIN_MTU_V4, MIN_MTU_V6 = 552, 1280
"""No path is believed to be narrower [min_pmtu; RFC 8200, section 5]."""

MAX_DATA = 65_507
"""Of an echo request, whose header is as long as UDP's."""

PLATEAUS = (32000, 17914, 8166, 4352, 2002, 1492, 1006, 552)
"""Guesses for routers that tell no MTU (RFC 1191, section 7)."""


class Pong(NamedTuple):
    """What came back for a ping: the reply, or an error about it; ``data`` is it on the wire."""

    message: Icmp
    source: str
    ttl: int
    sequence: int
    data: bytes


class Ping(NamedTuple):
    """An echo request to send; the socket has the identifier."""

    destination: str
    sequence: int
    data: bytes
    ttl: int | None


class PingSocket:
    """Sends echo requests with its own identifier, and hears the answers to them."""

    __slots__ = (
        "_layer",
        "closed",
        "errors",
        "identifier",
        "label",
        "pending",
        "queue",
        "remote",
        "source",
        "ttl",
    )

    def __init__(self, layer: "IcmpLayer", identifier: int) -> None:
        self._layer = layer
        self.identifier = identifier
        self.queue: deque[Pong] = deque(maxlen=1024)
        self.errors = ErrorQueue()
        self.source: str | None = None
        """The address to send from; only answers to it are heard."""
        self.remote: str | None = None
        """The only address to hear, if the socket is connected."""
        self.ttl: int | None = None
        self.label: str | None = None
        self.pending = 0
        self.closed = False

    def send(
        self, destination: str, sequence: int, data: bytes, now_ns: int, ttl: int | None = None
    ) -> None:
        """Ping. Raises :class:`SocketError`: no route, too long, or a pending error."""
        self.errors.raise_error()
        self._layer.ping(self, Ping(destination, sequence, data, ttl or self.ttl), now_ns)

    def receive(self) -> Pong | None:
        """The oldest unread answer."""
        return self.queue.popleft() if self.queue else None

    def close(self) -> None:
        """Give the identifier back."""
        self._layer.pings.pop(self.identifier, None)
        self.closed = True


class IcmpLayer:
    """ICMP for both families."""

    def __init__(
        self,
        settings: HostSettings,
        transmitter: Transmitter,
        notices: Notices,
        tcp: TcpLayer,
        udp: UdpLayer,
    ) -> None:
        self._settings = settings
        self._transmitter = transmitter
        self._notices = notices
        self._tcp = tcp
        self._udp = udp
        self._limit = RateLimit(settings.icmp_errors_per_s, settings.icmp_error_burst)
        self.pings: dict[int, PingSocket] = {}
        self.events: list[tuple[object, IcmpReceived]] = []

    def open_ping(self, identifier: int) -> PingSocket:
        """See :meth:`Host.ping_open`."""
        while identifier in self.pings and len(self.pings) <= 0xFFFF:
            identifier = (identifier + 1) & 0xFFFF
        if identifier in self.pings:
            raise SocketError("EADDRINUSE", "all echo identifiers are taken")
        socket = self.pings[identifier] = PingSocket(self, identifier)
        return socket

    def ping(self, socket: PingSocket, ping: Ping, now_ns: int) -> None:
        """See :meth:`PingSocket.send`."""
        if len(ping.data) > MAX_DATA:
            raise SocketError("EMSGSIZE", f"{len(ping.data)} bytes do not fit an echo request")
        address = addresses.canonical(ping.destination)
        path = self._transmitter.require_path(address)
        if socket.source is not None and not self._transmitter.is_local(socket.source):
            raise SocketError(
                "ENETUNREACH", f"{socket.source} is no longer an address of this host"
            )
        four = addresses.version(address) == 4
        header = self._transmitter.header(path, ICMPV4 if four else ICMPV6, source=socket.source)
        if ping.ttl is not None:
            header.ttl = ping.ttl
        make = icmpv4.echo if four else icmpv6.echo
        packet = Packet(header, make(socket.identifier, ping.sequence, ping.data))
        self._transmitter.send(path, packet, now_ns)

    # Errors that we send.

    def answer(self, packet: Packet, error: Icmp, now_ns: int) -> None:
        """Send ``error`` to where ``packet`` came from, if that is allowed now."""
        header = packet.ip
        if header is None or not may_be_answered(packet) or not self._limit.take(now_ns):
            return
        path = self._transmitter.path(header.source)
        if path is None or self._transmitter.is_broadcast(header.destination):
            return
        ours = header.destination if self._transmitter.is_local(header.destination) else None
        protocol = ICMPV4 if isinstance(header, Ipv4) else ICMPV6
        reply = self._transmitter.header(path, protocol, source=ours)
        self._transmitter.send(path, Packet(reply, error), now_ns)

    def own_neighbor_unreachable(self, packet: Packet, now_ns: int) -> None:
        """The next hop of a packet of ours does not answer: we tell ourselves, as Linux does."""
        header = packet.ip
        if header is not None:
            told = host_unreachable(packet)
            protocol = ICMPV4 if isinstance(header, Ipv4) else ICMPV6
            back = replace(header, destination=header.source, protocol=protocol)
            self.receive(Packet(back, told), told, now_ns)

    # What comes in.

    def receive(self, packet: Packet, message: Icmp, now_ns: int) -> None:
        """An ICMP message for us (neighbour discovery is the host's)."""
        echo, reply = _echo_types(message)
        if message.type == echo:
            self._echo(packet, message, now_ns)
        elif message.type == reply:
            self._pong(packet, message, message)
        elif message.is_error:
            self._error(packet, message, now_ns)

    def _echo(self, packet: Packet, message: Icmp, now_ns: int) -> None:
        header = packet.ip
        if not self._settings.answer_echo or header is None:
            return
        path = self._transmitter.path(header.source)
        if path is None or addresses.is_unspecified(header.source):
            return
        local = header.destination if self._transmitter.is_local(header.destination) else None
        make = icmpv4.echo if isinstance(message, Icmpv4) else icmpv6.echo
        body = make(message.identifier, message.sequence, message.body, reply=True)
        reply = self._transmitter.header(path, header.protocol, source=local)
        self._transmitter.send(path, Packet(reply, body), now_ns)

    def _pong(self, packet: Packet, message: Icmp, about: Icmp) -> PingSocket | None:
        """An answer to a ping, or an error about one; gives the socket that it is for."""
        socket = self.pings.get(about.identifier)
        header = packet.ip
        if socket is None or header is None:
            return None
        if socket.source not in {None, header.destination}:
            return None
        if not message.is_error and socket.remote not in {None, header.source}:
            return None
        data = encode_transport(header, message)
        socket.queue.append(Pong(message, header.source, header.ttl, about.sequence, data))
        self._notices.add(socket, READABLE)
        return socket

    def _error(self, packet: Packet, message: Icmp, now_ns: int) -> None:
        """An error about a packet of ours, which it quotes."""
        quoted = decode_quoted(message.body)
        header, sender = quoted.ip, packet.ip
        if header is None or sender is None or not self._transmitter.is_local(header.source):
            return
        mtu = self._learn_mtu(quoted, message, now_ns)
        event = IcmpReceived(message.name, message.type, message.code, sender.source, mtu)
        self.events.append((self._hand_on(packet, quoted, message, mtu, now_ns), event))

    def _hand_on(
        self, packet: Packet, quoted: Packet, message: Icmp, mtu: int | None, now_ns: int
    ) -> object:
        """Tell the socket that the quoted packet belongs to; gives it."""
        body, header, sender = quoted.transport, quoted.ip, packet.ip
        if header is None or sender is None:
            return None
        errno_name, hard = meaning(message)
        if isinstance(body, Segment):
            if mtu is not None:
                return self._tcp.path_mtu(quoted, body, mtu)
            return self._tcp.icmp_error(quoted, body, errno_name, now_ns)
        if isinstance(body, Datagram):
            target = (header.destination, body.destination_port)
            about = (target, sender.source, message.type, message.code, mtu)
            report = IcmpReport(errno_name, hard, *about, body.payload)
            return self._udp.icmp_error((header.source, body.source_port), report)
        if isinstance(body, Icmpv4 | Icmpv6):
            socket = self._pong(packet, message, body)
            if socket is not None:
                asked = encode_transport(header, body)
                about = ((header.destination, 0), sender.source, message.type, message.code, mtu)
                report = IcmpReport(errno_name, hard, *about, asked)
                socket.errors.note(report, connected=socket.remote is not None)
            return socket
        return None

    def _learn_mtu(self, quoted: Packet, message: Icmp, now_ns: int) -> int | None:
        """The path's MTU, if that is what the error is about; remembered for a while."""
        header = quoted.ip
        if header is None:
            return None
        if isinstance(message, Icmpv4):
            if (message.type, message.code) != (icmpv4.UNREACHABLE, icmpv4.FRAGMENTATION_NEEDED):
                return None
            told = message.mtu or next((p for p in PLATEAUS if p < quoted.size), MIN_MTU_V4)
            mtu = max(told, MIN_MTU_V4)
        elif message.type == icmpv6.PACKET_TOO_BIG:
            mtu = max(message.argument, MIN_MTU_V6)
        else:
            return None
        known = self._transmitter.path_mtus.get(header.destination)
        if known is None or mtu < known[0] or now_ns >= known[1]:
            until = now_ns + self._settings.path_mtu_ns
            self._transmitter.path_mtus[header.destination] = (mtu, until)
        return mtu


def _echo_types(message: Icmp) -> tuple[int, int]:
    if isinstance(message, Icmpv4):
        return icmpv4.ECHO, icmpv4.ECHO_REPLY
    return icmpv6.ECHO, icmpv6.ECHO_REPLY
