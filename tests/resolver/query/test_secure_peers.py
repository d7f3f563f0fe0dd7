"""BIND answers our questions over TLS, HTTPS and HTTP in clear, and gives a zone over TLS."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
import time

import pytest

from firstbyte.protocols.dns import walker
from firstbyte.resolver.daemon.config import Config
from firstbyte.resolver.query.asking import ask_all
from firstbyte.resolver.query.words import parse
from testbed.ports import free_ports

pytestmark = pytest.mark.interop
ZONE = "$TTL 60\n@ SOA ns admin 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n"
HOSTS = "".join(f"h{n} A 192.0.2.{n % 256}\n" for n in range(2000))


@pytest.fixture(scope="module")
def bind(tmp_path_factory):
    """The ports of one server: DoT, DoH, HTTP."""
    program = shutil.which("named") or shutil.which("named", path="/usr/sbin:/sbin")
    if program is None:
        pytest.skip("named is not installed")
    directory = tmp_path_factory.mktemp("bind")
    (directory / "zone").write_text(ZONE + HOSTS)
    tls, https, http = free_ports(3)
    address = "{ 127.0.0.1; };"
    (directory / "named.conf").write_text(
        'http local { endpoints { "/dns-query"; }; };\n'
        f'options {{ directory "{directory}"; recursion no; dnssec-validation no; pid-file none; '
        "session-keyfile none; listen-on-v6 { none; }; allow-transfer { any; }; "
        f"listen-on port {tls} tls ephemeral {address} "
        f"listen-on port {https} tls ephemeral http local {address} "
        f"listen-on port {http} tls none http local {address} }};\n"
        f'controls {{ }};\nzone "x.test" {{ type primary; file "zone"; }};\n'
    )
    command = [program, "-g", "-c", str(directory / "named.conf")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(http)
        yield {"TLS": tls, "HTTPS": https, "HTTP": http}
    finally:
        process.terminate()
        process.wait(timeout=10)


def wait_for(port):
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    pytest.skip("this named does not listen for HTTP")


def asked(bind, line):
    words = [word.format(**bind) for word in line.split()]
    return asyncio.run(ask_all(parse(tuple(words)), None, (4, 6), Config())).exchanges[0]


@pytest.mark.parametrize(
    "words",
    [
        "+tls @127.0.0.1:{TLS}",
        "+https @127.0.0.1:{HTTPS}",
        "+https-get @127.0.0.1:{HTTPS}",
        "+http-plain @127.0.0.1:{HTTP}",
        "+http-plain-get @127.0.0.1:{HTTP}",
    ],
)
def test_every_way(bind, words):
    exchange = asked(bind, f"h7.x.test {words}")
    assert exchange.failure is None
    assert walker.decode(exchange.response).answer[0].rdata == bytes((192, 0, 2, 7))


def test_a_zone_over_tls(bind):
    exchange = asked(bind, "x.test AXFR +tls @127.0.0.1:{TLS}")
    whole = (exchange.response, *exchange.more)
    assert len(whole) > 1
    assert sum(len(walker.decode(data).answer) for data in whole) == 2004
