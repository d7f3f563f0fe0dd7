"""A server that cuts every answer over UDP, so that all must come back over TCP."""

from firstbyte.protocols.dns.message import Message
from firstbyte.protocols.dns.patching import truncated
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        if client.transport != "udp":
            return sent
        return [delivery._replace(data=truncated(delivery.data)) for delivery in sent]

    return treat


FAULT = Fault("truncating", "Sets TC on every answer over UDP.", treatment=_treatment)
