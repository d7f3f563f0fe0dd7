"""A server in threads, for whole processes as clients: each connection gets what a script says.

::

    with RawPeer(say(b"HTTP/1.1 200 OK\r\n\r\n")) as peer:
        …peer.port…, peer.requests
"""

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

Script = Callable[["RawPeer", socket.socket], None]
_LINGER_NONE = struct.pack("ii", 1, 0)


class RawPeer:
    """Serves on an ephemeral port of 127.0.0.1 until the block ends."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._server = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self.port: int = self._server.getsockname()[1]
        self.requests: list[tuple[str, bytes]] = []
        """Heads and contents that came."""
        self.ending = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.ending.set()
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def read_request(self, sock: socket.socket) -> str:
        """The next request's head; empty when the client is gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65_536)
            if not piece:
                return ""
            data += piece
        head, _, content = data.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        while length and len(content) < int(length[1]):
            content += sock.recv(65_536)
        self.requests.append((head.decode("latin-1"), content))
        return head.decode("latin-1")

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._server.accept()
                self._open.add(sock)
                threading.Thread(target=self._run, args=(sock,), daemon=True).start()

    def _run(self, sock: socket.socket) -> None:
        with sock, contextlib.suppress(OSError):
            self._script(self, sock)
        self._open.discard(sock)


def say(*parts: bytes, every_s: float = 0.0, then: str = "close") -> Script:
    """After a request send ``parts``, then "close", "reset" or "wait" for the block's end."""

    def script(peer: RawPeer, sock: socket.socket) -> None:
        peer.read_request(sock)
        for part in parts:
            time.sleep(every_s)
            sock.sendall(part)
        if then == "reset":
            time.sleep(0.05)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NONE)
        elif then == "wait":
            peer.ending.wait(30)

    return script


def blurt(data: bytes, then: str = "close") -> Script:
    """Send ``data`` to whatever came first, request or not."""

    def script(peer: RawPeer, sock: socket.socket) -> None:
        sock.recv(65_536)
        sock.sendall(data)
        if then == "wait":
            peer.ending.wait(30)

    return script


def endlessly(start: bytes, piece: bytes) -> Script:
    """After a request send ``start`` and ``piece`` for ever."""

    def script(peer: RawPeer, sock: socket.socket) -> None:
        peer.read_request(sock)
        sock.sendall(start)
        while not peer.ending.is_set():
            sock.sendall(piece)

    return script


def redirecting(routes: dict[str, bytes], otherwise: bytes) -> Script:
    """Answer requests on one connection by path."""

    def script(peer: RawPeer, sock: socket.socket) -> None:
        while head := peer.read_request(sock):
            answer = routes.get(head.split(" ")[1], otherwise)
            head_end = answer.index(b"\r\n\r\n") + 4
            sock.sendall(answer[:head_end] if head.startswith("HEAD ") else answer)

    return script
