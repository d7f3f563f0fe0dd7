"""A lease as its client holds it, read out of a DHCPACK."""

from msgspec import Struct

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.message import Message
from firstbyte.protocols.dhcp.values import StaticRoute
from firstbyte.protocols.ip.addresses import ANY_V4, BROADCAST, is_loopback, is_multicast, pack

SECOND = 1_000_000_000
INFINITE = 0xFFFFFFFF
"""A lease that never ends (RFC 2131, section 3.3)."""
MIN_MTU = 68
"""The smallest value of the option (RFC 2132, section 5.1)."""


class Lease(Struct, frozen=True, kw_only=True):
    """An address for a time, and what came with it. Times are nanoseconds of the host's clock.

    ``expires_ns`` is null for a lease without end; then ``renew_ns`` and ``rebind_ns`` are too.
    """

    address: str
    prefix: int
    server: str
    routers: tuple[str, ...] = ()
    routes: tuple[StaticRoute, ...] = ()
    """Static routes; when there are any, ``routers`` do not count (RFC 3442)."""
    dns_servers: tuple[str, ...] = ()
    domain: str | None = None
    search: tuple[str, ...] = ()
    mtu: int | None = None
    lease_s: int | None = None
    renew_ns: int | None = None
    rebind_ns: int | None = None
    expires_ns: int | None = None

    @property
    def cidr(self) -> str:
        """Address and prefix length: "192.168.1.100/24"."""
        return f"{self.address}/{self.prefix}"


def lease_of(ack: Message, asked_ns: int, fuzz: float = 0.0) -> Lease | None:
    """The lease in a DHCPACK to a request that went out at ``asked_ns``; null if it is unusable.

    ``fuzz`` is how much sooner T1 and T2 come, as a fraction of them (RFC 2131, section 4.4.5).
    """
    server = ack.address(options.SERVER_ID)
    lease_s = ack.number(options.LEASE_TIME)
    if server is None or not lease_s or not is_usable(ack.yours):
        return None
    prefix = _prefix(ack.address(options.SUBNET_MASK), ack.yours)
    mtu = ack.number(options.INTERFACE_MTU)
    renew_s, rebind_s = _times_s(ack, lease_s)
    ends = lease_s != INFINITE
    return Lease(
        address=ack.yours,
        prefix=prefix,
        server=server,
        routers=ack.strings(options.ROUTER),
        routes=_routes(ack),
        dns_servers=ack.strings(options.DNS_SERVERS),
        domain=_text(ack, options.DOMAIN_NAME),
        search=ack.strings(options.DOMAIN_SEARCH),
        mtu=mtu if mtu is not None and mtu >= MIN_MTU else None,
        lease_s=lease_s if ends else None,
        renew_ns=asked_ns + round(renew_s * (1 - fuzz) * SECOND) if ends else None,
        rebind_ns=asked_ns + round(rebind_s * (1 - fuzz) * SECOND) if ends else None,
        expires_ns=asked_ns + lease_s * SECOND if ends else None,
    )


def is_usable(address: str) -> bool:
    """Whether a host may have this address at all (RFC 1122, section 3.2.1.3)."""
    bad = address in {ANY_V4, BROADCAST} or address.startswith("0.")
    return not (bad or is_multicast(address) or is_loopback(address))


def _times_s(ack: Message, lease_s: int) -> tuple[float, float]:
    """T1 and T2: the server's if they make sense, else a half and seven eighths of the lease."""
    renew_s = ack.number(options.RENEWAL_TIME) or lease_s * 0.5
    rebind_s = ack.number(options.REBINDING_TIME) or lease_s * 0.875
    if not renew_s < rebind_s < lease_s:
        return lease_s * 0.5, lease_s * 0.875
    return renew_s, rebind_s


def _prefix(mask: str | None, address: str) -> int:
    """From the mask; without a good one, from the address's class as of old (RFC 1122, 3.2.1.3)."""
    if mask is not None:
        zeros = int.from_bytes(pack(mask), "big") ^ 0xFFFFFFFF
        if not zeros & (zeros + 1):
            return 32 - zeros.bit_length()
    first = int(address.partition(".")[0])
    return 8 if first < 128 else 16 if first < 192 else 24


def _routes(ack: Message) -> tuple[StaticRoute, ...]:
    value = ack.get(options.CLASSLESS_ROUTES)
    if not isinstance(value, tuple):
        return ()
    return tuple(one for one in value if isinstance(one, tuple))


def _text(ack: Message, code: int) -> str | None:
    value = ack.get(code)
    return value if isinstance(value, str) else None
