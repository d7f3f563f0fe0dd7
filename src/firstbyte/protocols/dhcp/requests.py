"""What clients say (RFC 2131, table 5: which field and option goes into which message)."""

from msgspec import Struct

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.message import ETHERNET, REQUEST, Message, MessageType

WANTED = (
    options.SUBNET_MASK,
    options.CLASSLESS_ROUTES,
    options.ROUTER,
    options.DNS_SERVERS,
    options.DOMAIN_NAME,
    options.DOMAIN_SEARCH,
    options.INTERFACE_MTU,
    options.BROADCAST_ADDRESS,
    options.RENEWAL_TIME,
    options.REBINDING_TIME,
)
"""Classless routes come before the router, as RFC 3442 wants them."""


class Identity(Struct, frozen=True, kw_only=True):
    """Who asks, and how: constant for a client's life. ``hardware`` is a MAC of 6 bytes."""

    hardware: bytes
    client_id: bytes | None = None
    """Option 61; by default the hardware type and address (RFC 2132, section 9.14)."""
    host_name: str | None = None
    broadcast: bool = False
    """Ask servers to broadcast their answers."""
    wanted: tuple[int, ...] = WANTED
    lease_s: int | None = None
    """The lease to ask for; by default it is the server's choice."""
    max_bytes: int = 1472
    """The longest message that is taken (option 57 counts IP and UDP headers, too)."""


class Ask(Struct, kw_only=True):
    """What changes from message to message."""

    transaction: int
    seconds: int = 0
    client: str = "0.0.0.0"  # noqa: S104 - no address yet
    requested: str | None = None
    server: str | None = None


def build(kind: MessageType, who: Identity, ask: Ask) -> Message:
    """A message of a client."""
    message = Message(
        operation=REQUEST,
        transaction=ask.transaction,
        hardware=who.hardware,
        seconds=min(ask.seconds, 0xFFFF),
        broadcast=who.broadcast and ask.client == "0.0.0.0",  # noqa: S104 - as above
        client=ask.client,
    )
    message.put(options.MESSAGE_TYPE, int(kind))
    message.put(options.CLIENT_ID, who.client_id or bytes((ETHERNET,)) + who.hardware)
    if ask.requested is not None:
        message.put(options.REQUESTED_ADDRESS, ask.requested)
    if ask.server is not None:
        message.put(options.SERVER_ID, ask.server)
    if kind in {MessageType.DISCOVER, MessageType.REQUEST, MessageType.INFORM}:
        _put_wishes(message, kind, who)
    return message


def _put_wishes(message: Message, kind: MessageType, who: Identity) -> None:
    message.put(options.MAX_MESSAGE_BYTES, who.max_bytes + 28)
    if who.host_name is not None:
        message.put(options.HOST_NAME, who.host_name)
    if who.lease_s is not None and kind is not MessageType.INFORM:
        message.put(options.LEASE_TIME, who.lease_s)
    if who.wanted:
        message.put(options.PARAMETER_LIST, bytes(who.wanted))
