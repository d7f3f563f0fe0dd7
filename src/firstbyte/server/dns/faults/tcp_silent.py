"""A server whose TCP is accepted and never answered, as behind a broken firewall."""

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return [] if client.transport == "tcp" else sent

    return treat


FAULT = Fault("tcp-silent", "Never answers over TCP.", treatment=_treatment)
