"""Makes the connection that a hop needs: name, race, tunnel, keys, protocol."""

from msgspec import Struct, field

from firstbyte.client.addresses import AddressRace, Attempt, RacePolicy, Transport
from firstbyte.client.channel import Channel, QuicChannel, StreamChannel
from firstbyte.client.options import ConnectOptions, TraceOptions
from firstbyte.client.proxies import Proxy
from firstbyte.client.race import RaceDriver
from firstbyte.client.tapping import Taps, tap_connection
from firstbyte.client.urls import Url
from firstbyte.errors import ConnectionLifeError, NameError_, ProxyError
from firstbyte.events import Scope
from firstbyte.events.trace import Decision
from firstbyte.net.stream import Stream
from firstbyte.net.system import System
from firstbyte.net.tcp import TcpStream, connect_tcp, open_socket
from firstbyte.net.tls import TlsSettings, start_tls
from firstbyte.protocols.http.messages import Machine
from firstbyte.resolver.base import Family, HttpsRecord, Resolver


class Progress(Struct):
    """Which phase the trace is in, for errors that only know that time ran out."""

    phase: str = "url"


class Means(Struct, frozen=True):
    """What all connections of one trace are made with."""

    options: TraceOptions
    system: System
    resolver: Resolver
    tls: TlsSettings
    progress: Progress = field(default_factory=Progress)
    taps: Taps = field(default_factory=Taps)


class Endpoint(Struct, frozen=True):
    """Where the connection goes, which ``--connect-to`` or a proxy may have changed."""

    host: str
    port: int
    zone: str | None = None


