"""The server: who gets which address, for how long, and what is refused (RFC 2131, section 4.3)."""

import pytest
from msgspec.structs import replace

from firstbyte.errors import UsageError
from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.message import MessageType
from firstbyte.protocols.dhcp.requests import Ask, Identity, build
from testbed.dhcp_pair import MAC, SECOND, Lan, make_client, make_server

OTHER = b"\2\0\0\0\0\2"


def ask(kind, mac=MAC, *, changes=None, identity=None, **fields):
    who = Identity(hardware=mac, **(identity or {}))
    message = build(MessageType[kind], who, Ask(transaction=7, **fields))
    return replace(message, **(changes or {}))


def lease(server, mac=MAC, now_s=0):
    lan = Lan(make_client(mac), server)
    lan.now_ns = now_s * SECOND
    lan.start()
    return None if lan.client.lease is None else lan.client.lease.address


def kind(reply):
    return None if reply is None else reply.message.type.name


def test_each_client_has_its_own_until_there_are_none():
    server = make_server()
    macs = [bytes((2, 0, 0, 0, 0, n)) for n in range(1, 5)]
    assert [lease(server, mac) for mac in macs] == [
        "192.168.1.100",
        "192.168.1.101",
        "192.168.1.102",
        None,
    ]
    assert len(server.leases(0)) == 3


def test_a_client_gets_its_former_address_and_a_stranger_the_oldest():
    server = make_server()
    for number, mac in enumerate((MAC, OTHER, b"\2\0\0\0\0\3")):
        lease(server, mac, now_s=number)
    assert lease(server, OTHER, now_s=4000) == "192.168.1.101"
    assert lease(server, b"\2\0\0\0\0\4", now_s=4000) == "192.168.1.100"
    assert server.leases(3_500 * SECOND) != []


def test_an_offer_holds_for_a_minute():
    server = make_server(last="192.168.1.100")
    assert kind(server.receive(ask("DISCOVER"), 0)) == "OFFER"
    assert server.receive(ask("DISCOVER", OTHER), 59 * SECOND) is None
    assert kind(server.receive(ask("DISCOVER", OTHER), 60 * SECOND)) == "OFFER"


def test_an_offer_that_another_server_won_is_free_again():
    server = make_server(last="192.168.1.100")
    server.receive(ask("DISCOVER"), 0)
    elsewhere = ask("REQUEST", requested="192.168.1.150", server="192.168.1.2")
    assert server.receive(elsewhere, 0) is None
    assert kind(server.receive(ask("DISCOVER", OTHER), 0)) == "OFFER"


def test_a_wish_is_granted_if_it_is_free():
    server = make_server()
    assert server.receive(ask("DISCOVER", requested="192.168.1.102"), 0).message.yours.endswith(
        "102"
    )
    again = server.receive(ask("DISCOVER", OTHER, requested="192.168.1.102"), 0)
    assert again.message.yours == "192.168.1.100"
    outside = server.receive(ask("DISCOVER", b"\2\0\0\0\0\3", requested="192.168.1.7"), 0)
    assert outside.message.yours == "192.168.1.101"


def test_a_reserved_address_is_for_its_mac_alone():
    server = make_server(reserved={"02:00:00:00:00:02": "192.168.1.100"})
    wish = server.receive(ask("DISCOVER", requested="192.168.1.100"), 0)
    assert wish.message.yours == "192.168.1.101"
    assert kind(server.receive(ask("REQUEST", requested="192.168.1.100"), 0)) == "NAK"
    assert lease(server) == "192.168.1.101"
    assert lease(server, OTHER) == "192.168.1.100"
    outside = make_server(reserved={"02:00:00:00:00:01": "192.168.1.7"})
    assert lease(outside) == "192.168.1.7"


def test_what_was_not_offered_is_refused():
    server = make_server()
    request = ask("REQUEST", requested="192.168.1.100", server="192.168.1.1")
    reply = server.receive(request, 0)
    assert kind(reply) == "NAK"
    assert (reply.destination, reply.hardware) == ("255.255.255.255", None)
    assert "offered" in reply.message.get(options.MESSAGE)
    assert options.LEASE_TIME not in reply.message.options


@pytest.mark.parametrize(
    ("authoritative", "address", "answer"),
    [
        (True, "192.168.1.101", "ACK"),
        (False, "192.168.1.101", None),
        (True, "192.168.1.7", "NAK"),
        (True, "10.0.0.1", "NAK"),
        (False, "10.0.0.1", "NAK"),
    ],
)
def test_a_client_that_the_server_does_not_remember(authoritative, address, answer):
    server = make_server(authoritative=authoritative)
    assert kind(server.receive(ask("REQUEST", requested=address), 0)) == answer
    renewing = ask("REQUEST", client=address)
    assert kind(make_server(authoritative=authoritative).receive(renewing, 0)) == answer


