"""Scenarios: what a file builds, what programs and faults do, what is refused."""

import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.errors import UsageError
from firstbyte.lab.scenario import run_scenario
from firstbyte.lab.scenario.model import parse_scenario

PROGRAMS = """
import asyncio

async def serve():
    async def answer(reader, writer):
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()
    server = await asyncio.start_server(answer, "0.0.0.0", 80)
    async with server:
        await server.serve_forever()

async def ask(host):
    reader, writer = await asyncio.open_connection(host, 80)
    writer.write(b"hello\\n")
    answer = await reader.readline()
    writer.close()
    return answer.decode().strip()
"""

SCENARIO = """
title = "A question"
[hosts.client]
[hosts.server]
[[links]]
between = ["client", "server"]
rtt_s = 0.080
[[programs]]
host = "server"
run = "{module}:serve"
background = true
[[programs]]
host = "client"
run = "{module}:ask"
arguments = ["server"]
at_s = 1
"""


@pytest.fixture
def module(tmp_path, request):
    name = f"programs_{abs(hash(request.node.name))}"
    (tmp_path / f"{name}.py").write_text(PROGRAMS)
    return name


def test_programs_run_at_their_time_and_tell_their_results(tmp_path, module):
    results = run_scenario(parse_scenario(SCENARIO.format(module=module)), tmp_path)
    serve, ask = results
    assert (serve.ok, serve.said) == (True, "still running")
    assert (ask.ok, ask.value) == (True, "hello")
    assert ask.ended_s == pytest.approx(1.160)


def test_a_fault_at_its_time_and_the_error_that_is_expected(tmp_path, module):
    more = """
expect = "ConnectionRefusedError"
[[faults]]
at_s = 0.2
action = "crash"
host = "server"
[[faults]]
at_s = 0.5
action = "restart"
host = "server"
"""
    results = run_scenario(parse_scenario(SCENARIO.format(module=module) + more), tmp_path)
    assert results[1].ok
    assert results[1].said.startswith("ConnectionRefusedError")


def test_the_command_prints_a_table_and_fails_with_its_programs(tmp_path, module, capsys):
    file = tmp_path / "one.toml"
    file.write_text(SCENARIO.format(module=module))
    assert run(["lab", "run", str(file)]) == 0
    assert "'hello'" in capsys.readouterr().out
    file.write_text(SCENARIO.format(module=module).replace('["server"]', '["nobody"]'))
    assert run(["lab", "run", str(file)]) == 1
    assert "FAILED  gaierror" in capsys.readouterr().out


def test_limits_end_a_scenario_that_hangs(tmp_path, module):
    text = "limit_s = 5\n" + SCENARIO.format(module=module)
    cut = '\n[[faults]]\naction = "cut"\nlink = ["client", "server"]\n'
    results = run_scenario(parse_scenario(text + cut), tmp_path)
    assert not results[1].ok


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("[hosts.a]\nadresses = []\n", "adresses", "addresses"),
        ("[hosts.a]\nclock_offset_s = 'x'\n", "float", "scenario.md"),
        ("hosts =", "scenario", "TOML"),
    ],
)
def test_what_no_scenario_may_say_is_refused_with_a_hint(text, message, hint):
    with pytest.raises(UsageError, match=message) as caught:
        parse_scenario("programs = []\n" + text)
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('[[links]]\nbetween = ["client", "mars"]\n', "mars"),
        ('[[faults]]\naction = "cut"\n', "needs a link"),
        ('[[faults]]\naction = "crash"\nhost = "mars"\n', "mars"),
        ('[[resolvers]]\nhost = "client"\n', "root"),
        ('[[programs]]\nhost = "client"\nrun = "nowhere:f"\n', "nowhere"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path, module, more, message):
    scenario = parse_scenario(SCENARIO.format(module=module) + more)
    with pytest.raises(UsageError, match=message):
        run_scenario(scenario, tmp_path)


DHCP = """
[hosts.client]
dhcp = true
[hosts.server]
addresses = ["192.168.1.1/24"]
[[links]]
between = ["client", "server"]
rtt_s = 0.080
[[dhcp]]
host = "server"
address = "192.168.1.1/24"
first = "192.168.1.100"
last = "192.168.1.199"
[[programs]]
host = "server"
run = "{module}:serve"
background = true
[[programs]]
host = "client"
run = "{module}:ask"
arguments = ["server"]
"""


