"""Writes pcapng (draft-ietf-opsawg-pcapng) that Wireshark and tshark read.

Blocks are made one by one as bytes, so that a caller may write them to any file as they come::

    writer = PcapngWriter()
    eth0 = writer.add_interface("eth0", RAW_IP)
    writer.add_secrets(keylog_text)
    writer.add_packet(eth0, at_ns, data, comment="retransmission")
    path.write_bytes(writer.take())
"""

import struct

SECTION, INTERFACE, ENHANCED, SECRETS = 0x0A0D0D0A, 1, 6, 10
ETHERNET, RAW_IP = 1, 101
"""Link types: Ethernet frames, or bare IPv4 and IPv6 packets told apart by their version."""

TLS_KEYLOG = 0x544C534B

END_OF_OPTIONS, COMMENT = 0, 1
SECTION_APPLICATION = 4
IF_NAME, IF_DESCRIPTION, IF_RESOLUTION = 2, 3, 9
PACKET_FLAGS = 2
NANOSECONDS = 9

DIRECTIONS = {"received": 1, "sent": 2}


class PcapngWriter:
    """Collects a section's blocks. :meth:`take` gives the bytes made since it was last called."""

    def __init__(self, application: str = "firstbyte", comment: str | None = None) -> None:
        self._pending: list[bytes] = []
        self._interfaces = 0
        head = struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)
        options = _text(COMMENT, comment) + _text(SECTION_APPLICATION, application)
        self._add(SECTION, head, options)

    def add_interface(self, name: str, link_type: int, description: str | None = None) -> int:
        """Declare an interface; its number goes to :meth:`add_packet`. Times are nanoseconds."""
        head = struct.pack("<HHI", link_type, 0, 0)
        options = _text(IF_NAME, name) + _text(IF_DESCRIPTION, description)
        self._add(INTERFACE, head, options + _option(IF_RESOLUTION, bytes((NANOSECONDS,))))
        self._interfaces += 1
        return self._interfaces - 1

    def add_secrets(self, keylog: str) -> None:
        """Add TLS secrets in NSS key log format; readers decrypt the packets that follow."""
        data = keylog.encode("ascii")
        head = struct.pack("<II", TLS_KEYLOG, len(data))
        self._add(SECRETS, head + _padded(data), b"")

    def add_packet(
        self,
        interface: int,
        at_ns: int,
        data: bytes,
        *,
        comment: str | None = None,
        direction: str | None = None,
        original_bytes: int | None = None,
    ) -> None:
        """Add one packet seen at ``at_ns`` nanoseconds since 1970 (or any other zero).

        ``direction`` is "sent" or "received"; ``original_bytes`` its length before it was cut.
        """
        length = len(data) if original_bytes is None else original_bytes
        times = at_ns >> 32, at_ns & 0xFFFFFFFF
        head = struct.pack("<IIIII", interface, *times, len(data), length)
        options = _text(COMMENT, comment)
        if direction is not None:
            options += _option(PACKET_FLAGS, struct.pack("<I", DIRECTIONS[direction]))
        self._add(ENHANCED, head + _padded(data), options)

    def take(self) -> bytes:
        """The blocks not yet taken, ready to be appended to the file."""
        data = b"".join(self._pending)
        self._pending.clear()
        return data

    def _add(self, kind: int, body: bytes, options: bytes) -> None:
        if options:
            options += struct.pack("<HH", END_OF_OPTIONS, 0)
        length = struct.pack("<I", 12 + len(body) + len(options))
        self._pending.append(b"".join((struct.pack("<I", kind), length, body, options, length)))


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)


def _option(code: int, data: bytes) -> bytes:
    return struct.pack("<HH", code, len(data)) + _padded(data)


def _text(code: int, text: str | None) -> bytes:
    return b"" if text is None else _option(code, text.encode()[:0xFFFF])
