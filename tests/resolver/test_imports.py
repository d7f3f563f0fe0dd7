"""What is answered without the network must not pay for dnspython."""

import subprocess
import sys

PROGRAM = """
import asyncio, sys, time
from firstbyte.events import Recorder
from firstbyte.resolver.settings import make_settings
from firstbyte.resolver.stub import StubResolver

async def main():
    resolver = StubResolver(make_settings(
        hosts_file="192.0.2.1 hosts.example", static=(("fixed.example", 443, ("192.0.2.2",)),)
    ))
    scope = Recorder(time.monotonic_ns, "kernel").scope()
    for name in ("192.0.2.3", "hosts.example", "fixed.example", "localhost"):
        assert [found async for found in resolver.lookup(name, scope)]

asyncio.run(main())
heavy = {"dns", "idna", "OpenSSL", "cryptography", "h2", "h11", "aioquic"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_question_to_a_server_loads_no_dnspython() -> None:
    program = "import firstbyte.resolver.lookup, sys; print('dns' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=50
    )
    assert run.stdout.strip() == "False"


def test_local_answers_load_no_protocol_library() -> None:
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=50
    )
    assert run.stdout.strip() == "[]"
