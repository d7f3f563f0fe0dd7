"""Loss recovery: fast retransmit with SACK (RFC 6675) or NewReno (RFC 6582), and after timeouts.

The window during fast recovery follows proportional rate reduction (RFC 9937), as in Linux.
"""

from enum import Enum

from msgspec import Struct

from firstbyte.protocols.tcp.congestion import Congestion
from firstbyte.protocols.tcp.congestion.base import UNLIMITED
from firstbyte.protocols.tcp.scoreboard import REORDERING, Scoreboard


class Phase(Enum):
    """What recovery is doing."""

    OPEN = "open"
    FAST = "fast recovery"
    LOSS = "loss"


class AckFacts(Struct, gc=False):
    """One acknowledgement, as recovery needs it; counts are segments."""

    una: int
    nxt: int
    acked: int
    delivered: int
    duplicate: bool
    limited: bool
    """The congestion window, not the user or the peer, held us back."""
    now_ns: int
    srtt_ns: int


class Recovery:
    """Decides what is lost and how much may be sent."""

    __slots__ = (
        "board",
        "congestion",
        "phase",
        "point",
        "prior_cwnd",
        "prr_delivered",
        "prr_sent",
        "sack",
    )

    def __init__(self, board: Scoreboard, congestion: Congestion, iss: int) -> None:
        self.board = board
        self.congestion = congestion
        self.sack = False
        self.phase = Phase.OPEN
        self.point = iss
        """Recovery ends when this number is acknowledged."""
        self.prior_cwnd = self.prr_delivered = self.prr_sent = 0

    def begin(self, una: int, window: int) -> None:
        """The handshake is done: start to send, from ``una``, with ``window`` segments."""
        self.phase = Phase.OPEN
        self.point = una - 1
        self.congestion.cwnd = window
        self.congestion.ssthresh = UNLIMITED

    def allowance(self) -> int:
        """How many segments may be sent now."""
        return self.congestion.cwnd - self.board.in_flight

    def sent(self, count: int) -> None:
        """``count`` segments left; fast recovery keeps the balance."""
        if self.phase is Phase.FAST:
            self.prr_sent += count

    def on_ack(self, facts: AckFacts) -> None:
        """Take in an acknowledgement after the scoreboard has."""
        board = self.board
        if self.phase is Phase.OPEN and not (board.sacked or board.virtual or facts.duplicate):
            # Nothing hints at a loss.
            if facts.acked and facts.limited:
                self.congestion.on_ack(facts.acked, facts.now_ns, facts.srtt_ns)
            return
        if self.phase is not Phase.OPEN and facts.una >= self.point:
            self._leave()
        if not self.sack:
            self._count_duplicates(facts)
        found = self._detect(facts)
        if found and self.phase is Phase.OPEN:
            self._enter(facts)
        if self.phase is Phase.FAST:
            self._reduce(facts.delivered, found)
        elif facts.acked and facts.limited:
            self.congestion.on_ack(facts.acked, facts.now_ns, facts.srtt_ns)

    def on_timeout(self, now_ns: int, nxt: int, *, first: bool) -> None:
        """The retransmission timer fired; ``first`` unless it is the same data's again."""
        if first or self.phase is not Phase.LOSS:
            self.congestion.on_timeout(now_ns)
        self.congestion.cwnd = 1
        self.phase = Phase.LOSS
        self.point = nxt
        # A peer whose first missing segment is SACKed has thrown it away again (RFC 2018, 8).
        reneged = bool(self.board.records) and self.board.records[0].sacked
        self.board.mark_all_lost(forget_sacks=reneged)

    def _count_duplicates(self, facts: AckFacts) -> None:
        if facts.duplicate:
            self.board.duplicate()
            facts.delivered += 1
        else:
            self.board.remove_duplicates(facts.acked)

    def _detect(self, facts: AckFacts) -> bool:
        if self.sack:
            return self.board.detect_lost() > 0
        if self.phase is Phase.OPEN:
            # Duplicates of what was sent before the last recovery mean nothing (RFC 6582, 4.1).
            enough = self.board.virtual >= REORDERING and facts.una > self.point
            return enough and self.board.mark_head_lost()
        partial = self.phase is Phase.FAST and facts.acked > 0
        return partial and self.board.mark_head_lost()

    def _enter(self, facts: AckFacts) -> None:
        self.phase = Phase.FAST
        self.point = facts.nxt
        self.prior_cwnd = self.congestion.cwnd
        self.prr_delivered = self.prr_sent = 0
        self.congestion.on_loss(facts.now_ns)

    def _reduce(self, delivered: int, found: bool) -> None:
        """RFC 9937, section 6: at least one segment goes out when a loss has just been found."""
        self.prr_delivered += delivered
        threshold = self.congestion.ssthresh
        in_flight = self.board.in_flight
        if in_flight > threshold:
            share = -(-self.prr_delivered * threshold // max(1, self.prior_cwnd))
            count = share - self.prr_sent
        else:
            count = max(self.prr_delivered - self.prr_sent, delivered)
            count = min(threshold - in_flight, count + (0 if found else 1))
        # NewReno fills one hole for each partial ACK, come what may (RFC 6582, 3.2, step 3).
        least = 1 if found and not (self.sack and self.prr_sent) else 0
        self.congestion.cwnd = in_flight + max(count, least)

    def _leave(self) -> None:
        if self.phase is Phase.FAST:
            self.congestion.cwnd = max(self.congestion.ssthresh, 1)
        self.phase = Phase.OPEN
        if not self.sack:
            self.board.virtual = 0
