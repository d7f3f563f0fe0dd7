"""What the daemon does with one question, whatever way it came."""

import secrets
from collections.abc import Callable

from msgspec import Struct

from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.patching import truncated
from firstbyte.resolver.daemon import replies
from firstbyte.resolver.daemon.access import AccessList, RateLimiter
from firstbyte.resolver.daemon.channel import UDP, Channel
from firstbyte.resolver.daemon.clock import FileClock
from firstbyte.resolver.daemon.cookies import ServerCookies
from firstbyte.resolver.daemon.replies import Asked, Manners
from firstbyte.resolver.daemon.statistics import Statistics
from firstbyte.resolver.driver import Clock, Driver
from firstbyte.resolver.machine.values import (
    BOGUS,
    SECURE,
    Ask,
    FailureKind,
    Moment,
    Response,
)
from firstbyte.resolver.wire_cache import WireCache

Reply = Callable[[bytes], None]
SECRET_BYTES = 32
SET_BACK_S = 60.0
"""A wall clock that goes back further than this was wrong before: nothing it dated can be kept."""


class Rules(Struct, frozen=True):
    """Who is served, and how."""

    access: AccessList
    limiter: RateLimiter
    manners: Manners


class Counting:
    """Counts the driver's questions."""

    def __init__(self, statistics: Statistics) -> None:
        self._statistics = statistics

    def asked(self, ask: Ask, size_bytes: int) -> None:  # noqa: ARG002
        """One more."""
        self._statistics.asked += 1

    def answered(self, ask: Ask, message: Message) -> None:
        """Not counted."""

    def failed(self, ask: Ask, kind: FailureKind) -> None:
        """Not counted."""


class Service:
    """Questions in octets in, answers in octets out."""

    def __init__(
        self,
        driver: Driver,
        clock: Clock,
        rules: Rules,
        statistics: Statistics,
        secret: bytes | None = None,
    ) -> None:
        """``secret`` makes the cookies; workers that share a port share it too."""
        self.driver = driver
        self.clock = clock
        self.rules = rules
        self.statistics = statistics
        self.wire = WireCache()
        self.open = 0
        """Questions under way."""
        self.when_idle: Callable[[], None] = lambda: None
        """Called when the last of them is answered."""
        self._cookies = ServerCookies(secret or secrets.token_bytes(SECRET_BYTES))
        self._latest_s = 0.0

    def moment(self) -> Moment:
        """Now; a clock file is read again. Where the wall clock was set back, all is forgotten."""
        if isinstance(self.clock, FileClock):
            self.clock.reread()
        now = self.clock.moment()
        if now.unix_s < self._latest_s - SET_BACK_S:
            self.driver.machine.finder.clear()
            self.clear()
        self._latest_s = now.unix_s
        return now

    def ask(self, data: bytes, client: str, reply: Reply, now: Moment, channel: Channel) -> bool:
        """Answer ``data`` from ``client`` with ``reply``, at once or later; whether it will be."""
        if not self.rules.access.allows(client):
            return self._refuse_client(data, client, reply, now, channel)
        if channel is UDP:
            hit = self.wire.get(data, now.unix_s)
            if hit is not None:
                self.statistics.hits += 1
                self._give(hit, client, reply, now, limited=True)
                return True
        asked = replies.read(data, channel)
        if asked is None:
            return False
        if isinstance(asked, bytes):
            self.statistics.malformed += 1
            self._give(asked, client, reply, now, limited=channel is UDP)
            return True
        if asked.refusal is not None:
            cookie = self._cookie(asked, client, now)
            rendered = replies.refusal(asked, asked.refusal, self.rules.manners, cookie)
            self._give(rendered.data, client, reply, now, limited=asked.terms.udp)
            return True

        driver = self.driver

        def deliver(response: Response) -> None:
            kept = driver is self.driver  # what an old configuration found is not kept for the new
            self._deliver(asked, data if kept else None, response, client, reply)
            self.open -= 1
            if not self.open:
                self.when_idle()

        self.open += 1
        driver.submit(asked.question, deliver, now)
        return True

    def _deliver(
        self, asked: Asked, data: bytes | None, response: Response, client: str, reply: Reply
    ) -> None:
        now = self.driver.now()
        self._count(response)
        cookie = self._cookie(asked, client, now)
        rendered = replies.reply(asked, response, self.rules.manners, cookie)
        # Most names are asked for once: only what was at hand already is worth a second copy.
        known = asked.terms.udp and not response.asked
        if known and data is not None and cookie is None and response.ttl_s > 0:
            self.wire.put(data, rendered, now.unix_s, response.ttl_s)
        limited = asked.terms.udp and not self._is_proved(asked, client, now)
        self._give(rendered.data, client, reply, now, limited=limited)

    def _give(self, data: bytes, client: str, reply: Reply, now: Moment, *, limited: bool) -> None:
        limiter = self.rules.limiter
        if limited and limiter.active:
            verdict = limiter.verdict(client, data, now.timer_s)
            if verdict != "send":
                self.statistics.limited += 1
            if verdict == "drop":
                return
            if verdict == "slip":
                data = truncated(data)
        reply(data)

    def _refuse_client(
        self, data: bytes, client: str, reply: Reply, now: Moment, channel: Channel
    ) -> bool:
        self.statistics.refused += 1
        asked = replies.read(data, channel)
        if not isinstance(asked, Asked):
            return False
        rendered = replies.prohibited(asked, self.rules.manners)
        self._give(rendered, client, reply, now, limited=asked.terms.udp)
        return True

    def _count(self, response: Response) -> None:
        statistics = self.statistics
        statistics.answers[response.rcode] += 1
        statistics.secure += response.security is SECURE
        statistics.bogus += response.security is BOGUS

    def _cookie(self, asked: Asked, client: str, now: Moment) -> bytes | None:
        """The cookie for a client that sent one (RFC 7873, 5.2)."""
        sent = asked.terms.cookie
        return None if sent is None else self._cookies.answer(sent, client, now.unix_s)

    def _is_proved(self, asked: Asked, client: str, now: Moment) -> bool:
        """Whether the client's address cannot be a victim's: it knows what was sent there."""
        sent = asked.terms.cookie
        return sent is not None and self._cookies.proves(sent, client, now.unix_s)

    def clear(self) -> None:
        """Drop the answers that are kept as octets."""
        self.wire.clear()
