"""The trace's resolver from the root, over loopback sockets: what it finds and what it tells."""

import asyncio
import contextlib
import time
from collections.abc import Callable

import dns.message
import pytest

from firstbyte.errors import NameError_
from firstbyte.events.dns import Answer, LookupFinished, LookupStarted, Question
from firstbyte.events.recorder import Recorder
from firstbyte.resolver.driver import DriverSettings
from firstbyte.resolver.iterative import IterativeResolver, make_iteration_settings
from firstbyte.resolver.settings import StubSettings
from firstbyte.resolver.stub import StubResolver


class Server(asyncio.DatagramProtocol):
    """One of the tree's servers, now; its answers pass through ``mutate``."""

    def __init__(self, answer: Callable[[dns.message.Message], dns.message.Message]) -> None:
        self.answer = answer

    def connection_made(self, transport) -> None:
        self.transport = transport

    def datagram_received(self, data, addr) -> None:
        self.transport.sendto(self.answer(dns.message.from_wire(data)).to_wire(), addr)


@contextlib.asynccontextmanager
async def serving(tree):
    loop = asyncio.get_running_loop()
    places = {}
    transports = []
    for address, zone in tree.by_address.items():
        transport, _ = await loop.create_datagram_endpoint(
            lambda zone=zone: Server(lambda query: tree.answer(zone, query)),
            local_addr=("127.0.0.1", 0),
        )
        transports.append(transport)
        places[address, 53] = transport.get_extra_info("sockname")
    try:
        yield DriverSettings(address_map=places)
    finally:
        for transport in transports:
            transport.close()


def look_up(tree, name: str, *, anchors: tuple[str, ...] = ()):
    """What was found, the error if any, and the events."""
    recorder = Recorder(time.monotonic_ns, "kernel")
    found = []

    async def main() -> None:
        async with serving(tree) as own:
            settings = make_iteration_settings(
                dnssec=bool(anchors), hints=(("ns.root.", "192.0.2.1"),), anchors=anchors
            )
            resolver = IterativeResolver(settings, StubResolver(StubSettings()), own)
            async with contextlib.aclosing(resolver.lookup(name, recorder.scope())) as lookup:
                async for part in lookup:
                    found.extend([part])

    error = None
    try:
        asyncio.run(main())
    except NameError_ as caught:
        error = caught
    return found, error, [event.what for event in recorder.events]


def test_addresses_and_the_way_to_them(tree) -> None:
    found, error, events = look_up(tree, "www.plain.example")
    assert error is None
    assert ("192.0.2.90",) in [part.addresses for part in found if part.kind == "A"]
    assert {part.kind for part in found} == {"A", "AAAA", "HTTPS"}
    questions = [what for what in events if isinstance(what, Question)]
    assert {what.zone for what in questions} >= {".", "example", "plain.example"}
    answers = {what.query: what for what in events if isinstance(what, Answer)}
    assert {what.query for what in questions} == set(answers)
    assert {"referral", "answer", "nodata"} <= {what.kind for what in answers.values()}
    assert isinstance(events[0], LookupStarted)
    assert isinstance(events[-1], LookupFinished)
    assert events[-1].addresses == ("192.0.2.90",)
    assert events[-1].security is None


def test_signatures_out_of_date_are_bogus(tree) -> None:
    found, error, events = look_up(tree, "www.secure.example", anchors=(tree.anchor(),))
    assert error is not None
    assert error.id == "dns.bogus"
    assert "expired" in error.message
    assert events[-1].security == "bogus"
    assert not any(part.addresses for part in found)


@pytest.mark.parametrize(
    ("name", "code"),
    [("no.plain.example", "dns.nxdomain"), ("plain.example", "dns.nodata")],
)
def test_failures_have_their_ids(tree, name, code) -> None:
    _, error, events = look_up(tree, name)
    assert error is not None
    assert error.id == code
    assert events[-1].error == code


def test_a_literal_needs_no_servers(tree) -> None:
    found, error, events = look_up(tree, "192.0.2.5")
    assert error is None
    assert found[0].addresses == ("192.0.2.5",)
    assert events == []
