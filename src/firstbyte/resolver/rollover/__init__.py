"""Trust anchors that follow a zone's key rollovers by themselves (RFC 5011)."""
