"""Trust anchors kept up to date while the daemon runs (RFC 5011): asks, decides, saves, tells."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from firstbyte.errors import UsageError
from firstbyte.protocols.dns import constants as dns
from firstbyte.protocols.dns.message import RRset
from firstbyte.protocols.dns.names import to_text
from firstbyte.resolver.daemon import anchor_file
from firstbyte.resolver.daemon.clock import FileClock
from firstbyte.resolver.daemon.service import Service
from firstbyte.resolver.machine.values import Question
from firstbyte.resolver.rollover.refresh import Refreshed, failed, refresh
from firstbyte.resolver.rollover.states import DAY_S, Change, State, TrustPoint, anchors_of

_LOG = logging.getLogger(__name__)
LOOK_S = 60.0
"""How often the wall clock is looked at: it may be set, or the machine may have slept."""
LOOK_AT_FILE_CLOCK_S = 0.05
_WORDS = {
    State.START: "is gone before it was trusted",
    State.VALID: "is trusted",
    State.MISSING: "is missing in the zone; it stays trusted",
    State.REVOKED: "is revoked: never trusted again",
    State.REMOVED: "was revoked and is gone",
}


class AnchorKeeper:
    """The trust points of one configuration.

    With several workers one ``leads``: it asks and writes; the others read what it wrote.
    """

    def __init__(
        self,
        path: Path,
        configured: Sequence[RRset],
        say: Callable[[str], None],
        *,
        allow_sha1: bool = False,
        leads: bool = True,
    ) -> None:
        """Read the state file.

        Raises:
            UsageError: it cannot be read, or understood.

        """
        self.path = path
        self.unsaved = False
        """The file could not be written: what is known is here only."""
        self._configured = configured
        self._say = say
        self._allow_sha1 = allow_sha1
        self._leads = leads
        self.points: dict[bytes, TrustPoint] = {}
        """By zone."""
        self._written_ns = 0
        self._service: Service | None = None
        self._task: asyncio.Task[None] | None = None
        self._read()

    def _read(self) -> None:
        self._written_ns = _changed_ns(self.path)
        self.points = anchor_file.read(self.path)
        for rrset in self._configured:
            self.points.setdefault(rrset.key, TrustPoint(rrset.key))

    def inherit(self, older: "AnchorKeeper") -> None:
        """Take over what an older keeper of the same file could not save."""
        if older.unsaved and older.path == self.path:
            self.points |= older.points

    def anchors(self) -> tuple[RRset, ...]:
        """What is trusted now."""
        return tuple(
            rrset for point in self.points.values() for rrset in anchors_of(point, self._configured)
        )

    def states(self) -> dict[tuple[str, str], int]:
        """How many keys there are, by zone and state."""
        return Counter(
            (to_text(point.zone), key.state.name.lower())
            for point in self.points.values()
            for key in point.tracked
        )

    def start(self, service: Service) -> None:
        """Trust what is known, and begin to ask."""
        self._service = service
        service.driver.machine.finder.trust_in(self.anchors())
        if self._leads:
            self._save()
            if not self.points:
                self._say(
                    "warning: there is no trust anchor to follow, and nothing is proved\n"
                    f"hint: give trust_anchors, or put DS records into {self.path}"
                )
        self._task = asyncio.get_running_loop().create_task(self._run(service))
        self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """It never ends by itself: an error of ours must not pass in silence."""
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._say("warning: trust anchors are refreshed no more, by an internal error")
            _LOG.error("refreshing trust anchors failed", exc_info=error)

    def close(self) -> None:
        """Stop to ask."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self, service: Service) -> None:
        """Time is looked at again and again, since waits follow another clock than holds."""
        pause_s = LOOK_AT_FILE_CLOCK_S if isinstance(service.clock, FileClock) else LOOK_S
        while True:
            if self._leads:
                await self._ask_all(service)
            else:
                self._follow(service)
            await asyncio.sleep(pause_s)

    def _follow(self, service: Service) -> None:
        """Take what the leading worker has written."""
        if _changed_ns(self.path) == self._written_ns:
            return
        before = self.anchors()
        try:
            self._read()
        except UsageError as error:
            self._say(f"warning: {error}")
            return
        self._trust(service, before)

    async def _ask_all(self, service: Service) -> None:
        for point in list(self.points.values()):
            trusted = anchors_of(point, self._configured)
            if trusted and point.due(service.moment().unix_s):
                refreshed = await self._ask(service, point)
                self._take(service, refreshed)

    async def _ask(self, service: Service, point: TrustPoint) -> Refreshed:
        """The zone's keys as they are now: not from the cache, and judged here (RFC 5011, 2.3)."""
        driver = service.driver
        driver.machine.finder.cache.forget(point.zone, dns.DNSKEY)
        question = Question(point.zone, dns.DNSKEY, checking_disabled=True)
        response = await driver.resolve(question)
        now_s = int(service.moment().unix_s)
        sets = [] if response.stale else response.answer
        rrset = next((one for one in sets if one.rdtype == dns.DNSKEY), None)
        if rrset is None or rrset.key != point.zone:
            reasons = [error.text for error in response.errors if error.text]
            return failed(point, now_s, "; ".join(["no DNSKEY set came", *reasons[:1]]))
        return refresh(point, self._configured, rrset, now_s, allow_sha1=self._allow_sha1)

    def _take(self, service: Service, refreshed: Refreshed) -> None:
        point = refreshed.point
        before = self.anchors()
        self.points[point.zone] = point
        for change in refreshed.changes:
            self._say(_told(point, change))
        if refreshed.problem is not None:
            when = anchor_file.date(point.next_s)
            name = to_text(point.zone)
            self._say(
                f"warning: the keys of trust anchor {name} could not be refreshed: "
                f"{refreshed.problem}; next try at {when}"
            )
        self._trust(service, before)
        self._save()

    def _trust(self, service: Service, before: tuple[RRset, ...]) -> None:
        """Where the trusted keys are others now, so is all that rests on them."""
        after = self.anchors()
        if _records(after) == _records(before):
            return
        service.driver.machine.finder.trust_in(after)
        service.clear()
        for zone in {rrset.key for rrset in before} - {rrset.key for rrset in after}:
            self._say(
                f"warning: all keys of trust anchor {to_text(zone)} are revoked: "
                "it counts no more, and what it proved is insecure now (RFC 5011, 5)"
            )

    def _save(self) -> None:
        try:
            anchor_file.write(self.path, self.points.values())
        except OSError as error:
            if not self.unsaved:
                self._say(
                    f"warning: {anchor_file.KEY}: cannot write {self.path}: {error.strerror}; "
                    "revocations and new keys will be forgotten at the next start"
                )
                self._say(f"hint: make the directory {self.path.parent} writable for this user")
            self.unsaved = True
        else:
            self.unsaved = False


def _changed_ns(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _records(anchors: tuple[RRset, ...]) -> set[tuple[bytes, int, bytes]]:
    return {(rrset.key, rrset.rdtype, rdata) for rrset in anchors for rdata in rrset.rdatas}


def _told(point: TrustPoint, change: Change) -> str:
    """One line about a key that came to another state."""
    key, zone = change.key, to_text(point.zone)
    if key.state is State.ADD_PEND:
        days = key.hold_down_s // DAY_S
        when = anchor_file.date(key.since_s + key.hold_down_s)
        words = f"is new: trusted after {days} days, from {when}"
    else:
        words = _WORDS[key.state]
    return f"trust anchor {zone}: key {key.tag} {words}"
