"""``SSLContext.wrap_socket`` over a simulated socket: TLS for programs without asyncio.

What ``ssl.SSLSocket`` does with its TLS object is the standard library's own code; below are
simulated sockets and OpenSSL over memory.
"""

import contextlib
import socket
import ssl
from collections.abc import Callable
from typing import Any, NoReturn

from firstbyte.sim.endpoints import Endpoint
from firstbyte.sim.sockets import SimSocket
from firstbyte.sim.tls_records import Records

INHERITED = (
    *("read", "write", "pending", "do_handshake", "unwrap", "verify_client_post_handshake"),
    *("getpeercert", "get_verified_chain", "get_unverified_chain", "get_channel_binding"),
    *("selected_alpn_protocol", "selected_npn_protocol", "cipher", "shared_ciphers"),
    *("compression", "version", "context", "session", "session_reused"),
    *("_checkClosed", "_check_connected"),
)
"""What of ``ssl.SSLSocket`` asks the TLS object alone, and never the socket's base class."""


class SimTlsSocket(SimSocket):
    """A simulated socket with TLS: blocking, with a timeout, or not blocking."""

    _sslobj: Records | None
    do_handshake: Callable[[], None]
    read: Callable[..., Any]
    write: Callable[[Any], int]

    def __init__(self, sock: SimSocket, context: ssl.SSLContext, **options: Any) -> None:
        """Take ``sock`` over. ``options`` are those of ``SSLContext.wrap_socket``."""
        timeout = sock.gettimeout()
        super().__init__(fileno=sock.detach())
        self.settimeout(timeout)
        self._context = context
        self._session = options["session"]
        self._sslobj = None
        self.server_side = options["server_side"]
        self.server_hostname = options["server_hostname"]
        self.do_handshake_on_connect = options["do_handshake_on_connect"]
        self.suppress_ragged_eofs = options["suppress_ragged_eofs"]
        self._connected = self.endpoint.peer is not None
        if not self._connected:
            return
        try:
            self._begin()
        except BaseException:
            with contextlib.suppress(OSError):
                self.close()
            raise

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """What ``isinstance`` is told: libraries ask whether a socket has TLS already."""
        return ssl.SSLSocket

    def _begin(self) -> None:
        self._connected = True
        self._make_records()
        if not self.do_handshake_on_connect:
            return
        if self.gettimeout() == 0.0:
            raise ValueError(
                "do_handshake_on_connect should not be specified for non-blocking sockets"
            )
        self.do_handshake()

    def _make_records(self) -> None:
        self._sslobj = Records(
            self,
            self._context,
            server_side=self.server_side,
            server_hostname=self.server_hostname,
            session=self._session,
        )

    # --- for the records ------------------------------------------------------------------------

    def receive_bytes(self, size: int) -> bytes:
        """Bytes of the connection itself."""
        try:
            return self._receive(size, 0)[0]
        except TimeoutError:
            raise TimeoutError("The read operation timed out") from None

    def send_bytes(self, data: bytes) -> int:
        """Bytes of the connection itself."""
        try:
            return self._send(data, None, 0)
        except TimeoutError:
            raise TimeoutError("The write operation timed out") from None

    # --- connections ----------------------------------------------------------------------------

    def connect(self, address: Any) -> None:
        """Connect, and unless told otherwise shake hands."""
        self._require_unconnected()
        super().connect(address)
        self._begin()

    def connect_ex(self, address: Any) -> int:
        """As ``connect``; the connection's error is returned."""
        self._require_unconnected()
        code = super().connect_ex(address)
        if code:
            self._make_records()
        else:
            self._begin()
        return code

    def _require_unconnected(self) -> None:
        if self.server_side:
            raise ValueError("can't connect in server-side mode")
        if self._connected or self._sslobj is not None:
            raise ValueError("attempt to connect already-connected SSLSocket!")

    def accept(self) -> tuple[SimSocket, Any]:
        """The oldest connection of the accept queue, with TLS."""
        plain, address = super().accept()
        wrapped = self._context.wrap_socket(
            plain,  # type: ignore[arg-type]
            do_handshake_on_connect=self.do_handshake_on_connect,
            suppress_ragged_eofs=self.suppress_ragged_eofs,
            server_side=True,
        )
        return wrapped, address  # type: ignore[return-value]

    def _child(self, endpoint: Endpoint) -> SimSocket:
        return SimSocket(self.family, self.type, self.proto, endpoint=endpoint)

    def shutdown(self, how: int, /) -> None:
        """End the connection itself, without a word of TLS."""
        self._sslobj = None
        super().shutdown(how)

    def dup(self) -> NoReturn:
        """As in the real class."""
        raise NotImplementedError("Can't dup() SSLSocket instances")

    # --- data -----------------------------------------------------------------------------------

    def _without_flags(self, call: str, flags: int) -> None:
        if flags:
            raise ValueError(f"non-zero flags not allowed in calls to {call}() on {type(self)}")

    def recv(self, bufsize: int = 1024, flags: int = 0, /) -> bytes:
        """Plaintext, at most ``bufsize`` bytes; ``b""`` at the end."""
        if self._sslobj is None:
            return super().recv(bufsize, flags)
        self._without_flags("recv", flags)
        return bytes(self.read(bufsize))

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        """Plaintext into ``buffer``; how much."""
        if self._sslobj is None:
            return super().recv_into(buffer, nbytes, flags)
        self._without_flags("recv_into", flags)
        return int(self.read(nbytes or len(memoryview(buffer).cast("B")) or 1024, buffer))

    def send(self, data: Any, flags: int = 0, /) -> int:
        """Encrypt and send a record's worth of ``data``; how much that was."""
        if self._sslobj is None:
            return super().send(data, flags)
        self._without_flags("send", flags)
        return int(self.write(data))

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Encrypt and send everything."""
        if self._sslobj is None:
            super().sendall(data, flags)
            return
        self._without_flags("sendall", flags)
        view = memoryview(data).cast("B")
        while view:
            view = view[self.send(view) :]

    def _refuse(self, call: str) -> NoReturn:
        raise ValueError(f"{call} not allowed on instances of {type(self)}")

    def recvfrom(self, bufsize: int, flags: int = 0, /) -> tuple[bytes, Any]:
        """Refused once there is TLS."""
        return (
            super().recvfrom(bufsize, flags) if self._sslobj is None else self._refuse("recvfrom")
        )

    def recvfrom_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> tuple[int, Any]:
        """Refused once there is TLS."""
        if self._sslobj is not None:
            self._refuse("recvfrom_into")
        return super().recvfrom_into(buffer, nbytes, flags)

    def sendto(self, data: Any, *where: Any) -> int:
        """Refused once there is TLS."""
        if self._sslobj is not None:
            self._refuse("sendto")
        return super().sendto(data, *where)

    def recvmsg(self, *_: Any) -> NoReturn:
        """Refused, as in the real class."""
        raise NotImplementedError(f"recvmsg not allowed on instances of {type(self)}")

    def recvmsg_into(self, *_: Any) -> NoReturn:
        """Refused, as in the real class."""
        raise NotImplementedError(f"recvmsg_into not allowed on instances of {type(self)}")

    def sendmsg(self, *_: Any, **__: Any) -> NoReturn:
        """Refused, as in the real class."""
        raise NotImplementedError(f"sendmsg not allowed on instances of {type(self)}")

    def shut(self) -> None:
        """The TLS object goes with the socket."""
        self._sslobj = None
        super().shut()


for _name in INHERITED:
    if _name in vars(ssl.SSLSocket):
        setattr(SimTlsSocket, _name, vars(ssl.SSLSocket)[_name])


def wrap_socket(
    context: ssl.SSLContext,
    sock: SimSocket,
    server_side: bool = False,
    do_handshake_on_connect: bool = True,
    suppress_ragged_eofs: bool = True,
    server_hostname: str | None = None,
    session: ssl.SSLSession | None = None,
) -> SimTlsSocket:
    """``SSLContext.wrap_socket`` for a simulated socket, which is taken over."""
    if sock.type is not socket.SOCK_STREAM:
        raise NotImplementedError("only stream sockets are supported")
    if server_side and server_hostname:
        raise ValueError("server_hostname can only be specified in client mode")
    if context.check_hostname and not server_hostname:
        raise ValueError("check_hostname requires server_hostname")
    return SimTlsSocket(
        sock,
        context,
        server_side=server_side,
        do_handshake_on_connect=do_handshake_on_connect,
        suppress_ragged_eofs=suppress_ragged_eofs,
        server_hostname=server_hostname,
        session=session,
    )
