"""The loopback site in a process of its own, without delays."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_PROGRAM = """
import asyncio, sys
from firstbyte.lab.loopback.site import running_site
from firstbyte.lab.loopback.truth import Truth

async def main():
    truth = Truth(dns_s=0, accept_s=0, think_s=0, pause_s=0)
    async with running_site(truth) as site:
        print(site.url, site.redirecting_url, site.dns_port, site.ca_file, flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"""


@dataclass(frozen=True)
class LoopbackSite:
    url: str
    redirecting_url: str
    dns_port: int
    ca_file: str

    @property
    def dns(self) -> tuple[str, str]:
        return "--dns-servers", f"127.0.0.1:{self.dns_port}"

    @property
    def flags(self) -> tuple[str, ...]:
        """What firstbyte needs to find and to trust it."""
        return *self.dns, "--cacert", self.ca_file, "--tap", "off"


@contextmanager
def loopback_site() -> Iterator[LoopbackSite]:
    command = [sys.executable, "-c", _PROGRAM]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as it:
        url, redirecting, dns_port, ca_file = it.stdout.readline().split()
        try:
            yield LoopbackSite(url, redirecting, int(dns_port), ca_file)
        finally:
            it.stdin.close()
            it.wait(timeout=20)
