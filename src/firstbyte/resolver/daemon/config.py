"""The daemon's configuration: a TOML or JSON file, checked key by key.

Every key and its meaning is a field below; unknown keys are refused with a hint.
"""

import difflib
import json
import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from firstbyte.errors import UsageError
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


@dataclass(frozen=True, slots=True)
class Config:
    """The keys of the file, with their defaults. Times are in seconds."""

    listen: str | list[str] = DEFAULT_LISTEN
    """ADDR:PORT, UDP and TCP; one or several."""
    tls_listen: list[str] = field(default_factory=list)
    """ADDR:PORT of DNS over TLS (853 is its port)."""
    https_listen: list[str] = field(default_factory=list)
    """ADDR:PORT of DNS over HTTPS, at /dns-query (HTTP/1.1 and 2)."""
    tls_certificate: str | None = None
    """A PEM file with the chain, for both."""
    tls_key: str | None = None
    """A PEM file with the private key, where it is not in the certificate's."""
    allow: list[str] = field(default_factory=lambda: ["127.0.0.0/8", "::1/128"])
    """Networks of clients that are answered; others are refused."""
    workers: int = 1
    root_hints: list[list[str]] | None = None
    root_hints_file: str | None = None
    trust_anchors: list[str] | None = None
    trust_anchor_file: str | None = None
    trust_anchor_state: str | None = None
    """Where the anchors' states are kept, to follow key rollovers (RFC 5011)."""
    negative_trust_anchors: list[str] = field(default_factory=list)
    forward: dict[str, Any] = field(default_factory=dict)
    stub: dict[str, Any] = field(default_factory=dict)
    address_map: dict[str, str] = field(default_factory=dict)
    qname_minimisation: str = "relaxed"
    use_0x20: bool = True
    ipv4: bool = True
    ipv6: bool = True
    edns_buffer_size: int = 1232
    validate: bool = True
    allow_sha1: bool = False
    do_not_query_localhost: bool = True
    harden_glue: bool = True
    harden_below_nxdomain: bool = True
    cache_min_ttl: int = 0
    cache_max_ttl: int = 86400
    cache_max_negative_ttl: int = 3600
    cache_size: int = 64 * 1024 * 1024
    """Bytes."""
    serve_stale: dict[str, Any] | bool = field(default_factory=dict)
    aggressive_nsec: bool = True
    prefetch: bool = False
    priming: bool = True
    send_ta_signal: bool = True
    root_key_sentinel: bool = True
    dns64_prefix: str | None = None
    ede: bool = True
    minimal_responses: bool = True
    special_use: bool = True
    cookies: bool = True
    rebinding_protection: bool = False
    private_domains: list[str] = field(default_factory=list)
    rate_limit: int = 0
    """Equal responses a second to one client network; 0: no limit."""
    max_tcp_connections: int = 200
    tcp_idle_timeout: float = 10.0
    question_timeout: float = 4.7
    max_questions: int = 10000
    metrics: str | None = None
    """ADDR:PORT where Prometheus may fetch the counters."""
    clock_file: str | None = None

    def listeners(self) -> list[tuple[str, int]]:
        """The addresses to listen on."""
        given = [self.listen] if isinstance(self.listen, str) else self.listen
        return [parsing.endpoint(text, "listen") for text in given]


def read_keys(path: Path) -> dict[str, Any]:
    """The keys in a file: JSON where its name ends so, TOML otherwise.

    Raises:
        UsageError: it cannot be read.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read the configuration {path}: {error}") from error
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
        UsageError: an unknown key, or a value of the wrong kind.

    """
    known = {item.name for item in fields(Config)}
    values = {}
    for key, value in data.items():
        name = key.replace("-", "_")
        if name not in known:
            raise _unknown(key, known)
        values[name] = value
    config = Config(**values)
    _check_kinds(config)
    return config


def _unknown(key: str, known: set[str]) -> UsageError:
    near = difflib.get_close_matches(key, sorted(known), 1)
    hint = f"did you mean {near[0]!r}?" if near else "known keys: " + ", ".join(sorted(known))
    return UsageError(f"unknown configuration key {key!r}", hint)


_KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "bool": bool,
    "int": int,
    "float": (int, float),
    "list": list,
    "dict": dict,
}


def _check_kinds(config: Config) -> None:
    for item in fields(Config):
        value = getattr(config, item.name)
        if not _fits(value, _shown(item.type)):
            message = f"configuration key {item.name!r} cannot be {value!r}"
            raise UsageError(message, f"its type is {_shown(item.type)}")


def _shown(kind: object) -> str:
    """A field's type as it is written."""
    return kind.__name__ if type(kind) is type else str(kind)


def _fits(value: object, wanted: str) -> bool:
    for part in wanted.replace(" ", "").split("|"):
        if part == "None":
            if value is None:
                return True
            continue
        kind = part.partition("[")[0]
        if isinstance(value, bool) and kind != "bool":
            continue
        if isinstance(value, _KINDS[kind]):
            return True
    return False


def machine_settings(config: Config) -> Settings:
    """What the machine needs of the configuration.

    Raises:
        UsageError: a value that cannot be understood, or a file that cannot be read.

    """
    if config.qname_minimisation not in ("off", "relaxed", "strict"):
        message = f"qname_minimisation cannot be {config.qname_minimisation!r}"
        raise UsageError(message, 'choose "off", "relaxed" or "strict"')
    return Settings(
        hints=_hints(config),
        priming=config.priming,
        forward=parsing.zone_servers(config.forward, "forward"),
        stub=parsing.zone_servers(config.stub, "stub"),
        ipv4=config.ipv4,
        ipv6=config.ipv6,
        minimisation=config.qname_minimisation,  # type: ignore[arg-type] # checked above
        mix_case=config.use_0x20,
        full_answers=not config.minimal_responses,
        special_use=config.special_use,
        public_root=config.root_hints is None and config.root_hints_file is None,
        dns64_prefix=parsing.dns64(config.dns64_prefix),
        cache=_cache(config),
        limits=Limits(question_s=float(config.question_timeout), waiting=config.max_questions),
        harden=_hardening(config),
        validation=_validation(config),
    )


def driver_settings(config: Config) -> DriverSettings:
    """What the driver needs of it."""
    pairs = {
        parsing.endpoint(one, "address_map", 53): parsing.endpoint(two, "address_map", 53)
        for one, two in config.address_map.items()
    }
    if not 512 <= config.edns_buffer_size <= 65535:
        raise UsageError(f"edns_buffer_size cannot be {config.edns_buffer_size}", "512 to 65535")
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
    known = {"enabled", "ttl", "reply_ttl", "client_timeout"}
    for key in value:
        if key not in known:
            raise _unknown(f"serve_stale.{key}", {f"serve_stale.{name}" for name in known})
    default = StaleSettings()
    return StaleSettings(
        enabled=bool(value.get("enabled", bool(value))),
        ttl_s=int(value.get("ttl", default.ttl_s)),
        reply_ttl_s=int(value.get("reply_ttl", default.reply_ttl_s)),
        client_timeout_s=float(value.get("client_timeout", default.client_timeout_s)),
    )


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
