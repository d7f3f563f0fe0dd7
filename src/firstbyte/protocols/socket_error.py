"""Failures that a program sees as an errno."""

from firstbyte.errors import FirstbyteError


class SocketError(FirstbyteError):
    """A socket operation failed; ``errno_name`` is the symbol ("ECONNRESET")."""

    def __init__(self, errno_name: str, message: str) -> None:
        super().__init__(f"{errno_name}: {message}")
        self.errno_name = errno_name
        self.message = message
