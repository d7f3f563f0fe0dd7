"""A DHCP client, pure: messages and the time go in; messages, news and a deadline come out.

The driver's part:

- after every call, send what :meth:`Client.take` gives, and call :meth:`Client.poll` when
  :attr:`Client.deadline` has come;
- on the news :class:`Check`, find out by ARP whether somebody uses the address (RFC 5227), and
  tell with :meth:`Client.checked`; on :class:`Bound`, configure the interface; on :class:`Lost`,
  take the address away;
- messages without ``destination`` are broadcast, from 0.0.0.0 while there is no address.
"""

from typing import NamedTuple

from msgspec import Struct

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.chance import Chance
from firstbyte.protocols.dhcp.lease import SECOND, Lease, is_usable, lease_of
from firstbyte.protocols.dhcp.message import REPLY, Message, MessageType
from firstbyte.protocols.dhcp.requests import Ask, Identity, build
from firstbyte.protocols.dhcp.states import Cause, State, after
from firstbyte.protocols.tcp.timers import NEVER

HOLDING = frozenset({State.BOUND, State.RENEWING, State.REBINDING})
ASKING = frozenset({State.REQUESTING, State.REBOOTING, State.RENEWING, State.REBINDING})
"""States in which a DHCPACK or DHCPNAK is awaited."""


class ClientSettings(Struct, frozen=True, kw_only=True):
    """How the client behaves. Times are nanoseconds."""

    check: bool = True
    """Have every new address checked before it is used (RFC 2131, section 2.2)."""
    offer_wait_ns: int = 0
    """How long to collect offers after the first; 0 takes the first."""
    start_delay_ns: int = 0
    """Wait a random part of this before the first DHCPDISCOVER; the RFC wants 1 to 10 s where
    many hosts start at once (section 4.4.1)."""
    request_tries: int = 4
    """Then the offer is given up (section 3.1, item 5)."""
    reboot_tries: int = 2
    decline_wait_ns: int = 10 * SECOND
    """At least so long after a conflict (section 3.1, item 5)."""
    min_renew_wait_ns: int = 60 * SECOND
    """Between two requests of RENEWING and REBINDING (section 4.4.5)."""
    fuzz: float = 0.01
    """T1 and T2 come up to this fraction sooner (section 4.4.5)."""


DEFAULT_SETTINGS = ClientSettings()


class Sent(NamedTuple):
    """A message to send; null ``destination``: broadcast."""

    message: Message
    destination: str | None


class Moved(NamedTuple):
    """News: from one state to another."""

    old: State
    cause: Cause
    new: State


class Check(NamedTuple):
    """News: find out whether this address is free."""

    address: str


class Bound(NamedTuple):
    """News: the lease is ours, newly or again."""

    lease: Lease


class Lost(NamedTuple):
    """News: the address may not be used any more."""

    lease: Lease
    cause: Cause


News = Moved | Check | Bound | Lost


