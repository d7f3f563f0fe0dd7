"""All that the daemon listens on."""

import socket
from collections import defaultdict

from firstbyte.errors import UsageError
from firstbyte.net.listening import cannot_listen
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.config import Config
from firstbyte.resolver.daemon.doh import conversation
from firstbyte.resolver.daemon.doh.conversation import HttpConversation
from firstbyte.resolver.daemon.listeners import UdpListener, bind
from firstbyte.resolver.daemon.parsing import endpoint
from firstbyte.resolver.daemon.service import Service
from firstbyte.resolver.daemon.streams import StreamLimits, StreamListener
from firstbyte.resolver.daemon.tcp import DnsConversation
from firstbyte.resolver.daemon.tls_context import load_certificate, server_context
from firstbyte.resolver.machine.values import Server

DOT_PORT = 853
HTTPS_PORT = 443
DOT_ALPN = ["dot"]


class Endpoints:
    """The listeners of one configuration."""

    def __init__(self, service: Service) -> None:
        self.places: defaultdict[Channel, list[Server]] = defaultdict(list)
        """The addresses that are really listened on."""
        self._service = service
        self._limits = StreamLimits()
        self._udp: list[UdpListener] = []
        self._streams: list[StreamListener] = []

    async def open(self, config: Config) -> None:
        """Bind everything, and begin to accept.

        Raises:
            UsageError: an address cannot be bound, or the certificate cannot be used.

        """
        self._limit(config)
        shared = config.workers > 1
        secure = [
            (Channel.TLS, "tls_listen", text, DOT_PORT, DOT_ALPN) for text in config.tls_listen
        ] + [
            (Channel.HTTPS, "https_listen", text, HTTPS_PORT, conversation.ALPN)
            for text in config.https_listen
        ]
        for address in config.listeners():
            udp, tcp = _bind_pair(address, shared=shared)
            self._note(Channel.UDP, udp)
            self._udp.append(UdpListener(udp, self._service))
            await self._accept(Channel.TCP, tcp, None)
        for channel, key, text, port, alpn in secure:
            sock = bind_stream(endpoint(text, key, port), shared=shared)
            await self._accept(channel, sock, (config.tls_certificate, config.tls_key, alpn))

    async def _accept(
        self,
        channel: Channel,
        sock: socket.socket,
        tls: tuple[str | None, str | None, list[str]] | None,
    ) -> None:
        try:
            context = None if tls is None else server_context(*tls)
        except UsageError:
            sock.close()
            raise
        converse = HttpConversation if channel is Channel.HTTPS else DnsConversation
        listener = StreamListener(self._service, channel, converse, self._limits)
        self._note(channel, sock)
        await listener.start(sock, context)
        self._streams.append(listener)

    def _note(self, channel: Channel, sock: socket.socket) -> None:
        self.places[channel].append(sock.getsockname()[:2])

    def _limit(self, config: Config) -> None:
        self._limits.most = config.max_tcp_connections
        self._limits.idle_s = config.tcp_idle_timeout

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return sum(len(listener) for listener in self._streams)

    def check(self, config: Config) -> None:
        """See whether ``adapt`` will work.

        Raises:
            UsageError: the certificate is needed, and cannot be used.

        """
        if any(listener.tls is not None for listener in self._streams):
            server_context(config.tls_certificate, config.tls_key, DOT_ALPN)

    def adapt(self, config: Config) -> None:
        """Take the limits and the certificate of a new configuration; handshakes to come use it.

        Raises:
            UsageError: the certificate cannot be used.

        """
        self._limit(config)
        for listener in self._streams:
            if listener.tls is not None:
                load_certificate(listener.tls, config.tls_certificate, config.tls_key)

    def stop(self) -> None:
        """Take no more questions; answers still go out."""
        for udp in self._udp:
            udp.stop()
        for listener in self._streams:
            listener.stop()

    def close(self) -> None:
        """Close everything."""
        for udp in self._udp:
            udp.close()
        for listener in self._streams:
            listener.close()


def _bind_pair(address: Server, *, shared: bool) -> tuple[socket.socket, socket.socket]:
    """UDP and TCP on the same port; port 0 takes one that is free for both."""
    last: OSError | None = None
    for _ in range(8 if address[1] == 0 else 1):
        try:
            udp = bind(address, socket.SOCK_DGRAM, shared=shared)
        except OSError as error:
            last = error
            break
        try:
            return udp, bind(udp.getsockname()[:2], socket.SOCK_STREAM, shared=shared)
        except OSError as error:
            udp.close()
            last = error
    raise cannot_listen(address, last)


def bind_stream(address: Server, *, shared: bool = False) -> socket.socket:
    """A listening socket.

    Raises:
        UsageError: the address is taken, or not of this machine.

    """
    try:
        return bind(address, socket.SOCK_STREAM, shared=shared)
    except OSError as error:
        raise cannot_listen(address, error) from error
