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


LinkEvent = PacketDropped | IcmpReceived | Datagram
