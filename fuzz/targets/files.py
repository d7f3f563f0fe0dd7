"""The system's files and saved journeys."""

import msgspec

from firstbyte.diagnosis import diagnose
from firstbyte.errors import UsageError
from firstbyte.journey.model import Journey
from firstbyte.resolver.hosts import find, parse_hosts
from firstbyte.resolver.settings import parse_resolv_conf, parse_server
from fuzz.target import Target, text, texts
from testbed.events import healthy


def _hosts(data: bytes) -> None:
    entries = parse_hosts(text(data))
    find(entries, "localhost")


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
