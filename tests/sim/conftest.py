"""A world of two hosts, and a CA that both trust."""

import ssl
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import trustme

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
def pair():
    internet = Internet(seed=7)
    internet.trust(trusted_pem())
    client, server = internet.host("client"), internet.host("server.example")
    internet.link(client, server, rtt_s=RTT_S)
    yield Pair(internet, client, server)
    internet.close()


@pytest.fixture
def server_tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate().configure_cert(context)
    return context


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
