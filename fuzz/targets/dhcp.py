"""DHCP: what any station on the link may send to a client and to a server."""

from msgspec.structs import replace

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.client import Client
from firstbyte.protocols.dhcp.message import REPLY, Message, MessageType, decode, encode
from firstbyte.protocols.dhcp.requests import Identity
from firstbyte.protocols.dhcp.server import Server, ServerSettings
from firstbyte.protocols.problem import Problems
from fuzz.target import Target

_MAC = b"\2\0\0\0\0\1"
_SETTINGS = ServerSettings(
    address="192.0.2.1/24",
    first="192.0.2.100",
    last="192.0.2.110",
    dns_servers=("192.0.2.53",),
    domain="example",
    search=("example", "lan.example"),
    routes=(("198.51.100.0/24", "192.0.2.2"),),
    mtu=1400,
)


def _client() -> tuple[Client, Message]:
    """A client that has just asked, and what it sent."""
    client = Client(Identity(hardware=_MAC), b"fuzz")
    client.start(0)
    return client, client.take()[0][0].message


def _seeds() -> tuple[bytes, ...]:
    client, discover = _client()
    server = Server(_SETTINGS)
    offer = server.receive(discover, 0)
    if offer is None:
        raise RuntimeError("the server has no address for the seed")
    client.receive(offer.message, 0)
    request = client.take()[0][0].message
    ack = server.receive(request, 0)
    long = replace(discover, options={**discover.options, 224: b"long" * 100})
    answers = [offer.data] + ([ack.data] if ack else [])
    return (encode(discover), encode(request), encode(long), *answers)


def _decode(data: bytes) -> None:
    """What is read can be written and read again, and is then the same."""
    message = decode(data, Problems())
    if message is None:
        return
    for code in message.options:
        message.get(code)
    again = decode(encode(message, 1 << 17), Problems())
    assert again is not None
    assert again.options == {k: v for k, v in message.options.items() if k != options.OVERLOAD}


def _as_server(data: bytes) -> None:
    message = decode(data, Problems())
    if message is not None:
        reply = Server(_SETTINGS).receive(message, 0)
        assert reply is None or len(reply.data) <= 1500


def _as_client(data: bytes) -> None:
    """The answer is taken for one to us: otherwise nothing of it would be looked at."""
    message = decode(data, Problems())
    if message is None:
        return
    client, asked = _client()
    for now_ns, kind in enumerate((MessageType.OFFER, MessageType.ACK, MessageType.NAK)):
        ours = replace(message, transaction=asked.transaction, hardware=_MAC, operation=REPLY)
        ours.options = {**message.options, options.MESSAGE_TYPE: bytes((kind,))}
        client.receive(ours, now_ns)
        client.poll(now_ns)
        client.checked(now_ns, free=True)


_SEEDS = _seeds()

TARGETS = (
    Target("dhcp.decode", _SEEDS, _decode),
    Target("dhcp.server", _SEEDS, _as_server),
    Target("dhcp.client", _SEEDS, _as_client),
)
