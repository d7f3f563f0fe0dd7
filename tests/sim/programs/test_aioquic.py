"""aioquic, client and server, unchanged."""

import asyncio

from aioquic.asyncio import connect, serve
from aioquic.quic.configuration import QuicConfiguration


def echo(reader, writer):
    async def answer():
        writer.write((await reader.read()) * 1000)
        writer.write_eof()

    echo.tasks = [*getattr(echo, "tasks", []), asyncio.ensure_future(answer())]


def test_a_stream_over_quic(pair, pem_files):
    server = QuicConfiguration(is_client=False, alpn_protocols=["x"])
    server.load_cert_chain(pem_files.chain, pem_files.key)
    client = QuicConfiguration(is_client=True, alpn_protocols=["x"])
    client.load_verify_locations(str(pem_files.anchors))
    client.server_name = "server.example"

    async def ask():
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with connect("server.example", 4433, configuration=client) as quic:
            connected = loop.time()
            reader, writer = await quic.create_stream()
            writer.write(b"hello")
            writer.write_eof()
            data = await reader.read(5)
            first_byte = loop.time()
            data += await reader.read()
            return data, connected - began, first_byte - connected

    pair.server.run(serve("0.0.0.0", 4433, configuration=server, stream_handler=echo))
    data, handshake_s, answer_s = pair.run(ask())
    assert data == b"hello" * 1000
    assert round(handshake_s, 6) == 0.08
    assert round(answer_s, 6) == 0.08
