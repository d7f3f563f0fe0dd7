"""The only rooms that touch the operating system: sockets, TLS engine, taps, settings."""
