"""The root key sentinel (RFC 8509): which answers it withholds."""

import pytest
from msgspec.structs import replace

from firstbyte.protocols.dns import constants as c

CASES = [
    ("is", True, "A", c.NOERROR),
    ("is", False, "A", c.SERVFAIL),
    ("not", True, "A", c.SERVFAIL),
    ("not", False, "A", c.NOERROR),
    ("not", True, "TXT", c.NOERROR),
]


def sentinel_name(tree, word: str, *, trusted: bool, zone: str = "wild.secure.example.") -> str:
    tag = int(tree.anchor().split()[3])
    tag = tag if trusted else (tag + 1) % 65536
    return f"root-key-sentinel-{word}-ta-{tag:05d}.{zone}"


@pytest.mark.parametrize(("word", "trusted", "rdtype", "rcode"), CASES)
def test_the_first_label_decides(make_network, tree, word, trusted, rdtype, rcode) -> None:
    name = sentinel_name(tree, word, trusted=trusted)
    assert make_network().resolve(name, rdtype).rcode == rcode


def test_a_client_that_validates_itself_gets_all(make_network, tree) -> None:
    name = sentinel_name(tree, "not", trusted=True)
    assert make_network().resolve(name, cd=True).answer


def test_insecure_answers_are_not_withheld(make_network, tree) -> None:
    name = sentinel_name(tree, "not", trusted=True, zone="plain.example.")
    assert make_network().resolve(name).rcode == c.NXDOMAIN


@pytest.mark.parametrize("label", ["root-key-sentinel-not-ta-1", "root-key-sentinel-not-ta-x"])
def test_other_labels_mean_nothing(make_network, label) -> None:
    assert make_network().resolve(f"{label}.wild.secure.example.").answer


def test_it_can_be_switched_off(make_network, tree) -> None:
    validation = make_network().settings.validation
    network = make_network(validation=replace(validation, root_key_sentinel=False))
    assert network.resolve(sentinel_name(tree, "not", trusted=True)).answer
