"""Router discovery and stateless autoconfiguration (RFC 4861, 4862, 8106)."""

import pytest

from firstbyte.protocols.ip.autoconf import Autoconf, Gained, Lost, RouterSeen, formed
from firstbyte.protocols.ip.icmpv6 import Icmpv6
from firstbyte.protocols.ip.ndp import decode_neighbor
from firstbyte.protocols.ip.router_discovery import (
    Prefix,
    RouterAdvertisement,
    RouterSolicitation,
    decode_router_advertisement,
    decode_router_solicitation,
    encode_router_advertisement,
    encode_router_solicitation,
)
from firstbyte.protocols.problem import Problems
from firstbyte.protocols.tcp.timers import NEVER

SECOND = 1_000_000_000
MAC = b"\2\0\0\0\0\1"
LOCAL = "fe80::ff:fe00:1"
ROUTER = "fe80::1"
OWN = "2001:db8:1::ff:fe00:1"
PREFIX = Prefix("2001:db8:1::", valid_s=10_000, preferred_s=5_000)


def tell(*prefixes, **fields):
    return RouterAdvertisement(prefixes=prefixes or (PREFIX,), **fields)


def run(machine, until_s):
    """(seconds, message type, source, destination) of all that it sends; and its news."""
    sent, news = [], []
    while True:
        outgoing, told = machine.take()
        sent += outgoing
        news += told
        if machine.deadline > until_s * SECOND:
            return sent, news
        machine.poll(machine.deadline)


def ready(*prefixes, **fields):
    """With an address, at 1 s or soon after."""
    machine = Autoconf(MAC, 0.0)
    machine.start(0)
    run(machine, 1)
    machine.advertised(tell(*prefixes, **fields), ROUTER, SECOND)
    run(machine, 2)
    return machine


def test_every_field_has_its_place():
    message = encode_router_advertisement(
        RouterAdvertisement(
            lifetime_s=1800,
            hop_limit=64,
            other=True,
            source_mac=MAC,
            mtu=1400,
            prefixes=(Prefix("2001:db8:1::", 64, 7200, 3600, autonomous=False),),
            dns_servers=("2001:db8::53",),
            search=("lan.example",),
        )
    )
    assert message.argument.to_bytes(4, "big") == b"\x40\x40\x07\x08"
    assert message.body == bytes.fromhex(
        "0000000000000000"
        "0101020000000001"
        "0501000000000578"
        "0304408000001c2000000e100000000020010db8000100000000000000000000"
        "190300000000070820010db8000000000000000000000053"
        "1f03000000000708036c616e076578616d706c6500000000"
    )  # fmt: skip


@pytest.mark.parametrize(
    "message",
    [
        RouterAdvertisement(),
        RouterAdvertisement(
            lifetime_s=0,
            managed=True,
            reachable_ms=30_000,
            retransmit_ms=1000,
            source_mac=MAC,
            mtu=1280,
            prefixes=(PREFIX, Prefix("2001:db8:2::", 48, on_link=False)),
            dns_servers=("2001:db8::53", "2001:db8::54"),
            search=("lan.example", "home"),
        ),
    ],
)
def test_there_and_back(message):
    problems = Problems()
    found = decode_router_advertisement(encode_router_advertisement(message), problems)
    if not message.dns_servers:
        assert found.dns_lifetime_s == 0
        found = RouterAdvertisement(**{**dict_of(found), "dns_lifetime_s": message.dns_lifetime_s})
    assert found == message
    assert problems.found == []


def dict_of(struct):
    return {name: getattr(struct, name) for name in struct.__struct_fields__}


def test_solicitations_there_and_back():
    for message in (RouterSolicitation(), RouterSolicitation(MAC)):
        wire = encode_router_solicitation(message)
        assert decode_router_solicitation(wire, Problems()) == message
        assert decode_router_advertisement(wire, Problems()) is None


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (bytes(7), "router advertisement"),
        (bytes(8) + b"\1", "option length"),
        (bytes(8) + b"\1\0" + bytes(6), "option length"),
        (bytes(8) + b"\3\4" + bytes(6), "option length"),
    ],
)
def test_what_is_broken_is_told(body, problem):
    problems = Problems()
    decode_router_advertisement(Icmpv6(134, 0, 0, body), problems)
    assert [one.field for one in problems.found] == [problem]


@pytest.mark.parametrize(
    "option",
    [
        b"\5\2" + bytes(14),
        b"\3\1" + bytes(6),
        b"\3\4\x81" + bytes(29),
        b"\x19\1" + bytes(6),
        b"\x1f\2" + bytes(6) + b"\x08tooshort"[:8],
        b"\x63\1" + bytes(6),
    ],
)
def test_options_that_make_no_sense_are_left_out(option):
    found = decode_router_advertisement(Icmpv6(134, 0, 1800, bytes(8) + option), Problems())
    assert found == RouterAdvertisement(hop_limit=0, dns_lifetime_s=found.dns_lifetime_s)


def test_addresses_are_made_of_the_mac():
    # RFC 4291, appendix A: 34-56-78-9A-BC-DE.
    assert formed("2001:db8::", bytes.fromhex("3456789abcde")) == "2001:db8::3656:78ff:fe9a:bcde"


