"""ICMP for IPv4 (RFC 792), with next-hop MTU (RFC 1191)."""

from firstbyte.protocols.ip.icmp import IcmpMessage

ECHO_REPLY, UNREACHABLE, REDIRECT, ECHO, TIME_EXCEEDED, PARAMETER_PROBLEM = 0, 3, 5, 8, 11, 12
ERRORS = frozenset({UNREACHABLE, REDIRECT, TIME_EXCEEDED, PARAMETER_PROBLEM, 4})

NET_UNREACHABLE, HOST_UNREACHABLE, PROTOCOL_UNREACHABLE, PORT_UNREACHABLE = 0, 1, 2, 3
FRAGMENTATION_NEEDED, ADMIN_PROHIBITED = 4, 13

NAMES = {
    (ECHO_REPLY, 0): "echo reply",
    (UNREACHABLE, 0): "net unreachable",
    (UNREACHABLE, 1): "host unreachable",
    (UNREACHABLE, 2): "protocol unreachable",
    (UNREACHABLE, 3): "port unreachable",
    (UNREACHABLE, 4): "fragmentation needed",
    (UNREACHABLE, 5): "source route failed",
    (UNREACHABLE, 9): "net administratively prohibited",
    (UNREACHABLE, 10): "host administratively prohibited",
    (UNREACHABLE, 13): "communication administratively prohibited",
    (REDIRECT, 0): "redirect for net",
    (REDIRECT, 1): "redirect for host",
    (ECHO, 0): "echo request",
    (TIME_EXCEEDED, 0): "TTL exceeded in transit",
    (TIME_EXCEEDED, 1): "fragment reassembly time exceeded",
    (PARAMETER_PROBLEM, 0): "parameter problem",
}


class Icmpv4(IcmpMessage, gc=False):
    """One message. ``argument`` is the header's second word, whose meaning depends on ``type``.

    For echoes it is identifier and sequence (see :func:`echo`), for "fragmentation needed" the
    next hop's MTU, for a redirect the gateway. ``body`` is the rest: an echo's data, or the
    quoted start of the packet that an error is about.
    """

    PROTOCOL = "ICMP"
    RFC = "RFC 792"
    NAMES = NAMES

    @property
    def is_error(self) -> bool:
        """An error quotes a packet, and is never answered by an error (RFC 1122, 3.2.2)."""
        return self.type in ERRORS

    @property
    def mtu(self) -> int | None:
        """The next hop's MTU in bytes; null when this says none (RFC 1191, section 4)."""
        told = self.type == UNREACHABLE and self.code == FRAGMENTATION_NEEDED
        return (self.argument & 0xFFFF or None) if told else None


def echo(identifier: int, sequence: int, data: bytes, *, reply: bool = False) -> Icmpv4:
    """An echo request, or its reply."""
    kind = ECHO_REPLY if reply else ECHO
    return Icmpv4(kind, 0, identifier << 16 | sequence, data)
