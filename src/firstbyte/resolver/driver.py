"""The machine on an event loop: sockets, randomness and the clock for ``machine.Machine``.

Each UDP question has its own socket with a random port, connected, so that ICMP errors are seen
and answers of others are not (RFC 5452, 4 to 9); IDs and letter case come from the same CSPRNG.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct, field

from firstbyte.net import system
from firstbyte.protocols.dns.message import Message
from firstbyte.resolver.machine.machine import Machine
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import (
    Ask,
    FailureKind,
    Moment,
    Question,
    Response,
    Server,
)
from firstbyte.resolver.upstream.cookies import CookieJar
from firstbyte.resolver.upstream.endpoints import UdpEndpoints
from firstbyte.resolver.upstream.entropy import Entropy
from firstbyte.resolver.upstream.queries import Exchange
from firstbyte.resolver.upstream.tcp import TcpConnections
from firstbyte.resolver.upstream.udp import UdpSockets
from firstbyte.resolver.upstream.ways import Way

_LOG = logging.getLogger(__name__)
TIMER_SLACK_S = 1e-6
Deliver = Callable[[Response], None]


class Clock(Protocol):
    """Where time comes from."""

    def moment(self) -> Moment:
        """Now."""


class SystemClock:
    """The clock of the running loop's system: the kernel's, or virtual time."""

    def __init__(self) -> None:
        self._system = system.current()

    def moment(self) -> Moment:
        """Monotonic and Unix seconds."""
        return Moment(self._system.now_ns() / 1e9, self._system.wall_time_s())


class Watcher(Protocol):
    """Sees what goes out and comes in, for events and statistics."""

    def asked(self, ask: Ask, size_bytes: int) -> None:
        """A question was sent."""

    def answered(self, ask: Ask, message: Message) -> None:
        """Its answer came."""

    def failed(self, ask: Ask, kind: FailureKind) -> None:
        """It ended without an answer."""


class DriverSettings(Struct, frozen=True):
    """How questions leave this machine.

    Where ``address_map`` is not empty, an address that it does not hold is unreachable.
    """

    address_map: dict[Server, Server] = field(default_factory=dict)
    edns_buffer_bytes: int = 1232
    cookies: bool = True


class Driver:
    """A resolver on the running event loop. Close it to free its sockets and timers."""

    def __init__(
        self,
        settings: Settings,
        own: DriverSettings,
        clock: Clock | None = None,
        watcher: Watcher | None = None,
    ) -> None:
        self._loop = loop = asyncio.get_running_loop()
        self._clock = clock or SystemClock()
        self._watcher = watcher
        self.own = own
        self.machine = Machine(settings, secrets.randbelow)
        self._entropy = Entropy()
        self._cookies = CookieJar() if own.cookies else None
        simulated = system.current().network == "simulated"
        self._udp: Way = (
            UdpEndpoints(loop, self) if simulated else UdpSockets(loop, self, self._entropy)
        )
        self._tcp: Way = TcpConnections(loop, self)
        self._asks: dict[int, Ask] = {}
        self._deliveries: dict[int, Deliver] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._timer_s = 0.0
        self._now: Moment | None = None
        self._holds = 0

    def submit(self, question: Question, deliver: Deliver, now: Moment | None = None) -> None:
        """Resolve ``question``; ``deliver`` is called with the response, perhaps at once."""
        ticket = self.machine.ask(question, now or self.now())
        self._deliveries[ticket] = deliver
        if not self._holds:
            self._act()

    async def resolve(self, question: Question) -> Response:
        """The response to ``question``; it always comes, within the limits' ``question_s``."""
        future: asyncio.Future[Response] = self._loop.create_future()

        def deliver(response: Response) -> None:
            if not future.done():
                future.set_result(response)

        self.submit(question, deliver)
        return await future

    def now(self) -> Moment:
        """The time, read once for all that is done together."""
        if not self._holds:
            return self._clock.moment()
        if self._now is None:
            self._now = self._clock.moment()
        return self._now

    def hold(self) -> None:
        """Several questions or outcomes follow: act on them at once, when ``release`` is called."""
        self._holds += 1

    def release(self) -> None:
        """Do what the machine wants after them."""
        self._holds -= 1
        if not self._holds:
            self._act()

    def close(self) -> None:
        """Stop; open questions get no answer."""
        self._udp.close()
        self._tcp.close()
        self._asks.clear()
        self._deliveries.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # the machine's wishes -------------------------------------------------------------------

    def _act(self) -> None:
        """Do what the machine wants, until it wants no more."""
        self._holds += 1
        try:
            while self._act_once():
                pass
        finally:
            self._holds -= 1
            self._now = None  # what is done later is not done now
        for error in self.machine.broken():
            _LOG.error("a question broke the resolver", exc_info=error)
        self._arm()

    def _act_once(self) -> bool:
        machine = self.machine
        asks = machine.outgoing()
        for ask in asks:
            self._send(ask)
        for number in machine.abandoned():
            self._abandon(number)
        finished = machine.finished()
        for ticket, response in finished:
            deliver = self._deliveries.pop(ticket, None)
            if deliver is not None:
                deliver(response)
        return bool(asks or finished)

    def _arm(self) -> None:
        deadline_s = self.machine.next_deadline()
        if deadline_s is None:
            return
        if self._timer is not None:
            if self._timer_s <= deadline_s:
                return
            self._timer.cancel()
        self._timer_s = deadline_s
        # A little late rather than a rounding error early: in virtual time, a timer that finds
        # nothing due would be set for the same instant for ever.
        delay_s = max(0.0, deadline_s - self._clock.moment().timer_s) + TIMER_SLACK_S
        self._timer = self._loop.call_later(delay_s, self._expire)

    def _expire(self) -> None:
        self._timer = None
        self.machine.timeout(self._clock.moment())
        self._act()

    def _send(self, ask: Ask) -> None:
        self._asks[ask.number] = ask
        target = self._mapped(ask.server)
        if target is None:
            self.failed(ask.number, "unreachable")
            return
        exchange = Exchange(ask, self.own.edns_buffer_bytes, self._cookies, self._entropy.octets)
        if self._watcher is not None:
            self._watcher.asked(ask, len(exchange.data))
        way = self._tcp if ask.tcp else self._udp
        way.ask(exchange, target)

    def _mapped(self, server: Server) -> Server | None:
        return self.own.address_map.get(server) if self.own.address_map else server

    def _abandon(self, number: int) -> None:
        ask = self._asks.pop(number, None)
        if ask is None:
            return
        way = self._tcp if ask.tcp else self._udp
        way.drop(number)
        if self._watcher is not None:
            self._watcher.failed(ask, "timeout")

    # the ways' words ------------------------------------------------------------------------

    def received(self, number: int, message: Message) -> None:
        """The answer to question ``number`` came."""
        ask = self._asks.pop(number, None)
        if ask is None:
            return
        if self._watcher is not None:
            self._watcher.answered(ask, message)
        self.machine.receive(number, message, self.now())
        if not self._holds:
            self._act()

    def failed(self, number: int, kind: FailureKind) -> None:
        """Question ``number`` got no answer."""
        ask = self._asks.pop(number, None)
        if ask is None:
            return
        if self._watcher is not None:
            self._watcher.failed(ask, kind)
        self.machine.fail(number, kind, self.now())
        if not self._holds:
            self._act()
