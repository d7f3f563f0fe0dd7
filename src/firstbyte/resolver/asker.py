"""Puts one question to the servers, as ``Asking`` decides, over whatever carries it."""

import asyncio
import secrets

from firstbyte.events import Scope
from firstbyte.resolver.attempts import Asking, GaveUp, Outcome, Plan, Settled, Try
from firstbyte.resolver.message import Reply, make_query
from firstbyte.resolver.settings import ServerMemory, StubSettings
from firstbyte.resolver.transports.inquiry import Inquiry, TransportError
from firstbyte.resolver.transports.session import Session

_SECURE = frozenset({"dot", "doh"})
_PAD_BYTES = 128
"""Queries on secure transports all look alike in size (RFC 8467, 4.1)."""


class Asker:
    """Asks on behalf of one lookup."""

    def __init__(
        self, settings: StubSettings, memory: ServerMemory, session: Session, scope: Scope
    ) -> None:
        self._settings = settings
        self._memory = memory
        self._session = session
        self._scope = scope

    async def ask(self, name: str, type_: str) -> Reply | GaveUp:
        """The answer that counts, or why there is none; every step is an event."""
        asking = Asking(self._plan())
        step: Try | Settled | GaveUp = asking.start()
        reply: Reply | None = None
        while isinstance(step, Try):
            if step.because is not None:
                self._scope.emit(step.because)
            outcome, reply = await self._try(step, name, type_)
            tried, step = step, asking.after(outcome)
            if isinstance(step, Settled):
                self._learn(tried)
        if isinstance(step, Settled) and reply is not None:
            return reply
        assert isinstance(step, GaveUp)  # noqa: S101 - Settled only follows from a reply
        return GaveUp(step.id, f"{name} {type_}: {step.message}", step.hint)

    def _plan(self) -> Plan:
        system, servers = self._settings.system, self._settings.servers
        offset = 0
        if system.rotate:
            offset = self._memory.turn % len(servers)
            self._memory.turn += 1
        return Plan(servers, system.timeout_s, system.attempts, offset, self._memory.no_edns)

    def _learn(self, tried: Try) -> None:
        if tried.because is not None and tried.because.kind == "no_edns":
            self._memory.no_edns |= {tried.server}

    async def _try(self, step: Try, name: str, type_: str) -> tuple[Outcome, Reply | None]:
        transport = step.server.transport
        query = make_query(
            name,
            type_,
            # Equal DoH queries are equal requests, which caches can answer (RFC 8484, 4.1).
            id_=0 if transport == "doh" else secrets.randbits(16),
            edns=step.edns,
            authentic=self._settings.system.trust_ad,
            pad_bytes=_PAD_BYTES if transport in _SECURE else 0,
        )
        inquiry = Inquiry(query, step, self._scope)
        try:
            async with asyncio.timeout(step.timeout_s):
                await self._session.ask(inquiry)
        except TimeoutError:
            return inquiry.timed_out(step.timeout_s), None
        except TransportError as error:
            return inquiry.failed(str(error)), None
        except asyncio.CancelledError:
            inquiry.given_up("not waited for any more")
            raise
        return inquiry.outcome(), inquiry.reply
