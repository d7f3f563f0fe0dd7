"""The client's states and timers (RFC 2131, section 4.4), against our server and against none."""

from itertools import pairwise

import pytest
from msgspec.structs import replace

from firstbyte.protocols.dhcp import options
from firstbyte.protocols.dhcp.client import Check
from firstbyte.protocols.dhcp.inform import Informer
from firstbyte.protocols.dhcp.message import Message, MessageType
from firstbyte.protocols.dhcp.requests import Identity
from firstbyte.protocols.dhcp.states import TRANSITIONS, Cause, State, after, draw
from firstbyte.protocols.tcp.timers import NEVER
from testbed.dhcp_pair import MAC, SECOND, Lan, make_client, make_server

DISCOVER, REQUEST = MessageType.DISCOVER, MessageType.REQUEST


def bound_lan(**settings):
    lan = Lan(make_client(), make_server(**settings))
    lan.start()
    assert lan.client.state is State.BOUND
    return lan


def test_four_messages_bring_an_address():
    lan = Lan(make_client(host_name="laptop"), make_server(dns_servers=("9.9.9.9",), mtu=1400))
    lan.start()
    assert lan.kinds == ["DISCOVER", "REQUEST"]
    assert [reply.message.type.name for reply in lan.replies] == ["OFFER", "ACK"]
    assert lan.states == ["SELECTING", "REQUESTING", "BOUND"]
    (lease,) = lan.leases
    assert lease.cidr == "192.168.1.100/24"
    assert (lease.routers, lease.dns_servers, lease.mtu) == (("192.168.1.1",), ("9.9.9.9",), 1400)
    discover, request = (message for *_, message in lan.sent)
    assert discover.transaction == request.transaction
    assert request.address(options.REQUESTED_ADDRESS) == "192.168.1.100"
    assert request.address(options.SERVER_ID) == "192.168.1.1"
    assert request.client == "0.0.0.0"
    assert request.get(options.HOST_NAME) == "laptop"
    assert request.get(options.CLIENT_ID) == b"\1" + MAC
    assert all(destination is None for _, _, destination, _ in lan.sent)


def test_discovery_backs_off_to_64_seconds_give_or_take_one():
    lan = Lan(make_client())
    lan.start()
    lan.run(400)
    times = [at_s for at_s, *_ in lan.sent]
    waits = [after_s - before_s for before_s, after_s in pairwise(times)]
    assert len(waits) >= 8
    for wait_s, due_s in zip(waits, (4, 8, 16, 32, 64, 64, 64, 64), strict=False):
        assert due_s - 1 <= wait_s <= due_s + 1
        assert wait_s != due_s
    assert [message.seconds for *_, message in lan.sent] == [int(at_s) for at_s in times]
    assert len({message.transaction for *_, message in lan.sent}) == 1


def test_an_offer_that_is_not_confirmed_is_given_up_after_a_minute():
    lan = Lan(make_client(), make_server())
    lan.deaf = {MessageType.ACK}
    lan.start()
    lan.run(58)
    assert lan.kinds == ["DISCOVER"] + ["REQUEST"] * 4
    lan.run(8)
    assert lan.states[:4] == ["SELECTING", "REQUESTING", "INIT", "SELECTING"]


def test_the_first_request_counts_for_the_lease_and_keeps_its_seconds():
    lan = Lan(make_client(), make_server())
    lan.deaf = {MessageType.OFFER}
    lan.start()
    lan.run(2)
    lan.deaf = {MessageType.ACK}
    lan.run(3)
    (asked_s,) = (at_s for at_s, kind, *_ in lan.sent if kind is REQUEST)
    lan.deaf = set()
    lan.run(10)
    assert lan.client.lease.expires_ns == round((asked_s + 3600) * SECOND)
    assert {m.seconds for _, kind, _, m in lan.sent if kind is REQUEST} == {int(asked_s)}


