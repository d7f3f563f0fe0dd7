"""Random octets from the kernel's CSPRNG, fetched by the page: one system call for many draws."""

import os

PAGE_BYTES = 4096
FIRST_PORT = 1024


class Entropy:
    """Unpredictable octets, each given once. Make it after a fork: processes may not share it."""

    __slots__ = ("_at", "_page")

    def __init__(self) -> None:
        self._page = b""
        self._at = 0

    def octets(self, count: int) -> bytes:
        """``count`` octets; at most a page."""
        start = self._at
        end = start + count
        if end > len(self._page):
            self._page = os.urandom(PAGE_BYTES)
            start, end = 0, count
        self._at = end
        return self._page[start:end]

    def port(self) -> int:
        """A port that needs no privilege, each as likely as any other (RFC 5452, 9.2)."""
        while True:
            high, low = self.octets(2)
            port: int = high << 8 | low
            if port >= FIRST_PORT:
                return port
