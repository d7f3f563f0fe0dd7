"""ICMPv6 (RFC 4443). Neighbour discovery's bodies are read by :mod:`firstbyte.protocols.ip.ndp`."""

from firstbyte.protocols.ip.icmp import IcmpMessage

UNREACHABLE, PACKET_TOO_BIG, TIME_EXCEEDED, PARAMETER_PROBLEM, ECHO, ECHO_REPLY = (
    1,
    2,
    3,
    4,
    128,
    129,
)
ROUTER_SOLICITATION, ROUTER_ADVERTISEMENT = 133, 134
NEIGHBOR_SOLICITATION, NEIGHBOR_ADVERTISEMENT, REDIRECT = 135, 136, 137

NO_ROUTE, ADMIN_PROHIBITED, ADDRESS_UNREACHABLE, PORT_UNREACHABLE = 0, 1, 3, 4

NAMES = {
    (UNREACHABLE, 0): "no route to destination",
    (UNREACHABLE, 1): "administratively prohibited",
    (UNREACHABLE, 2): "beyond scope of source address",
    (UNREACHABLE, 3): "address unreachable",
    (UNREACHABLE, 4): "port unreachable",
    (UNREACHABLE, 5): "source address failed policy",
    (UNREACHABLE, 6): "reject route to destination",
    (PACKET_TOO_BIG, 0): "packet too big",
    (TIME_EXCEEDED, 0): "hop limit exceeded in transit",
    (TIME_EXCEEDED, 1): "fragment reassembly time exceeded",
    (PARAMETER_PROBLEM, 0): "erroneous header field",
    (PARAMETER_PROBLEM, 1): "unrecognized next header",
    (PARAMETER_PROBLEM, 2): "unrecognized IPv6 option",
    (ECHO, 0): "echo request",
    (ECHO_REPLY, 0): "echo reply",
    (ROUTER_SOLICITATION, 0): "router solicitation",
    (ROUTER_ADVERTISEMENT, 0): "router advertisement",
    (NEIGHBOR_SOLICITATION, 0): "neighbor solicitation",
    (NEIGHBOR_ADVERTISEMENT, 0): "neighbor advertisement",
    (REDIRECT, 0): "redirect",
}


class Icmpv6(IcmpMessage, gc=False):
    """One message. ``argument`` is the header's second word, whose meaning depends on ``type``.

    For echoes it is identifier and sequence, for "packet too big" the MTU, for a parameter
    problem the pointer. ``body`` is the rest: an echo's data, an error's quoted packet, or
    neighbour discovery's addresses and options.
    """

    PROTOCOL = "ICMPv6"
    RFC = "RFC 4443, 2.1"
    NAMES = NAMES

    @property
    def is_error(self) -> bool:
        """Errors have the high bit clear (RFC 4443, section 2.1)."""
        return self.type < 128 or self.type == REDIRECT

    @property
    def mtu(self) -> int | None:
        """The MTU in bytes that a "packet too big" tells."""
        return self.argument if self.type == PACKET_TOO_BIG else None


def echo(identifier: int, sequence: int, data: bytes, *, reply: bool = False) -> Icmpv6:
    """An echo request, or its reply."""
    kind = ECHO_REPLY if reply else ECHO
    return Icmpv6(kind, 0, identifier << 16 | sequence, data)
