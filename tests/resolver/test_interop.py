"""The stub against resolvers that we did not write: unbound (UDP, TCP, DoT, DoH) and dnsmasq."""

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from firstbyte.events import Scope
from firstbyte.net.stream import Stream
from firstbyte.net.tls import TlsSettings, TlsStream, start_tls
from firstbyte.net.tls_trust import choose_roots
from firstbyte.resolver.settings import make_settings
from firstbyte.resolver.stub import StubResolver
from testbed.pki import Pki
from testbed.ports import free_port, free_ports

pytestmark = pytest.mark.interop

MANY = tuple(f"192.0.2.{i}" for i in range(1, 201))
UNBOUND = """
server:
  directory: "{directory}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  module-config: "iterator"
  port: {plain}
  interface: 127.0.0.1@{plain}
  interface: 127.0.0.1@{dot}
  interface: 127.0.0.1@{doh}
  tls-port: {dot}
  https-port: {doh}
  tls-service-key: "{key}"
  tls-service-pem: "{certificate}"
  local-zone: "example." static
  local-data: "www.example. 60 A 192.0.2.1"
  local-data: "www.example. 60 AAAA 2001:db8::1"
  local-data: 'www.example. 60 HTTPS 1 . alpn="h2,h3" port=8443'
  local-data: "text.example. 60 TXT text"
  local-zone: "refused." always_refuse
{many}
"""


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def unbound(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    program = _find("unbound")
    ports = dict(zip(("plain", "dot", "doh"), free_ports(3), strict=True))
    directory = tmp_path_factory.mktemp("unbound")
    chain = pki.issue("good")
    config = directory / "unbound.conf"
    config.write_text(
        UNBOUND.format(
            directory=directory,
            key=chain.key_file,
            certificate=chain.cert_file,
            many="\n".join(f'  local-data: "many.example. 60 A {address}"' for address in MANY),
            **ports,
        )
    )
    with _running([program, "-dd", "-c", str(config)], directory, ports["plain"]):
        yield ports


@pytest.fixture(scope="module")
def dnsmasq(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, int]]:
    program = _find("dnsmasq")
    directory = tmp_path_factory.mktemp("dnsmasq")
    port = free_port()
    command = [
        program,
        "--keep-in-foreground",
        "--conf-file=/dev/null",
        "--pid-file",
        "--no-resolv",
        "--no-hosts",
        f"--port={port}",
        "--listen-address=127.0.0.1",
        "--bind-interfaces",
        "--user=",
        "--group=",
        "--local=/example/",
        "--host-record=www.example,192.0.2.1,2001:db8::1",
        "--cname=alias.example,www.example",
        "--txt-record=text.example,text",
        *(f"--host-record=many.example,{address}" for address in MANY),
    ]
    with _running(command, directory, port):
        yield {"plain": port}


@pytest.mark.parametrize("peer", ["unbound", "dnsmasq"])
def test_plain_dns(bench, request: pytest.FixtureRequest, peer: str) -> None:
    ports = request.getfixturevalue(peer)
    settings = make_settings(servers=(("127.0.0.1", ports["plain"]),))

    async def main() -> None:
        run = await bench.run(settings, "www.example")
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.addresses(6) == ("2001:db8::1",)
        assert (await bench.run(settings, "gone.example")).error_id == "dns.nxdomain"
        assert (await bench.run(settings, "text.example")).error_id == "dns.nodata"
        assert (await bench.run(settings, "a.refused")).error_id == "dns.refused"

    asyncio.run(main())


@pytest.mark.parametrize("peer", ["unbound", "dnsmasq"])
def test_truncation(bench, request: pytest.FixtureRequest, peer: str) -> None:
    ports = request.getfixturevalue(peer)
    settings = make_settings(servers=(("127.0.0.1", ports["plain"]),))

    async def main() -> None:
        run = await bench.run(settings, "many.example")
        assert set(run.addresses(4)) == set(MANY)
        assert "tcp" in {fallback.kind for fallback in run.told("dns.fallback")}

    asyncio.run(main())


def test_an_https_record_from_unbound(bench, unbound: dict[str, int]) -> None:
    settings = make_settings(servers=(("127.0.0.1", unbound["plain"]),))

    async def main() -> None:
        run = await bench.run(settings, "www.example")
        (record,) = run.https.records
        assert (record.alpn, record.port, record.target) == (("h2", "h3"), 8443, "www.example")

    asyncio.run(main())


def test_an_alias_from_dnsmasq(bench, dnsmasq: dict[str, int]) -> None:
    settings = make_settings(servers=(("127.0.0.1", dnsmasq["plain"]),))

    async def main() -> None:
        run = await bench.run(settings, "alias.example")
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.told("dns.lookup_finished")[0].canonical_name == "www.example"

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["dot", "doh"])
def test_secure_dns_from_unbound(bench, pki: Pki, unbound: dict[str, int], kind: str) -> None:
    if kind == "doh" and "libnghttp2" not in _version():
        pytest.skip("this unbound is built without nghttp2, so it has no DoH")
    roots = choose_roots(
        ca_file=str(pki.root_file), ca_path=None, ca_pem=None, environment={}, anchors_pem=None
    )

    async def secure(stream: Stream, name: str, alpn: tuple[str, ...], scope: Scope) -> TlsStream:
        return await start_tls(stream, TlsSettings(roots=roots), name, alpn, scope)

    if kind == "dot":
        settings = make_settings(dot=("localhost", unbound["dot"]))
    else:
        settings = make_settings(doh_url=f"https://localhost:{unbound['doh']}/dns-query")

    async def main() -> None:
        run = await bench.run(StubResolver(settings, secure), "www.example")
        assert run.addresses(4) == ("192.0.2.1",)
        assert run.addresses(6) == ("2001:db8::1",)
        assert {question.transport for question in run.told("dns.question")} == {kind}
        many = await bench.run(StubResolver(settings, secure), "many.example")
        assert set(many.addresses(4)) == set(MANY)

    asyncio.run(main())


def _version() -> str:
    run = subprocess.run([_find("unbound"), "-V"], capture_output=True, text=True, check=False)
    return run.stdout


def _find(name: str) -> str:
    program = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip(f"{name} is not installed")
    return program


@contextmanager
def _running(command: list[str], directory: Path, port: int) -> Iterator[None]:
    """The peer, from when its TCP port answers until it is told to stop."""
    log = directory / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 20
            while not _listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait(10)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
