"""How a host gets its address (RFC 2131)."""

from firstbyte.events.body import Body


class DhcpMessage(Body, frozen=True, tag="dhcp.message"):
    """A DHCP message, sent or received. ``kind`` as in RFC 2132, section 9.6 ("DHCPOFFER").

    ``address`` is the one that it is about: given, had, or asked for.
    """

    kind: str
    transaction: int
    hardware: str
    address: str | None = None
    server: str | None = None
    lease_s: int | None = None


class DhcpState(Body, frozen=True, tag="dhcp.state"):
    """A client moved from one state of RFC 2131, section 4.4, to another; ``cause`` says why."""

    interface: str
    old: str
    new: str
    cause: str


DhcpEvent = DhcpMessage | DhcpState
