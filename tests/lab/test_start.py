"""A world's start loads only what is needed then: its servers' code comes with who asks them."""

import subprocess
import sys

from firstbyte.lab.authority import Authority, Wish

SERVERS = {
    "OpenSSL",
    "aioquic",
    "dns",
    "firstbyte.lab.pages",
    "firstbyte.resolver.driver",
    "firstbyte.server.dns.serving",
    "firstbyte.server.http.http1",
    "h11",
    "h2",
    "rich",
}
PROGRAM = """
import sys
from firstbyte.lab.worlds import build_world
from firstbyte.client.trace import trace

def look():
    print(*sorted({SERVERS} & set(sys.modules)))

with build_world() as world:
    look()
    assert world.run(trace(world.default_url)).outcome.ok
    look()
"""


def test_servers_are_loaded_when_they_are_asked():
    program = PROGRAM.replace("{SERVERS}", repr(SERVERS))
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50
    )
    at_start, after_a_trace = run.stdout.split("\n")[:2]
    assert at_start == ""
    loaded = set(after_a_trace.split())
    assert {"firstbyte.resolver.driver", "h2"} <= loaded
    assert not {"aioquic", "dns"} & loaded  # no QUIC was spoken, and no rare record was met


def test_certificates_do_not_depend_on_the_order_of_wishes():
    one, two = Wish(("one.example",)), Wish(("two.example",))
    authority, other = Authority(0.0), Authority(0.0)
    first = [authority.issue(one), authority.issue(two)]
    assert [other.issue(two), other.issue(one)] == first[::-1]
    assert first[0].key != first[1].key
    assert Authority(0.0, seed=1).issue(one) != first[0]
    assert Authority(0.0).root_pem == authority.root_pem
