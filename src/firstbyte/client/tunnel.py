"""A tunnel through an HTTP proxy (CONNECT, RFC 9110, 9.3.6)."""

from firstbyte.client.proxies import Proxy
from firstbyte.client.requests import USER_AGENT
from firstbyte.errors import ConnectionLifeError, ProxyError
from firstbyte.events import Scope
from firstbyte.events.http import ProxyConnect, ProxyConnected
from firstbyte.net.stream import Stream
from firstbyte.protocols.http.http1 import Http1Machine
from firstbyte.protocols.http.messages import Failure, Head, MachineEvent, Request

_MAX_HEADER_BYTES = 64 * 1024
_DENIED_HINTS = {
    407: "give the proxy credentials: -x http://user:password@proxy:port",
    403: "the proxy's rules forbid this target or port",
    502: "the proxy could not reach the target: try its name and port from the proxy's network",
    503: "the proxy could not reach the target: try its name and port from the proxy's network",
    504: "the target did not answer the proxy",
}


async def open_tunnel(
    stream: Stream, proxy: Proxy, authority: str, scope: Scope, user_agent: str | None = None
) -> None:
    """Make ``stream``, connected to ``proxy``, a tunnel to ``authority`` ("host:port").

    The caller bounds the time. On an error the stream is good only for ``abort``.

    Raises:
        ProxyError: proxy.denied (any status but 2xx) or proxy.malformed (no HTTP answer).

    """
    machine = Http1Machine(max_header_bytes=_MAX_HEADER_BYTES)
    machine.request(_request(proxy, authority, user_agent))
    scope.emit(ProxyConnect(str(proxy), authority), direction="sent")
    head = await _ask(stream, machine, proxy)
    scope.emit(ProxyConnected(head.status, head.reason), direction="received")
    if not 200 <= head.status < 300:
        raise ProxyError(
            "proxy.denied",
            f"the proxy {proxy} refused the tunnel to {authority}: "
            f"{head.status} {head.reason}".rstrip(),
            _DENIED_HINTS.get(head.status),
        )
    if machine.leftover:
        raise ProxyError("proxy.malformed", f"the proxy {proxy} sent data before the tunnel's use")


def _request(proxy: Proxy, authority: str, user_agent: str | None) -> Request:
    agent = USER_AGENT if user_agent is None else user_agent
    headers = [("Proxy-Authorization", proxy.authorization), ("User-Agent", agent or None)]
    present = tuple((name, value) for name, value in headers if value is not None)
    return Request("CONNECT", "http", authority, authority, present)


async def _ask(stream: Stream, machine: Http1Machine, proxy: Proxy) -> Head:
    """Send the request and read until the final response's head."""
    try:
        await stream.send(machine.outgoing())
        while True:
            head = _head(machine.receive(await stream.receive()), proxy)
            if head is not None:
                return head
    except ConnectionLifeError as error:
        if not error.id.startswith("tcp."):
            raise
        raise ProxyError(
            "proxy.malformed", f"the proxy {proxy} dropped CONNECT: {error.message}"
        ) from error


def _head(events: list[MachineEvent], proxy: Proxy) -> Head | None:
    for event in events:
        if isinstance(event, Head):
            return event
        if isinstance(event, Failure):
            raise ProxyError("proxy.malformed", f"the proxy {proxy}: {event.message}", event.hint)
    return None
