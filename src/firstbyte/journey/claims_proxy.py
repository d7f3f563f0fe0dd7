"""What a proxy that was given the request hides: who of those behind it took the time.

A tunnel shows the origin's own handshake, so that its round trip is known. A forwarding proxy
answers itself: its work, the path onward and the server are one stretch from here. What the answer
says of that stretch is quoted, never believed.
"""

from firstbyte.events import http
from firstbyte.journey.hop_view import HopView
from firstbyte.journey.partition import Claim
from firstbyte.journey.select import last

_HINTS = ("via", "age", "cache-status", "x-cache", "x-cache-lookup", "server-timing")
"""Response fields that tell of the way behind: RFC 9110, 7.6.3; RFC 9111, 5.1; RFC 9211; W3C
Server Timing; the rest are caches' own."""
_LONGEST_VALUE = 80
_MOST_FIELDS = 8


def behind_proxy(view: HopView, claim: Claim) -> Claim:
    """A claim of the server's time, as it is known of a hop whose request a proxy forwarded."""
    if claim.cause != "server_time":
        return claim
    response = last(view.exchange, http.ResponseStarted)
    headers = response.what.headers if response is not None else ()
    text = f"{claim.evidence}: the proxy, its way onward and the server cannot be told apart"
    return claim._replace(cause="behind_proxy", evidence=text + hints_text(headers))


def hints_text(headers: http.Headers) -> str:
    """What the answer itself tells: "; Via: 1.1 cache; Age: 12"; empty when it tells nothing."""
    told = [(name, value) for name, value in headers if name.lower() in _HINTS]
    return "".join(f"; {name}: {value[:_LONGEST_VALUE]}" for name, value in told[:_MOST_FIELDS])
