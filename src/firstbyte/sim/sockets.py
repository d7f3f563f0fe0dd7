"""``socket.socket`` while a world runs: the kernel's non-blocking socket calls over a host's stack.

A call that would block raises ``BlockingIOError`` on a non-blocking socket, as everywhere; on a
blocking one it raises ``BlockingCall``, because waiting would stop the clock that it waits for.
"""

import errno
import io
import selectors
import socket
import struct
import warnings
from typing import TYPE_CHECKING, Any, NoReturn, Self

from firstbyte.sim.addresses import parse, render
from firstbyte.sim.current import current_host
from firstbyte.sim.descriptors import DESCRIPTORS
from firstbyte.sim.endpoints import Endpoint, make_endpoint
from firstbyte.sim.endpoints.base import Data
from firstbyte.sim.errors import BlockingCall, os_error, would_block
from firstbyte.sim.options import SocketOptions

if TYPE_CHECKING:
    from firstbyte.sim.selector import SimSelector

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
TYPE_MASK = 0xF


def open_socket(fd: int) -> "SimSocket":
    """The simulated socket with descriptor ``fd``.

    Raises ``ValueError`` for the descriptor of anything else: it is not part of the world.
    """
    found = DESCRIPTORS.owner(fd)
    if found is None:
        raise ValueError(f"descriptor {fd} is no socket of the private internet")
    return found


