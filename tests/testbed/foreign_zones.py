"""A root and zones below it that another program signs and serves, asked through our daemon."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

import dns.asyncquery
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from firstbyte.resolver.daemon.config import from_mapping
from firstbyte.resolver.daemon.daemon import Daemon

ROOT = """$TTL 300
@ SOA ns. admin. 1 2 3 4 60
@ NS ns.
ns. A 192.0.2.1
"""
ZONE = """$TTL 300
@ SOA ns admin 1 2 3 4 60
@ NS ns
ns A 192.0.2.1
www A 192.0.2.80
*.wild A 192.0.2.81
alias CNAME www
a.b.ent TXT "deep"
"""


def kinds_of_answers(zone):
    """Questions about a zone with the data above, and the response code of each."""
    return [
        (f"www.{zone}", "A", dns.rcode.NOERROR),
        (f"alias.{zone}", "A", dns.rcode.NOERROR),
        (f"x.wild.{zone}", "A", dns.rcode.NOERROR),
        (f"www.{zone}", "AAAA", dns.rcode.NOERROR),
        (f"x.wild.{zone}", "AAAA", dns.rcode.NOERROR),
        (f"b.ent.{zone}", "A", dns.rcode.NOERROR),
        (f"nothing.{zone}", "A", dns.rcode.NXDOMAIN),
        (f"x.y.nothing.{zone}", "A", dns.rcode.NXDOMAIN),
        (zone, "DS", dns.rcode.NOERROR),
        (zone, "DNSKEY", dns.rcode.NOERROR),
    ]


@dataclass(frozen=True)
class Served:
    """Where the zones are served, and the DS records of their root."""

    port: int
    anchors: list[str]

    def resolve(self, *questions) -> list[dns.message.Message]:
        """Our daemon's answers to these names and types, each with the DO bit."""
        keys = {
            "listen": "127.0.0.1:0",
            "root_hints": [["ns.", "192.0.2.1"]],
            "trust_anchors": self.anchors,
            "address_map": {"192.0.2.1:53": f"127.0.0.1:{self.port}"},
            "ipv6": False,
        }

        async def main() -> list[dns.message.Message]:
            daemon = Daemon(from_mapping(keys))
            await daemon.start()
            try:
                place = daemon.ports[0]
                return [
                    await dns.asyncquery.tcp(
                        dns.message.make_query(name, kind, want_dnssec=True),
                        place[0],
                        20,
                        place[1],
                    )
                    for name, kind in questions
                ]
            finally:
                daemon.close()
                await asyncio.sleep(0)

        return asyncio.run(main())

    def check_all_kinds(self, zone):
        """All kinds of answers are as they should be, and secure."""
        rows = kinds_of_answers(zone)
        answers = self.resolve(*((name, kind) for name, kind, _ in rows))
        for (name, kind, rcode), answer in zip(rows, answers, strict=True):
            shown = f"{name} {kind}: {answer.options}"
            assert answer.rcode() == rcode, shown
            assert answer.flags & dns.flags.AD, shown


def wait_for(port, name, seconds=10.0):
    """Until a server on loopback answers for ``name``."""
    deadline_s = time.monotonic() + seconds
    while time.monotonic() < deadline_s:
        with contextlib.suppress(Exception):
            answer = dns.query.udp(dns.message.make_query(name, "SOA"), "127.0.0.1", 0.2, port)
            if answer.answer:
                return
        time.sleep(0.02)
    pytest.skip(f"the server does not answer for {name} here")