class Client:
    """See the module. ``secret`` are up to 32 random bytes."""

    def __init__(
        self, identity: Identity, secret: bytes, settings: ClientSettings = DEFAULT_SETTINGS
    ) -> None:
        self.identity = identity
        self.settings = settings
        self.state = State.INIT
        self.lease: Lease | None = None
        """What is held in BOUND, RENEWING and REBINDING."""
        self.deadline = NEVER
        self._chance = Chance(secret)
        self._former: str | None = None
        """The address to ask for again."""
        self._ask = Ask(transaction=0)
        self._began_ns = 0
        self._asked_ns = 0
        self._tries = 0
        self._naks = 0
        self._offers: list[Message] = []
        self._checking: Lease | None = None
        self._outgoing: list[Sent] = []
        self._news: list[News] = []

    # What the driver calls.

    def start(self, now_ns: int, former: Lease | None = None) -> None:
        """Begin; with a lease of earlier that still lasts, by asking whether it is still good."""
        alive = former is not None and (former.expires_ns is None or now_ns < former.expires_ns)
        if former is not None and alive:
            self.state = State.INIT_REBOOT
            self._former = former.address
            self._reboot(now_ns)
            return
        self._former = None if former is None else former.address
        self._wait(now_ns, round(self._chance.fraction() * self.settings.start_delay_ns))

    def receive(self, message: Message, now_ns: int) -> None:
        """A message came; what is not an answer to us is ignored."""
        if message.operation != REPLY or message.hardware != self.identity.hardware:
            return
        if message.transaction != self._ask.transaction or self._checking is not None:
            return
        kind = message.type
        if kind is MessageType.OFFER and self.state is State.SELECTING:
            self._take_offer(message, now_ns)
        elif kind is MessageType.ACK and self.state in ASKING:
            self._take_ack(message, now_ns)
        elif kind is MessageType.NAK and self.state in ASKING:
            self._take_nak(message, now_ns)

    def poll(self, now_ns: int) -> None:
        """Do what is due."""
        while now_ns >= self.deadline:
            self.deadline = NEVER
            self._ring(now_ns)

    def checked(self, now_ns: int, *, free: bool) -> None:
        """The answer to :class:`Check`."""
        lease, self._checking = self._checking, None
        if lease is None:
            return
        if free:
            self._bind(lease, now_ns)
        else:
            self._decline(lease, now_ns)

    def conflict(self, now_ns: int) -> None:
        """Another host claims the address that we have, and will not give way (RFC 5227, 2.4)."""
        if self.lease is not None and self.state in HOLDING:
            self._decline(self.lease, now_ns)

    def release(self) -> None:
        """Give the address back and rest; ``start`` begins anew."""
        lease = self.lease
        if lease is None or self.state not in HOLDING:
            self.stop()
            return
        ask = Ask(transaction=self._chance.word(), client=lease.address, server=lease.server)
        self._say(MessageType.RELEASE, ask, lease.server)
        self._lose(Cause.RELEASE)
        self._former = lease.address

    def stop(self) -> None:
        """Rest, without a word to anybody; a lease that is held is forgotten."""
        self._checking = None
        self._lose(Cause.STOP)

    def take(self) -> tuple[list[Sent], list[News]]:
        """What is to be sent, and what happened, since the last call."""
        taken = self._outgoing, self._news
        self._outgoing, self._news = [], []
        return taken

    # Timers.

    def _ring(self, now_ns: int) -> None:
        if self.state is State.INIT:
            self._discover(now_ns)
        elif self.state is State.SELECTING:
            self._retry_discover(now_ns)
        elif self.state in {State.REQUESTING, State.REBOOTING}:
            self._retry_request(now_ns)
        elif self.lease is not None:
            self._extend(self.lease, now_ns)

    def _discover(self, now_ns: int) -> None:
        self._move(Cause.START)
        self._offers = []
        self._began_ns = now_ns
        self._tries = 0
        self._ask = Ask(transaction=self._chance.word(), requested=self._former)
        self._send_first(MessageType.DISCOVER, now_ns)

    def _retry_discover(self, now_ns: int) -> None:
        if self._offers:
            self._choose(now_ns)
        else:
            self._send_first(MessageType.DISCOVER, now_ns)

    def _reboot(self, now_ns: int) -> None:
        self._move(Cause.START)
        self._began_ns = self._asked_ns = now_ns
        self._tries = 0
        self._ask = Ask(transaction=self._chance.word(), requested=self._former)
        self._send_first(MessageType.REQUEST, now_ns)

    def _retry_request(self, now_ns: int) -> None:
        settings = self.settings
        rebooting = self.state is State.REBOOTING
        if self._tries < (settings.reboot_tries if rebooting else settings.request_tries):
            self._send_first(MessageType.REQUEST, now_ns)
            return
        self._move(Cause.TIMEOUT)
        self._wait(now_ns, 0)

    def _send_first(self, kind: MessageType, now_ns: int) -> None:
        """Broadcast, of an exchange that gets an address; and wait for the answer."""
        self._tries += 1
        if kind is MessageType.DISCOVER or self.state is State.REBOOTING:
            # A request repeats the number of the discovery (section 4.4.1).
            self._ask.seconds = (now_ns - self._began_ns) // SECOND
        self._say(kind, self._ask, None)
        self.deadline = now_ns + self._chance.backoff_ns(self._tries)

    def _extend(self, lease: Lease, now_ns: int) -> None:
        """T1, T2, the end, or time to ask again (section 4.4.5)."""
        if lease.renew_ns is None or lease.rebind_ns is None or lease.expires_ns is None:
            return
        if self.state is State.BOUND and now_ns >= lease.renew_ns:
            self._begin_extending(Cause.T1, now_ns)
        if self.state is State.RENEWING and now_ns >= lease.rebind_ns:
            self._begin_extending(Cause.T2, now_ns)
        if self.state is State.REBINDING and now_ns >= lease.expires_ns:
            self._lose(Cause.EXPIRED)
            self._former = lease.address
            self._wait(now_ns, 0)
            return
        renewing = self.state is State.RENEWING
        limit_ns = lease.rebind_ns if renewing else lease.expires_ns
        ask = Ask(
            transaction=self._chance.word(),
            client=lease.address,
            seconds=(now_ns - self._began_ns) // SECOND,
        )
        self._ask = ask
        self._asked_ns = now_ns
        self._say(MessageType.REQUEST, ask, lease.server if renewing else None)
        half_ns = (limit_ns - now_ns) // 2
        self.deadline = min(limit_ns, now_ns + max(half_ns, self.settings.min_renew_wait_ns))

    def _begin_extending(self, cause: Cause, now_ns: int) -> None:
        self._move(cause)
        if cause is Cause.T1:
            self._began_ns = now_ns

    # Answers.

    def _take_offer(self, offer: Message, now_ns: int) -> None:
        if offer.address(options.SERVER_ID) is None or not is_usable(offer.yours):
            return
        self._offers.append(offer)
        if not self.settings.offer_wait_ns:
            self._choose(now_ns)
        elif len(self._offers) == 1:
            self.deadline = now_ns + self.settings.offer_wait_ns

    def _choose(self, now_ns: int) -> None:
        """The first that offers our former address, or else the first."""
        same = [offer for offer in self._offers if offer.yours == self._former]
        offer = (same or self._offers)[0]
        self._move(Cause.OFFER)
        self._ask.requested = offer.yours
        self._ask.server = offer.address(options.SERVER_ID)
        self._asked_ns = now_ns
        self._tries = 0
        self._send_first(MessageType.REQUEST, now_ns)

    def _take_ack(self, ack: Message, now_ns: int) -> None:
        lease = lease_of(ack, self._asked_ns, self._chance.fraction() * self.settings.fuzz)
        if lease is None or not self._is_expected(ack):
            return
        fresh = self.state in {State.REQUESTING, State.REBOOTING}
        if fresh and self.settings.check:
            self.deadline = NEVER
            self._checking = lease
            self._news.append(Check(lease.address))
        else:
            self._bind(lease, now_ns)

    def _is_expected(self, answer: Message) -> bool:
        """Whether the server that we asked says it; when all were asked, any may."""
        server = answer.address(options.SERVER_ID)
        if self.state is State.REQUESTING:
            return server == self._ask.server
        if self.state is State.RENEWING and self.lease is not None:
            return server == self.lease.server
        return server is not None

    def _bind(self, lease: Lease, now_ns: int) -> None:
        self._move(Cause.ACK)
        self._naks = 0
        held, self.lease = self.lease, lease
        if held is not None and held.address != lease.address:
            self._news.append(Lost(held, Cause.ACK))
        self._news.append(Bound(lease))
        self.deadline = NEVER if lease.renew_ns is None else max(now_ns, lease.renew_ns)

    def _take_nak(self, nak: Message, now_ns: int) -> None:
        if not self._is_expected(nak):
            return
        self._lose(Cause.NAK)
        self._former = None
        self._naks += 1
        # A server that always refuses is not asked as fast as the network allows.
        self._wait(now_ns, 0 if self._naks == 1 else self._chance.backoff_ns(self._naks - 1))

    def _decline(self, lease: Lease, now_ns: int) -> None:
        ask = Ask(transaction=self._chance.word(), requested=lease.address, server=lease.server)
        self._say(MessageType.DECLINE, ask, None)
        self._lose(Cause.IN_USE)
        self._former = None
        self._wait(now_ns, self.settings.decline_wait_ns)

    # Small steps.

    def _wait(self, now_ns: int, wait_ns: int) -> None:
        """In INIT: discover after a while."""
        self.deadline = now_ns + wait_ns
        self.poll(now_ns)

    def _lose(self, cause: Cause) -> None:
        self._move(cause)
        self.deadline = NEVER
        lease, self.lease = self.lease, None
        if lease is not None:
            self._news.append(Lost(lease, cause))

    def _move(self, cause: Cause) -> None:
        old, self.state = self.state, after(self.state, cause)
        if old is not self.state:
            self._news.append(Moved(old, cause, self.state))

    def _say(self, kind: MessageType, ask: Ask, destination: str | None) -> None:
        self._outgoing.append(Sent(build(kind, self.identity, ask), destination))
