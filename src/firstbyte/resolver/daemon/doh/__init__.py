"""DNS over HTTPS for the daemon: HTTP/1.1 and HTTP/2 as machines, and the listener (RFC 8484)."""
