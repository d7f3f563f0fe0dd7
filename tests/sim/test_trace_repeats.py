"""Same seed, same bytes: of firstbyte's own TLS too, whatever is said over it."""

import asyncio
import ssl

import pytest

from firstbyte.client.options import ResolveOptions, TlsOptions, TraceOptions
from firstbyte.client.trace import trace
from firstbyte.net import libssl
from firstbyte.sim import Internet
from testbed.dns_server import DnsServer
from testbed.secure_dns_server import SecureDnsServer
from testbed.sim_programs import answer_with

pytestmark = pytest.mark.skipif(libssl.load() is None, reason="this Python hides its OpenSSL")

NAME = "server.example"
ADDRESS = "10.20.0.80"


answer = answer_with(b"ok")


@pytest.fixture
def traced(trusted, make_server_tls):
    def traced(serve, ask, seed):
        """The journey of ``ask(await serve(tls))``, and the packets that the client saw of it."""
        tls = make_server_tls()
        with Internet(seed=seed) as internet:
            internet.trust(trusted)
            return journey_and_packets(internet, serve(tls), ask)

    return traced


def journey_and_packets(internet, serving, ask):
    client = internet.host("client")
    server = internet.host(NAME, addresses=[ADDRESS])
    internet.link(client, server, rtt_s=0.02, rate_bps=10e6)
    prepared = internet.run(until=server.run(serving))
    journey = internet.run(until=client.run(ask(prepared)), limit_s=60)
    assert journey.outcome.ok, journey.outcome
    return journey, internet.capture(client).pcapng()


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_https(traced, version):
    async def serve(tls):
        await asyncio.start_server(answer, "0.0.0.0", 443, ssl=tls)

    def ask(_):
        return trace(f"https://{NAME}/", TraceOptions(tls=TlsOptions(maximum=version)))

    journey, packets = traced(serve, ask, seed=7)
    assert journey.hops[-1].tls.version == f"TLSv{version}"
    assert traced(serve, ask, seed=7) == (journey, packets)
    assert traced(serve, ask, seed=8)[1] != packets


def test_a_client_certificate(traced, trusted, pem_files):
    async def serve(tls):
        tls.verify_mode = ssl.CERT_REQUIRED
        tls.load_verify_locations(cadata=trusted.decode())
        await asyncio.start_server(answer, "0.0.0.0", 443, ssl=tls)

    own = TlsOptions(cert_file=str(pem_files.chain), key_file=str(pem_files.key))

    def ask(_):
        return trace(f"https://{NAME}/", TraceOptions(tls=own))

    journey, packets = traced(serve, ask, seed=7)
    assert traced(serve, ask, seed=7) == (journey, packets)


@pytest.mark.parametrize("kind", ["dot", "doh"])
def test_dns_over_tls_and_https(traced, kind):
    async def serve(tls):
        tls.set_alpn_protocols(["h2"])
        names = DnsServer({"www.test": {"A": [ADDRESS]}}, host="0.0.0.0")
        secure = SecureDnsServer(names, kind, tls=tls)
        await secure.__aenter__()
        await asyncio.start_server(answer, "0.0.0.0", 80)
        return secure.port

    def ask(port):
        ways = {
            "dot": {"dot": (NAME, port)},
            "doh": {"doh_url": f"https://{NAME}:{port}/dns-query"},
        }
        return trace("http://www.test/", TraceOptions(resolve=ResolveOptions(**ways[kind])))

    journey, packets = traced(serve, ask, seed=7)
    assert {question.transport for question in journey.hops[-1].dns.questions} == {kind}
    assert traced(serve, ask, seed=7) == (journey, packets)
    assert traced(serve, ask, seed=8)[1] != packets
