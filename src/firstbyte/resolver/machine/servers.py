"""What is known of each server: round trips, silence, oddities, and which to ask next.

Round-trip estimates follow RFC 6298; choice follows the custom of the field: at random among the
servers that are about as near as the nearest, so that load spreads and answers are harder to forge.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from firstbyte.resolver.machine.values import Moment, Server

UNKNOWN_RTT_S = 0.4
"""Taken for a server that was never asked."""
MIN_TIMEOUT_S = 0.1
MAX_TIMEOUT_S = 6.0
BAND_S = 0.4
"""Servers that are at most this much slower than the best share the questions."""
REMEMBER_S = 900.0
MAX_SERVERS = 20000
LAME_S = 900.0
MAX_LAME_ZONES = 64


class Lameness(NamedTuple):
    """That a server does not serve a zone, and whether it resolves for others instead."""

    until_s: float
    recursive: bool


class ServerState:
    """One server. ``silent`` counts timeouts since its last answer."""

    __slots__ = ("edns", "lame", "mix_case", "retry_s", "seen_s", "silent", "srtt_s", "var_s")

    def __init__(self, now: Moment) -> None:
        self.srtt_s = 0.0
        self.var_s = UNKNOWN_RTT_S / 4
        self.silent = 0
        self.retry_s = 0.0
        self.seen_s = now.unix_s
        self.edns = True
        self.mix_case = True
        self.lame: dict[bytes, Lameness] = {}

    @property
    def expected_s(self) -> float:
        """The round trip to expect, with a penalty for silence."""
        return (self.srtt_s or UNKNOWN_RTT_S) * (1 << min(self.silent, 5))

    @property
    def timeout_s(self) -> float:
        """How long to wait for an answer (RFC 6298, 2.3 and 5.5)."""
        if not self.srtt_s:
            base_s = UNKNOWN_RTT_S
        else:
            base_s = max(MIN_TIMEOUT_S, self.srtt_s + 4 * self.var_s)
        return min(MAX_TIMEOUT_S, base_s * (1 << min(self.silent, 4)))


class Servers:
    """All servers met, the longest unused forgotten first."""

    def __init__(self, draw: Callable[[int], int]) -> None:
        self._draw = draw
        self._states: OrderedDict[Server, ServerState] = OrderedDict()

    def __len__(self) -> int:
        return len(self._states)

    def state(self, server: Server, now: Moment) -> ServerState:
        """What is known of ``server``; forgotten after a while (RFC 6298 state ages)."""
        state = self._states.get(server)
        if state is None or not -1.0 <= now.unix_s - state.seen_s < REMEMBER_S:
            state = self._states[server] = ServerState(now)
            if len(self._states) > MAX_SERVERS:
                self._states.popitem(last=False)
        return state

    def answered(self, server: Server, rtt_s: float, now: Moment) -> None:
        """An answer came after ``rtt_s``."""
        state = self.state(server, now)
        state.silent = 0
        state.retry_s = 0.0
        if not state.srtt_s:
            state.srtt_s, state.var_s = max(rtt_s, 1e-4), rtt_s / 2
            return
        state.var_s += (abs(state.srtt_s - rtt_s) - state.var_s) / 4
        state.srtt_s += (rtt_s - state.srtt_s) / 8

    def silent(self, server: Server, now: Moment) -> None:
        """No answer came in time, or none can: wait longer, and ask others first."""
        state = self.state(server, now)
        state.silent = min(state.silent + 1, 10)
        state.retry_s = now.timer_s + min(60.0, 0.5 * (1 << state.silent))

    def lame(self, server: Server, zone: bytes, now: Moment, *, recursive: bool) -> None:
        """``server`` does not serve ``zone``; a ``recursive`` one may still tell about it."""
        state = self.state(server, now)
        if len(state.lame) >= MAX_LAME_ZONES:
            state.lame.clear()
        state.lame[zone] = Lameness(now.unix_s + LAME_S, recursive)

    def lameness(self, server: Server, zone: bytes, now: Moment) -> Lameness | None:
        """What was found not long ago of a server that is lame for the zone."""
        state = self._states.get(server)
        found = None if state is None else state.lame.get(zone)
        return found if found is not None and found.until_s > now.unix_s else None

    def serving(self, servers: Sequence[Server], zone: bytes, now: Moment) -> Sequence[Server]:
        """Those that serve the zone or, where there are none, those that resolve for others."""
        states = self._states
        for server in servers:
            state = states.get(server)
            if state is not None and zone in state.lame:
                break
        else:
            return servers
        found = [(server, self.lameness(server, zone, now)) for server in servers]
        good = [server for server, lame in found if lame is None]
        return good or [server for server, lame in found if lame is not None and lame.recursive]

    def choose(self, candidates: Sequence[Server], now: Moment) -> Server:
        """One of ``candidates``, of which there is at least one."""
        if len(candidates) == 1:
            return candidates[0]
        scored = [(self._score(server, now), server) for server in candidates]
        best = min(scored)[0]
        near = [server for score, server in scored if score <= best + BAND_S]
        return near[self._draw(len(near))] if len(near) > 1 else near[0]

    def _score(self, server: Server, now: Moment) -> float:
        state = self._states.get(server)
        if state is None:
            return UNKNOWN_RTT_S
        waiting_s = 10.0 if state.retry_s > now.timer_s and state.silent > 2 else 0.0
        return state.expected_s + waiting_s
