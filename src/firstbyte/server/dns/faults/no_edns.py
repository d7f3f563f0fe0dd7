"""A server from before EDNS: FORMERR to every query with an OPT record (RFC 6891, 7)."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        if query.edns is None:
            return sent
        head = query.id.to_bytes(2, "big") + bytes((0x80 | query.flags >> 8 & 0x79, dns.FORMERR))
        return [Delivery(head + bytes(8))]

    return treat


FAULT = Fault("no-edns", "Answers FORMERR to every query with EDNS.", treatment=_treatment)
