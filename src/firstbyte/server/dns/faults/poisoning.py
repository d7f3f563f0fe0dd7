"""Records about other people's zones beside every answer (what bailiwick rules are against)."""

from ipaddress import IPv4Address

from firstbyte.errors import DecodeError, UsageError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message, RRset, group
from firstbyte.protocols.dns.names import ROOT, from_text
from firstbyte.server.dns.answers import Client, reply
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.lookup import Found

DEFAULT_VICTIM = "www.victim.example."
_LIE = IPv4Address("203.0.113.66").packed
_TTL_S = 86400


def _treatment(order: Order) -> Treatment:
    try:
        victim = from_text(order.value or DEFAULT_VICTIM).lower()
    except DecodeError as error:
        raise UsageError(f"poisoning={order.value}: not a name") from error
    extra = [RRset(victim, dns.A, _TTL_S, [_LIE]), RRset(ROOT, dns.NS, _TTL_S, [victim])]

    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:
        return [
            delivery._replace(data=_with(query, client, delivery.data, extra)) for delivery in sent
        ]

    return treat


def _with(query: Message, client: Client, data: bytes, extra: list[RRset]) -> bytes:
    try:
        message = walker.decode(data)
    except DecodeError:
        return data
    found = Found(
        message.rcode,
        bool(message.flags & dns.AA),
        [*group(message.answer), extra[0]],
        [*group(message.authority), extra[1]],
        [*group(message.additional), extra[0]],
    )
    return reply(query, found, client)


FAULT = Fault(
    "poisoning",
    "Adds an address of another zone's name, and a root server, to every answer.",
    "the victim's name",
    treatment=_treatment,
)
