"""DNS over TLS (RFC 7858): all questions of a lookup on one connection."""

from firstbyte.resolver.settings import Server
from firstbyte.resolver.transports.connection import Connection, Pool
from firstbyte.resolver.transports.dialer import Dialer
from firstbyte.resolver.transports.framing import LengthFraming


def dot_pool(server: Server, dialer: Dialer) -> Pool:
    """Connections to a DoT server."""

    async def dial() -> Connection:
        stream, scope = await dialer.dial(server.host, server.port, ())
        return Connection(stream, LengthFraming(), scope)

    return Pool(dial)
