"""A world of two hosts, and a CA that both trust."""

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import trustme
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration

from firstbyte.sim import Internet

RTT_S = 0.080


@cache
def authority():
    return trustme.CA()


@cache
def certificate():
    return authority().issue_cert("server.example")


def trusted_pem():
    return authority().cert_pem.bytes()


@dataclass
class Pair:
    """``client`` and ``server`` (named server.example), 80 ms apart."""

    internet: Internet
    client: object
    server: object

    def run(self, program):
        """Run ``program`` on the client to its end."""
        return self.internet.run(until=self.client.run(program), limit_s=600)

    @property
    def time_s(self):
        return self.internet.time_s


@pytest.fixture
def trusted():
    """The CA that every test's certificates come from, as PEM."""
    return trusted_pem()


@pytest.fixture
def pair():
    internet = Internet(seed=7)
    internet.trust(trusted_pem())
    client, server = internet.host("client"), internet.host("server.example")
    internet.link(client, server, rtt_s=RTT_S)
    yield Pair(internet, client, server)
    internet.close()


@pytest.fixture
def make_server_tls():
    def make():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate().configure_cert(context)
        return context

    return make


@pytest.fixture
def server_tls(make_server_tls):
    return make_server_tls()


@pytest.fixture
def client_tls():
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@dataclass
class Files:
    key: Path
    chain: Path
    anchors: Path


@pytest.fixture
def pem_files(tmp_path):
    files = Files(tmp_path / "key.pem", tmp_path / "chain.pem", tmp_path / "anchors.pem")
    files.key.write_bytes(certificate().private_key_pem.bytes())
    files.chain.write_bytes(b"".join(pem.bytes() for pem in certificate().cert_chain_pems))
    files.anchors.write_bytes(trusted_pem())
    return files


class Http3Server(QuicConnectionProtocol):
    def quic_event_received(self, event):
        if not hasattr(self, "http"):
            self.http = H3Connection(self._quic)
        for one in self.http.handle_event(event):
            if isinstance(one, HeadersReceived):
                self.http.send_headers(one.stream_id, [(b":status", b"200")], end_stream=True)
                self.transmit()


@pytest.fixture
def serve_http3(pem_files):
    """Makes a coroutine that serves HTTP/3 on a port: 200 and no body."""
    configuration = QuicConfiguration(is_client=False, alpn_protocols=["h3"])
    configuration.load_cert_chain(pem_files.chain, pem_files.key)

    def start(port):
        return serve("0.0.0.0", port, configuration=configuration, create_protocol=Http3Server)

    return start
