"""Questions to send, and a sink that remembers what became of them."""

import asyncio
import os

import pytest

from firstbyte.protocols.dns import constants as c
from firstbyte.protocols.dns import walker
from firstbyte.protocols.dns.message import Message, RRset
from firstbyte.protocols.dns.names import from_text
from firstbyte.protocols.dns.writer import Parts, render
from firstbyte.resolver.machine.values import Ask
from firstbyte.resolver.upstream.queries import Exchange

DEADLINE_S = 10


class Outcomes:
    """A sink: the outcomes by question, and how they were grouped."""

    def __init__(self) -> None:
        self.by_number: dict[int, Message | str] = {}
        self.held = 0
        self._news = asyncio.Event()

    def hold(self) -> None:
        self.held += 1

    def release(self) -> None:
        self.held -= 1

    def received(self, number: int, message: Message) -> None:
        self.by_number[number] = message
        self._news.set()

    def failed(self, number: int, kind: str) -> None:
        self.by_number[number] = kind
        self._news.set()

    async def reach(self, count: int) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while len(self.by_number) < count:
                self._news.clear()
                await self._news.wait()
        assert self.held == 0


def make_exchange(number: int, *, tcp: bool = False, entropy=os.urandom) -> Exchange:
    ask = Ask(
        number=number,
        server=("192.0.2.1", 53),
        zone=b"\0",
        name=from_text(f"name{number}.example."),
        rdtype=c.A,
        recursive=False,
        edns=True,
        tcp=tcp,
        mix_case=True,
        timeout_s=1.0,
        attempt=1,
    )
    return Exchange(ask, 1232, None, entropy)


def answer_to(query: bytes) -> bytes:
    """A right answer: one address."""
    asked = walker.decode(query)
    assert asked.qname is not None
    rrset = RRset(asked.qname.lower(), c.A, 60, [bytes(4)])
    return render(Parts(asked.id, c.QR | c.AA, asked.qname, asked.qtype, answer=[rrset])).data


@pytest.fixture
def outcomes() -> Outcomes:
    return Outcomes()
