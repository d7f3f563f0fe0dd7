"""The daemon's configuration: a TOML or JSON file, checked key by key.

Every key and its meaning is a field below; unknown keys are refused with a hint.
"""

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct, field

from firstbyte.errors import UsageError, did_you_mean
from firstbyte.resolver.daemon import parsing
from firstbyte.resolver.daemon.anchors import anchors_from, root_anchors
from firstbyte.resolver.daemon.hints import hints_from_file, hints_from_pairs, root_hints
from firstbyte.resolver.driver import DriverSettings
from firstbyte.resolver.machine.settings import (
    CacheSettings,
    Hardening,
    Limits,
    Settings,
    StaleSettings,
    Validation,
)

DEFAULT_LISTEN = "127.0.0.1:53"
DNS_PORT = 53
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")
_KIND = re.compile(r"\b(array|object|null|str)\b")


Count = Annotated[int, Meta(ge=1)]
Amount = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]


class ServeStale(Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``serve_stale`` (RFC 8767); times in seconds."""

    enabled: bool = True
    ttl: Amount = 86400
    reply_ttl: Amount = 30
    client_timeout: Annotated[float, Meta(ge=0)] = 1.8


class Config(Struct, frozen=True, kw_only=True):
    """The keys of the file, with their defaults. Times are in seconds."""

    listen: str | list[str] = DEFAULT_LISTEN
    """ADDR:PORT, UDP and TCP; one or several."""
    tls_listen: list[str] = []
    """ADDR:PORT of DNS over TLS (853 is its port)."""
    https_listen: list[str] = []
    """ADDR:PORT of DNS over HTTPS, at /dns-query (HTTP/1.1 and 2)."""
    tls_certificate: str | None = None
    """A PEM file with the chain, for both."""
    tls_key: str | None = None
    """A PEM file with the private key, where it is not in the certificate's."""
    allow: list[str] = field(default_factory=lambda: ["127.0.0.0/8", "::1/128"])
    """Networks of clients that are answered; others are refused."""
    workers: Count = 1
    root_hints: list[tuple[str, str]] | None = None
    root_hints_file: str | None = None
    trust_anchors: list[str] | None = None
    trust_anchor_file: str | None = None
    trust_anchor_state: str | None = None
    """Where the anchors' states are kept, to follow key rollovers (RFC 5011)."""
    negative_trust_anchors: list[str] = []
    forward: dict[str, list[str] | str] = {}
    stub: dict[str, list[str] | str] = {}
    forward_first: bool = False
    """Ask the tree's own servers where the forwarders fail; ``stub_first`` likewise."""
    stub_first: bool = False
    address_map: dict[str, str] = {}
    qname_minimisation: Literal["off", "relaxed", "strict"] = "relaxed"
    use_0x20: bool = True
    ipv4: bool = True
    ipv6: bool = True
    edns_buffer_size: Annotated[int, Meta(ge=512, le=65535)] = 1232
    validate: bool = True
    allow_sha1: bool = False
    do_not_query_localhost: bool = True
    harden_glue: bool = True
    harden_below_nxdomain: bool = True
    cache_min_ttl: Amount = 0
    cache_max_ttl: Amount = 86400
    cache_max_negative_ttl: Amount = 3600
    cache_size: Count = 64 * 1024 * 1024
    """Bytes."""
    serve_stale: ServeStale | bool = False
    aggressive_nsec: bool = True
    prefetch: bool = False
    priming: bool = True
    send_ta_signal: bool = True
    root_key_sentinel: bool = True
    identity: str | None = None
    """Which server this is, for NSID and ``id.server``; where it is null, nobody is told."""
    version: str | None = None
    """The answer to ``version.bind``; where it is null, there is none."""
    dns64_prefix: str | None = None
    ede: bool = True
    minimal_responses: bool = True
    special_use: bool = True
    cookies: bool = True
    rebinding_protection: bool = False
    private_domains: list[str] = []
    rate_limit: Amount = 0
    """Equal responses a second to one client network, from all workers together; 0: no limit."""
    max_tcp_connections: Count = 200
    tcp_idle_timeout: Seconds = 10.0
    question_timeout: Seconds = 4.7
    max_questions: Count = 10000
    metrics: str | None = None
    """ADDR:PORT where Prometheus may fetch the counters."""
    clock_file: str | None = None

    def listeners(self) -> list[tuple[str, int]]:
        """The addresses to listen on."""
        given = [self.listen] if isinstance(self.listen, str) else self.listen
        return [parsing.endpoint(text, "listen", DNS_PORT) for text in given]


def read_keys(path: Path) -> dict[str, Any]:
    """The keys in a file: JSON where its name ends so, TOML otherwise.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        words = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"cannot read the configuration {path}: {words}") from error
    import tomllib  # takes a millisecond, and worlds have no file

    try:
        data = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except ValueError as error:
        raise UsageError(f"{path}: {error}") from error
    if not isinstance(data, dict):
        raise UsageError(f"{path}: a table of keys is wanted")
    return data


def from_mapping(data: dict[str, Any]) -> Config:
    """The configuration of these keys.

    Raises:
        UsageError: an unknown key, a value of the wrong kind, or keys that contradict each other.

    """
    known = set(Config.__struct_fields__)
    values = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name not in known:
            raise _unknown(key, known)
        values[name] = value
    if values.get("serve_stale") == {}:
        del values["serve_stale"]
    try:
        config = msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        raise _unfit(str(error)) from error
    _check(config)
    return config


def _unknown(key: str, known: set[str]) -> UsageError:
    hint = did_you_mean(key, known, f"known keys: {', '.join(sorted(known))}")
    return UsageError(f"unknown configuration key {key!r}", hint)


_PLAIN = {"array": "list", "object": "table", "null": "nothing", "str": "text"}


def _unfit(problem: str) -> UsageError:
    """The error for a value of the wrong kind, in the words of TOML."""
    what, _, where = problem.rpartition(" - at ")
    key, _, rest = where.strip("`").removeprefix("$.").partition(".")
    unknown = _UNKNOWN_FIELD.match(what)
    if unknown is not None:
        names = {f"{key}.{name}" for name in ServeStale.__struct_fields__}
        return _unknown(f"{key}.{unknown[1]}", names)
    words = _KIND.sub(lambda kind: _PLAIN.get(kind[0], kind[0]), what.replace("`", ""))
    place = f"{key}.{rest}" if rest else key
    hint = None
    if key == "qname_minimisation":
        hint = 'choose "off", "relaxed" or "strict"'
    return UsageError(f"configuration key {place!r}: {words[:1].lower()}{words[1:]}", hint)


def _check(config: Config) -> None:
    """What each key allows alone, but not together."""
    if config.cache_min_ttl > config.cache_max_ttl:
        raise UsageError("cache_min_ttl is above cache_max_ttl")
    if not config.ipv4 and not config.ipv6:
        raise UsageError("without ipv4 and ipv6 no server can be asked")
    if config.root_hints == [] and not config.forward and not config.stub:
        raise UsageError("root_hints is empty", "leave it out for IANA's, or forward questions")
    places = [config.listen] if isinstance(config.listen, str) else config.listen
    places = [*places, *config.tls_listen, *config.https_listen]
    if not places:
        raise UsageError("listen names no address", 'write listen = "127.0.0.1:53"')
    if config.workers > 1 and any(text.endswith(":0") for text in places):
        raise UsageError("several workers cannot share port 0", "give the port a number")


def machine_settings(config: Config) -> Settings:
    """What the machine needs of the configuration.

    Raises:
        UsageError: a value that cannot be understood, or a file that cannot be read.

    """
    return Settings(
        hints=_hints(config),
        priming=config.priming,
        forward=parsing.zone_servers(config.forward, "forward"),
        stub=parsing.zone_servers(config.stub, "stub"),
        forward_first=config.forward_first,
        stub_first=config.stub_first,
        ipv4=config.ipv4,
        ipv6=config.ipv6,
        minimisation=config.qname_minimisation,
        mix_case=config.use_0x20,
        full_answers=not config.minimal_responses,
        special_use=config.special_use,
        public_root=config.root_hints is None and config.root_hints_file is None,
        dns64_prefix=parsing.dns64(config.dns64_prefix),
        cache=_cache(config),
        limits=Limits(question_s=config.question_timeout, waiting=config.max_questions),
        harden=_hardening(config),
        validation=_validation(config),
    )


def driver_settings(config: Config) -> DriverSettings:
    """What the driver needs of it."""
    pairs = {
        parsing.endpoint(one, "address_map", 53): parsing.endpoint(two, "address_map", 53)
        for one, two in config.address_map.items()
    }
    return DriverSettings(pairs, config.edns_buffer_size, config.cookies)


def _hints(config: Config) -> tuple[tuple[bytes, str], ...]:
    if config.root_hints is not None:
        return hints_from_pairs(config.root_hints)
    if config.root_hints_file is not None:
        return hints_from_file(Path(config.root_hints_file))
    return root_hints()


def _cache(config: Config) -> CacheSettings:
    return CacheSettings(
        min_ttl_s=config.cache_min_ttl,
        max_ttl_s=config.cache_max_ttl,
        max_negative_ttl_s=config.cache_max_negative_ttl,
        max_bytes=config.cache_size,
        prefetch=config.prefetch,
        aggressive_nsec=config.aggressive_nsec,
        stale=_stale(config),
    )


def _stale(config: Config) -> StaleSettings:
    value = config.serve_stale
    if isinstance(value, bool):
        return StaleSettings(enabled=value)
    return StaleSettings(value.enabled, value.ttl, value.reply_ttl, value.client_timeout)


def _hardening(config: Config) -> Hardening:
    return Hardening(
        glue=config.harden_glue,
        do_not_query_localhost=config.do_not_query_localhost,
        below_nxdomain=config.harden_below_nxdomain,
        private_addresses=config.rebinding_protection,
        private_domains=frozenset(parsing.zone(name) for name in config.private_domains),
    )


def _validation(config: Config) -> Validation:
    if config.trust_anchors is not None:
        anchors = anchors_from(config.trust_anchors)
    elif config.trust_anchor_file is not None:
        anchors = anchors_from(parsing.lines(Path(config.trust_anchor_file), "trust_anchor_file"))
    elif config.root_hints is None and config.root_hints_file is None:
        anchors = root_anchors()
    else:
        anchors = ()
    return Validation(
        enabled=config.validate,
        anchors=anchors,
        negative_anchors=frozenset(parsing.zone(name) for name in config.negative_trust_anchors),
        allow_sha1=config.allow_sha1,
        send_ta_signal=config.send_ta_signal,
        root_key_sentinel=config.root_key_sentinel,
    )
