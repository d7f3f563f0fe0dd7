"""What becomes of a query: octets to send, when, and from where; no delivery is silence."""

from collections.abc import Callable
from typing import NamedTuple

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client


class Delivery(NamedTuple):
    """One message to the client. ``forged``: from another port, as an attacker's would be."""

    data: bytes
    delay_s: float = 0.0
    forged: bool = False


Treatment = Callable[[Message, Client, list[Delivery]], list[Delivery]]
"""What a fault does: the query and what a good server would send, to what is sent."""


def truth(data: bytes | None) -> list[Delivery]:
    """What a good server sends."""
    return [] if data is None else [Delivery(data)]
