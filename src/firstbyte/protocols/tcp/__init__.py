"""TCP (RFC 9293): the wire format and the connection."""
