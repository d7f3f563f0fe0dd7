"""Down the tree: from the closest known zone cut to the servers that have the answer.

RFC 1034, 5.3.3, with QNAME minimisation (RFC 9156), failure handling (RFC 9520) and the bounds that
keep one question from becoming many (NXNSAttack: a referral's names are looked up one at a time,
and only a few of them).
"""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from ipaddress import ip_address

from msgspec import Struct, field

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.names import ROOT, is_under, parent, to_text
from firstbyte.resolver.machine import replies
from firstbyte.resolver.machine.delegations import Delegation, Delegations
from firstbyte.resolver.machine.minimiser import Minimiser
from firstbyte.resolver.machine.replies import ANSWER, REFERRAL, Kind, Reply
from firstbyte.resolver.machine.scheduler import Scheduler
from firstbyte.resolver.machine.servers import Servers
from firstbyte.resolver.machine.settings import Settings
from firstbyte.resolver.machine.values import Ask, Ede, Error, Outcome, Server
from firstbyte.resolver.machine.work import Work

MAX_REFERRALS = 40
TRIES_PER_SERVER = 3
EMPTY_TRIES = 2
"""So many empty messages are thrown away before one is believed."""
MIN_GLUE_TTL_S = 5
PRIMING_PAUSE_S = 5.0
"""After a failure to prime, the hints serve for so long."""
MINIMISED_TRIES = 3
"""So often a part of a name is asked for in vain, before the whole is shown (RFC 9156, 3)."""

FindAddresses = Callable[[bytes, Work, int, frozenset[Server]], Awaitable[tuple[str, ...]]]
Learned = Callable[[Reply, Delegation], None]


class Fetched(Struct, frozen=True, gc=False):
    """A useful reply, and the cut whose servers gave it."""

    reply: Reply
    cut: Delegation


class _Round(Struct, gc=False):
    """The attempts of one question at one zone's servers; nearly always there is just one."""

    tries: dict[Server, int] = field(default_factory=dict)
    spoiled: frozenset[Server] = frozenset()
    """Servers whose answers were no use; they are not asked again."""
    no_edns: frozenset[Server] = frozenset()
    plain_case: frozenset[Server] = frozenset()
    tcp: frozenset[Server] = frozenset()
    cookies: frozenset[Server] = frozenset()
    """Servers that wanted a newer cookie, and gave it."""
    empty: int = 0
    attempts: int = 0
    sought: frozenset[bytes] = frozenset()
    """Server names that were looked up for it."""
    fallback: Reply | None = None
    """A reply of a lame server: better than none."""
    failure: Error | None = None
    erring: Server | None = None
    """One that answered a question in mixed case with an error."""

    def try_plain_case(self) -> bool:
        """Give the erring server one more chance, with a question in plain lower case.

        Some servers, or boxes before them, answer mixed case with an error (0x20, section 6).
        """
        server, self.erring = self.erring, None
        if server is None or server in self.plain_case:
            return False
        self.plain_case |= {server}
        self.spoiled -= {server}
        self.tries[server] = 0
        return True


