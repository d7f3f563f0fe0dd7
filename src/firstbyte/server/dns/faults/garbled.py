"""Answers cut in the middle of a record, without TC."""

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order

CUT_BYTES = 5


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return [delivery._replace(data=delivery.data[:-CUT_BYTES]) for delivery in sent]

    return treat


FAULT = Fault("garbled", "Cuts the last octets off every answer.", treatment=_treatment)
