"""``--lab`` on every command that asks others, wherever it stands."""

import json

import click
import pytest

from firstbyte.cli.shell.entry import run
from firstbyte.cli.shell.group import root
from firstbyte.cli.shell.lab_flags import LAB, commands_with_lab
from firstbyte.cli.shell.lab_words import behind_command

SHOP = "198.51.100.80"


@pytest.mark.parametrize(
    "words",
    [
        "--lab dns shop.example +short",
        "dns --lab shop.example +short",
        "dns shop.example +short --lab",
        "--lab=default dns query shop.example +short",
        "dns --lab query shop.example +short",
        "--lab --seed 3 dns shop.example +short",
        "--lab --seed=3 dns shop.example +short",
    ],
)
def test_a_name_is_resolved_in_the_world_wherever_the_flag_stands(capsys, words):
    assert run(words.split()) == 0
    assert capsys.readouterr().out.split() == [SHOP]


def test_the_walk_begins_at_the_world_s_root(capsys):
    assert run(["dns", "--lab", "--iterative", "shop.example", "--json"]) == 0
    outcome = json.loads(capsys.readouterr().out)
    asked = {step["address"] for step in outcome["walk"]["steps"]}
    assert asked & {"192.0.2.1", "2001:db8:2::1"}, "either address of the world's root"
    assert not any(address.startswith("198.41.") for address in asked)


def test_the_seed_makes_the_walk_repeat_itself(capsys):
    words = ["--lab", "--seed", "5", "dns", "+trace", "h3.far.example", "AAAA", "--json"]
    assert run(words) == 0
    first = capsys.readouterr().out
    assert run(words) == 0
    assert capsys.readouterr().out == first


def test_a_fault_is_met_by_a_question(capsys):
    assert run(["--lab", "--fault", "dns.nxdomain", "dns", "shop.example"]) == 0
    assert "NXDOMAIN" in capsys.readouterr().out


def test_compare_asks_the_world_s_servers(capsys):
    assert run(["--lab", "dns", "compare", "shop.example"]) == 0
    out = capsys.readouterr().out
    assert "ns.hosting.example." in out
    assert "203.0.113.53" in out


def test_wire_draws_what_the_world_s_server_answers(capsys):
    words = ["dns", "wire", "--lab", "--query", "shop.example", "@203.0.113.53", "--json"]
    assert run(words) == 0
    assert SHOP in capsys.readouterr().out


def test_wire_alone_has_nobody_to_ask(capsys):
    assert run(["--lab", "dns", "wire", "--query", "shop.example"]) == 2
    assert "@SERVER" in capsys.readouterr().err


def test_break_takes_the_world(capsys):
    assert run(["--lab=nope", "lab", "break", "tcp.refused"]) == 2
    assert "no world is named 'nope'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", ["--lab show x.json", "show --lab x.json", "explain --lab=default", "--lab dns serve"]
)
def test_a_command_that_asks_nobody_says_so(capsys, words):
    assert run(words.split()) == 2
    err = capsys.readouterr().err
    assert "cannot run in a world" in err
    assert "dns query" in err


def test_commands_with_the_flag_say_so_in_their_help(capsys):
    names = list(commands_with_lab(root, ""))
    assert {"trace", "dns query", "dns compare", "lab pcap"} <= set(names)
    for name in names:
        assert run([*name.split(), "--help"]) == 0
        assert "--lab" in capsys.readouterr().out, name


def test_commands_have_all_three_options():
    context = click.Context(root)
    query = root.get_command(context, "dns").get_command(context, "query")
    assert {option.name for option in LAB} <= {param.name for param in query.params}


def test_without_a_world_its_options_are_refused(capsys):
    assert run(["dns", "compare", "shop.example", "--fault", "dns.slow"]) == 2
    assert "--lab" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("--lab dns x", "dns --lab x"),
        ("--lab --fault a --seed=2 dns x", "dns --lab --fault a --seed=2 x"),
        ("--lab https://x/", "--lab https://x/"),
        ("--lab", "--lab"),
        ("--lab --fault", "--lab --fault"),
        ("x --lab dns", "x --lab dns"),
        ("-v --lab dns", "-v --lab dns"),
    ],
)
def test_only_leading_words_of_the_world_move(words, wanted):
    assert behind_command(words.split(), {"dns", "trace"}) == wanted.split()
