"""HTTP/1.1, HTTP/2 and HTTP/3 served on any event loop: one handler for all three."""
