"""One trace, from the URL to the journey: what ``firstbyte URL`` and the library call."""

import asyncio
import contextlib
import datetime
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from msgspec.structs import replace

from firstbyte.client.channel import Channel
from firstbyte.client.establish import Establishment, Means, Progress
from firstbyte.client.exchange import ExchangeLimits, Response, Sink
from firstbyte.client.options import TraceOptions
from firstbyte.client.preparation import Preparation, prepare
from firstbyte.client.proxies import Proxy, choose_proxy
from firstbyte.client.redirects import Follow, RedirectPolicy
from firstbyte.client.requests import Ask, build_request
from firstbyte.client.tapping import Taps
from firstbyte.client.urls import Url
from firstbyte.errors import ConnectionLifeError, DeadlineError, HttpError
from firstbyte.events import Event, Recorder
from firstbyte.events.trace import (
    Decision,
    Failed,
    HopFinished,
    HopStarted,
    TraceFinished,
    TraceStarted,
)
from firstbyte.journey.builder import build_journey
from firstbyte.journey.model import Journey
from firstbyte.net import system as systems
from firstbyte.protocols.http.messages import find_headers

DEFAULT_MAX_TIME_S = 300.0
_CLOSE_LIMIT_S = 2.0
_PROBED_SILENCE_S = 5.0
"""A connection that was silent for so long is asked for a sign of life before the limit passes."""
_PROBE_S = 1.5
"""So long before the limit; and three round trips."""
_STALE = frozenset({"http.empty_reply", "http.reset", "tcp.reset", "http.goaway"})
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
_PHASE_WORDS = {
    "dns": "the name was not resolved",
    "tcp": "no TCP connection was made",
    "quic": "no QUIC connection was made",
    "proxy": "the proxy did not open the tunnel",
    "tls": "the TLS handshake did not finish",
    "send": "the request was not taken",
    "wait": "no response began",
    "receive": "the response was not complete",
}
_EXCHANGE_PHASES = {
    "http.request_started": "send",
    "http.request_sent": "wait",
    "http.first_byte": "receive",
}


async def trace(
    url: str,
    options: TraceOptions | None = None,
    *,
    sink: Sink | None = None,
    watch: Callable[[Event], None] | None = None,
) -> Journey:
    """Trace one request and explain it.

    What goes wrong on the way is no exception: it is the journey's outcome. Any number of traces
    may run at once in one loop. Cancelling it closes every connection and raises CancelledError.

    Args:
        url: what to ask for; without a scheme it is http, as with curl.
        options: see ``TraceOptions``; every default is that of the command line.
        sink: takes the final response's content, decoded, piece by piece as it comes.
        watch: sees each event as it happens.

    Returns:
        The journey, with its ledger and findings.

    Raises:
        UsageError: the options contradict each other or name what does not exist.

    """
    return await _Trace(url, options or TraceOptions(), sink, watch).run()


def trace_sync(url: str, options: TraceOptions | None = None) -> Journey:
    """``trace`` for code without an event loop; must not be called from within one."""
    return asyncio.run(trace(url, options))