def test_t1_asks_the_own_server_alone():
    lan = bound_lan()
    lan.run(1799)
    assert lan.kinds == ["DISCOVER", "REQUEST"]
    lan.run(1)
    at_s, kind, destination, message = lan.sent[-1]
    assert (at_s, kind, destination) == (1800, REQUEST, "192.168.1.1")
    assert message.client == "192.168.1.100"
    assert options.SERVER_ID not in message.options
    assert options.REQUESTED_ADDRESS not in message.options
    assert lan.client.state is State.BOUND
    assert lan.client.lease.expires_ns == (1800 + 3600) * SECOND


def test_t2_asks_everybody_and_the_end_takes_the_address_away():
    lan = bound_lan()
    lan.deaf = {REQUEST}
    lan.run(3149)
    assert lan.client.state is State.RENEWING
    # Half of what is left until T2, but never less than a minute.
    asked = [at_s for at_s, *_ in lan.sent[2:]]
    assert asked == [1800, 2475, 2812.5, 2981.25, 3065.625, 3125.625]
    lan.run(1)
    assert lan.client.state is State.REBINDING
    assert lan.sent[-1][2] is None
    lan.run(449)
    assert lan.losses == []
    lan.deaf = set(MessageType)
    lan.run(1)
    assert lan.losses == [("192.168.1.100", "lease expired")]
    assert lan.states[-2:] == ["INIT", "SELECTING"]
    assert lan.sent[-1][3].address(options.REQUESTED_ADDRESS) == "192.168.1.100"


def test_another_server_may_extend_what_the_first_gave():
    lan = bound_lan()
    lan.servers = [make_server(address="192.168.1.2/24")]
    lan.run(3150)
    assert lan.client.state is State.BOUND
    assert lan.client.lease.server == "192.168.1.2"
    assert lan.losses == []


def test_the_servers_own_t1_and_t2_hold_and_nonsense_does_not():
    lan = bound_lan(renew_s=100, rebind_s=200)
    assert (lan.client.lease.renew_ns, lan.client.lease.rebind_ns) == (100 * SECOND, 200 * SECOND)
    lan = bound_lan(renew_s=5000, rebind_s=200)
    assert lan.client.lease.renew_ns == 1800 * SECOND


def test_fuzz_brings_t1_sooner():
    lan = Lan(make_client(fuzz=0.1), make_server())
    lan.start()
    assert 1620 * SECOND <= lan.client.lease.renew_ns < 1800 * SECOND


def test_a_lease_for_ever_needs_no_timers():
    lan = bound_lan(lease_s=None)
    assert lan.client.lease.expires_ns is None
    assert lan.client.deadline == NEVER


def test_a_refusal_in_renewal_takes_the_address_at_once():
    lan = bound_lan()
    lan.servers[0].pool.bindings["192.168.1.100"].client = b"another"
    lan.run(1800)
    assert lan.losses == [("192.168.1.100", "DHCPNAK")]
    assert lan.client.lease.address == "192.168.1.101"


def test_a_server_that_always_refuses_is_not_hammered():
    lan = Lan(make_client(), make_server())
    refuse = lan.servers[0]._refuse
    lan.servers[0]._grant = lambda message, *_: refuse(message, "never")
    lan.start()
    lan.run(60)
    assert 3 <= lan.kinds.count("DISCOVER") <= 6


def test_an_address_in_use_is_declined_and_another_asked_for_ten_seconds_later():
    lan = Lan(make_client(), make_server())
    lan.used = {"192.168.1.100"}
    lan.start()
    assert lan.kinds == ["DISCOVER", "REQUEST", "DECLINE"]
    decline = lan.sent[-1][3]
    assert decline.address(options.REQUESTED_ADDRESS) == "192.168.1.100"
    assert decline.client == "0.0.0.0"
    assert options.PARAMETER_LIST not in decline.options
    lan.run(9)
    assert lan.leases == []
    lan.run(1)
    assert lan.client.lease.address == "192.168.1.101"
    assert Check("192.168.1.101") in lan.news


