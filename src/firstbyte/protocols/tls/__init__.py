"""TLS on the wire: records, handshake messages, alerts and what they say. Pure."""

from firstbyte.protocols.tls.messages import (
    decode_handshake,
    decode_message,
    parse_handshake,
    parse_message,
)

__all__ = ["decode_handshake", "decode_message", "parse_handshake", "parse_message"]
