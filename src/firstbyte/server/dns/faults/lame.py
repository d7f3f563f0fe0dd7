"""A lame delegation: the server does not know that the zone is its own."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client, reply
from firstbyte.server.dns.delivery import Delivery, Treatment, truth
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.lookup import Found


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return truth(reply(query, Found(dns.REFUSED, authoritative=False), client))

    return treat


FAULT = Fault("lame", "Answers REFUSED, as a server does that is not set up.", treatment=_treatment)