class _Trace:
    """The state of one trace."""

    def __init__(
        self,
        url: str,
        options: TraceOptions,
        sink: Sink | None,
        watch: Callable[[Event], None] | None,
    ) -> None:
        self._url = url
        self._options = options
        self._sink = sink
        self._system = systems.current()
        self._watch = watch
        self._progress = Progress()
        self._taps = Taps()
        self._rtt_s = 0.0
        self._channels: dict[tuple[str, str, int, str], Channel] = {}

    async def run(self) -> Journey:
        # Loading code and certificates is firstbyte's affair, not part of the connection's life:
        # it is done before the clock of the journey starts.
        prepared: Preparation | ConnectionLifeError
        try:
            prepared = prepare(self._url, self._options, self._system, self._progress, self._taps)
        except ConnectionLifeError as error:
            prepared = error
        self._start()
        try:
            if isinstance(prepared, ConnectionLifeError):
                raise prepared
            await self._bounded(prepared)
        except ConnectionLifeError as error:
            self._fail(error)
        except BaseException:
            self._abort_all()
            raise
        await self._close_all()
        await self._taps.finish(self._rtt_s)
        self._scope.emit(TraceFinished())
        return self._journey()

    def _start(self) -> None:
        kernel = self._system.network == "kernel"
        self._wall_s = self._system.wall_time_s()
        self._recorder = Recorder(self._system.now_ns, "kernel" if kernel else "simulated")
        if self._watch is not None:
            self._recorder.watchers.append(self._watch)
        self._scope = self._recorder.scope()
        self._scope.emit(TraceStarted(self._url))

    async def _bounded(self, prepared: Preparation) -> None:
        limit_s = self._options.limits.max_time_s or DEFAULT_MAX_TIME_S
        self._ends_at_s = asyncio.get_running_loop().time() + limit_s
        async with self._deadline("deadline.total", limit_s, "-m SECONDS raises the limit"):
            await self._follow(prepared)

    async def _follow(self, prepared: Preparation) -> None:
        """The first hop and, with ``-L``, those that its redirects lead to."""
        self._cookies = prepared.cookies
        ask: Ask | None = prepared.ask
        limit = self._options.http.max_redirects
        policy = RedirectPolicy(prepared.ask, limit, self._cookies_for)
        while ask is not None:
            ask = await self._hop(ask, policy, prepared.means)

    async def _hop(self, ask: Ask, policy: RedirectPolicy, means: Means) -> Ask | None:
        """One request; the one that follows it, if any."""
        proxy = self._choose_proxy(ask.url)
        key = (*ask.url.origin, str(proxy))
        channel = self._channels.pop(key, None)
        self._scope.emit(HopStarted(ask.method, str(ask.url), reused=channel is not None))
        response, channel = await self._ask(ask, means, proxy, channel)
        self._rtt_s = max(self._rtt_s, channel.rtt_s)
        if channel.can_reuse:
            self._channels[key] = channel
        else:
            await channel.close()
        self._store_cookies(ask.url, response)
        following = self._after(ask, response, policy)
        self._scope.emit(HopFinished())
        if following is None:
            return None
        self._scope.emit(Decision("redirect", str(following.ask.url), following.because))
        self._scope = self._scope.on_hop(self._scope.hop + 1)
        return following.ask

    async def _ask(
        self, ask: Ask, means: Means, proxy: Proxy | None, channel: Channel | None
    ) -> tuple[Response, Channel]:
        """Send the request over ``channel`` or a new one.

        A kept connection may have been closed by the peer meanwhile: then an idempotent request
        is sent again on a new one (RFC 9110, 9.2.2).
        """
        if channel is not None:
            try:
                return await self._exchange(ask, proxy, channel), channel
            except ConnectionLifeError as error:
                if error.id not in _STALE or ask.method not in _IDEMPOTENT:
                    raise
                self._scope.emit(
                    Decision("retry", "a new connection", "the kept connection was closed")
                )
        channel = await self._connect(ask.url, means, proxy)
        return await self._exchange(ask, proxy, channel), channel

    async def _connect(self, url: Url, means: Means, proxy: Proxy | None) -> Channel:
        limit_s = self._options.connect.timeout_s
        hint = "--connect-timeout SECONDS raises the limit"
        async with self._deadline("deadline.connect", limit_s, hint):
            return await Establishment(means, url, proxy, self._scope).run()

    async def _exchange(self, ask: Ask, proxy: Proxy | None, channel: Channel) -> Response:
        self._progress.phase = "wait"
        http = self._options.http
        via = proxy if ask.url.scheme == "http" else None
        request = build_request(ask, http, self._cookies_for(ask.url), via)
        limits = ExchangeLimits(self._options.limits.max_bytes, decode=http.compressed)
        loop = asyncio.get_running_loop()
        probe_at_s = self._ends_at_s - _PROBE_S - 3 * channel.rtt_s
        probe = loop.call_at(probe_at_s, channel.probe, _PROBED_SILENCE_S)
        try:
            return await channel.exchange(request, self._scope, limits, self._sink)
        except BaseException:
            channel.abort()
            raise
        finally:
            probe.cancel()

    def _choose_proxy(self, url: Url) -> Proxy | None:
        http = self._options.http
        choice = choose_proxy(url, http.proxy, http.no_proxy, self._system.environment())
        if choice.proxy is not None:
            self._scope.emit(Decision("proxy", str(choice.proxy), choice.because))
        return choice.proxy

    def _cookies_for(self, url: Url) -> str | None:
        return self._cookies.header_for(url, self._system.wall_time_s())

    def _store_cookies(self, url: Url, response: Response) -> None:
        fields = find_headers(response.headers, "set-cookie")
        for verdict in self._cookies.store(url, fields, self._system.wall_time_s()):
            self._scope.emit(verdict)

    def _after(self, ask: Ask, response: Response, policy: RedirectPolicy) -> Follow | None:
        http = self._options.http
        if http.follow:
            following = policy.follow(ask, response.status, response.header("location"))
            if following is not None:
                return following
        if http.fail and response.status >= 400:
            raise HttpError(
                "http.status",
                f"the server answered {response.status} {response.reason}".rstrip(),
                "leave out -f to see the answer as a success of the connection",
                phase="receive",
            )
        return None

    @asynccontextmanager
    async def _deadline(self, id: str, limit_s: float | None, hint: str) -> AsyncIterator[None]:  # noqa: A002
        """Turn a time limit that passed into the error that names it and the phase."""
        try:
            async with asyncio.timeout(limit_s) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            phase = self._phase()
            message = f"{_PHASE_WORDS.get(phase, phase)} within {limit_s:g} s"
            raise DeadlineError(id, message, hint, phase=phase) from None

    def _phase(self) -> str:
        """What the trace is doing; within an exchange, what its events say."""
        if self._progress.phase == "wait":
            for event in reversed(self._recorder.events):
                if event.type in _EXCHANGE_PHASES and event.hop == self._scope.hop:
                    return _EXCHANGE_PHASES[event.type]
        return self._progress.phase

    def _fail(self, error: ConnectionLifeError) -> None:
        self._scope.emit(Failed(error.id, error.phase, error.message, error.hint))
        self._scope.emit(HopFinished())

    async def _close_all(self) -> None:
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_LIMIT_S):
                    await channel.close()

    def _abort_all(self) -> None:
        for channel in self._channels.values():
            channel.abort()
        self._taps.stop()

    def _journey(self) -> Journey:
        started = datetime.datetime.fromtimestamp(self._wall_s, datetime.UTC)
        journey = build_journey(
            self._recorder.events,
            url=self._url,
            started_at=started.isoformat(timespec="microseconds").replace("+00:00", "Z"),
            network=self._system.network,
            secrets=self._options.show_secrets,
        )
        if not self._options.diagnose:
            return journey
        from firstbyte.diagnosis import diagnose

        return replace(journey, findings=diagnose(journey))
