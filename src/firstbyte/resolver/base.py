"""The seam between the client and whatever resolves names: the stub, or iteration from the root.

A lookup gives its parts as they arrive, so that Happy Eyeballs (RFC 8305) can begin with the first
family while the other is still on its way.
"""

from collections.abc import AsyncGenerator
from typing import Literal, Protocol

from msgspec import Struct

from firstbyte.events import Scope

Family = Literal[4, 6]
FAMILIES: tuple[Family, ...] = (4, 6)


class HttpsRecord(Struct, frozen=True, kw_only=True):
    """One HTTPS resource record in ServiceMode (RFC 9460): how to reach an origin's endpoint.

    ``target`` is the endpoint's name without trailing dot; "." (RFC 9460, 2.5.2) is already
    replaced by the record's owner. The hints are addresses as text; they may be used until the
    target's own addresses are known (RFC 9460, 7.3).
    """

    priority: int
    target: str
    alpn: tuple[str, ...] = ()
    no_default_alpn: bool = False
    port: int | None = None
    ipv4hint: tuple[str, ...] = ()
    ipv6hint: tuple[str, ...] = ()
    ech: bytes | None = None
    """The ECHConfigList, as in the record."""
    ttl_s: int = 0

    @property
    def protocols(self) -> tuple[str, ...]:
        """ALPN ids that the endpoint speaks, with the default http/1.1 (RFC 9460, 7.1.2)."""
        if self.no_default_alpn or "http/1.1" in self.alpn:
            return self.alpn
        return (*self.alpn, "http/1.1")


class FoundAddresses(Struct, frozen=True):
    """One family of the name is settled: its addresses, or none.

    ``addresses`` is empty when the family is known to have none, or when its questions failed:
    then nobody need wait for it. ``ttl_s`` is null for what did not come from DNS.
    """

    family: Family
    addresses: tuple[str, ...]
    ttl_s: int | None = None
    canonical_name: str | None = None

    @property
    def kind(self) -> str:
        """The record type that is settled: "A" or "AAAA"."""
        return "A" if self.family == 4 else "AAAA"


class FoundHttps(Struct, frozen=True):
    """The HTTPS records of the origin, best priority first; empty when it has none."""

    records: tuple[HttpsRecord, ...]

    @property
    def kind(self) -> str:
        """The record type that is settled: "HTTPS"."""
        return "HTTPS"

    @property
    def addresses(self) -> tuple[str, ...]:
        """None: an HTTPS record is no answer to the question for addresses."""
        return ()


Found = FoundAddresses | FoundHttps


class Resolver(Protocol):
    """Names to addresses, by whatever way."""

    def lookup(
        self,
        name: str,
        scope: Scope,
        *,
        families: tuple[Family, ...] = FAMILIES,
        https: bool = True,
        port: int = 443,
        scheme: str = "https",
    ) -> AsyncGenerator[Found, None]:
        """Resolve ``name``, giving each part as it arrives; events go to ``scope``.

        Each family of ``families`` is given exactly once, and so are the HTTPS records when
        ``https``, unless the addresses are all there and the HTTPS answer is late: then the lookup
        ends without it. ``port`` and ``scheme`` are the URL's: the name of the HTTPS record and
        fixed addresses (``--resolve``) depend on them. Take it with ``contextlib.aclosing``, so
        that leaving early frees its sockets at once.

        Raises:
            NameError_: at the end, when no family had an address.
            UrlError: url.malformed, at once, for what can be no host name.

        """
