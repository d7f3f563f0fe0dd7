"""A server that does not give the question's letters back as they came: 0x20 must fall back."""

from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order

_HEADER_BYTES = 12


def _treatment(_: Order) -> Treatment:
    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        end = _HEADER_BYTES + len(query.qname or b"")
        return [
            delivery._replace(
                data=delivery.data[:_HEADER_BYTES]
                + delivery.data[_HEADER_BYTES:end].lower()
                + delivery.data[end:]
            )
            for delivery in sent
        ]

    return treat


FAULT = Fault(
    "case-folding", "Repeats the question in lower case, whatever came.", treatment=_treatment
)
