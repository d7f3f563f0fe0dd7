"""DNS cookies as a client (RFC 7873, 5.3; RFC 9018): a weak proof that an answer is not forged."""

import hashlib
import secrets
from collections import OrderedDict

from firstbyte.resolver.machine.values import Server

OPTION = 10
CLIENT_BYTES = 8
MAX_SERVERS = 20000


class CookieJar:
    """Our cookie for each server, and the one that it gave us."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._servers: OrderedDict[Server, bytes] = OrderedDict()

    def client(self, server: Server) -> bytes:
        """Our cookie: different for each server, so that they cannot compare (RFC 9018, 3)."""
        digest = hashlib.blake2s(f"{server}".encode(), key=self._secret, digest_size=CLIENT_BYTES)
        return digest.digest()

    def option(self, server: Server) -> bytes:
        """What to send."""
        return self.client(server) + self._servers.get(server, b"")

    def accepts(self, server: Server, option: bytes | None) -> bool:
        """Whether an answer's option may be true; keeps the server's cookie from it."""
        if option is None:
            return True
        if not 16 <= len(option) <= 40 and len(option) != CLIENT_BYTES:
            return False
        if option[:CLIENT_BYTES] != self.client(server):
            return False
        if len(option) > CLIENT_BYTES:
            self._servers[server] = option[CLIENT_BYTES:]
            self._servers.move_to_end(server)
            if len(self._servers) > MAX_SERVERS:
                self._servers.popitem(last=False)
        return True
