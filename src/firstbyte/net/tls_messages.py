"""The messages of a handshake as OpenSSL shows them: each with its direction and its time."""

from msgspec import Struct

from firstbyte.protocols.tls.messages import CHANGE_CIPHER_SPEC, HANDSHAKE

RECORD_HEADER = 256
"""The pseudo content type under which OpenSSL shows record headers (SSL3_RT_HEADER)."""
_APPLICATION_DATA = 23
_TLS12 = 0x0303
_TLS13 = 0x0304


class SeenMessage(Struct, frozen=True):
    """One message as OpenSSL showed it. ``arrived_ns`` is null for one that is to be sent."""

    sent: bool
    content_type: int
    data: bytes
    encrypted: bool
    arrived_ns: int | None


class SeenMessages:
    """What OpenSSL showed of one connection and nobody has yet taken away."""

    def __init__(self, now_ns: int) -> None:
        self.arrived_ns = now_ns
        """When the bytes came that OpenSSL is reading."""
        self._messages: list[SeenMessage] = []
        self._encrypted = {True: False, False: False}

    def take(self) -> list[SeenMessage]:
        """The messages that were seen since the last call."""
        taken, self._messages = self._messages, []
        return taken

    def show(self, sent: bool, version: int, content_type: int, data: bytes) -> None:
        """Take what OpenSSL shows: a message, or the header of a record.

        Args:
            sent: by us.
            version: that of the connection, so far as it is known by then.
            content_type: of the record, or ``RECORD_HEADER``.
            data: the whole message, or the header's 5 bytes.

        """
        if content_type == RECORD_HEADER:
            self._on_record(sent, version, data)
        elif CHANGE_CIPHER_SPEC < content_type <= HANDSHAKE:
            self._note(sent, content_type, data)

    def _on_record(self, sent: bool, version: int, header: bytes) -> None:
        """A record's header tells what its messages cannot: whether they are encrypted.

        In TLS 1.3 encrypted records pose as application data; in TLS 1.2 everything after
        change_cipher_spec is encrypted, and that message shows by its header alone.
        """
        if header[0] == CHANGE_CIPHER_SPEC:
            self._note(sent, CHANGE_CIPHER_SPEC, b"\x01")
            if version <= _TLS12:
                self._encrypted[sent] = True
        elif version >= _TLS13:
            self._encrypted[sent] = header[0] == _APPLICATION_DATA

    def _note(self, sent: bool, content_type: int, data: bytes) -> None:
        self._messages.append(
            SeenMessage(
                sent=sent,
                content_type=content_type,
                data=data,
                encrypted=self._encrypted[sent] and content_type != CHANGE_CIPHER_SPEC,
                arrived_ns=None if sent else self.arrived_ns,
            )
        )
