"""What answers say, where one that cannot be read is as good as none."""

from firstbyte.errors import DecodeError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message

SERIAL = slice(-20, -16)
"""Where an SOA record's data has it: before four times of 4 octets (RFC 1035, 3.3.13)."""


def message_of(data: bytes | None) -> Message | None:
    """The message; null for no data, and for data that is none."""
    try:
        return None if data is None else walker.decode(data)
    except DecodeError:
        return None


def serial_of(message: Message | None) -> int | None:
    """The serial of the SOA record in the answer section, if there is one."""
    for record in message.answer if message is not None else ():
        if record.rdtype == dns.SOA and len(record.rdata) >= -SERIAL.start:
            return int.from_bytes(record.rdata[SERIAL], "big")
    return None
