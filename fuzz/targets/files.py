"""The system's files and saved journeys."""

import msgspec

from firstbyte.diagnosis import diagnose
from firstbyte.errors import UsageError
from firstbyte.journey.model import Journey
from firstbyte.resolver.daemon import anchor_file
from firstbyte.resolver.hosts import find, parse_hosts
from firstbyte.resolver.settings import parse_resolv_conf, parse_server
from fuzz.target import Target, text, texts
from testbed.events import healthy


def _hosts(data: bytes) -> None:
    entries = parse_hosts(text(data))
    find(entries, "localhost")


def _anchors(data: bytes) -> None:
    """What is understood is written so that it is understood again as the same."""
    points = anchor_file.parse(text(data).splitlines())
    again = anchor_file.parse(anchor_file.render(points.values()).splitlines())
    assert again == points


def _journey(data: bytes) -> None:
    """What can be read at all is written again without loss, and can be diagnosed."""
    journey = Journey.from_json(data)
    assert Journey.from_json(journey.to_json()) == journey
    diagnose(journey)


TARGETS = (
    Target(
        "files.resolv_conf",
        texts(
            "# c\nnameserver 192.0.2.1\nnameserver fe80::1%eth0\nsearch a.test b.test\n"
            "options ndots:2 timeout:3 attempts:2 rotate edns0 trust-ad\n",
        ),
        lambda data: parse_resolv_conf(text(data), {"RES_OPTIONS": text(data)[:60]}),
    ),
    Target("files.hosts", texts("127.0.0.1 localhost a b\n::1 localhost # x\n"), _hosts),
    Target(
        "files.anchors",
        texts(
            ";;id: . 1\n;;last_queried: 1700000000 ;;x\n;;query_failed: 0\n"
            ". 3600 IN DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4= ;{id = 3613} "
            ";;state=1 [ ADDPEND ] ;;count=2 ;;lastchange=1700000000\n"
            "a. IN DS 1 13 2 " + "ab" * 32 + "\n"
        ),
        _anchors,
        (UsageError,),
    ),
    Target(
        "cli.dns_server",
        texts("[2001:db8::1]:53", "192.0.2.1:5353", "192.0.2.1"),
        lambda data: parse_server(text(data)),
        (UsageError,),
    ),
    Target(
        "files.journey",
        (healthy().journey().to_json(),),
        _journey,
        (msgspec.DecodeError, UnicodeDecodeError),
    ),
)
