"""Below the transport: packets on links, and ICMP."""

from firstbyte.events.body import Body


class PacketDropped(Body, frozen=True, tag="link.dropped"):
    """A packet ended here; ``reason`` is a stable word ("queue_full", "loss", "ttl")."""

    packet: str
    reason: str
    where: str


class IcmpReceived(Body, frozen=True, tag="link.icmp"):
    """An ICMP message about this connection came. ``name`` as in RFC 792 / RFC 4443."""

    name: str
    type: int
    code: int
    sender: str
    mtu_bytes: int | None = None


class Datagram(Body, frozen=True, tag="link.datagram"):
    """A UDP datagram on the wire; ``length`` is that of its payload."""

    source_address: str
    source_port: int
    address: str
    port: int
    length: int


class AddressGained(Body, frozen=True, tag="link.address_gained"):
    """An interface may use an address. ``given_by`` is the server or router that gave it.

    ``given_by`` is null for a link-local address, ``expires_ns`` for one without end.
    """

    interface: str
    address: str
    prefix: int
    given_by: str | None = None
    expires_ns: int | None = None


class AddressLost(Body, frozen=True, tag="link.address_lost"):
    """An interface may no longer use an address; ``cause`` in the words of its protocol."""

    interface: str
    address: str
    cause: str


LinkEvent = PacketDropped | IcmpReceived | Datagram | AddressGained | AddressLost
