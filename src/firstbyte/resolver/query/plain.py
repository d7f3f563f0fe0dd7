"""A question to one server, as dig asks it: retries, TCP on truncation, transfers, TLS, HTTPS."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from firstbyte.errors import DecodeError
from firstbyte.events import Scope
from firstbyte.events.dns import Transport as Told
from firstbyte.events.recorder import Recorder
from firstbyte.journey.resolution import Exchange
from firstbyte.net import system
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Edns, Message
from firstbyte.protocols.dns.presentation import type_text
from firstbyte.resolver.query.carry import (
    Ends,
    Server,
    Transport,
    Unanswered,
    over_tcp,
    over_udp,
)
from firstbyte.resolver.query.making import make_query
from firstbyte.resolver.query.options import COOKIE
from firstbyte.resolver.query.wanted import Wanted

if TYPE_CHECKING:
    from firstbyte.resolver.query.signing import Signer
    from firstbyte.resolver.query.telling import PlainTeller

_TOLD: dict[Transport, Told] = {
    "udp": "udp",
    "tcp": "tcp",
    "tls": "dot",
    "https": "doh",
    "http": "doh",
}
"""How events name the ways."""


class Question(Struct, frozen=True):
    """One question and the servers to try, each an address and a port."""

    name: str
    rdtype: int
    servers: tuple[Server, ...]
    shown_as: tuple[Server, ...] = ()
    """What the servers are called, where ``--map`` sends their questions elsewhere."""
    first_only: bool = False
    """Of a zone transfer, the first message is enough."""


async def ask(question: Question, wanted: Wanted, teller: "PlainTeller | None" = None) -> Exchange:
    """The first answer of the servers; a failure is told in the exchange, not raised.

    ``teller`` makes events of what happens.

    Raises:
        DecodeError: the name is no domain name.

    """
    query = make_query(question.name, question.rdtype, wanted)
    transfer = question.rdtype == dns.AXFR or (
        question.rdtype == dns.IXFR and wanted.serial is not None
    )
    tcp = wanted.tcp or transfer or question.rdtype == dns.ANY  # as dig does (RFC 8482, 4.4)
    way: Transport = wanted.secured.kind or ("tcp" if tcp else "udp")
    whole = transfer and not question.first_only
    notes: list[str] = []
    last: Exchange | None = None
    attempt = 0
    for _ in range(wanted.tries if way == "udp" else 1):
        for index, server in enumerate(question.servers):
            attempt += 1
            named = question.shown_as[index] if question.shown_as else server
            last = await _Asking(question, query, wanted, teller, transfer=whole).once(
                server, named, way
            )
            if last.response is not None and not _goes_on(last, wanted):
                return _noted(last, attempt, notes)
            notes.append(f"{named[0]}#{named[1]}: {last.failure or 'SERVFAIL'}")
        if last is not None and last.response is not None:
            return _noted(last, attempt, notes)
    if last is None:
        last = _exchange(question, query, ("", 0), way, failure="there is no server to ask")
    return _noted(last, attempt, notes)


def _goes_on(exchange: Exchange, wanted: Wanted) -> bool:
    """Whether the next server is to be asked in spite of the answer."""
    failed = exchange.response is not None and exchange.response[3] & 15 == dns.SERVFAIL
    return failed and not wanted.stop_at_servfail


def _noted(exchange: Exchange, attempts: int, notes: Sequence[str]) -> Exchange:
    return replace(exchange, attempts=attempts, notes=(*notes, *exchange.notes))


@dataclass(slots=True)
class _Asking:
    """One question to one server; what the server says may change how it is asked."""

    question: Question
    query: bytes
    wanted: Wanted
    teller: "PlainTeller | None"
    transfer: bool = field(kw_only=True)

    async def once(self, server: Server, named: Server, way: Transport) -> Exchange:
        """Ask, again over TCP on truncation, and once more where the server wants it otherwise."""
        clock = system.current()
        start_ns, when_s = clock.now_ns(), clock.wall_time_s()
        notes: list[str] = []
        came = await self._over(way, server, named)
        changed = self._changed(came.response)
        if changed is not None:
            notes.append(changed)
            came = await self._over(way, server, named)
        if came.transport == "udp" and came.truncated and not self.wanted.ignore_truncation:
            notes.append("Truncated, retrying in TCP mode.")
            came = await self._over("tcp", server, named)
        if came.response is None:
            failed = {"failure": came.failure, "failure_id": came.failure_id}
            return _exchange(
                self.question, self.query, named, came.transport, when_s=when_s, **failed
            )
        return _exchange(
            self.question,
            self.query,
            named,
            came.transport,
            response=came.response,
            more=came.more,
            rtt_ms=(clock.now_ns() - start_ns) / 1e6,
            when_s=when_s,
            notes=(*notes, *came.notes),
            tls=came.tls,
        )

    def _changed(self, response: bytes | None) -> str | None:
        """Make another query where the server refuses the way in which it was asked."""
        answer = _edns_of(response)
        if answer is None:
            return None
        rcode, edns = answer
        wanted = self.wanted
        if rcode == dns.BADVERS and wanted.negotiate and edns.version < (wanted.edns or 0):
            self.wanted = replace(wanted, edns=edns.version)
            words = f"BADVERS, retrying with EDNS version {edns.version}."
        elif rcode == dns.BADCOOKIE and wanted.retry_cookie and wanted.cookie is not None:
            self.wanted = replace(wanted, cookie=edns.option(COOKIE) or wanted.cookie)
            words = "BADCOOKIE, retrying."
        else:
            return None
        self.query = make_query(self.question.name, self.question.rdtype, self.wanted)
        return words

    async def _over(self, way: Transport, server: Server, named: Server) -> "_Came":
        signer = self._sign()
        number = self._tell_asked(named, way)
        wait_s = self.wanted.timeout_s * (60 if self.transfer else 1)
        tls: str | None = None
        source = self.wanted.source
        try:
            async with asyncio.timeout(wait_s):
                if way == "udp":
                    found = [await over_udp(self.query, server, source)]
                elif way == "tcp":
                    found = await over_tcp(self.query, server, source, self._ends())
                else:
                    found, tls = await self._over_secure(server)
            notes = () if signer is None else signer.judge(found, multi=self.transfer)
        except TimeoutError:
            failure = f"no answer within {wait_s:g} s"
            return self._failed(number, way, Unanswered(failure), silent=True)
        except Unanswered as error:
            return self._failed(number, way, error, silent=False)
        if self.teller is not None:
            self.teller.answered(number, walker.decode(self.query), found[0], named)
        return _Came(way, found[0], tuple(found[1:]), tls=tls, notes=notes)

    def _sign(self) -> "Signer | None":
        """Sign the query, anew for each try, where there is a key."""
        if self.wanted.key is None:
            return None
        from firstbyte.resolver.query.signing import Signer

        signer = Signer(self.wanted.key)
        bare = make_query(self.question.name, self.question.rdtype, self.wanted)
        self.query = signer.sign(self.query[:2] + bare[2:])
        return signer

    async def _over_secure(self, server: Server) -> tuple[list[bytes], str | None]:
        from firstbyte.resolver.query.secure import over_secure

        scope = _silent() if self.teller is None else self.teller.scope
        target = _Target(self.query, server, self.wanted.server or server[0], self.wanted.source)
        return await over_secure(target, self.wanted.secured, scope, self._ends())

    def _ends(self) -> Ends | None:
        """What knows the end of the answer, where it may be more than one message."""
        return Ends(self.question.rdtype, self.wanted.serial) if self.transfer else None

    def _tell_asked(self, named: Server, way: Transport) -> int:
        if self.teller is None:
            return 0
        query = walker.decode(self.query)
        return self.teller.asked(query, len(self.query), named, _TOLD[way])

    def _failed(self, number: int, way: Transport, error: Unanswered, *, silent: bool) -> "_Came":
        if self.teller is not None:
            self.teller.failed(number, str(error), silent=silent)
        return _Came(way, failure=str(error), failure_id=error.error_id)


class _Target(NamedTuple):
    """See ``secure.Target``."""

    query: bytes
    server: Server
    name: str
    source: Server | None


def _silent() -> Scope:
    """For questions that nobody makes a journey of."""
    clock = system.current()
    return Recorder(clock.now_ns, "kernel" if clock.network == "kernel" else "simulated").scope()


def _edns_of(response: bytes | None) -> tuple[int, Edns] | None:
    """The code and the OPT record of a response that can be read and has one."""
    if response is None:
        return None
    try:
        message: Message = walker.decode(response)
    except DecodeError:
        return None
    return None if message.edns is None else (message.rcode, message.edns)


class _Came(NamedTuple):
    """What one server sent over one transport."""

    transport: Transport
    response: bytes | None = None
    more: tuple[bytes, ...] = ()
    failure: str | None = None
    failure_id: str | None = None
    tls: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def truncated(self) -> bool:
        return self.response is not None and bool(self.response[2] & 0x02)


def _exchange(
    question: Question, query: bytes, server: Server, transport: str, **more: Any
) -> Exchange:
    return Exchange(
        name=question.name,
        type=type_text(question.rdtype),
        server=server[0],
        port=server[1],
        transport=transport,
        query=query,
        **more,
    )
