"""NOTIFY, and real secondaries that follow it."""

import asyncio
import re
import shutil
import signal
import subprocess
import time

import dns.exception
import dns.flags
import dns.message
import dns.opcode
import dns.query
import pytest

from cli.test_dns_authoritative import Process
from firstbyte.server.dns.notify import message, notify
from testbed.name_server import ZONE, parent_zone
from testbed.ports import free_port


def test_the_message_is_what_others_read():
    read = dns.message.from_wire(message(parent_zone().soa, 4711))
    assert (read.id, read.opcode()) == (4711, dns.opcode.NOTIFY)
    assert read.flags & dns.flags.AA
    assert read.answer[0][0].serial == 7


class Secondary(asyncio.DatagramProtocol):
    """Answers the notifications from the ``deaf``-th on, after some that are no answers."""

    def __init__(self, deaf):
        self.deaf = deaf

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.deaf -= 1
        if self.deaf < 0:
            self.transport.sendto(b"short", addr)
            self.transport.sendto(bytes(2) + bytes((data[2] | 0x80,)) + data[3:], addr)
            self.transport.sendto(data[:2] + bytes((data[2] | 0x80,)) + data[3:], addr)


@pytest.mark.parametrize(("deaf", "heard"), [(0, True), (2, True), (100, False)])
def test_it_is_repeated_until_it_is_heard(deaf, heard):
    async def program():
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: Secondary(deaf), local_addr=("127.0.0.1", 0)
        )
        try:
            return await notify(
                parent_zone().soa, transport.get_extra_info("sockname"), first_wait_s=0.01
            )
        finally:
            transport.close()

    assert asyncio.run(program()) is heard


@pytest.mark.interop
@pytest.mark.parametrize("options", [[], ["--sign", "--nsec3"]], ids=["plain", "signed"])
def test_bind_follows_as_a_secondary(options, tmp_path):
    """BIND gets the zone, hears of a change, and fetches what changed alone."""
    program = shutil.which("named") or shutil.which("named", path="/usr/sbin")
    if program is None:
        pytest.skip("named is not installed")
    port = free_port()
    file = tmp_path / "example.org.zone"
    file.write_text(ZONE)
    server = Process("--notify", f"127.0.0.1:{port}", *options, str(file))
    (tmp_path / "named.conf").write_text(
        f'options {{ directory "{tmp_path}"; recursion no; pid-file none; session-keyfile none; '
        f"dnssec-validation no; listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; "
        f"}};\ncontrols {{ }};\n"
        f'zone "example.org" {{ type secondary; file "copy"; '
        f"primaries {{ 127.0.0.1 port {server.port}; }}; allow-notify {{ 127.0.0.1; }}; }};\n"
    )
    log = (tmp_path / "log").open("w")
    bind = subprocess.Popen([program, "-g", "-c", tmp_path / "named.conf"], stderr=log)
    try:
        assert wait_for(port, "192.0.2.80")
        changed = ZONE.replace("admin 7", "admin 8").replace("192.0.2.80", "192.0.2.81")
        file.write_text(changed)
        server.process.send_signal(signal.SIGHUP)
        assert wait_for(port, "192.0.2.81")
        told = (tmp_path / "log").read_text()
        assert re.search(r"received notify for zone 'example.org'", told)
        sizes = re.findall(r"Transfer completed: \d+ messages, (\d+) records", told)
        assert int(sizes[-1]) < 20 < int(sizes[0]), sizes
    finally:
        bind.terminate()
        bind.wait(timeout=10)
        log.close()
        server.stop()


def wait_for(port, address):
    query = dns.message.make_query("www.example.org", "A")
    for _ in range(200):
        try:
            found = dns.query.udp(query, "127.0.0.1", 1, port).answer
        except (dns.exception.Timeout, OSError):
            found = []
        if found and found[0][0].address == address:
            return True
        time.sleep(0.05)
    return False
