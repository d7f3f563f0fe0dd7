"""One query on its way: what is told about it, whatever carries it."""

from typing import Protocol

from firstbyte.errors import FirstbyteError
from firstbyte.events import Scope
from firstbyte.events.dns import Answer, Ignored, QueryFailed, Question, TimedOut
from firstbyte.resolver.attempts import Answered, Outcome, Silent, Try, Unusable
from firstbyte.resolver.message import Broken, Query, Reply, read_reply

_MAX_STRAYS_TOLD = 16
"""Strays beyond this are counted but make no events: a flood must not fill the memory."""


class TransportError(FirstbyteError):
    """The server cannot be asked this way; the message says why."""


class Inquiry:
    """A query and what became of it; emits its events.

    A transport calls ``sent`` when the query leaves and ``received`` with every message that comes,
    until that returns True.
    """

    def __init__(self, query: Query, step: Try, scope: Scope) -> None:
        self.query = query
        self.step = step
        self.reply: Reply | None = None
        self.scope = scope
        self._number: int | None = None
        self._broken: str | None = None
        self._strays = 0

    @property
    def server(self) -> str:
        """The server, as events name it."""
        return str(self.step.server)

    def sent(self, scope: Scope) -> None:
        """The query is handed over on the connection that ``scope`` tells of."""
        self.scope = scope
        self._number = scope.recorder.number("query")
        query, step = self.query, self.step
        scope.emit(
            Question(
                query=self._number,
                name=query.name,
                type=query.type,
                server=self.server,
                transport=step.server.transport,
                attempt=step.number,
                bytes=len(query.wire),
            ),
            direction="sent",
        )

    def received(self, data: bytes, at_ns: int | None = None) -> bool:
        """A message came; True when it settles the query."""
        read = read_reply(self.query, data)
        if isinstance(read, Reply):
            self.reply = read
            self._tell_answer(read, at_ns)
            return True
        if isinstance(read, Broken):
            self._broken = read.reason
            return True
        self.stray(read.reason, len(data), at_ns)
        return False

    def stray(self, reason: str, size: int, at_ns: int | None = None) -> None:
        """Something came that is no answer to this query; the wait goes on."""
        self._strays += 1
        if self._strays <= _MAX_STRAYS_TOLD:
            ignored = Ignored(self.server, reason, size)
            self.scope.emit(ignored, direction="received", at_ns=at_ns)

    def outcome(self) -> Outcome:
        """What the messages until now amount to."""
        if self.reply is not None:
            return Answered(self.reply.rcode, self.reply.kind, self.reply.truncated)
        if self._broken is not None:
            return self.failed(self._broken, malformed=True)
        return Silent(self._strays)

    def timed_out(self, waited_s: float) -> Outcome:
        """Nothing settled the query in time."""
        if self._number is not None:
            self.scope.emit(TimedOut(self._number, waited_s))
            return Silent(self._strays)
        return self.failed(f"no connection within {waited_s:g} s")

    def failed(self, reason: str, *, malformed: bool = False) -> Outcome:
        """The transport failed, or the answer makes no sense."""
        if self._number is not None:
            self.scope.emit(QueryFailed(self._number, reason), direction="received")
        return Unusable("malformed" if malformed else "unreachable", reason)

    def given_up(self, reason: str) -> None:
        """Nobody waits any more."""
        if self._number is not None and self.reply is None:
            self.scope.emit(QueryFailed(self._number, reason))

    def _tell_answer(self, reply: Reply, at_ns: int | None) -> None:
        assert self._number is not None  # noqa: S101 - a transport sends before it receives
        self.scope.emit(
            Answer(
                query=self._number,
                rcode=reply.rcode,
                flags=reply.flags,
                kind=reply.kind,
                answers=reply.answers,
                bytes=reply.bytes,
                authorities=reply.authorities,
                additionals=reply.additionals,
                extended_error=reply.extended_error,
            ),
            direction="received",
            at_ns=at_ns,
        )


class Exchange(Protocol):
    """Carries inquiries to one kind of server."""

    async def ask(self, inquiry: Inquiry) -> None:
        """Send the query and return when a message has settled it; no time limit of its own.

        Raises:
            TransportError: the server cannot be reached, or the connection broke.

        """
