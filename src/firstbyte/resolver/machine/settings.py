"""What the machine is told once, at its start."""

from ipaddress import IPv6Network
from typing import Literal

from msgspec import Struct, field

from firstbyte.protocols.dns.message import RRset
from firstbyte.resolver.machine.values import Server

Minimisation = Literal["off", "relaxed", "strict"]


class StaleSettings(Struct, frozen=True):
    """RFC 8767. Times in seconds; ``client_timeout_s`` 0 gives stale data at once."""

    enabled: bool = False
    ttl_s: int = 86400
    reply_ttl_s: int = 30
    client_timeout_s: float = 1.8


class CacheSettings(Struct, frozen=True):
    """How long and how much is kept."""

    min_ttl_s: int = 0
    max_ttl_s: int = 86400
    max_negative_ttl_s: int = 3600
    bogus_ttl_s: int = 60
    max_bytes: int = 64 * 1024 * 1024
    prefetch: bool = False
    aggressive_nsec: bool = True
    stale: StaleSettings = field(default_factory=StaleSettings)


class Limits(Struct, frozen=True):
    """Bounds on the work for one question (against NXNSAttack, KeyTrap, CNAME bombs)."""

    question_s: float = 4.7
    exchanges: int = 128
    aliases: int = 12
    target_lookups: int = 24
    targets_per_zone: int = 6
    depth: int = 8
    signatures: int = 192
    failed_signatures: int = 16
    keys_per_tag: int = 4
    nsec3_hashes: int = 256
    nsec3_iterations: int = 150
    """Above this a proof is not believed, and the zone is insecure (RFC 9276, 3.2)."""
    waiting: int = 10000
    """Client questions under way at once."""


class Hardening(Struct, frozen=True):
    """Switches named as in the field."""

    glue: bool = True
    do_not_query_localhost: bool = True
    below_nxdomain: bool = True
    private_addresses: bool = False
    """Answers with private addresses are refused: rebinding protection."""
    private_domains: frozenset[bytes] = frozenset()


class Validation(Struct, frozen=True):
    """DNSSEC: whether, from where, and what is left out."""

    enabled: bool = True
    anchors: tuple[RRset, ...] = ()
    """DS and DNSKEY sets, by owner."""
    negative_anchors: frozenset[bytes] = frozenset()
    allow_sha1: bool = False
    send_ta_signal: bool = False
    root_key_sentinel: bool = True
    """Answer RFC 8509's questions about the root keys that are trusted."""


class Settings(Struct, frozen=True):
    """All of the above."""

    hints: tuple[tuple[bytes, str], ...] = ()
    """Names and addresses of the root's servers."""
    priming: bool = True
    forward: dict[bytes, tuple[Server, ...]] = field(default_factory=dict)
    stub: dict[bytes, tuple[Server, ...]] = field(default_factory=dict)
    forward_first: bool = False
    """Where forwarders fail, the tree's own servers are asked; likewise for stubs."""
    stub_first: bool = False
    ipv4: bool = True
    ipv6: bool = True
    minimisation: Minimisation = "relaxed"
    mix_case: bool = True
    full_answers: bool = False
    """Keep the authority and additional sections of answers too."""
    special_use: bool = True
    public_root: bool = True
    """The root is the public one; in a private tree ``test.`` may exist (RFC 6761, 6.2)."""
    dns64_prefix: IPv6Network | None = None
    cache: CacheSettings = field(default_factory=CacheSettings)
    limits: Limits = field(default_factory=Limits)
    harden: Hardening = field(default_factory=Hardening)
    validation: Validation = field(default_factory=Validation)
