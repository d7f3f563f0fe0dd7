"""TCP behind a socket: Linux's non-blocking behaviour over a pure connection machine."""

import errno
import selectors
import socket
from typing import TYPE_CHECKING

from msgspec.structs import replace

from firstbyte.events.tcp import TcpInfo
from firstbyte.net.tcp_info import pack_tcp_info
from firstbyte.protocols.ip.ports import Binding
from firstbyte.protocols.ip.tcp_sockets import TcpListener, TcpSocket
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.connection import Connection
from firstbyte.protocols.tcp.states import State
from firstbyte.sim.addresses import ANY4, ANY6
from firstbyte.sim.endpoints.base import Address, Data, Endpoint
from firstbyte.sim.endpoints.icmp_options import hops
from firstbyte.sim.endpoints.tcp_options import tcp_config
from firstbyte.sim.errors import os_error
from firstbyte.sim.options import SOL

if TYPE_CHECKING:
    from firstbyte.sim.hosts import Host

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE

OPENING = frozenset({State.SYN_SENT, State.SYN_RECEIVED})
GONE = frozenset({State.CLOSED, State.TIME_WAIT})
"""What Linux calls closed for the program; TIME-WAIT goes on without the socket."""

LOOPBACK = {ANY4: "127.0.0.1", ANY6: "::1"}


