"""The daemon under libfaketime: validity and the cache follow the wall clock, timers do not.

Time is set while it runs, forwards and back; it stands still, with the monotonic clock too.
"""

import asyncio
import contextlib
import json
import os
import sys
import time
from pathlib import Path

import dns.asyncquery
import dns.flags
import dns.message
import dns.rcode
import pytest

from testbed.dns_tree import dns_tree
from testbed.ports import free_port

LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))
pytestmark = [
    pytest.mark.interop,
    pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed"),
]
EXPIRED, NOT_YET_VALID = 7, 8


class Faked:
    """A daemon process whose clock a file moves."""

    def __init__(self, directory, tree):
        self.file = directory / "time"
        self.port = free_port()
        self.config = directory / "c.json"
        self.config.write_text(json.dumps(tree.keys | {"listen": f"127.0.0.1:{self.port}"}))
        self.process = None

    def set(self, text):
        """As libfaketime reads it: an offset, or a time that stands still."""
        self.file.write_text(text + "\n")

    @contextlib.asynccontextmanager
    async def running(self, **environment):
        faking = {
            "LD_PRELOAD": str(LIBRARIES[0]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
        }
        self.process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "firstbyte", "dns", "serve", "--config", str(self.config)),
            env=os.environ | faking | environment,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            while await self.process.stderr.readline() != b"ready\n":
                assert self.process.returncode is None
        try:
            yield self
        finally:
            self.process.terminate()
            async with asyncio.timeout(10):
                assert await self.process.wait() == 0

    async def ask(self, name):
        """The response code, whether it is secure, and the codes of its errors."""
        query = dns.message.make_query(name, "A", want_dnssec=True)
        answer = await dns.asyncquery.udp(query, "127.0.0.1", 10, self.port)
        codes = {int(option.code) for option in answer.options}
        return dns.rcode.to_text(answer.rcode()), bool(answer.flags & dns.flags.AD), codes

    def cpu_s(self):
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


GOOD = ("NOERROR", True, set())


@pytest.mark.parametrize("monotonic", ["0", "1"], ids=["monotonic-faked", "monotonic-real"])
def test_validity_follows_the_wall_clock(tmp_path, monotonic):
    async def program():
        async with dns_tree() as tree:
            faked = Faked(tmp_path, tree)
            faked.set("-400d")
            async with faked.running(FAKETIME_DONT_FAKE_MONOTONIC=monotonic):
                assert (await faked.ask("www.example.org"))[2] == {NOT_YET_VALID}
                faked.set("+0")
                assert await faked.ask("www.example.org") == GOOD
                faked.set("+400d")
                assert (await faked.ask("www.example.org"))[2] == {EXPIRED}
                faked.set("+0")
                assert await faked.ask("www.example.org") == GOOD
                assert (await faked.ask("nothing.example.org"))[:2] == ("NXDOMAIN", True)

    asyncio.run(program())


@pytest.mark.parametrize("monotonic", ["0", "1"], ids=["monotonic-faked", "monotonic-real"])
def test_time_that_stands_still_keeps_nobody_busy(tmp_path, monotonic):
    async def program():
        async with dns_tree() as tree:
            faked = Faked(tmp_path, tree)
            faked.set(time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime()))
            async with faked.running(FAKETIME_DONT_FAKE_MONOTONIC=monotonic, TZ="UTC"):
                assert await faked.ask("www.example.org") == GOOD
                before_s = faked.cpu_s()
                await asyncio.sleep(0.4)
                assert faked.cpu_s() - before_s < 0.2
                assert await faked.ask("www.signed.example.org") == GOOD

    asyncio.run(program())
