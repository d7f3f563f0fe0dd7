"""TCP in a host: finds the connection of a segment, opens and listens, and runs the timers.

Timers are in one heap for all connections, with one entry for each: an entry may be too early
(the deadline moved on), never too late. So an idle connection costs nothing, and a busy one does
not touch the heap.
"""

import zlib
from heapq import heappop, heappush

from msgspec.structs import replace

from firstbyte.protocols.ip import addresses
from firstbyte.protocols.ip.host_event import HostEvent
from firstbyte.protocols.ip.notify import ACCEPTABLE, Notices
from firstbyte.protocols.ip.packet import TCP, Packet
from firstbyte.protocols.ip.ports import Binding, PortTable
from firstbyte.protocols.ip.settings import HostSettings
from firstbyte.protocols.ip.tcp_sockets import Endpoint, TcpListener, TcpSocket
from firstbyte.protocols.ip.transmit import Path, Transmitter
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.connection import CONNECTED, ENDED, Connection
from firstbyte.protocols.tcp.isn import initial_sequence, timestamp_offset
from firstbyte.protocols.tcp.output import make_reset
from firstbyte.protocols.tcp.segment import ACK, RST, SYN, Segment
from firstbyte.protocols.tcp.sequence import MASK, before, unwrap
from firstbyte.protocols.tcp.states import State
from firstbyte.protocols.tcp.timers import NEVER

Key = tuple[str, int, str, int]

V4_HEADERS, V6_HEADERS = 40, 60
V6_DEFAULT_MSS = 1220
MAX_PACKET = 0xFFFF
"""The total length that an IPv4 header can say; loopback's MTU is one more."""
TIME_WAIT_AGE_NS = 1_000_000_000


