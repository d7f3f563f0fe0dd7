"""Which server is asked next, how, and when to give up: one question's decisions, without I/O.

The order and the timeouts are those of glibc's ``res_send``: every server once, then all again,
``attempts`` times; a server's timeout doubles with its place in the list.
"""

from collections.abc import Iterator
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.events.dns import Fallback
from firstbyte.resolver.settings import MAX_TIMEOUT_S, Server

_NO_EDNS = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
"""How a server without EDNS answers it (RFC 6891, 6.1.3 and 7)."""
_RANK = (
    "dns.tcp_blocked",
    "dns.servfail",
    "dns.refused",
    "dns.malformed",
    "dns.failed",
    "dns.silent",
)
"""Of several servers' failures, the one that tells most is reported."""
_HINTS = {
    "dns.tcp_blocked": "let TCP port 53 through to the resolver (RFC 9210), or ask another one",
    "dns.servfail": "ask another resolver; a broken delegation or DNSSEC failure looks like this",
    "dns.refused": "this server does not serve this client; ask one that does (--dns-servers)",
    "dns.malformed": "something between here and the server damages or forges answers",
    "dns.failed": "check the server's address and that it runs (--dns-servers, /etc/resolv.conf)",
    "dns.silent": "check the server's address, and firewalls that drop UDP and TCP port 53",
}


class Plan(Struct, frozen=True):
    """Whom a question may be put to. ``no_edns`` are servers known to choke on EDNS."""

    servers: tuple[Server, ...]
    timeout_s: float
    attempts: int
    offset: int = 0
    no_edns: frozenset[Server] = frozenset()


class Try(Struct, frozen=True):
    """Send the question to ``server`` and wait ``timeout_s``; ``number`` counts from 1."""

    number: int
    server: Server
    edns: bool
    timeout_s: float
    because: Fallback | None = None


class Answered(Struct, frozen=True):
    """The server answered."""

    rcode: str
    kind: str
    truncated: bool


class Silent(Struct, frozen=True):
    """Nothing of use came in time; ``strays`` counts datagrams that were no answers."""

    strays: int = 0


class Unusable(Struct, frozen=True):
    """The server could not be asked ("unreachable") or understood ("malformed")."""

    how: Literal["unreachable", "malformed"]
    reason: str


Outcome = Answered | Silent | Unusable


class Settled(Struct, frozen=True):
    """The last answer counts: records, no data, or no such name."""


class GaveUp(Struct, frozen=True):
    """No server gave an answer that counts. ``id`` is an error id."""

    id: str
    message: str
    hint: str | None = None


class Asking:
    """One question on its way through the servers.

    Call ``start`` once, then ``after`` with what became of each ``Try`` until it returns no more.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._turns = self._order()
        self._number = 0
        self._current: Try
        self._failures: list[GaveUp] = []

    def start(self) -> Try:
        """The first try."""
        server, timeout_s = next(self._turns)
        return self._begin(server, server not in self._plan.no_edns, timeout_s)

    def after(self, outcome: Outcome) -> Try | Settled | GaveUp:
        """What follows from the current try's ``outcome``."""
        current = self._current
        match outcome:
            case Answered(truncated=True) if current.server.transport == "udp":
                return self._over_tcp()
            case Answered(rcode=rcode) if rcode in _NO_EDNS and current.edns:
                return self._without_edns(rcode)
            case Answered("NOERROR" | "NXDOMAIN", kind, False) if kind != "referral":
                return Settled()
            case _:
                self._failures.append(_failure(current, outcome, self._after_truncation))
                return self._next_server()

    @property
    def _after_truncation(self) -> bool:
        because = self._current.because
        return because is not None and because.kind == "tcp"

    def _order(self) -> Iterator[tuple[Server, float]]:
        servers = self._plan.servers
        for _ in range(self._plan.attempts):
            for place in range(len(servers)):
                timeout_s = self._plan.timeout_s * 2 ** min(place, 8)
                if place:
                    timeout_s /= len(servers)
                yield (
                    servers[(self._plan.offset + place) % len(servers)],
                    min(timeout_s, max(MAX_TIMEOUT_S, self._plan.timeout_s)),
                )

    def _begin(
        self, server: Server, edns: bool, timeout_s: float, because: Fallback | None = None
    ) -> Try:
        self._number += 1
        self._current = Try(self._number, server, edns, timeout_s, because)
        return self._current

    def _over_tcp(self) -> Try:
        now = self._current
        because = Fallback("tcp", f"{now.server} truncated its answer (TC)")
        server = replace(now.server, transport="tcp")
        return self._begin(server, now.edns, now.timeout_s, because)

    def _without_edns(self, rcode: str) -> Try:
        now = self._current
        because = Fallback("no_edns", f"{now.server} answered {rcode} to EDNS")
        if self._after_truncation:
            because = Fallback("tcp", because.detail)
        return self._begin(now.server, False, now.timeout_s, because)

    def _next_server(self) -> Try | GaveUp:
        turn = next(self._turns, None)
        if turn is None:
            return min(self._failures, key=lambda failure: _RANK.index(failure.id))
        server, timeout_s = turn
        because = None
        if len(self._plan.servers) > 1:
            because = Fallback("server", f"{self._failures[-1].message}; asking {server}")
        return self._begin(server, server not in self._plan.no_edns, timeout_s, because)


def _failure(tried: Try, outcome: Outcome, after_truncation: bool) -> GaveUp:
    """Name what went wrong with one try."""
    server = tried.server
    if after_truncation and not isinstance(outcome, Answered):
        id_ = "dns.tcp_blocked"
        message = f"{server} truncated its answer and TCP to it does not work"
        if isinstance(outcome, Unusable):
            message += f" ({outcome.reason})"
        return GaveUp(id_, message, _HINTS[id_])
    id_, message = _name(tried, outcome)
    return GaveUp(id_, f"{server} {message}", _HINTS[id_])


def _name(tried: Try, outcome: Outcome) -> tuple[str, str]:
    match outcome:
        case Answered(rcode="SERVFAIL"):
            return "dns.servfail", "answered SERVFAIL"
        case Answered(rcode="REFUSED"):
            return "dns.refused", "answered REFUSED"
        case Answered(kind="referral"):
            return "dns.failed", "does not resolve for others (it answered with a referral)"
        case Answered(truncated=True):
            return "dns.malformed", f"truncated its answer over {tried.server.transport}"
        case Answered(rcode=rcode):
            return "dns.failed", f"answered {rcode}"
        case Unusable("malformed", reason):
            return "dns.malformed", f"sent an answer that cannot be understood: {reason}"
        case Unusable(_, reason):
            return "dns.failed", f"cannot be asked: {reason}"
        case Silent(strays):
            waited = f"did not answer within {tried.timeout_s:g} s"
            if strays:
                return "dns.malformed", f"{waited}; {strays} datagrams came that answer nothing"
            return "dns.silent", waited
