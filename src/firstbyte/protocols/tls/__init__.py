"""TLS messages, decoded for tracing (RFC 8446, RFC 5246)."""