def test_the_link_local_address_is_checked_and_then_routers_are_solicited():
    machine = Autoconf(MAC, 0.5)
    machine.start(0)
    sent, news = run(machine, 60)
    check, *solicitations = sent
    assert (check.source, check.destination) == ("::", "ff02::1:ff00:1")
    assert decode_neighbor(check.message, Problems()).target == LOCAL
    assert [(one.source, one.destination) for one in solicitations] == [(LOCAL, "ff02::2")] * 3
    assert news == [Gained(LOCAL, 64, None, None)]
    assert machine.deadline == NEVER


def test_times_are_the_rfcs():
    machine = Autoconf(MAC, 0.5)
    machine.start(0)
    times = []
    while machine.deadline < 60 * SECOND:
        times.append(machine.deadline / SECOND)
        machine.poll(machine.deadline)
    # Half of a second's delay, a second's check, and a solicitation every four.
    assert times == [0.5, 1.5, 5.5, 9.5]


def test_an_advertised_prefix_becomes_an_address_and_its_router_a_default():
    machine = Autoconf(MAC, 0.0)
    machine.start(0)
    run(machine, 1)
    machine.advertised(tell(), ROUTER, 2 * SECOND)
    assert machine.deadline == 2 * SECOND + SECOND
    sent, news = run(machine, 3)
    assert [(one.source, one.destination) for one in sent] == [("::", "ff02::1:ff00:1")]
    router, address = news
    assert isinstance(router, RouterSeen)
    assert (router.address, router.lasts) == (ROUTER, True)
    assert address == Gained(OWN, 64, ROUTER, 10_002 * SECOND)
    assert machine.settled


@pytest.mark.parametrize("hear", [lambda m, a: m.solicited(a, "::"), lambda m, a: m.claimed(a)])
def test_an_address_of_somebody_else_is_not_taken(hear):
    machine = Autoconf(MAC, 0.0)
    machine.start(0)
    hear(machine, LOCAL)
    _, news = run(machine, 60)
    assert news == [Lost(LOCAL, "address in use")]
    # Without a link-local address nothing else is configured (RFC 4862, section 5.4.5).
    machine.advertised(tell(), ROUTER, 60 * SECOND)
    assert run(machine, 100) == ([], [])


def test_a_question_for_an_address_is_no_claim():
    machine = Autoconf(MAC, 0.0)
    machine.start(0)
    machine.solicited(LOCAL, ROUTER)
    machine.claimed("fe80::2")
    _, news = run(machine, 1)
    assert news == [Gained(LOCAL, 64, None, None)]


@pytest.mark.parametrize(
    "prefix",
    [
        Prefix("2001:db8:1::", autonomous=False),
        Prefix("2001:db8:1::", 48),
        Prefix("2001:db8:1::", valid_s=10, preferred_s=20),
        Prefix("2001:db8:1::", valid_s=0, preferred_s=0),
        Prefix("fe80::"),
        Prefix("ff02::"),
    ],
)
def test_prefixes_that_are_of_no_use(prefix):
    machine = ready(prefix)
    assert machine.settled
    assert all(isinstance(one, RouterSeen) for one in run(machine, 10)[1])


def test_what_does_not_come_from_the_link_is_not_believed():
    machine = Autoconf(MAC, 0.0)
    machine.start(0)
    run(machine, 1)
    machine.advertised(tell(), "2001:db8::1", SECOND)
    assert machine.take()[1] == []


def test_an_address_ends_with_its_lifetime_and_a_router_with_its_own():
    machine = ready(Prefix("2001:db8:1::", valid_s=100, preferred_s=50), lifetime_s=60)
    _, news = run(machine, 60.9)
    assert news == []
    _, news = run(machine, 61)
    assert news == [RouterSeen(ROUTER, False, None)]
    _, news = run(machine, 101)
    assert news == [Lost(OWN, "lifetime ended")]
    assert machine.deadline == NEVER


def test_a_router_that_retires_says_so():
    machine = ready()
    machine.advertised(RouterAdvertisement(lifetime_s=0), ROUTER, 5 * SECOND)
    (seen,) = machine.take()[1]
    assert (seen.address, seen.lasts) == (ROUTER, False)


@pytest.mark.parametrize(
    ("old_s", "told_s", "until_s"),
    [
        (10_000, 20_000, 20_005),
        (10_000, 8_000, 8_005),
        # A forged advertisement cannot take an address away in less than two hours.
        (10_000, 0, 7_205),
        (10_000, 100, 7_205),
        (5_000, 100, 5_001),
        (5_000, 6_000, 6_005),
    ],
)
def test_lifetimes_are_extended_but_not_cut_below_two_hours(old_s, told_s, until_s):
    """RFC 4862, section 5.5.3, e."""
    machine = ready(Prefix("2001:db8:1::", valid_s=old_s, preferred_s=old_s), lifetime_s=9000)
    again = Prefix("2001:db8:1::", valid_s=told_s, preferred_s=told_s)
    machine.advertised(tell(again, lifetime_s=9000), ROUTER, 5 * SECOND)
    machine.take()
    lost = [one for one in run(machine, until_s - 0.1)[1] if isinstance(one, Lost)]
    assert lost == []
    lost = [one for one in run(machine, until_s)[1] if isinstance(one, Lost)]
    assert lost == [Lost(OWN, "lifetime ended")]


def test_a_flood_of_prefixes_and_routers_is_bounded():
    machine = ready()
    for number in range(100):
        prefix = Prefix(f"2001:db8:{number:x}::")
        machine.advertised(tell(prefix), f"fe80::{number:x}", 5 * SECOND)
    news = run(machine, 10)[1]
    assert sum(isinstance(one, Gained) for one in news) == 14
    assert sum(isinstance(one, RouterSeen) for one in news) == 16
