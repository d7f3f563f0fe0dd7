"""The configuration file: every key, and the refusal of what is none."""

import asyncio
import json
import tomllib

import pytest

from firstbyte.cli.dns_serve import command, configuration
from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.clock import FileClock, make_clock
from firstbyte.resolver.daemon.config import (
    driver_settings,
    from_mapping,
    machine_settings,
    read_keys,
)
from firstbyte.resolver.driver import SystemClock
from firstbyte.resolver.machine.settings import StaleSettings

FULL = """
listen = ["127.0.0.1:5300", "[::1]:5300"]
root_hints = [["k.root.", "192.0.2.1"], ["k.root.", "2001:db8::1"]]
trust_anchors = [
  ". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
]
negative_trust_anchors = ["broken.example"]
forward = { "corp.example" = ["192.0.2.9", "192.0.2.10:5353"] }
stub = { "lab.example" = ["2001:db8::5"] }
address_map = { "192.0.2.1:53" = "127.0.0.1:5301", "[2001:db8::1]:53" = "[::1]:5302" }
qname_minimisation = "strict"
use_0x20 = false
ipv4 = true
ipv6 = false
edns_buffer_size = 1400
validate = true
allow_sha1 = true
do_not_query_localhost = false
harden_glue = false
cache_min_ttl = 1
cache_max_ttl = 600
serve_stale = { enabled = true, ttl = 3600, reply_ttl = 10, client_timeout = 0.5 }
aggressive_nsec = false
prefetch = true
priming = false
send_ta_signal = false
dns64_prefix = "64:ff9b::/96"
ede = false
minimal_responses = false
"""


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_every_key_arrives(tmp_path, ending) -> None:
    path = tmp_path / f"c.{ending}"
    path.write_text(FULL if ending == "toml" else json.dumps(tomllib.loads(FULL)))
    config = from_mapping(read_keys(path))
    settings = machine_settings(config)
    assert config.listeners() == [("127.0.0.1", 5300), ("::1", 5300)]
    assert [address for _, address in settings.hints] == ["192.0.2.1", "2001:db8::1"]
    assert settings.forward[b"\x04corp\x07example\0"] == (("192.0.2.9", 53), ("192.0.2.10", 5353))
    assert settings.stub[b"\x03lab\x07example\0"] == (("2001:db8::5", 53),)
    assert settings.minimisation == "strict"
    assert not settings.mix_case
    assert not settings.priming
    assert settings.cache.stale == StaleSettings(True, 3600, 10, 0.5)
    assert (settings.cache.min_ttl_s, settings.cache.max_ttl_s) == (1, 600)
    assert settings.cache.prefetch
    assert not settings.cache.aggressive_nsec
    assert (settings.ipv4, settings.ipv6) == (True, False)
    assert not settings.harden.glue
    assert not settings.harden.do_not_query_localhost
    assert str(settings.dns64_prefix) == "64:ff9b::/96"
    assert settings.full_answers
    assert not config.ede
    assert settings.validation.negative_anchors == {b"\x06broken\x07example\0"}
    assert not settings.validation.send_ta_signal
    assert settings.validation.allow_sha1
    assert len(settings.validation.anchors) == 1
    driver = driver_settings(config)
    assert driver.address_map[("2001:db8::1", 53)] == ("::1", 5302)
    assert driver.edns_buffer_bytes == 1400


def test_json_by_its_ending(tmp_path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"listen": "127.0.0.1:1", "ipv6": False}))
    assert from_mapping(read_keys(path)).listeners() == [("127.0.0.1", 1)]


def test_unknown_keys_are_refused_with_a_hint() -> None:
    with pytest.raises(UsageError) as caught:
        from_mapping({"qname_minimization": "off"})
    assert "qname_minimisation" in (caught.value.hint or "")


BROKEN = [
    {"ipv6": "no"},
    {"listen": 53},
    {"cache_max_ttl": True},
    {"qname_minimisation": "perhaps"},
    {"trust_anchors": ["example. IN A 192.0.2.1"]},
    {"trust_anchors": ["example. IN DS x"]},
    {"root_hints": [["only a name"]]},
    {"forward": {"a.": []}},
    {"forward": {"a.": ["nobody"]}},
    {"address_map": {"192.0.2.1:53": "here"}},
    {"dns64_prefix": "64:ff9b::/95"},
    {"serve_stale": {"enable": True}},
    {"edns_buffer_size": 100},
    {"negative_trust_anchors": ["a..b"]},
    {"trust_anchors": [5]},
    {"workers": 0},
    {"question_timeout": 0},
    {"cache_min_ttl": 10, "cache_max_ttl": 5},
    {"ipv4": False, "ipv6": False},
    {"root_hints": []},
    {"listen": []},
    {"workers": 2, "listen": "127.0.0.1:0"},
]