class StreamEndpoint(Endpoint):
    """A TCP socket: fresh, bound, listening, or with a connection."""

    protocol = socket.IPPROTO_TCP
    is_stream = True

    def __init__(self, host: "Host", family: int) -> None:
        super().__init__(host, family)
        self.connection: Connection | None = None
        self._socket: TcpSocket | None = None
        self._listener: TcpListener | None = None
        self._binding: Binding | None = None
        self._error_seen = False
        self._read_shut = False
        self._connecting = False

    # --- names ----------------------------------------------------------------------------------

    def bind(self, address: Address) -> None:
        """Take a port; EADDRINUSE unless REUSEADDR or REUSEPORT allow to share it."""
        self.check_power()
        if self.local[1]:
            raise os_error(errno.EINVAL)
        self.require_bindable(address)
        if address[0] not in LOOPBACK and not self.kernel.owns(address[0]):
            raise os_error(errno.EADDRNOTAVAIL)
        ports = self.kernel.stack.tcp.ports
        port = address[1] or next(
            (port for port in ports.candidates(address[0], ("", 0)) if not ports.is_bound(port)), 0
        )
        if not port:
            raise os_error(errno.EADDRINUSE)
        self._binding = self._claim((address[0], port))
        self.local = (address[0], port)

    def _claim(self, local: Address) -> Binding:
        binding = Binding(
            *local,
            reuse_address=self.flag(SOL, socket.SO_REUSEADDR),
            reuse_port=self.flag(SOL, socket.SO_REUSEPORT),
            dual=self.is_dual_at(local),
        )
        with self.os_errors():
            self.kernel.stack.tcp.ports.bind(binding)
        return binding

    def _unclaim(self) -> None:
        if self._binding is not None:
            self.kernel.stack.tcp.ports.release(self._binding)
            self._binding = None

    def listen(self, backlog: int) -> None:
        """Accept connections; a port is chosen if there is none."""
        self.check_power()
        if self.connection is not None:
            raise os_error(errno.EINVAL)
        if self._listener is not None:
            self._listener.backlog = backlog
            return
        self._unclaim()
        with self.os_errors():
            self._listener = self.kernel.stack.tcp_listen(
                *self.local,
                backlog=backlog,
                config=tcp_config(self.options),
                reuse_address=self.flag(SOL, socket.SO_REUSEADDR),
                reuse_port=self.flag(SOL, socket.SO_REUSEPORT),
                dual=self.is_dual_at(self.local),
            )
        self.local = self._listener.local
        self.listening = True
        self.kernel.own(self._listener, self)

    def accept(self) -> "StreamEndpoint | None":
        """The oldest of the accept queue; EINVAL if the socket does not listen."""
        self.check_power()
        if self._listener is None:
            raise os_error(errno.EINVAL)
        taken = self._listener.accept()
        if taken is None:
            return None
        child = StreamEndpoint(self.host, self.family)
        child.adopt(taken)
        return child

    def adopt(self, taken: TcpSocket) -> None:
        """Become the socket of a connection."""
        self._socket = taken
        self.connection = taken.connection
        self.local, self.remote = taken.local, taken.remote
        self.kernel.own(taken, self)

    # --- connecting -----------------------------------------------------------------------------

    def connect(self, address: Address) -> int:
        """Send a SYN; the answer comes later and is told by readiness and SO_ERROR."""
        self.check_power()
        if self.listening:
            return errno.EISCONN
        if self.connection is not None:
            return self._connect_again(self.connection)
        if not self.reachable(address):
            return errno.ENETUNREACH
        try:
            self._open(address)
        except OSError as error:
            return error.errno or errno.EINVAL
        self._connecting = True
        self.kernel.poll()
        return errno.EINPROGRESS

    def _open(self, address: Address) -> None:
        local = (ANY4 if self.local[0] == ANY6 else self.local[0], self.local[1])
        with self.os_errors():
            opened = self.kernel.stack.tcp_connect(
                address,
                self.kernel.now_ns,
                local=local if local[1] or local[0] != ANY4 else None,
                config=tcp_config(self.options),
                reuse_address=self.flag(SOL, socket.SO_REUSEADDR),
            )
        self._apply_hops(opened)
        self.adopt(opened)

    def _apply_hops(self, opened: TcpSocket) -> None:
        default = self.kernel.stack.settings.ttl
        opened.set_hops(hops(self.options, self.family, default) or default)

    def _connect_again(self, connection: Connection) -> int:
        if connection.state in OPENING:
            return errno.EALREADY
        if connection.state is State.CLOSED and self._connecting:
            return self._forget_attempt()
        if self._connecting:
            self._connecting = False
            return 0
        return errno.EISCONN

    def _forget_attempt(self) -> int:
        """A failed attempt: why, or ECONNABORTED when that was told; the next one starts anew."""
        code = self.take_error() or errno.ECONNABORTED
        if self._socket is not None:
            self.kernel.disown(self._socket)
        self.connection = self._socket = self.remote = None
        self._error_seen = self._connecting = False
        return code

    # --- data -----------------------------------------------------------------------------------

    def receive(self, limit: int, *, peek: bool) -> tuple[bytes, Address | None] | None:
        """What has arrived; ``b""`` at the end; the connection's error once."""
        taken = self._socket
        if taken is None or not self.kernel.powered:
            self.check_power()
            raise os_error(errno.ENOTCONN)
        connection = taken.connection
        buffer = connection.receiver.buffer
        if buffer:
            if peek:
                return bytes(buffer[:limit]), None
            data = taken.read(limit)
            if connection.acks.due:
                # Reading made room: the peer is to know.
                self.kernel.poll()
            return data, None
        self._raise_error()
        if self._read_shut or connection.at_eof or connection.state is State.CLOSED:
            return b"", None
        return None

    def send(self, data: Data, target: Address | None) -> int | None:  # noqa: ARG002 - Linux's way
        """Hand data to the connection, whatever address is given; None when its buffer is full."""
        self.check_power()
        opened = self._socket
        if opened is None:
            raise os_error(errno.EPIPE)
        self._raise_error()
        if opened.connection.state in OPENING:
            return None
        try:
            count = opened.write(data)
        except SocketError:
            # The error itself was told above, once; from then on it is EPIPE.
            raise os_error(errno.EPIPE) from None
        if count:
            self.kernel.poll()
        elif data:
            return None
        return count

    def shutdown(self, *, reading: bool, writing: bool) -> None:
        """FIN for writing; reading just stops."""
        opened = self._socket
        if self._listener is not None:
            self._shut_listener(reading=reading)
            return
        if opened is None or opened.state in GONE | OPENING:
            raise os_error(errno.ENOTCONN)
        if reading:
            self._read_shut = True
        if writing:
            opened.shutdown(self.kernel.now_ns)
            self.kernel.poll()
        self.refresh()

    def _shut_listener(self, *, reading: bool) -> None:
        """Linux stops listening when reading ends, and keeps the port."""
        if reading and self._listener is not None:
            self.kernel.disown(self._listener)
            self._listener.close(self.kernel.now_ns)
            self._listener = None
            self.listening = False
            self._binding = self._claim(self.local)
            self.kernel.poll()

    # --- errors and options ---------------------------------------------------------------------

    def _pending(self) -> int:
        connection = self.connection
        if connection is None or connection.error is None or self._error_seen:
            return 0
        return int(getattr(errno, connection.error))

    def take_error(self) -> int:
        """The connection's error, told once."""
        code = self._pending()
        if code:
            self._error_seen = True
        return code

    def _raise_error(self) -> None:
        code = self.take_error()
        if code:
            raise os_error(code)

    def option_changed(self, level: int, name: int) -> None:
        """Options of an open connection, or of a listener's next ones, act at once."""
        if (level, name) == (SOL, socket.SO_REUSEADDR):
            for binding in self._bindings():
                binding.reuse_address = self.flag(level, name)
        config = tcp_config(self.options)
        if self._listener is not None:
            self._listener.config = config
        if self._socket is not None and self.kernel.powered:
            connection = self._socket.connection
            kept = connection.config
            config = replace(
                config,
                mss_bytes=kept.mss_bytes,
                default_peer_mss_bytes=kept.default_peer_mss_bytes,
            )
            self._socket.configure(config, self.kernel.now_ns)
            if name in {socket.IP_TTL, socket.IPV6_UNICAST_HOPS}:
                self._apply_hops(self._socket)
            if (level, name) == (SOL, socket.SO_SNDBUF):
                connection.sender.capacity = config.send_buffer_bytes
            if (level, name) == (SOL, socket.SO_RCVBUF):
                # The window that was offered already cannot be taken back.
                receiver = connection.receiver
                receiver.limit_max = max(receiver.limit, config.receive_buffer_max_bytes)
            self.kernel.poll()

    def _bindings(self) -> list[Binding]:
        """The claims on the port: before, while listening, and of a connection."""
        held = [self._binding]
        if self._listener is not None:
            held.append(self._listener.binding)
        if self._socket is not None:
            held.append(self._socket.binding)
        return [binding for binding in held if binding is not None]

    def tcp_info(self) -> bytes:
        """The connection's state in Linux's struct."""
        if self._socket is None:
            state = "LISTEN" if self.listening else "CLOSED"
            return pack_tcp_info(TcpInfo(state=state))
        return pack_tcp_info(self._socket.info())

    def segment_bytes(self) -> int | None:
        """The payload that fits one segment."""
        return None if self.connection is None else self.connection.sender.mss

    # --- readiness and the end ------------------------------------------------------------------

    @property
    def peer(self) -> Address | None:
        """Nobody before the handshake is done, and nobody after the end."""
        connection = self.connection
        gone = connection is None or connection.state in GONE | OPENING
        return None if gone else self.remote

    @property
    def ended(self) -> bool:
        """The peer has closed, or the connection has failed."""
        connection = self.connection
        return connection is not None and (
            connection.state is State.CLOSED or connection.receiver.fin is not None
        )

    @property
    def reads_end(self) -> bool:
        """The peer has closed, or this end reads no more."""
        return self.ended or self._read_shut

    @property
    def hung_up(self) -> bool:
        """Not connected, or both directions have ended (Linux's tcp_poll)."""
        connection = self.connection
        if connection is None:
            return not self.listening
        both = self.ended and connection.sender.fin_queued
        return connection.state is State.CLOSED or both

    @property
    def failed(self) -> bool:
        """The connection's error was not told yet."""
        return bool(self._pending())

    def readiness(self) -> int:
        """As Linux's tcp_poll."""
        connection = self.connection
        if connection is not None and connection.state is State.ESTABLISHED and self.kernel.powered:
            # Asked for every segment: nothing but data can have come, and FIN has not been sent.
            ready = READ if connection.receiver.buffer or self._read_shut else 0
            return ready | WRITE if _has_room(connection) else ready
        return self._rare_readiness(connection)

    def _rare_readiness(self, connection: Connection | None) -> int:
        if not self.kernel.powered:
            return 0
        if self._listener is not None:
            return READ if self._listener.queue else 0
        if connection is None or connection.state is State.CLOSED:
            return READ | WRITE
        if connection.state in OPENING:
            return 0
        readable = connection.readable_bytes or connection.at_eof or self._read_shut
        writable = connection.sender.fin_queued or _has_room(connection)
        return (READ if readable else 0) | (WRITE if writable else 0)

    def close(self) -> None:
        """FIN, or RST if data is unread or SO_LINGER is zero; a listener resets its queue."""
        super().close()
        self._unclaim()
        if not self.kernel.powered:
            return
        for handle in (self._listener, self._socket):
            if handle is not None:
                self.kernel.disown(handle)
                handle.close(self.kernel.now_ns)
        self.kernel.poll()


def _has_room(connection: Connection) -> bool:
    """Linux wakes a writer when a third of the buffer is free (sk_stream_is_writeable)."""
    sender = connection.sender
    return 3 * (sender.capacity - len(sender.buffer)) >= connection.config.send_buffer_bytes
