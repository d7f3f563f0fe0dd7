"""What the questions for one name have given so far, and what of it may be told: pure."""

from firstbyte.resolver.attempts import GaveUp
from firstbyte.resolver.base import Family, Found, FoundAddresses, FoundHttps

_SEARCH_ON = frozenset({"dns.nxdomain", "dns.nodata", "dns.servfail"})
"""Failures after which glibc's res_search tries the next name; after others it stops."""


class Gathering:
    """One candidate name's results.

    Negative results are held back until an address or an HTTPS record shows that this is the name:
    otherwise the next name of the search list could contradict them.
    """

    def __init__(self, name: str, families: tuple[Family, ...], asked: tuple[Family, ...]) -> None:
        self.name = name
        self.addresses: list[str] = []
        self.canonical_name: str | None = None
        self._waiting = set(asked)
        self._held: list[Found] = [
            FoundAddresses(family, ()) for family in families if family not in asked
        ]
        self._failures: list[GaveUp] = []

    @property
    def addresses_settled(self) -> bool:
        """Whether every family is settled."""
        return not self._waiting

    def add_addresses(self, found: FoundAddresses) -> list[Found]:
        """A family was answered; returns what may be given to the caller now."""
        self._waiting.discard(found.family)
        self._held.append(found)
        if found.addresses:
            self.addresses.extend(found.addresses)
            self.canonical_name = found.canonical_name
        return self._release()

    def add_failure(self, family: Family, failure: GaveUp) -> list[Found]:
        """A family's question failed, or was answered with nothing."""
        self._failures.append(failure)
        return self.add_addresses(FoundAddresses(family, ()))

    def add_https(self, found: FoundHttps) -> list[Found]:
        """The HTTPS question is settled; records are given at once."""
        if found.records:
            return [found]
        self._held.append(found)
        return self._release()

    def failure(self) -> GaveUp:
        """Why there is no address: a failed question tells more than an answer without data."""
        by_rank = sorted(self._failures, key=_rank)
        return by_rank[0]

    def _release(self) -> list[Found]:
        if not self.addresses:
            return []
        released, self._held = self._held, []
        return released


def goes_on(failure: GaveUp) -> bool:
    """Whether the search list's next name is tried after ``failure``."""
    return failure.id in _SEARCH_ON


def final_failure(failures: list[GaveUp], *, as_is_first: bool) -> GaveUp:
    """Which candidate's failure is the lookup's, as glibc's res_search reports it.

    That of the name as it was given if it was tried first; otherwise one that says more than
    "no such name".
    """
    if as_is_first:
        return failures[0]
    return min(failures, key=_rank)


def _rank(failure: GaveUp) -> int:
    return {"dns.nodata": 1, "dns.nxdomain": 2}.get(failure.id, 0)