def everything(keys) -> None:
    config = from_mapping(keys)
    config.listeners()
    machine_settings(config)
    driver_settings(config)


@pytest.mark.parametrize("keys", BROKEN, ids=str)
def test_broken_values_are_refused(keys) -> None:
    with pytest.raises(UsageError):
        everything(keys)


WORDS = [
    ({"serve_stale": {"ttl": "x"}}, "key 'serve_stale.ttl': expected int, got text", None),
    ({"serve_stale": {"tll": 5}}, "unknown configuration key 'serve_stale.tll'", "serve_stale.ttl"),
    ({"tls_listen": "127.0.0.1:853"}, "key 'tls_listen': expected list, got text", None),
    ({"edns_buffer_size": 100}, "key 'edns_buffer_size': expected int >= 512", None),
    ({"qname_minimisation": "on"}, "invalid enum value 'on'", "strict"),
    ({"forward": {".": [1]}}, "key 'forward[...][0]': expected text, got int", None),
    ({"trust_anchor_file": "/none"}, "trust_anchor_file: cannot read /none: No such file", None),
]


@pytest.mark.parametrize(("keys", "words", "hint"), WORDS, ids=str)
def test_what_is_wrong_is_said_in_the_files_words(keys, words, hint) -> None:
    with pytest.raises(UsageError) as caught:
        everything(keys)
    assert words in str(caught.value)
    assert hint is None or hint in (caught.value.hint or "")


def test_serve_stale_is_a_table_or_a_switch() -> None:
    rows = [({}, False), (True, True), ({"ttl": 5}, True), ({"enabled": False}, False)]
    for value, enabled in rows:
        settings = machine_settings(from_mapping({"serve_stale": value}))
        assert settings.cache.stale.enabled is enabled, value


def test_the_command_lines_words_stand_over_the_files(tmp_path) -> None:
    """Those of the contract with tests from outside, with their values in both forms."""
    file = tmp_path / "c.toml"
    file.write_text(
        'listen = "127.0.0.1:1"\nuse_0x20 = true\naddress_map = {"192.0.2.9" = "[::1]:9"}\n'
    )
    hints, anchor = tmp_path / "hints", tmp_path / "anchor"
    hints.write_text(". 9 IN NS a.root.\na.root. 9 IN A 192.0.2.1\na.root. AAAA 2001:db8::1\n")
    anchor.write_text("; the root\n. IN DS 1 13 2 " + "AB" * 32 + "\n")
    given = command.make_context(
        "serve",
        [
            *("--config", str(file), "--listen", "127.0.0.1:5300", "--listen", "[::1]:5300"),
            *("--root-hints", str(hints), "--trust-anchor", str(anchor), "--no-0x20"),
            *("--map", "192.0.2.1=127.0.0.1:5301", "--map", "[2001:db8::1]:53=[::1]:5302"),
            *("--qname-minimisation", "strict", "--harden", "glue=off", "--harden", "rebinding"),
            *("--trust-anchor-state", str(tmp_path / "state"), "--allow", "192.0.2.0/24"),
        ],
    ).params
    config = configuration(given)
    settings = machine_settings(config)
    assert config.listeners() == [("127.0.0.1", 5300), ("::1", 5300)]
    assert [address for _, address in settings.hints] == ["192.0.2.1", "2001:db8::1"]
    assert [rrset.rdtype for rrset in settings.validation.anchors] == [43]
    assert driver_settings(config).address_map == {
        ("192.0.2.9", 53): ("::1", 9),
        ("192.0.2.1", 53): ("127.0.0.1", 5301),
        ("2001:db8::1", 53): ("::1", 5302),
    }
    assert settings.minimisation == "strict"
    assert not settings.mix_case
    assert not settings.harden.glue
    assert settings.harden.private_addresses
    assert config.trust_anchor_state == str(tmp_path / "state")
    assert config.allow == ["192.0.2.0/24"]


def test_the_clock_file_is_read_again_each_time(tmp_path) -> None:
    path = tmp_path / "clock"
    path.write_text("frozen 1700000000.5\n")

    async def main() -> None:
        clock = make_clock(str(path))
        assert isinstance(clock, FileClock)
        clock.reread()
        assert clock.moment().unix_s == 1700000000.5
        for text in ("nonsense", "frozen soon", "", "sideways 5", "frozen nan", "offset inf"):
            path.write_text(text)
            clock.reread()
            assert clock.moment().unix_s == 1700000000.5, text
        path.write_text("offset -3600")
        clock.reread()
        assert abs(clock.moment().unix_s + 3600 - SystemClock().moment().unix_s) < 5

    asyncio.run(main())
