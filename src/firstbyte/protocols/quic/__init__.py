"""QUIC and HTTP/3 as a pure machine (an adapter over aioquic)."""
