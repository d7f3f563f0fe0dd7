"""Stateless address autoconfiguration (RFC 4862), pure: a link-local address, routers, prefixes.

The driver sends what :meth:`Autoconf.take` gives (with hop limit 255), hands in what comes by
:meth:`Autoconf.solicited`, :meth:`Autoconf.claimed` and :meth:`Autoconf.advertised`, and calls
:meth:`Autoconf.poll` when :attr:`Autoconf.deadline` has come.
"""

from ipaddress import IPv6Network
from typing import NamedTuple

from msgspec import Struct

from firstbyte.protocols.ip.addresses import (
    ALL_ROUTERS,
    ANY_V6,
    is_link_local,
    is_multicast,
    pack,
    solicited_node,
    unpack,
)
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ndp import Solicitation, encode_solicitation
from firstbyte.protocols.ip.router_discovery import (
    FOREVER_S,
    Prefix,
    RouterAdvertisement,
    RouterSolicitation,
    encode_router_solicitation,
)
from firstbyte.protocols.tcp.timers import NEVER

SECOND = 1_000_000_000
LINK_LOCAL = "fe80::"
TWO_HOURS_NS = 7200 * SECOND
MAX_ADDRESSES = 16
"""Of an interface [max_addresses]; and as many routers."""


class AutoconfSettings(Struct, frozen=True, kw_only=True):
    """RFC 4861, section 10, and RFC 4862, section 5.1; the names are the RFCs'."""

    dup_addr_detect_transmits: int = 1
    retrans_timer_ns: int = 1 * SECOND
    max_rtr_solicitation_delay_ns: int = 1 * SECOND
    rtr_solicitation_interval_ns: int = 4 * SECOND
    max_rtr_solicitations: int = 3


class Outgoing(NamedTuple):
    """A message to send to a group of the link."""

    message: Icmpv6
    source: str
    destination: str


class Gained(NamedTuple):
    """News: an address is ours; ``router`` told of its prefix (null: nobody, it is link-local)."""

    address: str
    length: int
    router: str | None
    expires_ns: int | None


class Lost(NamedTuple):
    """News: an address is not ours (any more)."""

    address: str
    cause: str


class RouterSeen(NamedTuple):
    """News: a router told about itself; ``lasts`` is false when it is none for us any more."""

    address: str
    lasts: bool
    advertisement: RouterAdvertisement | None


News = Gained | Lost | RouterSeen


class _Tentative(NamedTuple):
    """An address that is being checked (section 5.4)."""

    length: int
    router: str | None
    expires_ns: int | None


DEFAULT_SETTINGS = AutoconfSettings()


def interface_id(mac: bytes) -> bytes:
    """Modified EUI-64 (RFC 4291, appendix A)."""
    return bytes((mac[0] ^ 2, *mac[1:3], 0xFF, 0xFE, *mac[3:6]))


def formed(network: str, mac: bytes) -> str:
    """The address of a station in a network of 64 bits."""
    return unpack(pack(network)[:8] + interface_id(mac))


