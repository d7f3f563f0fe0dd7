"""Ports: who has which, and a free one for a new connection (RFC 6056)."""

from hashlib import blake2s

from firstbyte.protocols.ip.addresses import is_unspecified, version
from firstbyte.protocols.socket_error import SocketError


class Binding:
    """One socket's claim on a local address and port."""

    __slots__ = ("address", "dual", "listening", "port", "reuse_address", "reuse_port")

    def __init__(
        self,
        address: str,
        port: int,
        *,
        reuse_address: bool = False,
        reuse_port: bool = False,
        dual: bool = False,
    ) -> None:
        self.address = address
        self.port = port
        self.dual = dual
        """On "::", and all of IPv4 with it: no IPV6_V6ONLY."""
        self.reuse_address = reuse_address
        self.reuse_port = reuse_port
        self.listening = False
        """It belongs to a listener; not to a connection, or to a socket that is only bound."""

    def conflicts(self, other: "Binding") -> bool:
        """Whether ``other`` forbids this one: Linux's rules for SO_REUSEADDR and SO_REUSEPORT."""
        if not _overlap(self, other):
            return False
        if self.reuse_port and other.reuse_port:
            return False
        return not (self.reuse_address and other.reuse_address and not other.listening)


def _overlap(one: Binding, other: Binding) -> bool:
    if version(one.address) != version(other.address):
        return one.dual or other.dual
    same = one.address == other.address
    return same or is_unspecified(one.address) or is_unspecified(other.address)


class PortTable:
    """The bindings of one protocol."""

    def __init__(self, first: int, last: int, secret: bytes) -> None:
        self._first = first
        self._count = last - first + 1
        self._secret = secret
        self._bindings: dict[int, list[Binding]] = {}
        self._counter = 0

    def bind(self, binding: Binding) -> None:
        """Claim. Raises :class:`SocketError` EADDRINUSE."""
        others = self._bindings.setdefault(binding.port, [])
        if any(binding.conflicts(other) for other in others):
            if not others:
                del self._bindings[binding.port]
            raise SocketError("EADDRINUSE", f"port {binding.port} is in use")
        others.append(binding)

    def add(self, binding: Binding) -> None:
        """Claim without asking: a connection on a listener's port, or on one just chosen."""
        self._bindings.setdefault(binding.port, []).append(binding)

    def release(self, binding: Binding) -> None:
        """Give the claim up."""
        others = self._bindings.get(binding.port, [])
        if binding in others:
            others.remove(binding)
            if not others:
                del self._bindings[binding.port]

    def is_bound(self, port: int) -> bool:
        """Whether anybody has this port."""
        return port in self._bindings

    def candidates(self, local: str, remote: tuple[str, int]) -> "Candidates":
        """All ephemeral ports, in the order to try them for a connection to ``remote``."""
        text = f"{local} {remote[0]} {remote[1]}".encode()
        digest = blake2s(text, digest_size=4, key=self._secret, person=b"port").digest()
        self._counter += 1
        start = int.from_bytes(digest, "big") + self._counter
        return Candidates(self._first, self._count, start)


class Candidates:
    """Ports from a hashed start on, once around (RFC 6056, algorithm 3)."""

    def __init__(self, first: int, count: int, start: int) -> None:
        self._first = first
        self._count = count
        self._start = start
        self._step = 0

    def __iter__(self) -> "Candidates":
        return self

    def __next__(self) -> int:
        if self._step >= self._count:
            raise StopIteration
        port = self._first + (self._start + self._step) % self._count
        self._step += 1
        return port