def test_programs_wait_for_an_address_by_dhcp(tmp_path, module):
    _, ask = run_scenario(parse_scenario(DHCP.format(module=module)), tmp_path)
    assert (ask.ok, ask.value) == (True, "hello")
    assert ask.ended_s > 4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('first = "192.168.1.100"', 'first = "10.0.0.1"', "not in 192.168.1.0/24"),
        ('first = "192.168.1.100"', 'first = "nonsense"', "nonsense"),
        ('address = "192.168.1.1/24"\nfirst', 'address = "nonsense"\nfirst', "nonsense"),
        ("[[dhcp]]", '[[sites]]\nname = "a.example"\nhost = "client"\n[[dhcp]]', "no address"),
    ],
)
def test_impossible_dhcp_is_refused(tmp_path, module, old, new, said):
    text = DHCP.format(module=module)
    assert old in text
    with pytest.raises(UsageError, match=said):
        run_scenario(parse_scenario(text.replace(old, new)), tmp_path)


@pytest.mark.parametrize(
    ("loss", "took_s"),
    [
        # The SYN is lost once: a second more. Both directions count: the SYN's answer, too.
        ("lose = [1]", 1 + 1 + 1 + 2 * 0.080),
        ("burst = { enter = 0.0, leave = 1.0 }", 1 + 2 * 0.080),
    ],
)
def test_losses_can_be_chosen(tmp_path, module, loss, took_s):
    text = SCENARIO.format(module=module).replace("rtt_s = 0.080", f"rtt_s = 0.080\n{loss}")
    _, ask = run_scenario(parse_scenario(text), tmp_path)
    assert ask.ok
    assert ask.ended_s == pytest.approx(took_s, abs=0.05)


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        ("loss = 0.1\nlose = [1]", "loss and lose"),
        ("burst = { enter = 2.0, leave = 1.0 }", "between 0 and 1"),
    ],
)
def test_impossible_losses_are_refused(tmp_path, module, loss, said):
    text = SCENARIO.format(module=module).replace("rtt_s = 0.080", f"rtt_s = 0.080\n{loss}")
    with pytest.raises(UsageError, match=said):
        run_scenario(parse_scenario(text), tmp_path)


AUTOCONF = """
[hosts.client]
autoconf = true
[hosts.server]
addresses = ["2001:db8:1::1/64"]
forwarding = true
[[links]]
between = ["client", "server"]
[[advertisers]]
host = "server"
towards = "client"
prefixes = ["2001:db8:1::/64"]
[[programs]]
host = "client"
run = "{module}:own"
"""

OWN = """
import socket

async def own():
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.connect(("2001:db8:9::9", 9))
        return sock.getsockname()[0]
"""


def test_addresses_by_advertisements(tmp_path, module):
    (tmp_path / f"own_{module}.py").write_text(OWN)
    (own,) = run_scenario(parse_scenario(AUTOCONF.format(module=f"own_{module}")), tmp_path)
    assert own.value == "2001:db8:1::ff:fe01:0"


def test_a_prefix_that_is_none_is_refused(tmp_path, module):
    text = AUTOCONF.format(module=module).replace(
        'prefixes = ["2001:db8:1::/64"]', 'prefixes = ["x"]'
    )
    with pytest.raises(UsageError, match="x"):
        run_scenario(parse_scenario(text.replace(":own", ":ask")), tmp_path)


def test_a_program_that_is_still_to_start_outlives_a_crash(tmp_path):
    (tmp_path / "later.py").write_text("async def now():\n    return 'here'\n")
    scenario = parse_scenario(
        """
        [hosts.here]
        [[faults]]
        at_s = 1
        action = "crash"
        host = "here"
        [[faults]]
        at_s = 2
        action = "restart"
        host = "here"
        [[programs]]
        host = "here"
        run = "later:now"
        at_s = 3
        """
    )
    (result,) = run_scenario(scenario, tmp_path)
    assert result.ok, result.said