class SimSocket:
    """A socket of the host on which it was made."""

    def __init__(
        self,
        family: int = -1,
        type: int = -1,  # noqa: A002 - the real class's names
        proto: int = -1,
        fileno: int | None = None,
        *,
        endpoint: Endpoint | None = None,
    ) -> None:
        self.descriptor = -1
        if fileno is not None:
            raise OSError(errno.ENOTSOCK, "a descriptor from outside of the private internet")
        self.family = socket.AddressFamily(socket.AF_INET if family == -1 else family)
        self.type = socket.SocketKind((socket.SOCK_STREAM if type == -1 else type) & TYPE_MASK)
        self.proto = 0 if proto == -1 else proto
        self._timeout = socket.getdefaulttimeout()
        if type != -1 and type & socket.SOCK_NONBLOCK:
            self._timeout = 0.0
        self.options = SocketOptions(
            stream=self.type == socket.SOCK_STREAM,
            ipv6=self.family == socket.AF_INET6,
            unix=self.family == socket.AF_UNIX,
        )
        self._endpoint = endpoint or make_endpoint(
            current_host(), self.family, self.type, self.proto
        )
        self._endpoint.attach(self)
        self.watcher: SimSelector | None = None
        self._ended = False
        self.descriptor = DESCRIPTORS.open(self)

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self.descriptor == -1:
            return
        if self._endpoint.kernel.powered:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self.descriptor == -1 else f"fd={self.descriptor}"
        return f"<SimSocket {state}, {self.family.name}, {self.type.name}, {self._endpoint!r}>"

    def __getstate__(self) -> NoReturn:
        raise TypeError("cannot pickle 'socket' object")

    def close(self) -> None:
        """Give the socket back to its host, which ends the connection as its state demands."""
        if self.descriptor == -1:
            return
        fd, self.descriptor = self.descriptor, -1
        DESCRIPTORS.close(fd)
        self._endpoint.close()

    def forget(self) -> None:
        """The world is gone: give the descriptor back, and nothing else."""
        if self.descriptor != -1:
            DESCRIPTORS.close(self.descriptor)
            self.descriptor = -1

    def detach(self) -> NoReturn:
        """Refused: a bare descriptor means nothing in the world."""
        raise BlockingCall("a simulated socket cannot be detached from its object")

    def dup(self) -> "SimSocket":
        """Refused: one descriptor, one socket."""
        raise os_error(errno.EMFILE)

    def fileno(self) -> int:
        """The descriptor; -1 once closed."""
        return self.descriptor

    def get_inheritable(self) -> bool:
        """No: there are no child processes."""
        return False

    def set_inheritable(self, inheritable: bool) -> None:
        """Accepted and without effect."""

    # --- blocking mode --------------------------------------------------------------------------

    @property
    def timeout(self) -> float | None:
        """As ``gettimeout``."""
        return self._timeout

    def setblocking(self, flag: bool) -> None:
        """Blocking or not; asyncio's sockets are not."""
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether a call may block (it will be refused then)."""
        return self._timeout != 0.0

    def settimeout(self, value: float | None) -> None:
        """Zero: non-blocking. Anything else: blocking, as in the real class."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._timeout = value

    def gettimeout(self) -> float | None:
        """As set."""
        return self._timeout

    def _would_block(self, call: str) -> Exception:
        if self._timeout == 0.0:
            return would_block()
        return BlockingCall(f"a blocking {call}() would stop the world; use the event loop's calls")

    def _open(self) -> Endpoint:
        if self.descriptor == -1:
            raise os_error(errno.EBADF)
        return self._endpoint

    # --- names ----------------------------------------------------------------------------------

    def bind(self, address: Any) -> None:
        """Take a local address; EADDRINUSE, EADDRNOTAVAIL, EINVAL as on Linux."""
        self._open().bind(parse(self.family, address))

    def getsockname(self) -> Any:
        """The local address."""
        return render(self.family, self._open().local)

    def getpeername(self) -> Any:
        """The peer's address; ENOTCONN without one."""
        remote = self._open().peer
        if remote is None:
            raise os_error(errno.ENOTCONN)
        return render(self.family, remote)

    # --- connections ----------------------------------------------------------------------------

    def listen(self, backlog: int = 128, /) -> None:
        """Accept connections; the accept queue holds ``backlog`` and one."""
        self._open().listen(max(0, backlog))

    def accept(self) -> tuple["SimSocket", Any]:
        """The oldest connection of the accept queue and its peer's address."""
        child = self._open().accept()
        if child is None:
            raise self._would_block("accept")
        sock = type(self)(self.family, self.type, self.proto, endpoint=child)
        sock.options.inherit(self.options)
        remote = child.remote
        return sock, render(self.family, remote if remote is not None else ("0.0.0.0", 0))

    def connect(self, address: Any) -> None:
        """Begin to connect; non-blocking, so a stream raises ``BlockingIOError`` (EINPROGRESS)."""
        code = self.connect_ex(address)
        if code == errno.EINPROGRESS and self._timeout != 0.0:
            raise self._would_block("connect")
        if code:
            raise os_error(code)

    def connect_ex(self, address: Any) -> int:
        """As ``connect``, but the error is returned: EINPROGRESS, EALREADY, EISCONN."""
        endpoint = self._open()
        if isinstance(address, tuple) and len(address) == 0:
            return errno.EINVAL
        return endpoint.connect(parse(self.family, address))

    def shutdown(self, how: int, /) -> None:
        """End one direction or both; ENOTCONN without a peer."""
        self._open().shutdown(
            reading=how in {socket.SHUT_RD, socket.SHUT_RDWR},
            writing=how in {socket.SHUT_WR, socket.SHUT_RDWR},
        )

    # --- data -----------------------------------------------------------------------------------

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Up to ``bufsize`` bytes; ``b""`` at the end."""
        return self.recvfrom(bufsize, flags)[0]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Fill ``buffer``; how many bytes came."""
        view = memoryview(buffer).cast("B")
        data = self.recv(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data)

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Data and the sender's address (None on a stream)."""
        found = self._open().receive(bufsize, peek=bool(flags & socket.MSG_PEEK))
        if found is None:
            raise self._would_block("recv")
        data, sender = found
        return data, None if sender is None else render(self.family, sender)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """As ``recvfrom``, into ``buffer``."""
        view = memoryview(buffer).cast("B")
        data, sender = self.recvfrom(nbytes or len(view), flags)
        view[: len(data)] = data
        return len(data), sender

    def recvmsg(
        self,
        bufsize: int,
        ancbufsize: int = 0,  # noqa: ARG002 - nothing to put there
        flags: int = 0,
        /,
    ) -> tuple[bytes, list[Any], int, Any]:
        """As ``recvfrom``; there is never ancillary data."""
        data, sender = self.recvfrom(bufsize, flags)
        return data, [], 0, sender

    def send(self, data: Any, flags: int = 0, /) -> int:  # noqa: ARG002 - MSG_NOSIGNAL and MORE
        """Hand over as much as fits; how many bytes that was."""
        count = self._open().send(_as_buffer(data), None)
        if count is None:
            raise self._would_block("send")
        return count

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Hand over everything; on a non-blocking socket what does not fit is an error."""
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view, flags) :]

    def sendto(self, data: Any, *where: Any) -> int:
        """``sendto(data, address)`` or ``sendto(data, flags, address)``."""
        address = where[-1] if where else None
        target = None if address is None else parse(self.family, address)
        count = self._open().send(_as_buffer(data), target)
        if count is None:
            raise self._would_block("sendto")
        return count

    def sendmsg(
        self,
        buffers: Any,
        ancdata: Any = (),  # noqa: ARG002 - Linux ignores what it does not know; so do we
        flags: int = 0,
        address: Any = None,
    ) -> int:
        """Gather ``buffers`` into one call."""
        data = b"".join(bytes(buffer) for buffer in buffers)
        return self.send(data, flags) if address is None else self.sendto(data, flags, address)

    def makefile(self, *_: Any, **__: Any) -> io.IOBase:
        """Refused: files block."""
        raise BlockingCall("a file over a socket blocks; use asyncio's streams")

    # --- options --------------------------------------------------------------------------------

    def setsockopt(
        self, level: int, optname: int, value: Any, optlen: int | None = None, /
    ) -> None:
        """Set an option; those of TCP act on the connection at once."""
        self._open()
        if value is None:
            value = bytes(optlen or 0)
        self.options.set(level, optname, value if isinstance(value, int) else bytes(value))

    def getsockopt(self, level: int, optname: int, buflen: int = 0, /) -> Any:
        """An option's value: an integer, or with ``buflen`` its bytes."""
        endpoint = self._open()
        packed = self._structure(endpoint, level, optname)
        if packed is not None:
            return packed[:buflen] if buflen else int.from_bytes(packed[:4], "little")
        value = self._number(endpoint, level, optname)
        return value.to_bytes(4, "little", signed=True)[:buflen] if buflen else value

    def _structure(self, endpoint: Endpoint, level: int, name: int) -> bytes | None:
        if level == socket.SOL_SOCKET and name == socket.SO_LINGER:
            return self.options.linger_bytes()
        if level == socket.IPPROTO_TCP and name == socket.TCP_INFO:
            return endpoint.tcp_info()
        if level == socket.IPPROTO_TCP and name == socket.TCP_CONGESTION:
            return self.options.congestion.ljust(16, b"\0")
        if level == socket.SOL_SOCKET and name == socket.SO_PEERCRED:
            return struct.pack("3i", *endpoint.credentials())
        if level == socket.SOL_SOCKET and name == socket.SO_BINDTODEVICE:
            return self.options.device.encode()
        return None

    def _number(self, endpoint: Endpoint, level: int, name: int) -> int:
        if level == socket.SOL_SOCKET:
            if name == socket.SO_ERROR:
                return endpoint.take_error()
            own = {
                socket.SO_TYPE: int(self.type),
                socket.SO_DOMAIN: int(self.family),
                socket.SO_PROTOCOL: self.proto or endpoint.protocol,
                socket.SO_ACCEPTCONN: int(endpoint.listening),
            }
            if name in own:
                return own[name]
        if (level, name) == (socket.IPPROTO_TCP, socket.TCP_MAXSEG):
            return endpoint.segment_bytes() or self.options.get(level, name)
        return self.options.get(level, name)

    def ioctl(self, *_: Any) -> NoReturn:
        """Not on Linux's socket objects either."""
        raise os_error(errno.ENOTTY)

    # --- readiness ------------------------------------------------------------------------------

    def readiness(self) -> int:
        """EVENT_READ and EVENT_WRITE, as epoll would report them."""
        return self._endpoint.readiness()

    def refresh(self) -> None:
        """Something may have changed: called by the endpoint."""
        if self.descriptor == -1:
            return
        if not self._ended and self._endpoint.ended:
            self._ended = True
            DESCRIPTORS.signal_end(self.descriptor)
        if self.watcher is not None:
            self.watcher.refresh(self)


def _as_buffer(data: Any) -> Data:
    """Without copying: what does not fit now will be offered again."""
    return data if type(data) in {bytes, bytearray} else memoryview(data).cast("B")