class Autoconf:
    """One interface. ``chance``, from 0 up to 1, delays the first message (section 5.4.2)."""

    def __init__(
        self, mac: bytes, chance: float, settings: AutoconfSettings = DEFAULT_SETTINGS
    ) -> None:
        self.mac = mac
        self.link_local = formed(LINK_LOCAL, mac)
        self._settings = settings
        self._delay_ns = round(chance * settings.max_rtr_solicitation_delay_ns)
        self._tentative: dict[str, tuple[int, int, _Tentative]] = {}
        """By address: when something is due, how many solicitations went out, and the rest."""
        self._held: dict[str, int | None] = {}
        """Valid addresses, and when they end."""
        self._refused: set[str] = set()
        """Addresses that others have: they are not asked for again."""
        self._routers: dict[str, int] = {}
        """Default routers, and when they end."""
        self._solicit_ns = NEVER
        self._solicited = 0
        self._outgoing: list[Outgoing] = []
        self._news: list[News] = []

    @property
    def deadline(self) -> int:
        """When to poll again."""
        times = [self._solicit_ns]
        times += [at_ns for at_ns, _, _ in self._tentative.values()]
        times += [at_ns for at_ns in self._held.values() if at_ns is not None]
        return min([*times, *self._routers.values()])

    @property
    def settled(self) -> bool:
        """Nothing is being checked or solicited: only lifetimes can end."""
        return not self._tentative and self._solicit_ns == NEVER

    def start(self, now_ns: int) -> None:
        """Begin with the link-local address (section 5.3)."""
        self._check(self.link_local, _Tentative(64, None, None), now_ns + self._delay_ns)
        self.poll(now_ns)

    def poll(self, now_ns: int) -> None:
        """Do what is due."""
        while now_ns >= self.deadline:
            for address, (at_ns, sent, about) in list(self._tentative.items()):
                if now_ns >= at_ns:
                    self._probe(address, sent, about, now_ns)
            if now_ns >= self._solicit_ns:
                self._solicit(now_ns)
            self._expire(now_ns)

    def take(self) -> tuple[list[Outgoing], list[News]]:
        """What is to be sent, and what happened, since the last call."""
        taken = self._outgoing, self._news
        self._outgoing, self._news = [], []
        return taken

    # What comes in.

    def solicited(self, target: str, source: str) -> None:
        """Another station solicits ``target``; from nowhere, it wants the address, too (5.4.3)."""
        if source == ANY_V6:
            self._conflict(target)

    def claimed(self, target: str) -> None:
        """Another station advertises ``target`` as its own (section 5.4.4)."""
        self._conflict(target)

    def advertised(self, message: RouterAdvertisement, router: str, now_ns: int) -> None:
        """A router advertises; ``router`` is the link-local address that it comes from."""
        if not is_link_local(router) or self.link_local not in self._held:
            return
        self._solicit_ns = NEVER
        if not message.lifetime_s:
            self._routers.pop(router, None)
        elif router in self._routers or len(self._routers) < MAX_ADDRESSES:
            self._routers[router] = now_ns + message.lifetime_s * SECOND
        else:
            return
        self._news.append(RouterSeen(router, bool(message.lifetime_s), message))
        for prefix in message.prefixes:
            self._take_prefix(prefix, router, now_ns)

    def _take_prefix(self, prefix: Prefix, router: str, now_ns: int) -> None:
        """Section 5.5.3; only prefixes of 64 bits leave room for an interface identifier."""
        usable = prefix.autonomous and prefix.length == 64 and prefix.preferred_s <= prefix.valid_s
        if not usable or is_link_local(prefix.network) or is_multicast(prefix.network):
            return
        network = str(IPv6Network(f"{prefix.network}/64", strict=False).network_address)
        address = formed(network, self.mac)
        endless = prefix.valid_s == FOREVER_S
        until_ns = None if endless else now_ns + prefix.valid_s * SECOND
        if address in self._held:
            self._held[address] = self._extended(self._held[address], until_ns, now_ns)
        elif prefix.valid_s and self._may_try(address):
            length = 64 if prefix.on_link else 128
            self._check(address, _Tentative(length, router, until_ns), now_ns)
            self.poll(now_ns)

    def _may_try(self, address: str) -> bool:
        known = len(self._held) + len(self._tentative) + len(self._refused)
        return address not in {*self._tentative, *self._refused} and known < MAX_ADDRESSES

    @staticmethod
    def _extended(old_ns: int | None, told_ns: int | None, now_ns: int) -> int | None:
        """Nobody may cut a lifetime below two hours (section 5.5.3, e)."""
        if told_ns is None or (old_ns is not None and told_ns >= old_ns):
            return told_ns
        if told_ns - now_ns > TWO_HOURS_NS:
            return told_ns
        left_ns = NEVER if old_ns is None else old_ns - now_ns
        return old_ns if left_ns <= TWO_HOURS_NS else now_ns + TWO_HOURS_NS

    # Duplicate address detection (section 5.4).

    def _check(self, address: str, about: _Tentative, at_ns: int) -> None:
        self._tentative[address] = (at_ns, 0, about)

    def _probe(self, address: str, sent: int, about: _Tentative, now_ns: int) -> None:
        if sent < self._settings.dup_addr_detect_transmits:
            question = encode_solicitation(Solicitation(address))
            self._outgoing.append(Outgoing(question, ANY_V6, solicited_node(address)))
            due_ns = now_ns + self._settings.retrans_timer_ns
            self._tentative[address] = (due_ns, sent + 1, about)
            return
        del self._tentative[address]
        self._held[address] = about.expires_ns
        self._news.append(Gained(address, about.length, about.router, about.expires_ns))
        if address == self.link_local:
            self._solicit_ns = now_ns

    def _conflict(self, address: str) -> None:
        if self._tentative.pop(address, None) is not None:
            self._refused.add(address)
            self._news.append(Lost(address, "address in use"))

    # Routers and lifetimes.

    def _solicit(self, now_ns: int) -> None:
        self._solicited += 1
        message = encode_router_solicitation(RouterSolicitation(self.mac))
        self._outgoing.append(Outgoing(message, self.link_local, ALL_ROUTERS))
        again = self._solicited < self._settings.max_rtr_solicitations
        interval_ns = self._settings.rtr_solicitation_interval_ns
        self._solicit_ns = now_ns + interval_ns if again else NEVER

    def _expire(self, now_ns: int) -> None:
        for address, until_ns in list(self._held.items()):
            if until_ns is not None and now_ns >= until_ns:
                del self._held[address]
                self._news.append(Lost(address, "lifetime ended"))
        for router, until_ns in list(self._routers.items()):
            if now_ns >= until_ns:
                del self._routers[router]
                self._news.append(RouterSeen(router, False, None))