class TcpLayer:
    """All TCP sockets of a host."""

    def __init__(
        self, settings: HostSettings, secret: bytes, transmitter: Transmitter, notices: Notices
    ) -> None:
        self._settings = settings
        self._secret = secret
        self._transmitter = transmitter
        self._notices = notices
        self.ports = PortTable(*settings.ephemeral_ports, secret)
        self.connections: dict[Key, TcpSocket] = {}
        self.listeners: dict[Endpoint, list[TcpListener]] = {}
        self.events: list[HostEvent] = []
        self.tracing = False
        self._dirty: list[TcpSocket] = []
        self._heap: list[tuple[int, int, TcpSocket]] = []
        self._pushed = 0
        self.deadline = NEVER
        """When :meth:`poll` has something to do at the latest."""

    # The user's side.

    def listen(
        self,
        address: str,
        port: int,
        backlog: int,
        config: TcpConfig,
        *,
        reuse_address: bool,
        reuse_port: bool,
        dual: bool,
    ) -> TcpListener:
        """See :meth:`Host.tcp_listen`."""
        self._require_local(address)
        port = port or self._free_port(address)
        binding = Binding(
            address, port, reuse_address=reuse_address, reuse_port=reuse_port, dual=dual
        )
        self.ports.bind(binding)
        binding.listening = True
        backlog = min(max(backlog, 0), self._settings.max_backlog)
        listener = TcpListener(self, (address, port), backlog, config)
        listener.binding = binding
        listener.dual = dual
        self.listeners.setdefault((address, port), []).append(listener)
        return listener

    def connect(
        self,
        remote: Endpoint,
        local: Endpoint | None,
        config: TcpConfig,
        now_ns: int,
        *,
        reuse_address: bool = False,
    ) -> TcpSocket:
        """See :meth:`Host.tcp_connect`."""
        address = addresses.canonical(remote[0])
        remote = (_loopback_for_any(address), remote[1])
        path = self._transmitter.require_path(remote[0])
        source = path.source
        if local is not None and not addresses.is_unspecified(local[0]):
            self._require_local(local[0])
            source = local[0]
        port, iss = self._choose_port(source, local[1] if local else 0, remote, now_ns)
        connection = self._make((source, port), remote, iss, config, path, now_ns)
        socket = self._register(connection, (source, port), remote, path)
        self._claim(socket, reuse_address=reuse_address)
        connection.connect(now_ns)
        self.touch(socket)
        return socket

    def close_listener(self, listener: TcpListener, now_ns: int) -> None:
        """Stop listening, and reset what nobody will accept."""
        if listener.closed:
            return
        listener.closed = True
        same = self.listeners[listener.local]
        same.remove(listener)
        if not same:
            del self.listeners[listener.local]
        if listener.binding is not None:
            self.ports.release(listener.binding)
        waiting = [s for s in self.connections.values() if s.listener is listener]
        for socket in waiting:
            socket.listener = None
            socket.abort(now_ns)

    def touch(self, socket: TcpSocket) -> None:
        """The socket's connection is to be polled."""
        if not socket.dirty:
            socket.dirty = True
            self._dirty.append(socket)

    # The network's side.

    def receive(self, packet: Packet, segment: Segment, now_ns: int) -> None:
        """A segment for one of our addresses."""
        header = packet.ip
        if header is None:
            return
        key = (
            header.destination,
            segment.destination_port,
            header.source,
            segment.source_port,
        )
        socket = self.connections.get(key)
        if socket is None:
            if self._transmitter.is_group(key[0]):
                return
            self._unmatched(key, packet, segment, now_ns)
            return
        connection = socket.connection
        state = connection.state
        if state is State.SYN_RECEIVED and self._must_wait(socket, packet, segment, now_ns):
            return
        if state is State.TIME_WAIT and self._reopens(socket, packet, segment, now_ns):
            return
        connection.segment(segment, now_ns)
        if connection.changed and socket.listener is not None:
            # At once, so that the next ACK of this moment finds the accept queue as it is.
            self._announce(socket, connection.take_changed())
        self.touch(socket)

    def icmp_error(
        self, quoted: Packet, segment: Segment, errno_name: str, now_ns: int
    ) -> TcpSocket | None:
        """ICMP reports trouble with a segment of ours; gives the socket if it is believed."""
        socket = self._of_quoted(quoted, segment)
        if socket is not None:
            socket.connection.unreachable(errno_name, now_ns)
            self.touch(socket)
        return socket

    def path_mtu(self, quoted: Packet, segment: Segment, mtu: int) -> TcpSocket | None:
        """ICMP says that segments of this connection are too big."""
        socket = self._of_quoted(quoted, segment)
        if socket is not None:
            self._fit(socket, mtu)
        return socket

    def _fit(self, socket: TcpSocket, mtu: int) -> None:
        """Packets of the connection are to have at most ``mtu`` bytes from now on."""
        headers = V6_HEADERS if addresses.version(socket.remote[0]) == 6 else V4_HEADERS
        socket.connection.path_mss(mtu - headers)
        self.touch(socket)

    def _of_quoted(self, quoted: Packet, segment: Segment) -> TcpSocket | None:
        """The connection of a quoted segment; only if its number is in flight (RFC 5927, 4.1)."""
        header = quoted.ip
        if header is None:
            return None
        key = (
            header.source,
            segment.source_port,
            header.destination,
            segment.destination_port,
        )
        socket = self.connections.get(key)
        if socket is None:
            return None
        sender = socket.connection.sender
        number = unwrap(segment.seq, sender.una)
        return socket if sender.una <= number <= sender.nxt else None

    # Time.

    def poll(self, now_ns: int) -> None:
        """Fire timers, and let every connection with something to do send."""
        while self.deadline <= now_ns:
            at_ns, _, socket = heappop(self._heap)
            self.deadline = self._heap[0][0] if self._heap else NEVER
            if at_ns == socket.scheduled_ns:
                self._wake(socket, now_ns)
        while self._dirty:
            dirty, self._dirty = self._dirty, []
            for socket in dirty:
                socket.dirty = False
                self._flush(socket, now_ns)

    def _wake(self, socket: TcpSocket, now_ns: int) -> None:
        socket.scheduled_ns = NEVER
        deadline = socket.connection.timers.deadline
        if deadline <= now_ns:
            self.touch(socket)
        elif deadline != NEVER:
            self._schedule(socket, deadline)

    def _schedule(self, socket: TcpSocket, at_ns: int) -> None:
        socket.scheduled_ns = at_ns
        self._pushed += 1
        heappush(self._heap, (at_ns, self._pushed, socket))
        self.deadline = self._heap[0][0]

    def _flush(self, socket: TcpSocket, now_ns: int) -> None:
        connection = socket.connection
        polled = connection.poll(now_ns)
        segments, deadline = polled.segments, polled.deadline_ns
        if segments:
            self._send(socket, segments, now_ns)
        for told in polled.events:
            self.events.append(HostEvent(told.at_ns, socket, told.direction, told.what))
        changed = connection.changed
        if changed:
            connection.changed = 0
            self._announce(socket, changed)
        if deadline is not None and deadline < socket.scheduled_ns:
            self._schedule(socket, deadline)

    def _send(self, socket: TcpSocket, segments: list[Segment], now_ns: int) -> None:
        transmitter, path, header = self._transmitter, socket.path, socket.header
        if path is not None and path.generation != transmitter.routes.generation:
            path = self._reroute(socket, segments)
        if path is not None:
            for segment in segments:
                transmitter.send_fitting(path, Packet(header, segment), now_ns)

    def _reroute(self, socket: TcpSocket, segments: list[Segment]) -> Path | None:
        """The way to the peer, after routes or addresses have changed.

        Without one, or when our address is gone, what is sent is lost; the connection lives until
        its timers end it, as on Linux, and goes on if address and way come back.
        """
        transmitter = self._transmitter
        path, old = transmitter.path(socket.remote[0]), socket.path
        local = transmitter.is_local(socket.local[0])
        if path is None or not local:
            reason = "no_route" if local else "source_address_gone"
            for segment in segments:
                transmitter.drop(Packet(socket.header, segment), reason, "tcp")
            return None
        socket.path = path
        if old is not None and path.mtu < old.mtu:
            self._fit(socket, path.mtu)
        return path

    def _announce(self, socket: TcpSocket, changed: int) -> None:
        listener = socket.listener
        if changed & CONNECTED and listener is not None:
            listener.half_open -= 1
            listener.queue.append(socket)
            self._notices.add(listener, ACCEPTABLE)
            changed &= ~CONNECTED
        if changed & ENDED:
            self._forget(socket)
        if changed and (listener is None or socket in listener.queue):
            self._notices.add(socket, changed)

    def _forget(self, socket: TcpSocket) -> None:
        key = (*socket.local, *socket.remote)
        if self.connections.get(key) is socket:
            del self.connections[key]
        if socket.binding is not None:
            self.ports.release(socket.binding)
            socket.binding = None
        listener = socket.listener
        if listener is not None and socket not in listener.queue:
            listener.half_open -= 1
            socket.listener = None

    # Opening.

    def _make(
        self,
        local: Endpoint,
        remote: Endpoint,
        iss: int,
        config: TcpConfig,
        path: Path,
        now_ns: int,
    ) -> Connection:
        six = addresses.version(remote[0]) == 6
        mtu = min(self._transmitter.mtu_to(path, now_ns), MAX_PACKET)
        mss = mtu - (V6_HEADERS if six else V4_HEADERS)
        default = min(V6_DEFAULT_MSS, mss) if six else config.default_peer_mss_bytes
        if (mss, default) != (config.mss_bytes, config.default_peer_mss_bytes):
            config = replace(config, mss_bytes=mss, default_peer_mss_bytes=default)
        return Connection(
            local[1],
            remote[1],
            iss,
            config,
            ts_offset=timestamp_offset(self._secret, local, remote),
            tracing=self.tracing,
        )

    def _register(
        self, connection: Connection, local: Endpoint, remote: Endpoint, path: Path
    ) -> TcpSocket:
        socket = TcpSocket(self, connection, local, remote)
        socket.path = path
        socket.header = self._transmitter.header(path, TCP, source=local[0])
        self.connections[*local, *remote] = socket
        return socket

    def _claim(self, socket: TcpSocket, *, reuse_address: bool) -> None:
        """Keep the port until the end of TIME-WAIT: only who may share it gets it."""
        socket.binding = Binding(*socket.local, reuse_address=reuse_address)
        self.ports.add(socket.binding)

    def _choose_port(
        self, source: str, wanted: int, remote: Endpoint, now_ns: int
    ) -> tuple[int, int]:
        """A local port for a connection to ``remote``, and its initial sequence number."""
        if wanted:
            iss = self._number_for((source, wanted), remote, now_ns)
            if iss is None:
                raise SocketError("EADDRNOTAVAIL", f"port {wanted} has a connection to {remote}")
            return wanted, iss
        for port in self.ports.candidates(source, remote):
            if self._is_listening(source, port):
                continue
            iss = self._number_for((source, port), remote, now_ns)
            if iss is not None:
                return port, iss
        raise SocketError("EADDRNOTAVAIL", f"all ports to {remote[0]} port {remote[1]} are taken")

    def _number_for(self, local: Endpoint, remote: Endpoint, now_ns: int) -> int | None:
        """The initial number for these endpoints; ``None`` when they are taken."""
        old = self.connections.get((*local, *remote))
        if old is None:
            return initial_sequence(self._secret, local, remote, now_ns)
        connection = old.connection
        fresh = now_ns - connection.ts_recent_ns <= TIME_WAIT_AGE_NS
        usable = connection.state is State.TIME_WAIT and connection.timestamps_ok and not fresh
        if not (self._settings.reuse_time_wait and usable):
            return None
        self._forget(old)
        connection.timers.clear()
        return _number_after(connection)

    def _is_listening(self, address: str, port: int) -> bool:
        unspecified = addresses.ANY_V6 if addresses.version(address) == 6 else addresses.ANY_V4
        return (address, port) in self.listeners or (unspecified, port) in self.listeners

    def _free_port(self, address: str) -> int:
        for port in self.ports.candidates(address, ("", 0)):
            if not self.ports.is_bound(port):
                return port
        raise SocketError("EADDRINUSE", "all ports are taken")

    def _require_local(self, address: str) -> None:
        if not addresses.is_unspecified(address) and not self._transmitter.is_local(address):
            raise SocketError("EADDRNOTAVAIL", f"{address} is not an address of this host")

    # Segments without a connection.

    def _unmatched(self, key: Key, packet: Packet, segment: Segment, now_ns: int) -> None:
        listener = self._listener_for(key)
        flags = segment.flags
        if listener is not None and flags & (SYN | ACK | RST) == SYN:
            self._new_connection(listener, key, packet, segment, now_ns, None)
        elif not flags & RST:
            self._refuse(key, segment, now_ns)

    def _listener_for(self, key: Key) -> TcpListener | None:
        address, port = key[0], key[1]
        four = addresses.version(address) == 4
        found = self.listeners.get((address, port)) or self.listeners.get(
            (addresses.ANY_V4 if four else addresses.ANY_V6, port)
        )
        if not found and four:
            found = [s for s in self.listeners.get((addresses.ANY_V6, port), []) if s.dual]
        if not found:
            return None
        if len(found) == 1:
            return found[0]
        return found[zlib.crc32(f"{key}".encode()) % len(found)]

    def _new_connection(
        self,
        listener: TcpListener,
        key: Key,
        packet: Packet,
        segment: Segment,
        now_ns: int,
        iss: int | None,
    ) -> None:
        """A SYN for a listener. Full queues drop it, as in Linux: the client will ask again."""
        limit = min(max(listener.backlog, 1), self._settings.max_syn_backlog)
        if listener.is_full or listener.half_open >= limit:
            listener.overflows += 1
            reason = "accept_queue_full" if listener.is_full else "syn_queue_full"
            self._transmitter.drop(packet, reason, "listener")
            return
        local, remote = (key[0], key[1]), (key[2], key[3])
        path = self._transmitter.path(remote[0])
        if path is None:
            return
        if iss is None:
            iss = initial_sequence(self._secret, local, remote, now_ns)
        connection = self._make(local, remote, iss, listener.config, path, now_ns)
        socket = self._register(connection, local, remote, path)
        parent = listener.binding
        self._claim(socket, reuse_address=parent is not None and parent.reuse_address)
        socket.listener = listener
        listener.half_open += 1
        connection.listen(now_ns)
        connection.segment(segment, now_ns)
        self.touch(socket)

    def _must_wait(self, socket: TcpSocket, packet: Packet, segment: Segment, now_ns: int) -> bool:
        """The handshake's last ACK finds the accept queue full: drop it, or reset if so set."""
        listener = socket.listener
        if listener is None or not listener.is_full or segment.flags & (ACK | RST | SYN) != ACK:
            return False
        listener.overflows += 1
        self._transmitter.drop(packet, "accept_queue_full", "listener")
        if self._settings.abort_on_overflow:
            socket.abort(now_ns)
        return True

    def _reopens(self, socket: TcpSocket, packet: Packet, segment: Segment, now_ns: int) -> bool:
        """A new SYN may end TIME-WAIT early if it is surely new (RFC 9293, 3.10.7.4; RFC 6191)."""
        if segment.flags & (SYN | ACK | RST) != SYN:
            return False
        connection = socket.connection
        stamp = segment.options.timestamp
        newer = connection.timestamps_ok and stamp and before(connection.ts_recent, stamp[0])
        if not newer and not before(connection.receiver.nxt & MASK, segment.seq):
            return False
        key = (*socket.local, *socket.remote)
        listener = self._listener_for(key)
        if listener is None:
            return False
        self._forget(socket)
        connection.timers.clear()
        iss = _number_after(connection)
        self._new_connection(listener, key, packet, segment, now_ns, iss)
        return True

    def _refuse(self, key: Key, segment: Segment, now_ns: int) -> None:
        path = self._transmitter.path(key[2])
        if path is not None:
            header = self._transmitter.header(path, TCP, source=key[0])
            self._transmitter.send_fitting(path, Packet(header, make_reset(segment)), now_ns)


def _number_after(old: Connection) -> int:
    """Above everything that the old connection sent, as in Linux."""
    return (old.sender.nxt + 65_537) & MASK


def _loopback_for_any(address: str) -> str:
    """Connecting to 0.0.0.0 or :: means this host, as in Linux."""
    return {addresses.ANY_V4: "127.0.0.1", addresses.ANY_V6: "::1"}.get(address, address)
