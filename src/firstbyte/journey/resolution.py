"""What became of questions to the DNS: messages, the walk from the root, the chain of trust.

Values only; ``resolver.query`` makes them, ``rendering.dns_*`` draws them.
"""

from typing import Literal

from msgspec import Struct

from firstbyte.journey.model import Finding, Journey

SCHEMA_VERSION = 1
Verdict = Literal["secure", "insecure", "bogus", "indeterminate"]


class Exchange(Struct, frozen=True, kw_only=True):
    """One question and what came back. ``response`` null: nothing did, for ``failure``."""

    name: str
    type: str
    server: str
    port: int
    transport: str
    query: bytes
    response: bytes | None = None
    rtt_ms: float | None = None
    when_s: float = 0.0
    """Unix time."""
    failure: str | None = None
    failure_id: str | None = None
    """What kind of failure it is, as errors and findings are named."""
    attempts: int = 1
    more: tuple[bytes, ...] = ()
    """The further messages of a zone transfer."""
    notes: tuple[str, ...] = ()
    """What happened on the way: retries, truncation."""
    tls: str | None = None
    """Of an encrypted way: its version, and what became of the certificate."""


class Step(Struct, frozen=True, kw_only=True):
    """A question on the walk from the root."""

    number: int
    zone: str
    name: str
    type: str
    address: str
    server: str | None = None
    """The name of the server, where a message told it."""
    transport: str = "udp"
    start_ms: float = 0.0
    """Since the walk began."""
    rtt_ms: float | None = None
    bytes: int | None = None
    outcome: str = ""
    """"answer", "referral", "nodata", "nxdomain", "lame", "error", or why there is none."""
    rcode: str | None = None
    detail: str = ""
    """What it led to: the delegated zone, the data, the reason."""
    for_trust: bool = False
    """Asked for the chain of trust alone: a DS or DNSKEY set."""

    @property
    def failed(self) -> bool:
        """Whether it brought nothing."""
        return self.rcode is None


class Key(Struct, frozen=True, kw_only=True):
    """A DNSKEY record of a zone."""

    tag: int
    algorithm: int
    entry_point: bool
    bits: int
    trusted_by: tuple[str, ...] = ()
    """``DS 12345 SHA-256`` or ``trust anchor``, where one matches."""
    signs_keys: bool = False
    """Whether it signed the DNSKEY set."""


class Seal(Struct, frozen=True, kw_only=True):
    """A signature: who made it over what, until when, and whether it verifies."""

    owner: str
    covered: str
    tag: int
    algorithm: int
    signer: str
    begins_s: int
    expires_s: int
    problem: str | None = None
    """Why it does not verify; null: it does."""


class Delegation(Struct, frozen=True, kw_only=True):
    """A DS record, or an anchor of that form."""

    tag: int
    algorithm: int
    digest: int
    anchor: bool = False
    matches: bool = False
    """Whether a key of the zone fits."""


class Link(Struct, frozen=True, kw_only=True):
    """One zone of the chain of trust."""

    zone: str
    verdict: Verdict
    delegations: tuple[Delegation, ...] = ()
    keys: tuple[Key, ...] = ()
    seals: tuple[Seal, ...] = ()
    """Those over its DNSKEY set and, in the last zone, over the answer."""
    denial: str | None = None
    """How the parent proves that there is no DS: "NSEC", "NSEC3" or "NSEC3 opt-out"."""
    reason: str | None = None


class Inspected(Struct, frozen=True, kw_only=True):
    """One server of a zone, asked in every way that it must understand."""

    server: str
    """Its name, as the delegation or the zone has it."""
    address: str
    delegated: bool
    """Whether the parent names it."""
    own: bool | None = None
    """Whether the zone itself names it; null: unknown."""
    serial: int | None = None
    authoritative: bool = False
    rtt_ms: float | None = None
    edns: bool | None = None
    """Whether it answers questions with EDNS; null: it does not answer."""
    tcp: bool = False
    transfer: bool = False
    """Whether it gave the zone to us (AXFR)."""
    failure: str | None = None
    """Why there is no answer over UDP."""


class Walk(Struct, frozen=True, kw_only=True):
    """Resolution from the root."""

    steps: tuple[Step, ...] = ()
    total_ms: float = 0.0


class Outcome(Struct, frozen=True, kw_only=True):
    """All that one command learned. ``walks`` and ``chains`` are empty for plain queries."""

    exchanges: tuple[Exchange, ...]
    verdicts: tuple[Verdict | None, ...] = ()
    """For each exchange: what our own validation says; null: nothing was validated."""
    reasons: tuple[tuple[str, ...], ...] = ()
    """For each exchange: why."""
    walk: Walk | None = None
    chain: tuple[Link, ...] = ()
    audited: str | None = None
    """The zone whose servers were inspected."""
    inspected: tuple[Inspected, ...] = ()
    findings: tuple[Finding, ...] = ()
    journey: Journey | None = None
    """The same as events and what follows from them: what findings are made of."""
    schema_version: int = SCHEMA_VERSION


class Seen(Struct, frozen=True, kw_only=True):
    """What one server says of the question of a comparison."""

    server: str
    """Its name, or its address."""
    address: str
    authoritative: bool
    rcode: str | None = None
    records: tuple[str, ...] = ()
    """The data of the wanted type at the end of the aliases, in order."""
    ttl_s: int | None = None
    serial: int | None = None
    """Of the zone's SOA."""
    flags: tuple[str, ...] = ()
    rtt_ms: float | None = None
    failure: str | None = None
    group: int | None = None
    """Servers with the same data have the same number; 0 is the commonest."""


class Comparison(Struct, frozen=True, kw_only=True):
    """One question to many servers."""

    name: str
    type: str
    zone: str | None
    seen: tuple[Seen, ...]
    findings: tuple[Finding, ...] = ()
    journey: Journey | None = None
    schema_version: int = SCHEMA_VERSION
