"""Middleboxes: connections cut by what they carry, options that never arrive."""

import asyncio

import pytest

from firstbyte.errors import UsageError
from firstbyte.protocols.tcp.segment import SYN, Segment
from firstbyte.sim.machines import Middlebox
from testbed.sim_programs import ask, start_peers


def test_a_word_cuts_the_connection_at_both_ends(way):
    Middlebox(way.router, resets_on=[b"forbidden"])
    ended = []

    async def serve(reader, writer):
        try:
            await reader.read()
        except ConnectionResetError:
            ended.append("reset")
        writer.close()

    async def start():
        return await asyncio.start_server(serve, "0.0.0.0", 80)

    async def client():
        reader, writer = await asyncio.open_connection("198.51.100.1", 80)
        writer.write(b"a forbidden word")
        try:
            await reader.read()
        finally:
            writer.close()
            await asyncio.sleep(1)

    way.server.run(start())
    with pytest.raises(ConnectionResetError):
        way.run(client())
    assert ended == ["reset"]
    assert "middlebox_reset" in way.drops()


def test_stripped_options_are_not_seen_by_the_server(way):
    Middlebox(way.router, strips=["sack", "timestamps", "window_scale"])
    way.server.run(start_peers())
    way.run(ask())
    seen = [
        packet.transport.options
        for packet in way.internet.capture(way.server).packets
        if isinstance(packet.transport, Segment) and packet.transport.flags & SYN
    ]
    assert seen
    for options in seen:
        assert (options.window_scale, options.sack_permitted, options.timestamp) == (
            None,
            False,
            None,
        )
        assert options.mss == 1460


def test_an_unknown_option_is_refused(way):
    with pytest.raises(UsageError, match="colour"):
        Middlebox(way.router, strips=["colour"])
