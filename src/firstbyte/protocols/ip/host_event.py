"""What a host tells of itself, besides the news for the owners of its sockets."""

from msgspec import Struct

from firstbyte.events.base import Direction
from firstbyte.events.link import IcmpReceived, PacketDropped
from firstbyte.events.tcp import TcpEvent


class HostEvent(Struct, gc=False):
    """Something that happened in the host; ``socket`` is whom it is about, if anybody."""

    at_ns: int
    socket: object | None
    direction: Direction | None
    what: TcpEvent | PacketDropped | IcmpReceived
