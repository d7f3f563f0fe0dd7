"""Forged answers before the true one: other IDs, another port, data of an attacker's choice."""

from ipaddress import IPv4Address

from firstbyte.errors import UsageError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.server.dns.answers import Client, reply
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.lookup import Found

DEFAULT_ADDRESS = "203.0.113.66"
GUESSES = 8
_TTL_S = 86400


def _treatment(order: Order) -> Treatment:
    try:
        lie = IPv4Address(order.value or DEFAULT_ADDRESS).packed
    except ValueError as error:
        raise UsageError(f"spoofing={order.value}: not an IPv4 address") from error

    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:
        if client.transport != "udp":
            return sent
        key = (query.qname or b"\0").lower()
        forged = reply(query, Found(answer=[RRset(key, dns.A, _TTL_S, [lie])]), client)
        wrong_ids = [
            Delivery((query.id + step & 0xFFFF).to_bytes(2, "big") + forged[2:])
            for step in range(1, GUESSES + 1)
        ]
        truth_later = [delivery._replace(delay_s=delivery.delay_s + 0.02) for delivery in sent]
        return [*wrong_ids, Delivery(forged, forged=True), *truth_later]

    return treat


FAULT = Fault(
    "spoofing",
    "Sends forged answers first: with wrong IDs, and with the right one from another port.",
    "the IPv4 address that they give",
    treatment=_treatment,
)
