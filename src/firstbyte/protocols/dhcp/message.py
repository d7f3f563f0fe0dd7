"""DHCP messages: BOOTP's header (RFC 951), the magic cookie and options (RFC 2131, section 2)."""

import struct
from enum import IntEnum

from msgspec import Struct, field

from firstbyte.errors import DecodeError
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.layout import lay_out, read_regions
from firstbyte.protocols.dhcp.values import Value
from firstbyte.protocols.ip.addresses import ANY_V4, pack, unpack
from firstbyte.protocols.problem import Problems

SERVER_PORT, CLIENT_PORT = 67, 68
REQUEST, REPLY = 1, 2
ETHERNET = 1
BROADCAST_FLAG = 0x8000
COOKIE = bytes((99, 130, 83, 99))
HEADER_BYTES = 236
NAME_BYTES, FILE_BYTES = 64, 128
MIN_BYTES = 300
"""BOOTP's size: relays and servers may drop what is shorter (RFC 1542, section 2.1)."""
DEFAULT_MAX_BYTES = 576 - 28
"""UDP payload that everybody takes: an IP datagram of 576 octets (RFC 2131, section 2)."""
RFC = "RFC 2131, 2"

_HEADER = struct.Struct("!BBBBIHH4s4s4s4s16s64s128s")


class MessageType(IntEnum):
    """Option 53 (RFC 2132, section 9.6)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


class Message(Struct, kw_only=True):
    """One message. Addresses are text; ``options`` maps codes to the octets of their values.

    ``client`` is ciaddr, ``yours`` yiaddr, ``next_server`` siaddr and ``relay`` giaddr;
    ``hardware`` is the client's MAC.
    """

    operation: int
    transaction: int
    hardware: bytes
    hops: int = 0
    seconds: int = 0
    broadcast: bool = False
    """The client cannot hear unicast before it has its address."""
    client: str = ANY_V4
    yours: str = ANY_V4
    next_server: str = ANY_V4
    relay: str = ANY_V4
    server_name: bytes = b""
    file: bytes = b""
    options: dict[int, bytes] = field(default_factory=dict)

    @property
    def type(self) -> MessageType | None:
        """What it is; null for BOOTP, or a type that nobody knows."""
        number = self.get(options.MESSAGE_TYPE)
        try:
            return MessageType(number) if isinstance(number, int) else None
        except ValueError:
            return None

    def get(self, code: int) -> Value | None:
        """An option's value; null when it is absent or broken."""
        data = self.options.get(code)
        if data is None:
            return None
        try:
            return options.decode_option(code, data)
        except DecodeError:
            return None

    def number(self, code: int) -> int | None:
        """A number; null when it is absent, broken, or none."""
        value = self.get(code)
        return value if isinstance(value, int) else None

    def address(self, code: int) -> str | None:
        """An address."""
        value = self.get(code)
        return value if isinstance(value, str) else None

    def strings(self, code: int) -> tuple[str, ...]:
        """Addresses or names; empty when there are none."""
        value = self.get(code)
        if not isinstance(value, tuple):
            return ()
        return tuple(one for one in value if isinstance(one, str))

    def put(self, code: int, value: Value) -> None:
        """Set an option. Raises :class:`~firstbyte.errors.UsageError`."""
        self.options[code] = options.encode_option(code, value)


def encode(message: Message, max_bytes: int = DEFAULT_MAX_BYTES) -> bytes:
    """The UDP payload, padded to BOOTP's size.

    Options that do not fit ``max_bytes`` go to the fields "file" and "sname", if these are free
    (RFC 2132, section 9.3); long ones are split (RFC 3396). Raises
    :class:`~firstbyte.errors.UsageError` when there is not enough room.
    """
    room = max_bytes - HEADER_BYTES - len(COOKIE)
    spare = (0 if message.file else FILE_BYTES, 0 if message.server_name else NAME_BYTES)
    main, file, name = lay_out(message.options, (room, *spare))
    header = _HEADER.pack(
        message.operation,
        ETHERNET,
        len(message.hardware),
        message.hops,
        message.transaction,
        message.seconds,
        BROADCAST_FLAG if message.broadcast else 0,
        pack(message.client),
        pack(message.yours),
        pack(message.next_server),
        pack(message.relay),
        message.hardware,
        message.server_name or name,
        message.file or file,
    )
    return (header + COOKIE + main).ljust(MIN_BYTES, b"\0")


def decode(data: bytes, problems: Problems) -> Message | None:
    """Read a message tolerantly; null when it is no DHCP over Ethernet at all. Never raises."""
    if len(data) < HEADER_BYTES + len(COOKIE):
        problems.add(0, "DHCP header", "240 octets", f"{len(data)} octets", RFC)
        return None
    operation, kind, size, hops, transaction, seconds, flags, *rest = _HEADER.unpack_from(data)
    client, yours, next_server, relay, hardware, name, file = rest
    if data[HEADER_BYTES : HEADER_BYTES + 4] != COOKIE:
        found = data[HEADER_BYTES : HEADER_BYTES + 4].hex()
        problems.add(HEADER_BYTES, "magic cookie", COOKIE.hex(), found, "RFC 2131, 3")
        return None
    if operation not in {REQUEST, REPLY} or kind != ETHERNET or size != 6:
        found = f"{operation}, {kind}, {size}"
        problems.add(0, "op, htype, hlen", "1 or 2, Ethernet (1), 6", found, RFC)
        return None
    found_options, overload = read_regions(data[HEADER_BYTES + 4 :], file, name, problems)
    return Message(
        operation=operation,
        transaction=transaction,
        hardware=hardware[:6],
        hops=hops,
        seconds=seconds,
        broadcast=bool(flags & BROADCAST_FLAG),
        client=unpack(client),
        yours=unpack(yours),
        next_server=unpack(next_server),
        relay=unpack(relay),
        server_name=b"" if overload & 2 else name.rstrip(b"\0"),
        file=b"" if overload & 1 else file.rstrip(b"\0"),
        options=found_options,
    )
