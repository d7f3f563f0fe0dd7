"""The one transport interface: TCP, TLS over it, and wrappers of either look the same."""

from typing import Protocol


class Stream(Protocol):
    """An ordered stream of bytes to one peer.

    Every call but ``abort`` may raise ``ConnectionLifeError``; a reset is its subclass's
    ``tcp.reset``. Cancelling a call leaves the stream usable only for ``close`` and ``abort``.
    """

    async def receive(self) -> bytes:
        """The next bytes that came, at least one; ``b""`` at the peer's orderly end."""

    async def send(self, data: bytes) -> None:
        """Hand over all of ``data``; returns when the buffer below is under its high mark."""

    async def close(self, *, patient: bool = True) -> None:
        """End in order: close_notify and FIN; waits only for what is needed to send them.

        ``patient`` also gives the peer a moment to end, lest its last words meet a closed socket;
        without it, a failure is told without delay.
        """

    def abort(self) -> None:
        """End at once (RST); never raises."""

    @property
    def remote_address(self) -> tuple[str, int]:
        """IP address and port of the peer."""

    @property
    def local_address(self) -> tuple[str, int]:
        """IP address and port of our end."""


def arrival_ns(stream: Stream, otherwise_ns: int) -> int:
    """When the bytes that ``stream`` gave last came, where it knows (its ``arrived_ns``).

    They may have waited for the loop: on a busy one that is milliseconds.
    """
    known: int | None = getattr(stream, "arrived_ns", None)
    return otherwise_ns if known is None else known
