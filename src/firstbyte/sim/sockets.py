"""``socket.socket`` while a world runs: the kernel's socket calls over a host's stack.

A call that would block raises ``BlockingIOError`` on a non-blocking socket, as everywhere; on a
blocking one the whole host stands still until it can return, as a blocked process does.
"""

import errno
import selectors
import socket
import struct
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar

from firstbyte.sim import names
from firstbyte.sim.addresses import parse, render
from firstbyte.sim.current import current_host
from firstbyte.sim.descriptors import DESCRIPTORS
from firstbyte.sim.endpoints import Endpoint, make_endpoint
from firstbyte.sim.endpoints.base import Address, Data
from firstbyte.sim.endpoints.icmp_options import ancillary
from firstbyte.sim.errors import SimulationError, os_error, would_block
from firstbyte.sim.options import IP, IP6, IP_MTU, IPV6_MTU, SocketOptions
from firstbyte.sim.standstill import stand_still

if TYPE_CHECKING:
    from firstbyte.sim.selector import SimSelector

READ, WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE
TYPE_MASK = 0xF

# As plain integers: asking for a flag of the enum costs as much as all the rest of a recv.
MSG_PEEK, MSG_OOB, MSG_DONTWAIT = (
    int(flag) for flag in (socket.MSG_PEEK, socket.MSG_OOB, socket.MSG_DONTWAIT)
)

T = TypeVar("T")

_REAL_SOCKET = socket.socket


def open_socket(fd: int) -> "SimSocket":
    """The simulated socket with descriptor ``fd``.

    Raises ``ValueError`` for the descriptor of anything else: it is not part of the world.
    """
    found = DESCRIPTORS.owner(fd)
    if found is None:
        raise ValueError(
            f"descriptor {fd} is no socket of the private internet: it belongs to the machine "
            "(make sockets in the programs themselves, while the world runs)"
        )
    return found


