"""Same seed, same bytes: also of keys, signatures and tickets, which C libraries make."""

import asyncio
import os
import random
import secrets
import ssl
import time
import uuid

import pytest
from aioquic.asyncio import connect, serve
from aioquic.quic.configuration import QuicConfiguration

from firstbyte.net import libssl
from firstbyte.sim import Internet

NAME = "server.example"


def packets_of(trusted, programs, seed):
    """What the client's interface saw of ``talk()`` while ``serving()`` ran on the server."""
    talk, serving = programs
    with Internet(seed=seed) as internet:
        internet.trust(trusted)
        client, server = internet.host("client"), internet.host(NAME)
        internet.link(client, server, rtt_s=0.02, jitter_s=0.001)
        server.run(serving())
        internet.run(until=client.run(talk()), limit_s=60)
        return internet.capture(client).pcapng()


def over_tls(tls, version):
    tls.maximum_version = version

    async def answer(reader, writer):
        writer.write(await reader.readline())
        writer.close()

    async def serving():
        await asyncio.start_server(answer, "0.0.0.0", 443, ssl=tls)

    async def talk():
        context = ssl.create_default_context()
        reader, writer = await asyncio.open_connection(NAME, 443, ssl=context)
        writer.write(f"{uuid.uuid4()} {secrets.token_hex()} {random.random()}\n".encode())
        assert await reader.read()
        writer.close()

    return talk, serving


def over_quic(files):
    at_server = QuicConfiguration(is_client=False, alpn_protocols=["x"])
    at_server.load_cert_chain(files.chain, files.key)

    async def serving():
        await serve("0.0.0.0", 443, configuration=at_server)

    async def talk():
        configuration = QuicConfiguration(alpn_protocols=["x"], server_name=NAME)
        configuration.load_verify_locations(str(files.anchors))
        async with connect(NAME, 443, configuration=configuration) as quic:
            await quic.ping()

    return talk, serving


@pytest.mark.skipif(libssl.load() is None, reason="this Python hides its OpenSSL")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_repeats_to_the_byte_in_another_second(trusted, make_server_tls, version):
    def packets(seed):
        return packets_of(trusted, over_tls(make_server_tls(), version), seed)

    first = packets(7)
    time.sleep(1.01 - time.time() % 1)  # OpenSSL's clock, in whole seconds, must not matter
    assert packets(7) == first
    assert packets(8) != first


def test_quic_repeats_to_the_byte(trusted, pem_files):
    first = packets_of(trusted, over_quic(pem_files), 7)
    assert packets_of(trusted, over_quic(pem_files), 7) == first
    assert packets_of(trusted, over_quic(pem_files), 8) != first


def test_openssl_draws_from_the_system_again_outside():
    async def draw():
        return ssl.RAND_bytes(16), os.urandom(16)

    def drawn():
        with Internet(seed=1) as internet:
            return internet.run(until=internet.host("one").run(draw()))

    assert drawn() == drawn()
    assert ssl.RAND_bytes(16) != ssl.RAND_bytes(16)
