"""Chance for a pure machine: a keyed hash of a counter, so that equal secrets repeat a run."""

from hashlib import blake2s

from firstbyte.protocols.dhcp.lease import SECOND

FIRST_S, LAST_S, SPREAD_S = 4, 64, 1
"""Retransmission: after 4 s, doubling up to 64 s, give or take 1 s (RFC 2131, section 4.1)."""


class Chance:
    """Numbers that nobody without ``secret`` foresees."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._count = 0

    def word(self) -> int:
        """32 bits: a transaction id."""
        self._count += 1
        count = self._count.to_bytes(8, "big")
        digest = blake2s(count, digest_size=4, key=self._secret, person=b"dhcp").digest()
        return int.from_bytes(digest, "big")

    def fraction(self) -> float:
        """From 0 up to 1."""
        return self.word() / 2**32

    def backoff_ns(self, tries: int) -> int:
        """How long to wait for an answer after the ``tries``-th transmission; the first is 1."""
        whole_s = min(FIRST_S << min(tries - 1, 8), LAST_S)
        return round((whole_s + (2 * self.fraction() - 1) * SPREAD_S) * SECOND)
