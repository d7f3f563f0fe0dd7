"""One lookup over the network: all questions for a name at once, and for the search list's names.

This module and those below it load dnspython; ``stub`` imports it when the network is needed.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from msgspec import Struct

from firstbyte.errors import NameError_
from firstbyte.events import Scope
from firstbyte.events.dns import Fallback, LookupFinished, LookupStarted
from firstbyte.resolver.asker import Asker
from firstbyte.resolver.attempts import GaveUp
from firstbyte.resolver.base import Family, Found, FoundAddresses, FoundHttps
from firstbyte.resolver.gathering import Gathering, final_failure, goes_on
from firstbyte.resolver.https_record import https_name, plain_service
from firstbyte.resolver.message import Reply
from firstbyte.resolver.settings import ServerMemory, StubSettings
from firstbyte.resolver.transports.session import Session

MAX_ALIASES = 8
"""HTTPS records in AliasMode that are followed (RFC 9460, 2.4.2 wants a limit)."""
_TYPES: dict[Family, str] = {4: "A", 6: "AAAA"}


class Wanted(Struct, frozen=True):
    """What is asked for: the full names to try in order, and which records of them."""

    names: tuple[str, ...]
    as_is_first: bool
    families: tuple[Family, ...]
    https: bool
    port: int
    scheme: str


class Lookup:
    """Runs one lookup; used for one only."""

    def __init__(
        self,
        wanted: Wanted,
        settings: StubSettings,
        memory: ServerMemory,
        scope: Scope,
        session: Session,
    ) -> None:
        self._wanted = wanted
        self._settings = settings
        self._scope = scope
        self._session = session
        self._asker = Asker(settings, memory, self._session, scope)
        self._ends_at_s = asyncio.get_running_loop().time() + settings.deadline_s
        self._settled_ns = scope.now_ns()
        # no-aaaa of resolv.conf(5), unless nothing else was wanted.
        no_aaaa = settings.system.no_aaaa and 4 in wanted.families
        self._asked: tuple[Family, ...] = (4,) if no_aaaa else wanted.families

    async def run(self, name: str) -> AsyncGenerator[Found, None]:
        """Give what is found as it arrives.

        Raises:
            NameError_: no candidate had an address.

        """
        self._begin(name)
        failures: list[GaveUp] = []
        async with self._session:
            for candidate in self._wanted.names:
                gathering = Gathering(candidate, self._wanted.families, self._asked)
                if failures:
                    self._scope.emit(Fallback("search", f"{failures[-1].message}; {candidate}"))
                try:
                    async with aclosing(self._gather(gathering)) as gathered:
                        async for found in gathered:
                            yield found
                finally:
                    if gathering.addresses:
                        self._finish(name, gathering)
                if gathering.addresses:
                    return
                failures.append(gathering.failure())
                if not goes_on(failures[-1]):
                    break
        raise self._failed(name, failures)

    def _begin(self, name: str) -> None:
        types = [_TYPES[family] for family in self._asked]
        https = ["HTTPS"] if self._wanted.https else []
        if self._settings.announce:
            self._scope.emit(LookupStarted(name, (*types, *https)))

    def _finish(self, name: str, gathering: Gathering) -> None:
        finished = LookupFinished(name, tuple(gathering.addresses), gathering.canonical_name)
        if self._settings.announce:
            self._scope.emit(finished, at_ns=self._settled_ns)

    def _failed(self, name: str, failures: list[GaveUp]) -> NameError_:
        failure = final_failure(failures, as_is_first=self._wanted.as_is_first)
        if self._settings.announce:
            self._scope.emit(LookupFinished(name, (), error=failure.id))
        return NameError_(failure.id, failure.message, failure.hint)

    async def _gather(self, gathering: Gathering) -> AsyncGenerator[Found, None]:
        """All questions for one candidate; ends when its families are settled."""
        tasks = self._start(gathering.name)
        try:
            while tasks:
                done, _ = await asyncio.wait(
                    tasks, timeout=self._patience_s(gathering), return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    for found in self._out_of_time(gathering, tasks):
                        yield found
                    return
                for task in [one for one in tasks if one in done]:  # a set has no order
                    for found in self._take(gathering, tasks.pop(task), task.result()):
                        yield found
                if gathering.addresses_settled and not gathering.addresses:
                    return
        finally:
            await _cancel(tasks)

    def _start(self, name: str) -> "dict[asyncio.Task[Reply | GaveUp | FoundHttps], Family | None]":
        """A task for each question; the value is the family, or None for HTTPS."""
        tasks: dict[asyncio.Task[Reply | GaveUp | FoundHttps], Family | None] = {}
        previous: asyncio.Task[Reply | GaveUp | FoundHttps] | None = None
        for family in self._asked:
            ask = self._ask_family(name, family, previous)
            task = asyncio.create_task(ask)
            tasks[task] = family
            previous = task if self._settings.system.single_request else None
        if self._wanted.https:
            tasks[asyncio.create_task(self._ask_https(name))] = None
        return tasks

    async def _ask_family(
        self, name: str, family: Family, previous: "asyncio.Task[object] | None"
    ) -> Reply | GaveUp | FoundHttps:
        if previous is not None:
            await asyncio.wait({previous})
        return await self._asker.ask(name, _TYPES[family])

    async def _ask_https(self, name: str) -> Reply | GaveUp | FoundHttps:
        """The origin's HTTPS records, through aliases (RFC 9460, 2.4.2); no error is one here."""
        owner = https_name(name, self._wanted.port, self._wanted.scheme)
        for _ in range(MAX_ALIASES):
            reply = await self._asker.ask(owner, "HTTPS")
            if isinstance(reply, GaveUp):
                return FoundHttps(())
            if reply.alias is None:
                if not reply.services and owner_is_alias(owner, name, self._wanted):
                    return FoundHttps((plain_service(owner, reply.ttl_s or 0),))
                return FoundHttps(reply.services)
            owner = reply.alias
        return FoundHttps(())

    def _patience_s(self, gathering: Gathering) -> float:
        """How long to wait for the next answer: the deadline, or the grace for HTTPS alone."""
        left_s = self._ends_at_s - asyncio.get_running_loop().time()
        if gathering.addresses_settled:
            left_s = min(left_s, self._settings.https_grace_s)
        return max(0.0, left_s)

    def _take(
        self, gathering: Gathering, family: Family | None, result: Reply | GaveUp | FoundHttps
    ) -> list[Found]:
        self._settled_ns = self._scope.now_ns()
        if isinstance(result, FoundHttps):
            return gathering.add_https(result)
        assert family is not None  # noqa: S101 - only HTTPS has none
        if isinstance(result, GaveUp):
            return gathering.add_failure(family, result)
        if not result.addresses:
            return gathering.add_failure(family, _negative(gathering.name, result, self._wanted))
        found = FoundAddresses(family, result.addresses, result.ttl_s, result.canonical_name)
        return gathering.add_addresses(found)

    def _out_of_time(
        self,
        gathering: Gathering,
        tasks: "dict[asyncio.Task[Reply | GaveUp | FoundHttps], Family | None]",
    ) -> list[Found]:
        """The deadline, or the grace for HTTPS, is over: what is open counts as failed."""
        late = GaveUp(
            "dns.silent",
            f"{gathering.name}: no answer within {self._settings.deadline_s:g} s",
            "check the resolver's address, and firewalls that drop UDP and TCP port 53",
        )
        given: list[Found] = []
        for family in tasks.values():
            if family is not None:
                given += gathering.add_failure(family, late)
        return given


def owner_is_alias(owner: str, name: str, wanted: Wanted) -> bool:
    """Whether ``owner`` was reached through an alias."""
    return owner != https_name(name, wanted.port, wanted.scheme)


def _negative(name: str, reply: Reply, wanted: Wanted) -> GaveUp:
    if reply.kind == "nxdomain":
        return GaveUp(
            "dns.nxdomain",
            f"{name} does not exist (NXDOMAIN)",
            "check the spelling; a new name may be remembered as missing for a while (RFC 2308)",
        )
    types = " or ".join(_TYPES[family] for family in wanted.families)
    return GaveUp(
        "dns.nodata",
        f"{name} exists but has no {types} record",
        f"ask for its other records: firstbyte dns {name} ANY",
    )


async def _cancel(tasks: "dict[asyncio.Task[Reply | GaveUp | FoundHttps], Family | None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
