"""TCP sockets of a host: connections and listeners. They are handles: the layer does the work."""

from collections import deque
from typing import TYPE_CHECKING

from msgspec.structs import replace

from firstbyte.events.tcp import TcpInfo
from firstbyte.protocols.ip.packet import Header
from firstbyte.protocols.ip.ports import Binding
from firstbyte.protocols.ip.transmit import Path
from firstbyte.protocols.socket_error import SocketError
from firstbyte.protocols.tcp.config import TcpConfig
from firstbyte.protocols.tcp.connection import Connection
from firstbyte.protocols.tcp.states import State
from firstbyte.protocols.tcp.timers import NEVER

if TYPE_CHECKING:
    from firstbyte.protocols.ip.tcp_layer import TcpLayer

Endpoint = tuple[str, int]


class TcpSocket:
    """One end of a connection. All times are the host's nanoseconds; poll the host afterwards.

    ``local`` and ``remote`` are (address, port). ``label`` is the user's, for events.
    """

    __slots__ = (
        "_layer",
        "binding",
        "connection",
        "dirty",
        "header",
        "label",
        "listener",
        "local",
        "path",
        "pending",
        "remote",
        "scheduled_ns",
    )

    def __init__(
        self, layer: "TcpLayer", connection: Connection, local: Endpoint, remote: Endpoint
    ) -> None:
        self._layer = layer
        self.connection = connection
        self.local = local
        self.remote = remote
        self.listener: TcpListener | None = None
        """The listener whose SYN or accept queue it is in."""
        self.binding: Binding | None = None
        self.header: Header | None = None
        self.path: Path | None = None
        self.label: str | None = None
        self.pending = 0
        self.dirty = False
        self.scheduled_ns = NEVER

    def set_hops(self, hops: int) -> None:
        """The TTL, or hop limit, of what is sent from now on."""
        if self.header is not None:
            self.header = replace(self.header, ttl=hops)

    @property
    def state(self) -> State:
        """The connection's state."""
        return self.connection.state

    @property
    def error(self) -> str | None:
        """Why the connection failed, as an errno name; null while it has not."""
        return self.connection.error

    @property
    def at_eof(self) -> bool:
        """The peer closed its half, and everything was read."""
        return self.connection.at_eof

    @property
    def readable_bytes(self) -> int:
        """How much :meth:`read` would give."""
        return self.connection.readable_bytes

    @property
    def writable_bytes(self) -> int:
        """How much :meth:`write` would take."""
        return self.connection.writable_bytes

    @property
    def unsent_bytes(self) -> int:
        """Written and not yet acknowledged by the peer."""
        return len(self.connection.sender.buffer)

    def write(self, data: bytes | bytearray | memoryview) -> int:
        """Queue data; gives how much was taken. Raises :class:`SocketError`."""
        taken = self.connection.write(data)
        self._layer.touch(self)
        return taken

    def read(self, count: int = 1 << 30) -> bytes:
        """Up to ``count`` bytes; empty means none yet, or the end if :attr:`at_eof`.

        Raises :class:`SocketError` once the connection has failed and its data was read.
        """
        connection = self.connection
        data = connection.read(count)
        if connection.acks.due:
            self._layer.touch(self)
        if not data and connection.error is not None and not connection.at_eof:
            raise SocketError(connection.error, "the connection failed")
        return data

    def shutdown(self, now_ns: int) -> None:
        """Close the sending half."""
        self.connection.shutdown(now_ns)
        self._layer.touch(self)

    def close(self, now_ns: int) -> None:
        """Close; what was written is still delivered. The socket must not be used any more."""
        self.connection.close(now_ns)
        self._layer.touch(self)

    def abort(self, now_ns: int) -> None:
        """End the connection at once with RST."""
        self.connection.abort(now_ns)
        self._layer.touch(self)

    def configure(self, config: TcpConfig, now_ns: int) -> None:
        """Change options; start from ``socket.connection.config``."""
        self.connection.configure(config, now_ns)
        self._layer.touch(self)

    def info(self) -> TcpInfo:
        """As TCP_INFO tells it."""
        return self.connection.info()


class TcpListener:
    """A listening socket: its SYN queue (a count) and its accept queue."""

    __slots__ = (
        "_layer",
        "backlog",
        "binding",
        "closed",
        "config",
        "dual",
        "half_open",
        "label",
        "local",
        "overflows",
        "pending",
        "queue",
    )

    def __init__(self, layer: "TcpLayer", local: Endpoint, backlog: int, config: TcpConfig) -> None:
        self._layer = layer
        self.local = local
        self.backlog = backlog
        self.config = config
        self.dual = False
        """Bound to ``::``, it also takes IPv4 connections."""
        self.queue: deque[TcpSocket] = deque()
        self.half_open = 0
        self.overflows = 0
        """SYNs and last ACKs dropped because a queue was full [ListenOverflows]."""
        self.binding: Binding | None = None
        self.label: str | None = None
        self.pending = 0
        self.closed = False

    @property
    def is_full(self) -> bool:
        """The accept queue takes no more: as in Linux, one more than the backlog fits."""
        return len(self.queue) > self.backlog

    def accept(self) -> TcpSocket | None:
        """The connection that waits longest; ``None`` when none does."""
        if not self.queue:
            return None
        socket = self.queue.popleft()
        socket.listener = None
        return socket

    def close(self, now_ns: int) -> None:
        """Stop listening; connections that were not accepted are reset."""
        self._layer.close_listener(self, now_ns)
