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
        self._options: OrderedDict[Server, bytes] = OrderedDict()

    def option(self, server: Server) -> bytes:
        """What to send: our cookie, and the server's where it gave one."""
        option = self._options.get(server)
        if option is None:
            option = self._client(server)
            self._keep(server, option)
        return option

    def _client(self, server: Server) -> bytes:
        """Our cookie: different for each server, so that they cannot compare (RFC 9018, 3)."""
        digest = hashlib.blake2s(f"{server}".encode(), key=self._secret, digest_size=CLIENT_BYTES)
        return digest.digest()

    def accepts(self, server: Server, option: bytes | None) -> bool:
        """Whether an answer's option may be true; keeps the server's cookie from it."""
        if option is None:
            return True
        sent = self.option(server)
        if option == sent:
            return True
        if not 16 <= len(option) <= 40 and len(option) != CLIENT_BYTES:
            return False
        if option[:CLIENT_BYTES] != sent[:CLIENT_BYTES]:
            return False
        if len(option) > CLIENT_BYTES:
            self._keep(server, option)
        return True

    def _keep(self, server: Server, option: bytes) -> None:
        self._options[server] = option
        self._options.move_to_end(server)
        if len(self._options) > MAX_SERVERS:
            self._options.popitem(last=False)