class Iterator:
    """Fetches what a name and type have, from the servers that are responsible."""

    def __init__(
        self,
        settings: Settings,
        scheduler: Scheduler,
        servers: Servers,
        find_addresses: FindAddresses,
        learned: Learned,
    ) -> None:
        self.settings = settings
        self.scheduler = scheduler
        self.servers = servers
        self.delegations = Delegations(_fixed(settings))
        self._find_addresses = find_addresses
        self._learned = learned
        self._primed_s = float("-inf")

    async def fetch(self, name: bytes, rdtype: int, work: Work, depth: int = 0) -> Fetched | None:
        """The responsible servers' reply; None when none could be had (``work.errors`` says why).

        A DS record is asked of the parent's servers (RFC 4035, 3.1.4.1).
        """
        above = parent(name) if rdtype == dns.DS and len(name) > 1 else name
        cut = await self._start(above, work)
        if cut is None:
            work.blame(Error(Ede.NO_REACHABLE_AUTHORITY, "no root servers are configured"))
            return None
        fetched = await self._walk(cut, name, rdtype, work, depth)
        other = self._instead_of(cut, above) if fetched is None else None
        return fetched if other is None else await self._walk(other, name, rdtype, work, depth)

    async def _walk(
        self, cut: Delegation, name: bytes, rdtype: int, work: Work, depth: int
    ) -> Fetched | None:
        """Down from ``cut`` to the reply."""
        mode = "off" if cut.recursive else self.settings.minimisation
        if name in cut.names and not cut.addresses():
            # Only the zone above can tell the address of a server that a zone cannot do without.
            cut = self.delegations.closest(parent(cut.zone), self.scheduler.now.unix_s) or cut
            mode = "off"
        minimiser = Minimiser(mode, name, rdtype)
        for _ in range(MAX_REFERRALS + MAX_REFERRALS):
            shown, kind, whole = minimiser.question(cut.zone)
            patience = None if whole or minimiser.strict else MINIMISED_TRIES
            reply = await self._ask_zone(cut, shown, kind, work, depth, patience)
            if reply is None:
                if whole or minimiser.strict:
                    return None
                minimiser.give_up()
                continue
            if reply.kind is REFERRAL:
                cut = self._descend(reply, cut)
                continue
            if whole:
                return Fetched(reply, cut)
            if reply.rcode == dns.NXDOMAIN and not reply.links and self._stops(reply, minimiser):
                return Fetched(reply, cut)
            if reply.rcode == dns.NXDOMAIN:
                minimiser.give_up()
                continue
            minimiser.nothing_there(cut.zone)
        work.blame(Error(Ede.OTHER, f"too many referrals for {to_text(name)}"))
        return None

    def _instead_of(self, cut: Delegation, name: bytes) -> Delegation | None:
        """Where to go on where the servers of the configuration failed, if that is wanted."""
        settings = self.settings
        first = {"forward": settings.forward_first, "stub": settings.stub_first}
        if not first.get(cut.kind, False):
            return None
        return self.delegations.in_tree(name, self.scheduler.now.unix_s)

    def _stops(self, reply: Reply, minimiser: Minimiser) -> bool:
        """Whether the denial of a part of the name settles the whole name (RFC 8020).

        Servers of signed zones know names without records of their own (RFC 4035, 3.1.3.2); others
        are known to deny them, and shall be asked for the whole name.
        """
        if minimiser.strict:
            return True
        signed = any(rrset.signatures for rrset in reply.proofs)
        return signed and self.settings.validation.enabled and self.settings.harden.below_nxdomain

    async def _start(self, name: bytes, work: Work) -> Delegation | None:
        now_s = self.scheduler.now.unix_s
        cut = self.delegations.closest(name, now_s)
        if cut is not None and cut.kind == "hints" and self.settings.priming:
            await self._prime(cut, work)
            cut = self.delegations.closest(name, now_s)
        return cut

    async def _prime(self, hints: Delegation, work: Work) -> None:
        """Ask the hinted servers for the root's own NS set (RFC 9609, 3)."""
        now_s = self.scheduler.now.unix_s
        if self.delegations.primed or self._primed_s <= now_s < self._primed_s + PRIMING_PAUSE_S:
            return
        self._primed_s = now_s
        reply = await self._ask_zone(hints, ROOT, dns.NS, work, 0)
        found = None if reply is None else next(iter(reply.links), None)
        if reply is None or found is None or found.rdtype != dns.NS:
            return
        names = tuple(rdata.lower() for rdata in found.rdatas)
        glue: dict[bytes, tuple[str, ...]] = {}
        for rrset in reply.additional:
            if rrset.key in names:
                texts = (replies.address_text(rrset.rdtype, rdata) for rdata in rrset.rdatas)
                glue[rrset.key] = glue.get(rrset.key, ()) + tuple(filter(None, texts))
        glue = {name: glue.get(name, hints.glue.get(name, ())) for name in names}
        glue = {name: texts for name, texts in glue.items() if texts}
        if glue:
            end_s = self.scheduler.now.unix_s + max(found.ttl_s, MIN_GLUE_TTL_S)
            self.delegations.learn(Delegation(ROOT, names, glue, end_s))

    def _descend(self, reply: Reply, above: Delegation) -> Delegation:
        rrset = reply.cut
        if rrset is None:  # a referral always has its NS set; this satisfies the type checker
            return above
        names = tuple(rdata.lower() for rdata in rrset.rdatas)
        ttl_s = max(min(rrset.ttl_s, self.settings.cache.max_ttl_s), MIN_GLUE_TTL_S)
        glue = reply.glue
        if self.settings.harden.glue:
            glue = {name: ips for name, ips in glue.items() if is_under(name, above.zone)}
        # Not longer than the zone above: it may itself be taken away (a "ghost domain").
        end_s = min(self.scheduler.now.unix_s + ttl_s, above.expires_s)
        cut = Delegation(rrset.key, names, glue, end_s)
        self.delegations.learn(cut)
        self._learned(reply, above)
        return cut

    # one zone's servers ---------------------------------------------------------------------

    async def _ask_zone(
        self,
        cut: Delegation,
        name: bytes,
        rdtype: int,
        work: Work,
        depth: int,
        patience: int | None = None,
    ) -> Reply | None:
        """The first useful reply; None after ``patience`` useless ones, or when all have failed."""
        attempt = _Round()
        while patience is None or attempt.attempts < patience:
            server = self._next_server(cut, attempt, work)
            if server is None:
                if attempt.try_plain_case():
                    continue
                wanted = patience is None or attempt.attempts == 0
                if wanted and await self._find_more(cut, attempt, work, depth):
                    continue
                return self._nothing_better(cut, attempt, work)
            if not work.may_ask():
                work.blame(Error(Ede.OTHER, "too many questions were needed"))
                return None
            ask = self._make_ask(cut, server, name, rdtype, attempt)
            outcome = await self.scheduler.exchange(ask)
            reply = self._judge(cut, server, name, rdtype, outcome, attempt)
            if reply is not None:
                reply.server = server
                if reply.own is not None:
                    now_s = self.scheduler.now.unix_s
                    self.delegations.adopt(cut, reply.own, reply.glue, now_s)
                return reply
        return attempt.fallback

    def _nothing_better(self, cut: Delegation, attempt: _Round, work: Work) -> Reply | None:
        if attempt.fallback is not None:
            return attempt.fallback
        zone = to_text(cut.zone)
        if attempt.attempts == 0:
            text = f"no reachable address for the servers of {zone}"
            work.blame(Error(Ede.NO_REACHABLE_AUTHORITY, text))
            return None
        text = f"no useful answer from the servers of {zone}"
        work.blame(Error(Ede.NO_REACHABLE_AUTHORITY, text))
        if attempt.failure is not None:
            work.blame(attempt.failure)
        return None

    def _next_server(self, cut: Delegation, attempt: _Round, work: Work) -> Server | None:
        now = self.scheduler.now
        usable = cut.usable(self._may_use)
        if attempt.spoiled or work.distrusted:
            avoided = attempt.spoiled | work.distrusted
            usable = [server for server in usable if server not in avoided]
        usable = self.servers.serving(usable, cut.zone, now)
        if not usable:
            return None
        if not attempt.attempts:
            return self.servers.choose(usable, now)
        fewest = min(attempt.tries.get(server, 0) for server in usable)
        if fewest >= TRIES_PER_SERVER:
            return None
        if fewest >= 1 and cut.unknown_names() and not attempt.sought:
            return None
        fresh = [server for server in usable if attempt.tries.get(server, 0) == fewest]
        return self.servers.choose(fresh, now)

    def _may_use(self, server: Server, cut: Delegation) -> bool:
        address = server[0]
        six = ":" in address
        if not (self.settings.ipv6 if six else self.settings.ipv4):
            return False
        if cut.kind != "referral":
            return True  # the configuration's own word
        if not (self.settings.harden.do_not_query_localhost and _is_local(address)):
            return True
        return cut.zone == ROOT and any(hint == address for _, hint in self.settings.hints)

    async def _find_more(self, cut: Delegation, attempt: _Round, work: Work, depth: int) -> bool:
        """Look up the addresses of one more server name; tells whether there is anything new."""
        limits = self.settings.limits
        before = frozenset(cut.addresses())
        if not before and not attempt.sought and self._take_others_word(cut):
            return True
        while len(attempt.sought) < limits.targets_per_zone and depth < limits.depth:
            name = _unsought(cut, attempt.sought)
            if name is None:
                return self._take_others_word(cut)
            if not work.may_seek_target():
                return False
            attempt.sought |= {name}
            addresses = await self._find_addresses(name, work, depth + 1, before)
            if addresses:
                cut.find(name, addresses)
            if set(cut.addresses()) - before:
                return True
        return False

    def _take_others_word(self, cut: Delegation) -> bool:
        """Use the glue that other delegations have for this one's server names, if there is any.

        It spares a question; and where a child says other addresses of its servers than its parent
        does, it is the last resort.
        """
        before = set(cut.addresses())
        for name, reserve in cut.reserve.items():
            if name not in cut.found:
                cut.find(name, reserve)
        for name in cut.names:
            glue = self.delegations.glue_for(name, self.scheduler.now.unix_s)
            if glue and name not in cut.glue:
                cut.find(name, tuple(dict.fromkeys(cut.found.get(name, ()) + glue)))
        return bool(set(cut.addresses()) - before)

    def _make_ask(
        self, cut: Delegation, server: Server, name: bytes, rdtype: int, attempt: _Round
    ) -> Ask:
        state = self.servers.state(server, self.scheduler.now)
        attempt.tries[server] = tries = attempt.tries.get(server, 0) + 1
        attempt.attempts += 1
        tcp = server in attempt.tcp
        timeout_s = state.timeout_s
        return Ask(
            number=self.scheduler.number(),
            server=server,
            zone=cut.zone,
            name=name,
            rdtype=rdtype,
            recursive=cut.recursive,
            edns=state.edns and server not in attempt.no_edns,
            tcp=tcp,
            mix_case=self.settings.mix_case and server not in attempt.plain_case,
            timeout_s=max(timeout_s * 2, 1.5) if tcp else timeout_s,
            attempt=tries,
        )

    # what an outcome means ------------------------------------------------------------------

    def _judge(
        self,
        cut: Delegation,
        server: Server,
        name: bytes,
        rdtype: int,
        outcome: Outcome,
        attempt: _Round,
    ) -> Reply | None:
        """The reply to go on with, or None: ask again, as ``attempt`` now says."""
        message = outcome.message
        if message is None:
            self._failed(server, outcome, attempt)
            return None
        if server not in attempt.tcp:
            self.servers.answered(server, outcome.rtt_s, self.scheduler.now)
        if message.flags & dns.TC:
            self._truncated(server, attempt)
            return None
        reply = replies.read(message, cut.zone, name, rdtype, recursive=cut.recursive)
        if reply.kind is ANSWER:
            return reply
        if reply.kind is Kind.ERROR:
            self._error(server, message, reply, attempt)
            return None
        if reply.kind is Kind.LAME:
            self._lame(cut, server, reply, attempt)
            return None
        if reply.kind is Kind.EMPTY:
            attempt.empty += 1
            attempt.fallback = attempt.fallback or reply
            if attempt.empty < EMPTY_TRIES:
                attempt.spoiled |= {server}
                return None
        return reply

    def _failed(self, server: Server, outcome: Outcome, attempt: _Round) -> None:
        if outcome.failure == "case":
            if server in attempt.tcp or server in attempt.plain_case:
                attempt.plain_case |= {server}
                attempt.tcp -= {server}
            else:
                attempt.tcp |= {server}
            attempt.failure = Error(Ede.NETWORK_ERROR, f"{server[0]} changed the question's case")
            return
        where = f"{server[0]}:{server[1]}"
        attempt.failure = Error(Ede.NETWORK_ERROR, f"{where} {_TOLD[outcome.failure or 'closed']}")
        if outcome.failure == "timeout" and server not in attempt.tcp:
            self.servers.silent(server, self.scheduler.now)
            return
        if outcome.failure in ("unreachable", "refused"):
            self.servers.silent(server, self.scheduler.now)
        if server in attempt.tcp and outcome.failure == "timeout":
            self.servers.silent(server, self.scheduler.now)
        attempt.spoiled |= {server}

    def _truncated(self, server: Server, attempt: _Round) -> None:
        if server in attempt.tcp:
            attempt.spoiled |= {server}
            return
        attempt.tcp |= {server}
        attempt.tries[server] = 0

    def _error(self, server: Server, message: Message, reply: Reply, attempt: _Round) -> None:
        """FORMERR and NOTIMP may mean "no EDNS here" (RFC 6891, 7); others mean: ask elsewhere."""
        if reply.rcode == dns.BADCOOKIE and server not in attempt.tcp:
            if server in attempt.cookies:
                attempt.tcp |= {server}  # RFC 7873, 5.3
            attempt.cookies |= {server}
            attempt.tries[server] = 0
            return
        about_edns = reply.rcode in (dns.FORMERR, dns.NOTIMP, dns.BADVERS)
        if about_edns and server not in attempt.no_edns and message.edns is None:
            attempt.no_edns |= {server}
            attempt.tries[server] = 0
            return
        attempt.spoiled |= {server}
        if self.settings.mix_case and not attempt.plain_case:
            attempt.erring = server
        text = f"{server[0]}:{server[1]} answered {dns.rcode_name(reply.rcode)}"
        attempt.failure = Error(Ede.NETWORK_ERROR, text)

    def _lame(self, cut: Delegation, server: Server, reply: Reply, attempt: _Round) -> None:
        attempt.spoiled |= {server}
        useful = reply.rcode == dns.NXDOMAIN or reply.soa is not None or bool(reply.links)
        if useful and attempt.fallback is None:
            reply.kind = Kind.ANSWER
            attempt.fallback = reply
        elif not reply.authoritative and not cut.recursive:
            # With authority it may know other types: some balancers are so.
            recursive = reply.recursive
            self.servers.lame(server, cut.zone, self.scheduler.now, recursive=recursive)
        text = f"{server[0]}:{server[1]} does not serve {to_text(cut.zone)}"
        attempt.failure = Error(Ede.NOT_AUTHORITATIVE, text)


