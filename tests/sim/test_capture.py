"""Captures: contents, bounds, and files that tshark reads and decrypts."""

import asyncio
import json
import shutil
import ssl
import subprocess

import pytest

from firstbyte.protocols.ip import Packet
from firstbyte.sim.capture import PacketLog
from testbed.sim_programs import answer_with

answer = answer_with(b"secret")


async def ask(**options):
    reader, writer = await asyncio.open_connection("server.example", 443, **options)
    writer.write(b"GET /path HTTP/1.1\r\nHost: server.example\r\n\r\n")
    await reader.readuntil(b"secret")
    writer.close()
    await writer.wait_closed()


async def ask_over_tls():
    await ask(ssl=ssl.create_default_context())


def test_it_sees_both_directions_in_order(pair):
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 443))
    pair.run(ask())
    capture = pair.internet.capture(pair.client)
    assert [seen.outgoing for seen in capture.seen[:4]] == [True, False, True, True]
    assert [seen.at_ns for seen in capture.seen[:4]] == [0, 80_000_000, 80_000_000, 80_000_000]
    assert len(capture) == len(capture.packets) == len(capture.raw())
    assert capture.retransmissions == 0


def test_a_key_log_without_secrets_is_none(pair):
    async def make_a_context():
        assert ssl.create_default_context().keylog_filename

    pair.run(make_a_context())
    assert pair.internet.keylog == ""


def test_the_log_is_bounded():
    log = PacketLog(limit=3)
    tap = log.tap("eth0")
    for number in range(5):
        tap(number, True, Packet(None, b"x"))
    assert [seen.at_ns for seen in log] == [2, 3, 4]
    assert log.dropped == 2


@pytest.mark.interop
@pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
def test_tshark_reads_it_and_decrypts_tls(pair, server_tls, tmp_path):
    pair.server.run(asyncio.start_server(answer, "0.0.0.0", 443, ssl=server_tls))
    pair.run(ask_over_tls())
    path = tmp_path / "client.pcapng"
    pair.internet.capture(pair.client).write(path)
    fields = ["-e", "http.request.uri", "-e", "http.file_data", "-e", "tcp.analysis.flags"]
    printed = subprocess.run(
        ["tshark", "-r", str(path), "-Y", "http", "-T", "json", *fields],
        capture_output=True,
        check=True,
        timeout=60,
    ).stdout
    layers = [packet["_source"]["layers"] for packet in json.loads(printed)]
    assert layers[0]["http.request.uri"] == ["/path"]
    assert len(layers) == 2