class Establishment:
    """The making of one connection. ``run`` it once.

    Args:
        means: what the trace has.
        url: the request's.
        proxy: the proxy to go through, if any.
        scope: the hop's.

    """

    def __init__(self, means: Means, url: Url, proxy: Proxy | None, scope: Scope) -> None:
        self._means = means
        self._url = url
        self._proxy = proxy
        self._scope = scope
        self._endpoint = (
            Endpoint(proxy.host, proxy.port)
            if proxy
            else redirected_endpoint(url, means.options.connect)
        )

    async def run(self) -> Channel:
        """Make the connection.

        Raises:
            ConnectionLifeError: some phase failed; what was made before it is closed.

        """
        try:
            connection = await self._race()
        except ConnectionLifeError as error:
            raise self._as_proxy_error(error) if self._proxy else error from error
        if not isinstance(connection, TcpStream):
            return connection
        try:
            return await self._secure(connection)
        except BaseException:
            connection.abort()
            raise

    # the race for a transport

    async def _race(self) -> TcpStream | Channel:
        self._means.progress.phase = "dns"
        if redirection := explain_redirection(self._url, self._endpoint, self._proxy):
            self._scope.emit(redirection)
        race = AddressRace(RacePolicy(transports=self._transports()), self._expected())

        def on_https(records: tuple[HttpsRecord, ...]) -> None:
            if self._offers_http3(records):
                race.allow_quic("the HTTPS record offers h3")

        driver = RaceDriver[TcpStream | Channel](race, self._attempt, self._scope, on_https)
        answers = self._means.resolver.lookup(
            self._endpoint.host,
            self._scope,
            families=self._families(),
            https=self._asks_https(),
            port=self._endpoint.port,
            scheme=self._url.scheme,
        )
        _, connection = await driver.run(answers)
        return connection

    def _transports(self) -> tuple[Transport, ...]:
        http = self._means.options.http
        if http.version != "3" or self._url.scheme != "https" or self._proxy:
            return ("tcp",)
        return ("quic",) if http.only else ("quic", "tcp")

    def _expected(self) -> set[str]:
        kinds = {"AAAA" if family == 6 else "A" for family in self._families()}
        return kinds | ({"HTTPS"} if self._asks_https() else set())

    def _families(self) -> tuple[Family, ...]:
        family = self._means.options.connect.family
        return (family,) if family else (6, 4)

    def _asks_https(self) -> bool:
        """The HTTPS record matters only where it may lead to HTTP/3."""
        http = self._means.options.http
        return self._url.scheme == "https" and not self._proxy and http.version is None

    def _offers_http3(self, records: tuple[HttpsRecord, ...]) -> bool:
        """A record for this very endpoint offers h3; others would need their own addresses."""
        endpoint = self._endpoint
        return any(
            "h3" in record.protocols
            and record.target.removesuffix(".") == endpoint.host.removesuffix(".")
            and record.port in (None, endpoint.port)
            for record in records
        )

    async def _attempt(self, attempt: Attempt) -> TcpStream | Channel:
        self._means.progress.phase = attempt.transport
        address = attempt.address
        if self._endpoint.zone and "%" not in address:
            address = f"{address}%{self._endpoint.zone}"
        if attempt.transport == "quic":
            return await self._attempt_quic(attempt, address)
        return await self._attempt_tcp(attempt, address)

    async def _attempt_tcp(self, attempt: Attempt, address: str) -> TcpStream:
        connect = self._means.options.connect
        scope = self._scope.on_connection("tcp")
        remote = (address, self._endpoint.port)
        sock = open_socket(address, connect.interface)
        try:
            if connect.tap != "off":
                tap_connection(
                    self._means.taps,
                    self._means.system,
                    sock,
                    remote,
                    scope,
                    required=connect.tap == "on",
                )
            return await connect_tcp(sock, remote, scope, attempt.number)
        except BaseException:
            sock.close()
            raise

    async def _attempt_quic(self, attempt: Attempt, address: str) -> Channel:
        from firstbyte.client.quic import connect_quic

        options = self._means.options
        scope = self._scope.on_connection("quic")
        quic = await connect_quic(
            address,
            self._endpoint.port,
            self._url.server_name,
            self._means.tls,
            scope,
            attempt=attempt.number,
            interface=options.connect.interface,
            max_header_bytes=options.limits.max_header_bytes,
        )
        return QuicChannel(quic, scope.connection)

    # what comes on top of TCP

    async def _secure(self, tcp: TcpStream) -> StreamChannel:
        stream: Stream = tcp
        alpn: str | None = None
        if self._proxy:
            stream = await self._through_proxy(self._proxy, tcp)
        if self._url.scheme == "https":
            self._means.progress.phase = "tls"
            secured = await start_tls(
                stream,
                self._means.tls,
                self._url.server_name,
                self._alpn(),
                tcp.scope,
            )
            stream, alpn = secured, secured.alpn
        machine = self._machine(alpn)
        return StreamChannel(tcp, stream, machine)

    async def _through_proxy(self, proxy: Proxy, tcp: TcpStream) -> Stream:
        stream: Stream = tcp
        if proxy.scheme == "https":
            self._means.progress.phase = "tls"
            stream = await start_tls(stream, self._means.tls, proxy.host, ("http/1.1",), tcp.scope)
        if self._url.scheme == "https":
            from firstbyte.client.tunnel import open_tunnel

            self._means.progress.phase = "proxy"
            authority = f"{self._url.bracketed_host}:{self._url.port}"
            agent = self._means.options.http.user_agent
            await open_tunnel(stream, proxy, authority, tcp.scope, agent)
        return stream

    def _alpn(self) -> tuple[str, ...]:
        options = self._means.options
        if not options.tls.alpn:
            return ()
        match options.http.version:
            case "1.0":
                return ("http/1.0",)
            case "1.1":
                return ("http/1.1",)
            case _:
                return ("h2", "http/1.1")

    def _machine(self, alpn: str | None) -> Machine:
        limits = self._means.options.limits
        if alpn == "h2":
            from firstbyte.protocols.http.http2 import Http2Machine

            return Http2Machine(max_header_bytes=limits.max_header_bytes)
        from firstbyte.protocols.http.http1 import Http1Machine

        old = self._means.options.http.version == "1.0"
        return Http1Machine("1.0" if old else "1.1", max_header_bytes=limits.max_header_bytes)

    def _as_proxy_error(self, error: ConnectionLifeError) -> ConnectionLifeError:
        """A failure on the way to the proxy must not look like the site's."""
        assert self._proxy is not None  # noqa: S101 - the caller asked
        kind = "proxy.unresolved" if isinstance(error, NameError_) else "proxy.connect"
        where = f"proxy {self._proxy.host}:{self._proxy.port}"
        return ProxyError(kind, f"{where}: {error.message}", error.hint)


def redirected_endpoint(url: Url, options: ConnectOptions) -> Endpoint:
    """Where to connect for ``url``: elsewhere if a ``--connect-to`` rule matches (curl's rules)."""
    for host, port, to_host, to_port in options.connect_to:
        if host.lower() in ("", url.host, url.server_name) and port in (None, url.port):
            return Endpoint(to_host or url.host, to_port or url.port)
    return Endpoint(url.host, url.port, url.zone)


def explain_redirection(url: Url, endpoint: Endpoint, proxy: Proxy | None) -> Decision | None:
    """The decision to record when the endpoint is not the URL's own (nor a proxy's)."""
    if proxy or (endpoint.host, endpoint.port) == (url.host, url.port):
        return None
    return Decision("address", f"{endpoint.host}:{endpoint.port}", "--connect-to")
