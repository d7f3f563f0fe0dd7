"""What the ways to a server have in common: whom they tell, and how a datagram counts."""

import errno
from typing import Protocol

from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.values import FailureKind, Server
from firstbyte.resolver.upstream.queries import Exchange

MAX_MISMATCHES = 64
"""So many wrong datagrams on one socket are an attack, or noise: the question is asked anew."""


class Sink(Protocol):
    """Who asked. Between ``hold`` and ``release`` it only takes note, and acts on all at once."""

    def hold(self) -> None:
        """Several outcomes may follow."""

    def received(self, number: int, message: Message) -> None:
        """The answer to question ``number``; the way has forgotten it."""

    def failed(self, number: int, kind: FailureKind) -> None:
        """There will be none; the way has forgotten it."""

    def release(self) -> None:
        """That was all."""


class Way(Protocol):
    """Carries questions to servers; each ends with one word to the sink, unless it is dropped."""

    def ask(self, exchange: Exchange, target: Server) -> None:
        """Send a question; its failure may be told at once."""

    def drop(self, number: int) -> None:
        """Forget a question; one that is not known is ignored."""

    def close(self) -> None:
        """Forget all, and free what is held."""


def verdict(exchange: Exchange, data: bytes, wrong: int) -> Message | FailureKind | None:
    """What a datagram means: the answer, a failure, or nothing: then the wait goes on.

    ``wrong`` is how many came before that meant nothing.
    """
    message = exchange.read(data)
    if isinstance(message, Message):
        return message
    if message == "case":
        return "case"
    if message == "malformed" or wrong + 1 >= MAX_MISMATCHES:
        return "malformed"
    return None


def failure_of(error: Exception) -> FailureKind:
    """What an error of the socket says of the server."""
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return "refused"
    if number in (errno.ECONNRESET, errno.EPIPE):
        return "closed"
    return "unreachable"
