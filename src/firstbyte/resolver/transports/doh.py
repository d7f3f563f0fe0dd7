"""DNS over HTTPS (RFC 8484): a stream each on HTTP/2, a connection each on HTTP/1.1."""

from firstbyte.resolver.transports.connection import Connection, Pool
from firstbyte.resolver.transports.dialer import Dialer
from firstbyte.resolver.transports.doh_framing import Http1Framing, Http2Framing, parse_endpoint
from firstbyte.resolver.transports.framing import Framing

ALPN = ("h2", "http/1.1")


def doh_pool(url: str, dialer: Dialer) -> Pool:
    """Connections to the DoH server at ``url``.

    Raises:
        UsageError: it is no https URL.

    """
    endpoint = parse_endpoint(url)

    async def dial() -> Connection:
        stream, scope = await dialer.dial(endpoint.host, endpoint.port, ALPN)
        framing: Framing = Http2Framing(endpoint) if stream.alpn == "h2" else Http1Framing(endpoint)
        return Connection(stream, framing, scope)

    return Pool(dial)
