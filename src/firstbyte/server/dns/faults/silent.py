"""A server that does not answer at all."""

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return []

    return treat


FAULT = Fault("silent", "Never answers, neither over UDP nor over TCP.", treatment=_treatment)