def test_a_conflict_later_gives_the_address_up():
    lan = bound_lan()
    lan.client.conflict(lan.now_ns)
    lan.settle()
    assert lan.losses == [("192.168.1.100", "address in use")]
    assert lan.kinds[-1] == "DECLINE"


def test_after_a_reboot_the_old_address_is_confirmed_in_two_messages():
    lan = bound_lan()
    again = Lan(make_client(), *lan.servers)
    again.now_ns = 100 * SECOND
    again.start(lan.client.lease)
    assert again.states == ["REBOOTING", "BOUND"]
    (_, kind, destination, message) = again.sent[0]
    assert (kind, destination) == (REQUEST, None)
    assert message.address(options.REQUESTED_ADDRESS) == "192.168.1.100"
    assert options.SERVER_ID not in message.options
    assert again.client.lease.expires_ns == 3700 * SECOND


def test_in_another_network_the_old_address_is_refused():
    lan = bound_lan()
    elsewhere = make_server(address="10.9.0.1/16", first="10.9.0.50", last="10.9.0.60")
    moved = Lan(make_client(), elsewhere)
    moved.start(lan.client.lease)
    assert moved.states == ["REBOOTING", "INIT", "SELECTING", "REQUESTING", "BOUND"]
    assert moved.client.lease.cidr == "10.9.0.50/16"


def test_a_reboot_without_answer_ends_in_discovery():
    lan = bound_lan()
    alone = Lan(make_client())
    alone.start(lan.client.lease)
    alone.run(15)
    assert alone.kinds == ["REQUEST", "REQUEST", "DISCOVER"]
    assert alone.sent[-1][3].address(options.REQUESTED_ADDRESS) == "192.168.1.100"


def test_an_old_lease_is_not_believed():
    lan = bound_lan()
    late = Lan(make_client(), *lan.servers)
    late.now_ns = 3601 * SECOND
    late.start(lan.client.lease)
    assert late.states[0] == "SELECTING"
    assert late.client.lease.address == "192.168.1.100"


def test_release_tells_the_server_and_rests():
    lan = bound_lan()
    lan.client.release()
    lan.settle()
    _, kind, destination, message = lan.sent[-1]
    assert (kind.name, destination, message.client) == ("RELEASE", "192.168.1.1", "192.168.1.100")
    assert lan.servers[0].leases(lan.now_ns) == []
    assert lan.client.deadline == NEVER
    lan.start()
    assert lan.client.lease.address == "192.168.1.100"


def test_stop_is_silent():
    lan = bound_lan()
    lan.client.stop()
    lan.settle()
    assert lan.kinds == ["DISCOVER", "REQUEST"]
    assert lan.losses == [("192.168.1.100", "stop")]


def test_of_many_offers_the_former_address_is_taken():
    one = make_server()
    two = make_server(address="192.168.1.2/24", first="192.168.1.150", last="192.168.1.160")
    lan = Lan(make_client(offer_wait_ns=SECOND), one, two)
    lan.start()
    assert lan.client.state is State.SELECTING
    lan.run(1)
    assert lan.client.lease.server == "192.168.1.1"
    late = Lan(make_client(offer_wait_ns=SECOND), one, two)
    late.now_ns = 4000 * SECOND
    late.start(replace(lan.client.lease, address="192.168.1.150"))
    late.run(1)
    assert late.client.lease.address == "192.168.1.150"


def test_a_wish_for_a_random_start_is_granted():
    lan = Lan(make_client(start_delay_ns=10 * SECOND))
    lan.start()
    assert lan.sent == []
    lan.run(10)
    assert lan.sent[0][0] > 0


