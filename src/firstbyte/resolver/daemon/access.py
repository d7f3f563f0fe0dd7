"""Who is answered, and how often: the access list and response-rate limiting."""

from collections import OrderedDict
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.constants import NOERROR, NXDOMAIN

MAX_BUCKETS = 50_000
IPV4_PREFIX = 24
IPV6_PREFIX = 56
DOMAIN_LABELS = 2
SLIP = 2
"""Every so many answers over the limit is sent truncated, so that a real client may use TCP."""


class AccessList:
    """Networks that may ask."""

    def __init__(self, networks: list[str]) -> None:
        try:
            self._networks = [ip_network(text, strict=False) for text in networks]
        except ValueError as error:
            raise UsageError(f"allow: {error}") from error
        self._known: dict[str, bool] = {}

    def allows(self, address: str) -> bool:
        """Whether a client at ``address`` is answered."""
        known = self._known.get(address)
        if known is None:
            if len(self._known) > MAX_BUCKETS:
                self._known.clear()
            ip = plain_address(address)
            known = any(ip.version == net.version and ip in net for net in self._networks)
            self._known[address] = known
        return known


def plain_address(address: str) -> IPv4Address | IPv6Address:
    """An address without its zone; an IPv4-mapped one as IPv4."""
    ip = ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return mapped or ip


class RateLimiter:
    """Token buckets for (client network, kind of response); the limit is per second.

    Of ``workers`` that share a port each allows its part: the kernel spreads clients over them by
    their ports, and a flood that forges them all alike.
    """

    def __init__(self, per_second: int, workers: int = 1) -> None:
        self._rate = per_second / workers
        self._most = max(1.0, self._rate)
        self._buckets: OrderedDict[tuple[int, bytes], tuple[float, float]] = OrderedDict()
        self._over = 0

    @property
    def active(self) -> bool:
        """Whether there is a limit."""
        return self._rate > 0

    def verdict(self, address: str, response: bytes, now_s: float) -> str:
        """What to do with it: "send", "slip" (send it truncated) or "drop"."""
        place = (_network(address), kind_of(response))
        tokens, then_s = self._buckets.pop(place, (self._most, now_s))
        tokens = min(self._most, tokens + (now_s - then_s) * self._rate)
        left = tokens - 1 if tokens >= 1 else tokens
        self._buckets[place] = (left, now_s)
        if len(self._buckets) > MAX_BUCKETS:
            self._buckets.popitem(last=False)
        if tokens >= 1:
            return "send"
        self._over += 1
        return "slip" if self._over % SLIP == 0 else "drop"


def kind_of(response: bytes) -> bytes:
    """What counts as the same response, as in BIND's RRL.

    Of data it is the question, whatever its case and options; of names that do not exist all those
    of one domain, since a flood makes them up; all other errors are one kind.
    """
    rcode = response[3] & 15
    if rcode not in (NOERROR, NXDOMAIN) or response[4:6] != b"\0\1":
        return bytes((rcode,))
    starts = [12]
    while response[starts[-1]]:
        starts.append(starts[-1] + 1 + response[starts[-1]])
    end = starts[-1]
    if rcode == NXDOMAIN:
        return b"\3" + response[starts[max(0, len(starts) - 1 - DOMAIN_LABELS)] : end].lower()
    return b"\0" + response[12 : end + 3].lower()


def _network(address: str) -> int:
    ip = plain_address(address)
    if ip.version == 4:
        return int(ip) >> (32 - IPV4_PREFIX)
    return -(int(ip) >> (128 - IPV6_PREFIX))
