"""DHCP for IPv4 (RFC 2131, RFC 2132): the wire format, and pure client and server machines."""
