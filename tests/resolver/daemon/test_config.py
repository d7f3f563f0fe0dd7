"""The configuration file: every key, and the refusal of what is none."""

import json

import pytest

from firstbyte.errors import UsageError
from firstbyte.resolver.daemon.config import (
    driver_settings,
    from_mapping,
    machine_settings,
    read_keys,
)

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


def test_every_key_arrives(tmp_path) -> None:
    path = tmp_path / "c.toml"
    path.write_text(FULL)
    config = from_mapping(read_keys(path))
    settings = machine_settings(config)
    assert config.listeners() == [("127.0.0.1", 5300), ("::1", 5300)]
    assert [address for _, address in settings.hints] == ["192.0.2.1", "2001:db8::1"]
    assert settings.forward[b"\x04corp\x07example\0"] == (("192.0.2.9", 53), ("192.0.2.10", 5353))
    assert settings.stub[b"\x03lab\x07example\0"] == (("2001:db8::5", 53),)
    assert settings.minimisation == "strict"
    assert not settings.mix_case
    assert not settings.priming
    assert settings.cache.stale.client_timeout_s == 0.5
    assert settings.cache.max_ttl_s == 600
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
