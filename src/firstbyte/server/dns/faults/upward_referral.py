"""A lame delegation of the old kind: the server points to the root."""

from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.protocols.dns.names import ROOT, from_text
from firstbyte.server.dns.answers import Client, reply
from firstbyte.server.dns.delivery import Delivery, Treatment, truth
from firstbyte.server.dns.faults.fault import Fault, Order
from firstbyte.server.dns.lookup import Found

_TTL_S = 518_400


def _treatment(_: Order) -> Treatment:
    root = RRset(ROOT, dns.NS, _TTL_S, [from_text("a.root-servers.net.")])

    def treat(query: Message, client: Client, sent: list[Delivery]) -> list[Delivery]:  # noqa: ARG001
        return truth(reply(query, Found(authoritative=False, authority=[root]), client))

    return treat


FAULT = Fault("upward-referral", "Refers every question to the root.", treatment=_treatment)