_TOLD = {
    "timeout": "did not answer in time",
    "unreachable": "is unreachable",
    "refused": "refused the connection",
    "malformed": "sent a message that cannot be read",
    "closed": "closed the connection",
    "case": "changed the question's case",
}


def _unsought(cut: Delegation, sought: frozenset[bytes]) -> bytes | None:
    """A server name to look up: one without address first, then those with only glue."""
    if cut.servers:
        return None
    glued = [name for name in cut.names if name in cut.glue and name not in cut.found]
    left = (name for name in cut.unknown_names() + glued if name not in sought)
    return next(left, None)


@lru_cache(maxsize=4096)
def _is_local(address: str) -> bool:
    ip = ip_address(address)
    return ip.is_loopback or ip.is_unspecified


def _fixed(settings: Settings) -> list[Delegation]:
    """The cuts of the configuration: hints for the root, stubs and forwarders."""
    never_s = float("inf")
    cuts = []
    if settings.hints:
        glue: dict[bytes, tuple[str, ...]] = {}
        for name, address in settings.hints:
            glue[name] = (*glue.get(name, ()), address)
        cuts.append(Delegation(ROOT, tuple(glue), glue, never_s, "hints"))
    for zone, servers in settings.stub.items():
        cuts.append(Delegation(zone, (), {}, never_s, "stub", servers))
    for zone, servers in settings.forward.items():
        cuts.append(Delegation(zone, (), {}, never_s, "forward", servers))
    return cuts
