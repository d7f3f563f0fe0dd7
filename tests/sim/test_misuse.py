"""What a user gets wrong is told where it was said, with what would be right."""

import asyncio
import socket

import pytest

from firstbyte.sim import BurstyLoss, Deadlock, Internet, NthLoss, SimulationError


@pytest.fixture
def net():
    with Internet(seed=1) as net:
        net.host("a")
        net.host("b")
        yield net


async def idle():
    await asyncio.sleep(1)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"lss": 0.1}, TypeError, "did you mean 'loss'"),
        ({"loss": "5%"}, TypeError, "probability or a model"),
        ({"loss": 5}, ValueError, "5 % is written 0.05"),
        ({"corrupt": -1}, ValueError, "corrupt is a probability"),
        ({"rate_bps": "10M"}, TypeError, "rate_bps is a number"),
        ({"mtu": 67}, ValueError, "at least 68"),
        ({"queue_bytes": -1}, ValueError, "-1 bytes"),
        ({"rtt_s": -1}, ValueError, "negative"),
    ],
)
def test_impossible_settings_of_links(net, settings, error, said):
    with pytest.raises(error, match=said):
        net.link(*net.hosts.values(), **settings)
    link = net.link(*net.hosts.values())
    with pytest.raises(error, match=said):
        link.set(**settings)


def test_impossible_losses():
    with pytest.raises(ValueError, match="counted from 1"):
        NthLoss([3, 0])
    with pytest.raises(ValueError, match="leave is a probability"):
        BurstyLoss(0.1, 1.5)


def test_what_cannot_be_linked(net):
    a = net.hosts["a"]
    with pytest.raises(ValueError, match="linked to itself"):
        net.link(a, a)
    with pytest.raises(TypeError, match=r"net\.host"):
        net.link(a, "b")
    with Internet() as other, pytest.raises(ValueError, match="another world"):
        net.link(a, other.host("c"))


def test_impossible_hosts(net):
    with pytest.raises(TypeError, match="did you mean 'addresses'"):
        net.host("c", adresses=["192.0.2.1"])
    with pytest.raises(ValueError, match="needs a name"):
        net.host("")


def test_what_is_no_program(net):
    a = net.hosts["a"]
    with pytest.raises(TypeError, match=r"call it, host.run\(idle"):
        a.run(idle)
    with pytest.raises(TypeError, match="coroutines, not 7"):
        a.run(7)
    a.crash()
    with pytest.raises(SimulationError, match="restart"):
        a.run(idle())


@pytest.mark.parametrize(
    ("until", "error", "said"),
    [
        ("10", TypeError, "number of seconds"),
        (-1, ValueError, "-1 seconds"),
        (float("nan"), ValueError, "nan seconds"),
    ],
)
def test_what_nobody_can_wait_for(net, until, error, said):
    with pytest.raises(error, match=said):
        net.run(until=until)


def test_a_future_of_another_world(net):
    with Internet() as other:
        task = other.host("c").run(idle())
        with pytest.raises(ValueError, match="not of this world"):
            net.run(until=task)


def test_a_closed_world():
    net = Internet()
    a, b = net.host("a"), net.host("b")
    net.close()
    for use in (
        lambda: net.run(1),
        lambda: net.host("c"),
        lambda: net.link(a, b),
        lambda: a.run(idle()),
    ):
        with pytest.raises(SimulationError, match="closed"):
            use()


def test_wrong_rules_and_groups(net):
    a, b = net.hosts.values()
    net.link(a, b)
    with pytest.raises(TypeError, match="function of a Transit"):
        net.rule("drop")
    with pytest.raises(TypeError, match="each group is a set"):
        net.partition(a, b)
    net.rule(lambda transit: "drop")
    with pytest.raises(TypeError, match="not 'drop'"):
        net.run(until=a.run(asyncio.open_connection("b", 80)))


def test_a_standstill_tells_who_is_paused(net):
    a = net.hosts["a"]
    a.pause()
    with pytest.raises(Deadlock, match=r"on a \(paused\)"):
        net.run(until=a.run(idle()))
    assert len(net.close()) == 1
    assert not a.tasks


def test_sockets_of_the_machine_stay_outside(net):
    with socket.socket() as real:
        real.setblocking(False)

        async def connect():
            await asyncio.get_running_loop().sock_connect(real, ("10.0.0.2", 80))

        with pytest.raises(ValueError, match="belongs to the machine"):
            net.run(until=net.hosts["a"].run(connect()))


def test_what_is_refused_says_what_to_do_instead(net):
    async def ask():
        loop = asyncio.get_running_loop()
        with pytest.raises(NotImplementedError, match="by loop"):
            loop.add_signal_handler(15, print)
        with pytest.raises(NotImplementedError, match="to a thread"):
            await asyncio.create_subprocess_exec("true")
        with pytest.raises(NotImplementedError, match="socketpair"):
            await loop.connect_read_pipe(asyncio.Protocol, None)

    net.run(until=net.hosts["a"].run(ask()))
