"""DNS over HTTPS on one connection: ALPN chooses the machine, the daemon's service answers."""

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.resolver.daemon.doh.http1 import Http1Server
from firstbyte.resolver.daemon.doh.http2 import Http2Server
from firstbyte.resolver.daemon.doh.requests import Incoming, Refusal
from firstbyte.resolver.daemon.streams import Client

MAX_OPEN = 100
"""Questions of one connection that are under way at once."""
ALPN = ["h2", "http/1.1"]


class HttpConversation:
    """Requests in, responses out as they are ready."""

    def __init__(self, client: Client) -> None:
        self._client = client
        tls = client.security
        chosen = None if tls is None else tls.selected_alpn_protocol()
        self._machine = Http2Server() if chosen == "h2" else Http1Server()
        self._flush()

    def receive(self, data: bytes) -> None:
        """Octets came."""
        self._take(self._machine.receive(data, self._client.date()))
        self._flush()

    def _take(self, requests: list[Incoming]) -> None:
        for request in requests:
            if isinstance(request.content, Refusal):
                self._respond(request.key, request.content)
            elif self._client.open >= MAX_OPEN:
                self._respond(request.key, Refusal(429, "too many questions at once"))
            else:
                self._ask(request.key, request.content)

    def _ask(self, key: int, query: bytes) -> None:
        def reply(answer: bytes) -> None:
            self._respond(key, answer)
            self._flush()

        self._client.ask(query, reply)

    def _respond(self, key: int, content: bytes | Refusal) -> None:
        max_age_s = 0 if isinstance(content, Refusal) else lifetime_s(content)
        self._take(self._machine.respond(key, content, max_age_s, self._client.date()))

    def _flush(self) -> None:
        self._client.send(self._machine.outgoing())
        if self._machine.ended:
            self._client.finish()

    def ended(self) -> bool:
        """The client sends no more: HTTP over TLS ends with it."""
        return False

    def goodbye(self) -> None:
        """HTTP/2 says which requests were not answered (RFC 9113, 6.8)."""
        if isinstance(self._machine, Http2Server):
            self._machine.go_away()
            self._flush()


def lifetime_s(response: bytes) -> int:
    """How long caches may keep a response (RFC 8484, 5.1); 0 for failures.

    That is the least TTL of its answer, and of a denial the lesser of its SOA's TTL and MINIMUM
    field (RFC 2308, 5); both hold where an alias leads to nothing.
    """
    try:
        message = walker.decode(response)
    except DecodeError:
        return 0
    if message.rcode not in (dns.NOERROR, dns.NXDOMAIN):
        return 0
    times = [record.ttl_s for record in message.answer]
    for record in message.authority:
        if record.rdtype == dns.SOA:
            times += [record.ttl_s, int.from_bytes(record.rdata[-4:], "big")]
    return min(times, default=0)
