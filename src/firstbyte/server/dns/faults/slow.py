"""A server that takes its time."""

import math

from firstbyte.errors import UsageError
from firstbyte.protocols.dns.message import Message
from firstbyte.server.dns.answers import Client
from firstbyte.server.dns.delivery import Delivery, Treatment
from firstbyte.server.dns.faults.fault import Fault, Order

DEFAULT_S = 2.0


def _treatment(order: Order) -> Treatment:
    delay_s = _seconds(order.value)

    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return [delivery._replace(delay_s=delivery.delay_s + delay_s) for delivery in sent]

    return treat


def _seconds(text: str) -> float:
    try:
        value = float(text) if text else DEFAULT_S
    except ValueError:
        value = -1.0
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"slow={text}: not a number of seconds", "as in --fault slow=0.5")
    return value


FAULT = Fault("slow", "Answers after a while.", "seconds, 2 by default", treatment=_treatment)