def _detached_socket(fd: int) -> "SimSocket":
    found = DESCRIPTORS.owner(fd)
    if found is None or not found.is_detached:
        raise OSError(errno.ENOTSOCK, "a descriptor from outside of the private internet")
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
        given = None if fileno is None else _detached_socket(fileno)
        kind = socket.SOCK_STREAM if type == -1 else type
        if given is not None:
            family, kind, proto = given.family, given.type, given.proto
            endpoint = given.endpoint
        family = socket.AF_INET if family == -1 else family
        self._proto = 0 if proto == -1 else proto
        self.endpoint: Endpoint = endpoint or make_endpoint(
            current_host(), family, kind & TYPE_MASK, self._proto
        )
        self._family = socket.AddressFamily(family)
        self._type = socket.SocketKind(kind & TYPE_MASK)
        self._timeout = socket.getdefaulttimeout()
        if type != -1 and type & socket.SOCK_NONBLOCK:
            self._timeout = 0.0
        self.watcher: SimSelector | None = None
        self.is_detached = False
        self._ended = False
        self._io_refs = 0
        self._closed = False
        if given is not None:
            self._take_over(given)
        else:
            self.endpoint.attach(self)
            self.descriptor = DESCRIPTORS.open(self)

    def _take_over(self, other: "SimSocket") -> None:
        self.endpoint.hand_over(other, self)
        self.descriptor, other.descriptor = other.descriptor, -1
        DESCRIPTORS.own(self.descriptor, self)

    @property
    def options(self) -> SocketOptions:
        """The options of the open socket, shared by its duplicates."""
        return self.endpoint.options

    @property
    def family(self) -> socket.AddressFamily:
        """AF_INET, AF_INET6 or AF_UNIX."""
        return self._family

    @property
    def type(self) -> socket.SocketKind:
        """SOCK_STREAM or SOCK_DGRAM."""
        return self._type

    @property
    def proto(self) -> int:
        """As given when the socket was made."""
        return self._proto

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if self.descriptor == -1:
            return
        if self.endpoint.kernel.powered:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        self.shut()

    def __repr__(self) -> str:
        state = "closed" if self.descriptor == -1 else f"fd={self.descriptor}"
        return f"<SimSocket {state}, {self.family.name}, {self.type.name}, {self.endpoint!r}>"

    def __getstate__(self) -> NoReturn:
        raise TypeError("cannot pickle 'socket' object")

    def close(self) -> None:
        """Give the socket back to its host, which ends the connection as its state demands.

        Files that ``makefile`` made keep it open until they are closed.
        """
        self._closed = True
        if self._io_refs <= 0:
            self.shut()

    def _decref_socketios(self) -> None:
        self._io_refs = max(0, self._io_refs - 1)
        if self._closed:
            self.close()

    def shut(self) -> None:
        """Close for good, whatever files there are."""
        if self.descriptor == -1:
            return
        fd, self.descriptor = self.descriptor, -1
        DESCRIPTORS.close(fd)
        self.endpoint.release(self)

    def forget(self) -> None:
        """The world is gone: give the descriptor back, and nothing else."""
        if self.descriptor != -1:
            DESCRIPTORS.close(self.descriptor)
            self.descriptor = -1

    def detach(self) -> int:
        """Give up the descriptor; ``socket.socket(fileno=…)`` takes it over."""
        fd = self.descriptor
        if fd != -1:
            self.is_detached = True
            SimSocket(fileno=fd).is_detached = True
        self._closed = True
        return fd

    def dup(self) -> "SimSocket":
        """Another socket object with a descriptor of its own for the same open socket."""
        endpoint = self._open()
        twin = type(self)(self.family, self.type, self.proto, endpoint=endpoint)
        twin.settimeout(self.gettimeout())
        return twin

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
        self._open()
        self._timeout = None if flag else 0.0

    def getblocking(self) -> bool:
        """Whether a call may block."""
        return self._timeout != 0.0

    def settimeout(self, value: float | None) -> None:
        """Zero: non-blocking. Anything else: blocking, as in the real class."""
        if value is not None and value < 0:
            raise ValueError("Timeout value out of range")
        self._open()
        self._timeout = None if value is None else float(value)

    def gettimeout(self) -> float | None:
        """As set."""
        return self._timeout

    def _until(self, call: str, attempt: Callable[[], T | None], flags: int = 0) -> T:
        """What ``attempt`` gives when it is no longer None: block as the socket's mode says."""
        if self._timeout == 0.0 or flags & MSG_DONTWAIT:
            raise would_block()
        results: list[T] = []
        failures: list[OSError] = []

        def is_ready() -> bool:
            # The loop may be the one that looks; the failure is the caller's all the same.
            if not results and not failures:
                try:
                    found = attempt()
                except OSError as failure:
                    failures.append(failure)
                else:
                    results.extend(() if found is None else (found,))
            return bool(results or failures)

        if not stand_still(call, is_ready, self._timeout):
            raise TimeoutError("timed out")
        if failures:
            raise failures[0]
        return results[0]

    def _address(self, address: Any) -> Address:
        return parse(self.family, address, self._resolve)

    def _resolve(self, name: str) -> str:
        query = names.Query(name, None, self.family, self.type)
        return str(names.lookup_at_once(self.endpoint.host, query)[0][4][0])

    def _open(self) -> Endpoint:
        if self.descriptor == -1:
            raise os_error(errno.EBADF)
        return self.endpoint

    # --- names ----------------------------------------------------------------------------------

    def bind(self, address: Any) -> None:
        """Take a local address; EADDRINUSE, EADDRNOTAVAIL, EINVAL as on Linux."""
        self._open().bind(self._address(address))

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
        child = self._open().accept() or self._until("accept", lambda: self._open().accept())
        sock = self._child(child)
        sock.options.inherit(self.options)
        remote = child.remote
        return sock, render(self.family, remote if remote is not None else ("0.0.0.0", 0))

    def _child(self, endpoint: Endpoint) -> "SimSocket":
        return type(self)(self.family, self.type, self.proto, endpoint=endpoint)

    def connect(self, address: Any) -> None:
        """Connect; a non-blocking stream raises ``BlockingIOError`` (EINPROGRESS)."""
        code = self._connect(self._address(address))
        if code:
            raise os_error(code)

    def connect_ex(self, address: Any) -> int:
        """As ``connect``, but the error is returned: EINPROGRESS, EALREADY, EISCONN."""
        try:
            return self._connect(self._address(address))
        except TimeoutError:
            return errno.EAGAIN

    def _connect(self, target: Address) -> int:
        code = self._open().connect(target)
        if code != errno.EINPROGRESS or self._timeout == 0.0:
            return code
        return self._until("connect", lambda: self._is_connected(target))

    def _is_connected(self, target: Address) -> int | None:
        """How the attempt that is under way has ended; None while it has not."""
        endpoint = self._open()
        return endpoint.connect(target) if endpoint.readiness() & WRITE else None

    def shutdown(self, how: int, /) -> None:
        """End one direction or both; ENOTCONN without a peer."""
        if how not in {socket.SHUT_RD, socket.SHUT_WR, socket.SHUT_RDWR}:
            raise os_error(errno.EINVAL)
        self._open().shutdown(
            reading=how in {socket.SHUT_RD, socket.SHUT_RDWR},
            writing=how in {socket.SHUT_WR, socket.SHUT_RDWR},
        )

    # --- data -----------------------------------------------------------------------------------

    def _receive(self, size: int, flags: int) -> tuple[bytes, Address | None]:
        """What waits: of a stream at most ``size`` bytes, otherwise a whole datagram."""
        if size < 0:
            raise ValueError("negative buffersize in recv")
        peek = bool(flags & MSG_PEEK)
        endpoint = self.endpoint if self.descriptor != -1 else self._open()
        found = endpoint.receive(size, peek=peek)
        if found is not None:
            return found
        return self._until("recv", lambda: self._open().receive(size, peek=peek), flags)

    def _render(self, sender: Address | None) -> Any:
        return None if sender is None else render(self.family, sender)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """Up to ``bufsize`` bytes; ``b""`` at the end."""
        return self._receive(bufsize, flags)[0][:bufsize]

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Fill ``buffer``; how many bytes came."""
        return self.recvfrom_into(buffer, nbytes, flags)[0]

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Data and the sender's address (None on a stream)."""
        data, sender = self._receive(bufsize, flags)
        return data[:bufsize], self._render(sender)

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """As ``recvfrom``, into ``buffer``; with MSG_TRUNC the datagram's whole length."""
        view = memoryview(buffer).cast("B")
        size = nbytes or len(view)
        if size > len(view):
            raise ValueError("nbytes is greater than the length of the buffer")
        data, sender = self._receive(size, flags)
        kept = data[:size]
        view[: len(kept)] = kept
        return len(data if flags & socket.MSG_TRUNC else kept), self._render(sender)

    def recvmsg(
        self, bufsize: int, ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[bytes, list[Any], int, Any]:
        """As ``recvfrom``, with control messages that options asked for, and MSG_TRUNC."""
        if flags & socket.MSG_ERRQUEUE:
            return self._receive_error(bufsize)
        data, sender = self._receive(bufsize, flags)
        told = socket.MSG_TRUNC if len(data) > bufsize else 0
        messages = self.endpoint.control_messages()
        if sum(socket.CMSG_SPACE(len(one[2])) for one in messages) > ancbufsize:
            messages, told = [], told | socket.MSG_CTRUNC
        return data[:bufsize], messages, told, self._render(sender)

    def recvmsg_into(
        self, buffers: Any, ancbufsize: int = 0, flags: int = 0, /
    ) -> tuple[int, list[Any], int, Any]:
        """As ``recvmsg``, scattered over ``buffers``."""
        views = [memoryview(buffer).cast("B") for buffer in buffers]
        found = self.recvmsg(sum(map(len, views)), ancbufsize, flags)
        data, count = found[0], len(found[0])
        for view in views:
            part, data = data[: len(view)], data[len(view) :]
            view[: len(part)] = part
        return count, *found[1:]

    def _receive_error(self, bufsize: int) -> tuple[bytes, list[Any], int, Any]:
        """The oldest of the error queue; EAGAIN if there is none, on a blocking socket too."""
        report = self._open().take_report()
        if report is None:
            raise would_block()
        about = render(self.family, report.destination)
        return report.data[:bufsize], [ancillary(report)], socket.MSG_ERRQUEUE, about

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Hand over as much as fits (a blocking socket: everything); how many bytes that was."""
        view = _as_buffer(data)
        count = self._send(view, None, flags)
        while count < len(view) and self._timeout is None and not flags & MSG_DONTWAIT:
            count += self._send(view[count:], None, flags)
        return count

    def _send(self, data: Data, target: Address | None, flags: int) -> int:
        if flags & MSG_OOB:
            raise os_error(errno.EOPNOTSUPP)  # there is no urgent data here
        count = self._open().send(data, target)
        if count is not None:
            return count
        return self._until("send", lambda: self._open().send(data, target), flags)

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Hand over everything; on a non-blocking socket what does not fit is an error."""
        view = memoryview(data).cast("B")
        while view:
            view = view[self._send(view, None, flags) :]

    def sendto(self, data: Any, *where: Any) -> int:
        """``sendto(data, address)`` or ``sendto(data, flags, address)``."""
        address = where[-1] if where else None
        target = None if address is None else self._address(address)
        flags = where[0] if len(where) > 1 else 0
        return self._send(_as_buffer(data), target, flags)

    def sendmsg(
        self,
        buffers: Any,
        ancdata: Any = (),
        flags: int = 0,
        address: Any = None,
    ) -> int:
        """Gather ``buffers`` into one call; passing descriptors is refused, the rest ignored."""
        if self.family == socket.AF_UNIX and list(ancdata):
            raise SimulationError("no passing of descriptors inside the private internet")
        data = b"".join(bytes(buffer) for buffer in buffers)
        return self.send(data, flags) if address is None else self.sendto(data, flags, address)

    makefile: Any = _REAL_SOCKET.makefile
    sendfile: Any = _REAL_SOCKET._sendfile_use_send  # type: ignore[attr-defined]  # noqa: SLF001
    _check_sendfile_params: Any = _REAL_SOCKET._check_sendfile_params  # type: ignore[attr-defined]  # noqa: SLF001

    # --- options --------------------------------------------------------------------------------

    def setsockopt(
        self, level: int, optname: int, value: Any, optlen: int | None = None, /
    ) -> None:
        """Set an option; those of TCP act on the connection at once."""
        self._open()
        if value is None:
            value = bytes(optlen or 0)
        given = value if isinstance(value, int) else bytes(value)
        if not self.endpoint.set_group(level, optname, given):
            self.options.set(level, optname, given)

    def getsockopt(self, level: int, optname: int, buflen: int = 0, /) -> Any:
        """An option's value: an integer, or with ``buflen`` its bytes."""
        endpoint = self._open()
        packed = self._structure(endpoint, level, optname)
        if packed is not None:
            return packed[:buflen] if buflen else int.from_bytes(packed[:4], "little")
        value = self._number(endpoint, level, optname)
        return value.to_bytes(4, "little", signed=True)[:buflen] if buflen else value

    def _structure(self, endpoint: Endpoint, level: int, name: int) -> bytes | None:
        if level == socket.IPPROTO_TCP and name == socket.TCP_INFO:
            return endpoint.tcp_info()
        if level == socket.SOL_SOCKET and name == socket.SO_PEERCRED:
            return struct.pack("3i", *endpoint.credentials())
        return self.options.packed(level, name)

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
        if (level, name) in {(IP, IP_MTU), (IP6, IPV6_MTU)}:
            return endpoint.path_mtu()
        return self.options.get(level, name)

    def ioctl(self, *_: Any) -> NoReturn:
        """Not on Linux's socket objects either."""
        raise os_error(errno.ENOTTY)

    # --- readiness ------------------------------------------------------------------------------

    def readiness(self) -> int:
        """EVENT_READ and EVENT_WRITE, as epoll would report them."""
        return self.endpoint.readiness()

    def refresh(self) -> None:
        """Something may have changed: called by the endpoint."""
        if self.descriptor == -1:
            return
        if not self._ended and self.endpoint.ended:
            self._ended = True
            DESCRIPTORS.signal_end(self.descriptor)
        if self.watcher is not None:
            self.watcher.refresh(self)


def _as_buffer(data: Any) -> Data:
    """Without copying: what does not fit now will be offered again."""
    return data if type(data) in {bytes, bytearray} else memoryview(data).cast("B")
