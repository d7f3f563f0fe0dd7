"""Cookies for clients: who gives one back has shown that its address is its own (RFC 7873)."""

import hashlib
import hmac

CLIENT_BYTES = 8
_VERSION = b"\x01\0\0\0"
_MIN_BYTES, _MAX_BYTES = 16, 40
MAX_AGE_S = 3600
MAX_AHEAD_S = 300


def is_well_formed(sent: bytes) -> bool:
    """Whether an option has a length that a cookie may have (RFC 7873, 4.1)."""
    return len(sent) == CLIENT_BYTES or _MIN_BYTES <= len(sent) <= _MAX_BYTES


class ServerCookies:
    """Makes and checks them, in the layout of RFC 9018, 4; the hash is our own affair."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def answer(self, sent: bytes, client: str, unix_s: float) -> bytes | None:
        """The option for a client that sent this one; None where it is malformed (5.2.2)."""
        if not is_well_formed(sent):
            return None
        head = _VERSION + (int(unix_s) & 0xFFFFFFFF).to_bytes(4, "big")
        return sent[:CLIENT_BYTES] + head + self._digest(sent[:CLIENT_BYTES] + head, client)

    def proves(self, sent: bytes, client: str, unix_s: float) -> bool:
        """Whether this is one that we gave to ``client``, not too long ago (RFC 9018, 4.3)."""
        if len(sent) != 24 or sent[8:12] != _VERSION:
            return False
        age_s = (int(unix_s) - int.from_bytes(sent[12:16], "big")) & 0xFFFFFFFF
        if MAX_AGE_S < age_s < 2**32 - MAX_AHEAD_S:
            return False
        return hmac.compare_digest(sent[16:], self._digest(sent[:16], client))

    def _digest(self, data: bytes, client: str) -> bytes:
        return hashlib.blake2s(data + client.encode(), key=self._secret, digest_size=8).digest()