@pytest.mark.parametrize(
    "spoil",
    [
        {"transaction": 1},
        {"hardware": b"\2\0\0\0\0\2"},
        {"operation": 1},
        {"yours": "0.0.0.0"},
        {"yours": "224.0.0.1"},
        {"yours": "127.0.0.1"},
    ],
)
def test_an_answer_to_somebody_else_or_of_nonsense_is_ignored(spoil):
    lan = Lan(make_client(), make_server())
    lan.deaf = {MessageType.OFFER}
    lan.start()
    offer = lan.servers[0].receive(lan.sent[0][3], 0).message
    lan.client.receive(replace(offer, **spoil), 0)
    assert lan.client.state is State.SELECTING
    lan.client.receive(offer, 0)
    assert lan.client.state is State.REQUESTING


def test_an_ack_without_lease_or_of_another_server_is_ignored():
    lan = Lan(make_client(), make_server())
    lan.deaf = {MessageType.ACK}
    lan.start()
    ack = lan.servers[0].receive(lan.sent[-1][3], 0).message
    for spoilt in (
        replace(ack, options=ack.options | {options.LEASE_TIME: bytes(4)}),
        replace(ack, options=ack.options | {options.SERVER_ID: b"\x0a\0\0\1"}),
    ):
        lan.client.receive(spoilt, 0)
        assert lan.client.state is State.REQUESTING
    lan.client.receive(ack, 0)
    lan.settle()
    assert lan.client.state is State.BOUND


@pytest.mark.parametrize(
    ("mask", "prefix"),
    [(b"\xff\xff\xff\x80", 25), (b"\xff\0\xff\0", 24), (None, 24), (b"\0\0\0\xff", 24)],
)
def test_a_mask_that_is_none_falls_back_on_the_class(mask, prefix):
    lan = Lan(make_client(check=False), make_server())
    lan.deaf = {MessageType.ACK}
    lan.start()
    ack = lan.servers[0].receive(lan.sent[-1][3], 0).message
    del ack.options[options.SUBNET_MASK]
    if mask is not None:
        ack.options[options.SUBNET_MASK] = mask
    lan.client.receive(ack, 0)
    assert lan.client.lease.prefix == prefix


def test_equal_secrets_repeat_and_others_do_not():
    def transactions(secret):
        client = make_client()
        client = type(client)(client.identity, secret)
        client.start(0)
        return [sent.message.transaction for sent in client.take()[0]]

    assert transactions(b"one") == transactions(b"one") != transactions(b"two")


def test_the_table_has_every_state_and_is_drawn():
    assert {step.old for step in TRANSITIONS} == set(State)
    assert len({(step.old, step.cause) for step in TRANSITIONS}) == len(TRANSITIONS)
    assert after(State.REBINDING, Cause.STOP) is State.INIT
    drawn = draw()
    assert all(f"| {state.value} |" in drawn for state in State)


def test_inform_asks_for_settings_and_gets_no_lease():
    server = make_server(dns_servers=("9.9.9.9",))
    informer = Informer(Identity(hardware=MAC), "192.168.1.7", b"secret")
    informer.start(0)
    (asked,) = informer.take()
    assert asked.client == "192.168.1.7"
    reply = server.receive(asked, 0)
    assert (reply.destination, reply.port, reply.hardware) == ("192.168.1.7", 68, None)
    informer.receive(reply.message)
    assert informer.answer.strings(options.DNS_SERVERS) == ("9.9.9.9",)
    assert informer.answer.yours == "0.0.0.0"
    assert options.LEASE_TIME not in informer.answer.options
    assert server.pool.bindings == {}
    assert informer.deadline == NEVER


def test_inform_gives_up():
    informer = Informer(Identity(hardware=MAC), "192.168.1.7", b"secret")
    informer.start(0)
    informer.receive(Message(operation=2, transaction=0, hardware=MAC))
    while not informer.failed:
        informer.poll(informer.deadline)
    assert len(informer.take()) == 4
    assert informer.answer is None
