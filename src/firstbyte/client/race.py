"""Drives an ``AddressRace``: feeds it answers as they come, runs its attempts, keeps the winner."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Generic, Protocol, TypeVar

from firstbyte.client.addresses import AddressRace, Attempt
from firstbyte.errors import ConnectError, ConnectionLifeError, NameError_
from firstbyte.events import Scope
from firstbyte.resolver.base import Found, FoundHttps, HttpsRecord


class Connection(Protocol):
    """What an attempt gives when it succeeds."""

    def abort(self) -> None:
        """End it at once; never raises."""


C = TypeVar("C", bound=Connection)

# Of many failures the most telling one is reported: a peer's answer before a silence, and both
# before what this host could not even try.
_TELLING = ("tcp.refused", "tcp.reset", "quic.", "tcp.timed_out", "tcp.failed", "tcp.no_route")


class RaceDriver(Generic[C]):
    """One race, from the first question to the one connection that is kept.

    Args:
        race: the policy.
        connect: makes one attempt's connection; raises ConnectionLifeError when it fails.
        scope: where the policy's decisions are recorded.
        on_https: sees the HTTPS records when they come, and may let QUIC into the race.

    """

    def __init__(
        self,
        race: AddressRace,
        connect: Callable[[Attempt], Awaitable[C]],
        scope: Scope,
        on_https: Callable[[tuple[HttpsRecord, ...]], None] | None = None,
    ) -> None:
        self._race = race
        self._connect = connect
        self._scope = scope
        self._on_https = on_https
        self._attempts: dict[asyncio.Task[C], Attempt] = {}
        self._failures: list[ConnectionLifeError] = []
        self._news: asyncio.Future[None] | None = None

    async def run(self, answers: AsyncGenerator[Found, None]) -> tuple[Attempt, C]:
        """Run to the end: one winner, everything else cancelled and closed.

        Raises:
            NameError_: the lookup gave no address.
            ConnectionLifeError: every attempt failed; this is the most telling failure.

        """
        lookup = asyncio.ensure_future(self._consume(answers))
        try:
            while True:
                self._begin_due()
                if winner := self._take_winner():
                    return winner
                if self._race.exhausted:
                    raise self._verdict(lookup)
                await self._wait(lookup)
        finally:
            await self._clean_up(lookup)

    async def _consume(self, answers: AsyncGenerator[Found, None]) -> None:
        """Feed answers to the policy; each wakes ``run`` through ``_news``."""
        try:
            async with aclosing(answers):
                async for answer in answers:
                    self._take(answer)
                    self._wake()
        finally:
            self._race.lookup_ended()
            self._wake()

    def _wake(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    def _take(self, answer: Found) -> None:
        now_ns = self._scope.now_ns()
        if isinstance(answer, FoundHttps):
            if self._on_https is not None:
                self._on_https(answer.records)
            self._race.found("HTTPS", (), now_ns)
        else:
            kind = "AAAA" if answer.family == 6 else "A"
            self._race.found(kind, answer.addresses, now_ns)

    def _begin_due(self) -> None:
        while (attempt := self._race.start(self._scope.now_ns())) is not None:
            self._attempts[asyncio.ensure_future(self._connect(attempt))] = attempt
        for decision in self._race.decisions:
            self._scope.emit(decision)
        self._race.decisions.clear()

    async def _wait(self, lookup: "asyncio.Future[None]") -> None:
        """Until an answer, an attempt's end, or the policy's next deadline."""
        news = self._news = asyncio.get_running_loop().create_future()
        deadline_ns = self._race.deadline_ns()
        timeout_s = (
            None if deadline_ns is None else max(0.0, (deadline_ns - self._scope.now_ns()) / 1e9)
        )
        await asyncio.wait(
            {news, *self._attempts}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED
        )
        if lookup.done() and not lookup.cancelled():
            self._note_lookup_failure(lookup)

    def _note_lookup_failure(self, lookup: "asyncio.Future[None]") -> None:
        """A bug in the resolver must not look like an empty answer."""
        error = lookup.exception()
        if error is not None and not isinstance(error, NameError_):
            raise error

    def _take_winner(self) -> tuple[Attempt, C] | None:
        winner: tuple[Attempt, C] | None = None
        for task in [task for task in self._attempts if task.done()]:
            attempt = self._attempts.pop(task)
            error = task.exception()
            if error is None:
                if winner is None:
                    winner = attempt, task.result()
                else:
                    task.result().abort()
            elif isinstance(error, ConnectionLifeError):
                self._failures.append(error)
                self._race.failed(attempt.number, self._scope.now_ns())
            else:
                raise error
        if winner is None and self._failures:
            self._begin_due()
        return winner

    def _verdict(self, lookup: "asyncio.Future[None]") -> ConnectionLifeError:
        if self._failures:
            return min(self._failures, key=_telling)
        if lookup.done() and isinstance(error := lookup.exception(), ConnectionLifeError):
            return error
        return ConnectError("tcp.failed", "there is no address to connect to")

    async def _clean_up(self, lookup: "asyncio.Future[None]") -> None:
        lookup.cancel()
        for task in self._attempts:
            task.cancel()
        results = await asyncio.gather(*self._attempts, return_exceptions=True)
        for result in results:
            if not isinstance(result, BaseException):
                result.abort()
        self._attempts.clear()
        await asyncio.gather(lookup, return_exceptions=True)


def _telling(error: ConnectionLifeError) -> int:
    return next(
        (rank for rank, prefix in enumerate(_TELLING) if error.id.startswith(prefix)),
        len(_TELLING),
    )
