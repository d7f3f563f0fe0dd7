"""A firewall in front that drops queries with EDNS."""

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return sent if query.edns is None else []

    return treat


FAULT = Fault("edns-silent", "Does not answer queries with EDNS.", treatment=_treatment)