def test_a_client_that_is_wrong_about_its_address_is_refused():
    server = make_server()
    lease(server)
    assert kind(server.receive(ask("REQUEST", requested="192.168.1.102"), 0)) == "NAK"


def test_a_declined_address_rests():
    server = make_server(last="192.168.1.101")
    lan = Lan(make_client(), server)
    lan.used = {"192.168.1.100"}
    lan.start()
    assert lease(server, OTHER) == "192.168.1.101"
    assert lease(server, b"\2\0\0\0\0\3", now_s=599) is None
    assert lease(server, b"\2\0\0\0\0\3", now_s=600) == "192.168.1.100"


def test_only_its_client_can_release_or_decline_an_address():
    server = make_server()
    lease(server)
    for message in (
        ask("RELEASE", OTHER, client="192.168.1.100", server="192.168.1.1"),
        ask("RELEASE", client="192.168.1.100", server="192.168.1.2"),
        ask("DECLINE", OTHER, requested="192.168.1.100", server="192.168.1.1"),
    ):
        assert server.receive(message, 0) is None
        assert len(server.leases(0)) == 1
    server.receive(ask("RELEASE", client="192.168.1.100", server="192.168.1.1"), 0)
    assert server.leases(0) == []


@pytest.mark.parametrize(
    ("changes", "destination", "port", "hardware"),
    [
        ({}, "192.168.1.100", 68, MAC),
        ({"broadcast": True}, "255.255.255.255", 68, None),
        ({"relay": "192.168.1.9"}, "192.168.1.9", 67, None),
    ],
)
def test_where_answers_go(changes, destination, port, hardware):
    reply = make_server().receive(ask("DISCOVER", changes=changes), 0)
    assert (reply.destination, reply.port, reply.hardware) == (destination, port, hardware)


def test_a_renewal_is_answered_to_the_address():
    server = make_server()
    lease(server)
    reply = server.receive(ask("REQUEST", client="192.168.1.100"), 0)
    assert (kind(reply), reply.destination, reply.hardware) == ("ACK", "192.168.1.100", None)


def test_a_relay_broadcasts_a_refusal():
    request = ask("REQUEST", requested="10.0.0.1", changes={"relay": "192.168.1.9"})
    reply = make_server().receive(request, 0)
    assert (kind(reply), reply.destination) == ("NAK", "192.168.1.9")
    assert reply.message.broadcast


@pytest.mark.parametrize("changes", [{"operation": 2}, {"relay": "10.0.0.9"}, {"options": {}}])
def test_what_is_not_for_this_server_is_not_answered(changes):
    assert make_server().receive(ask("DISCOVER", changes=changes), 0) is None


def test_options_come_as_they_were_asked_for_and_the_mask_first():
    server = make_server(domain="home", search=("home",), mtu=1400, dns_servers=("9.9.9.9",))
    wishes = bytes((options.DOMAIN_NAME, options.ROUTER, options.SUBNET_MASK, 200))
    reply = server.receive(ask("DISCOVER", identity={"wanted": tuple(wishes)}), 0)
    listed = [code for code in reply.message.options if code in wishes]
    assert listed == [options.SUBNET_MASK, options.DOMAIN_NAME, options.ROUTER]
    everything = server.receive(ask("DISCOVER", identity={"wanted": ()}), 0)
    assert options.INTERFACE_MTU in everything.message.options


def test_what_the_client_has_no_room_for_is_left_out():
    search = tuple(f"{'x' * 60}.{n}.example" for n in range(12))
    server = make_server(search=search)
    small = server.receive(ask("DISCOVER", identity={"max_bytes": 548}), 0)
    assert len(small.data) <= 548
    assert options.DOMAIN_SEARCH not in small.message.options
    large = server.receive(ask("DISCOVER"), 0)
    assert large.message.strings(options.DOMAIN_SEARCH) == search


def test_a_client_without_identifier_is_known_by_its_mac():
    server = make_server()
    first = ask("DISCOVER")
    del first.options[options.CLIENT_ID]
    assert server.receive(first, 0).message.yours == "192.168.1.100"
    assert server.pool.bindings["192.168.1.100"].client == MAC


@pytest.mark.parametrize(
    "settings",
    [
        {"first": "10.0.0.1"},
        {"first": "192.168.1.110"},
        {"address": "10.0.0.1/8", "first": "10.0.0.1", "last": "10.9.0.1"},
        {"reserved": {"nonsense": "192.168.1.7"}},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(UsageError):
        make_server(**settings)
