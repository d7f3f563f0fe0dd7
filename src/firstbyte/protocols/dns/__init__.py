"""DNS messages: a lazy, bounded reader and a compressing writer (RFC 1035, RFC 3596, RFC 6891)."""
