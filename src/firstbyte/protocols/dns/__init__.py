"""DNS messages and names (RFC 1035 and its successors)."""
