"""The door of the resolver: questions in; questions to send, responses and deadlines out.

After every call that takes ``now``, collect ``outgoing`` (send each), ``abandoned`` (forget each),
``finished`` (give each to its client), and call ``timeout`` no later than ``next_deadline``.
"""

from collections.abc import Callable
from functools import partial

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.answering import Answerer
from firstbyte.resolver.machine.finding import Finder
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import (
    Ask,
    Ede,
    Error,
    FailureKind,
    Moment,
    Outcome,
    Question,
    Response,
)
from firstbyte.resolver.machine.waits import Waits


class Machine:
    """A caching, validating, iterative resolver without I/O.

    ``draw(n)`` gives a random integer below n; for choosing among servers it need not be secret.
    """

    def __init__(self, settings: Settings, draw: Callable[[int], int]) -> None:
        self.settings = settings
        self._scheduler = Scheduler()
        self.finder = Finder(settings, self._scheduler, draw)
        self.answerer = Answerer(settings, self.finder)
        self._tickets: dict[int, Question] = {}
        self._waiting: dict[Question, list[int]] = {}
        self._finished: list[tuple[int, Response]] = []
        self._late = Waits(settings.limits.question_s, self._tickets)
        self._impatient = Waits(settings.cache.stale.client_timeout_s, self._tickets)

    def ask(self, question: Question, now: Moment) -> int:
        """Begin to resolve; the ticket comes back with the response in ``finished``."""
        self._scheduler.now = now
        ticket = self._scheduler.number()
        waiting = self._waiting.get(question)
        if waiting is None and len(self._waiting) >= self.settings.limits.waiting:
            self._finished.append((ticket, Response(dns.SERVFAIL, errors=[_BUSY])))
            return ticket
        self._tickets[ticket] = question
        if waiting is not None:
            waiting.append(ticket)
        else:
            self._waiting[question] = [ticket]
            self._begin(question)
        self._scheduler.run()
        if ticket in self._tickets:
            self._late.add(now.timer_s, ticket)
            if self.settings.cache.stale.enabled:
                self._wait_or_offer_stale(ticket, now)
        return ticket

    def receive(self, number: int, message: Message, now: Moment) -> None:
        """A message that answers exchange ``number`` came: ID, source and question match."""
        self._scheduler.now = now
        self._scheduler.settle(number, Outcome(message))
        self._scheduler.run()

    def fail(self, number: int, kind: FailureKind, now: Moment) -> None:
        """Exchange ``number`` ended without a message."""
        self._scheduler.now = now
        self._scheduler.settle(number, Outcome(None, kind))
        self._scheduler.run()

    def timeout(self, now: Moment) -> None:
        """Time has come to ``next_deadline``."""
        self._scheduler.now = now
        self._scheduler.expire()
        self._scheduler.run()
        for ticket in self._impatient.due(now.timer_s):
            self._offer_stale(ticket)
        for ticket in self._late.due(now.timer_s):
            self._give_up(ticket)

    def next_deadline(self) -> float | None:
        """When to call ``timeout`` at the latest, on the monotonic clock; None: no need."""
        ways = (self._scheduler.next_deadline(), self._impatient.next_s(), self._late.next_s())
        return min((at_s for at_s in ways if at_s is not None), default=None)

    def outgoing(self) -> list[Ask]:
        """The questions to send now."""
        return self._scheduler.outgoing()

    def abandoned(self) -> list[int]:
        """Exchanges whose outcome is wanted no longer."""
        return self._scheduler.abandoned()

    def finished(self) -> list[tuple[int, Response]]:
        """The responses that are ready, with their tickets."""
        out, self._finished = self._finished, []
        return out

    def broken(self) -> list[Exception]:
        """Errors inside the machine since the last call, for the log; there should be none."""
        out = list(self._scheduler.failures)
        self._scheduler.failures.clear()
        return out

    def _begin(self, question: Question) -> None:
        ended = partial(self._resolved, question)
        self._scheduler.spawn(self.answerer.answer(question), ended)

    def _resolved(self, question: Question, response: Response | None) -> None:
        if response is None:
            response = Response(dns.SERVFAIL, errors=[Error(Ede.OTHER, "internal error")])
        for ticket in self._waiting.pop(question, ()):
            self._give(ticket, response)

    def _give(self, ticket: int, response: Response) -> None:
        if self._tickets.pop(ticket, None) is not None:
            self._finished.append((ticket, response))

    def _wait_or_offer_stale(self, ticket: int, now: Moment) -> None:
        """Without patience stale data go out before any answer can come."""
        if self.settings.cache.stale.client_timeout_s > 0:
            self._impatient.add(now.timer_s, ticket)
        else:
            self._offer_stale(ticket)

    def _offer_stale(self, ticket: int) -> None:
        """Stale data after a while, where there are any (RFC 8767, 5)."""
        response = self.answerer.recaller.stale(self._tickets[ticket])
        if response is not None:
            self._give(ticket, response)

    def _give_up(self, ticket: int) -> None:
        """An answer in any case before the client goes."""
        stale = None
        if self.settings.cache.stale.enabled:
            stale = self.answerer.recaller.stale(self._tickets[ticket])
        late = Error(Ede.NO_REACHABLE_AUTHORITY, "no answer in time")
        self._give(ticket, stale or Response(dns.SERVFAIL, errors=[late]))


_BUSY = Error(Ede.NOT_READY, "too many questions under way")
