"""TLS through asyncio's own machinery."""

import asyncio
import ssl
from functools import cache

import pytest
import trustme


@cache
def authority():
    return trustme.CA()


def server_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("server.example").configure_cert(context)
    return context


def client_context():
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


async def echo(reader, writer):
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def serve(network, **options):
    server = await network.at_server(
        asyncio.start_server(echo, network.server, 0, ssl=server_context(), **options)
    )
    return server, server.sockets[0].getsockname()


def test_a_handshake_and_an_echo(network):
    async def scenario(network):
        server, address = await serve(network)
        reader, writer = await asyncio.open_connection(
            *address, ssl=client_context(), server_hostname="server.example"
        )
        assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
        writer.write(b"secret" * 50_000)
        assert await reader.readexactly(300_000) == b"secret" * 50_000
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_a_wrong_name_is_not_trusted(network):
    async def scenario(network):
        server, address = await serve(network)
        with pytest.raises(ssl.SSLCertVerificationError):
            await asyncio.open_connection(
                *address, ssl=client_context(), server_hostname="other.example"
            )
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_a_silent_peer_times_the_handshake_out(network):
    async def silent(reader, writer):
        await reader.read()
        writer.close()

    async def scenario(network):
        server = await network.at_server(asyncio.start_server(silent, network.server, 0))
        with pytest.raises((ConnectionAbortedError, ConnectionResetError)):
            await asyncio.open_connection(
                *server.sockets[0].getsockname(),
                ssl=client_context(),
                server_hostname="server.example",
                ssl_handshake_timeout=0.2,
            )
        server.close()
        await server.wait_closed()

    network.run(scenario)


def test_start_tls_upgrades_a_connection(network):
    async def upgrade(reader, writer):
        await reader.readline()
        writer.write(b"go ahead\n")
        await writer.drain()
        await writer.start_tls(server_context())
        writer.write((await reader.readline()).upper())
        await writer.drain()
        writer.close()

    async def scenario(network):
        server = await network.at_server(asyncio.start_server(upgrade, network.server, 0))
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"STARTTLS\n")
        assert await reader.readline() == b"go ahead\n"
        await writer.start_tls(client_context(), server_hostname="server.example")
        writer.write(b"hidden\n")
        assert await reader.readline() == b"HIDDEN\n"
        writer.close()
        await writer.wait_closed()
        server.close()
        await server.wait_closed()

    network.run(scenario)
