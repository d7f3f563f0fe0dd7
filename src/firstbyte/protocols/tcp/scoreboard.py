"""What has been sent and not acknowledged: one record a segment, with what became of it.

Counts are of segments, as in Linux: ``in_flight = outstanding - sacked - lost + retransmitted``.
"""

from collections import deque

from msgspec import Struct

REORDERING = 3
"""DupThresh: segments that may overtake another before it is held lost (RFC 6675, section 2)."""


class Sent(Struct, gc=False):
    """One segment on its way: its numbers, its times, and its fate as known."""

    start: int
    end: int
    sent_ns: int
    sacked: bool = False
    lost: bool = False
    resent: bool = False
    """A retransmission is on its way."""
    retries: int = 0
    syn: bool = False
    fin: bool = False


class Delivery(Struct, gc=False):
    """What one acknowledgement told: ``delivered`` segments newly known to have arrived.

    ``sent_ns`` is when the first of them was sent, null if any had been retransmitted (Karn).
    """

    acked: int = 0
    delivered: int = 0
    sent_ns: int | None = None
    retransmitted: bool = False


class Scoreboard:
    """The records in order, and counts that are kept with them."""

    __slots__ = ("lost", "records", "resent", "sacked", "virtual")

    def __init__(self) -> None:
        self.records: deque[Sent] = deque()
        self.sacked = 0
        self.lost = 0
        self.resent = 0
        self.virtual = 0
        """Segments that duplicate ACKs without SACK say have arrived (NewReno)."""

    @property
    def in_flight(self) -> int:
        """Segments that are believed to be in the network ("pipe", RFC 6675)."""
        return len(self.records) - self.sacked - self.virtual - self.lost + self.resent

    def acknowledge(self, ack: int) -> Delivery:
        """Everything before ``ack`` arrived; forget it."""
        records = self.records
        delivery = Delivery()
        while records and records[0].end <= ack:
            record = records.popleft()
            delivery.acked += 1
            if not record.sacked:
                delivery.delivered += 1
                if delivery.sent_ns is None:
                    delivery.sent_ns = record.sent_ns
            if record.sacked or record.retries or record.lost:
                self._forget(record, delivery)
        if records and records[0].start < ack:
            records[0].start = ack
        if delivery.retransmitted:
            delivery.sent_ns = None
        return delivery

    def _forget(self, record: Sent, delivery: Delivery) -> None:
        """``record`` had a history."""
        self.sacked -= record.sacked
        self.lost -= record.lost
        self.resent -= record.resent
        if record.retries:
            delivery.retransmitted = True

    def sack(self, blocks: list[tuple[int, int]]) -> Delivery:
        """The segments within ``blocks`` (unwrapped numbers) arrived out of order."""
        delivery = Delivery()
        lowest = min(left for left, _ in blocks)
        highest = max(right for _, right in blocks)
        for record in self.records:
            if record.start >= highest:
                break
            if record.sacked or record.end <= lowest:
                continue
            if any(left <= record.start and record.end <= right for left, right in blocks):
                self._mark_sacked(record, delivery)
        return delivery

    def _mark_sacked(self, record: Sent, delivery: Delivery) -> None:
        record.sacked = True
        self.sacked += 1
        delivery.delivered += 1
        if record.retries:
            delivery.retransmitted = True
        elif delivery.sent_ns is None:
            delivery.sent_ns = record.sent_ns
        if record.lost:
            record.lost = False
            self.lost -= 1
        if record.resent:
            record.resent = False
            self.resent -= 1

    def detect_lost(self) -> int:
        """Mark what has :data:`REORDERING` SACKed segments above it (RFC 6675, IsLost)."""
        above = self.sacked
        found = 0
        if above < REORDERING:
            return 0
        for record in self.records:
            if record.sacked:
                above -= 1
                if above < REORDERING:
                    break
            elif not record.lost and not record.resent:
                self.mark_lost(record)
                found += 1
        return found

    def mark_lost(self, record: Sent) -> None:
        """Hold ``record`` lost: it no longer counts as in flight, and is to be sent again."""
        if record.resent:
            record.resent = False
            self.resent -= 1
        if not record.lost:
            record.lost = True
            self.lost += 1

    def mark_head_lost(self) -> bool:
        """Hold the first record lost, unless it is on its way again."""
        if not self.records or self.records[0].lost or self.records[0].sacked:
            return False
        self.mark_lost(self.records[0])
        return True

    def mark_all_lost(self, *, forget_sacks: bool = False) -> None:
        """After a timeout: everything that was not SACKed is lost (RFC 6675, section 5.1)."""
        self.virtual = 0
        for record in self.records:
            if record.sacked and forget_sacks:
                record.sacked = False
                self.sacked -= 1
            if not record.sacked:
                self.mark_lost(record)

    def next_lost(self) -> Sent | None:
        """The first record that is lost and not on its way again."""
        if self.lost <= self.resent:
            return None
        return next((r for r in self.records if r.lost and not r.resent), None)

    def resend(self, record: Sent, now_ns: int) -> None:
        """``record`` is being sent again now."""
        record.retries += 1
        record.sent_ns = now_ns
        if not record.resent:
            record.resent = True
            self.resent += 1

    def duplicate(self) -> None:
        """A duplicate ACK without SACK: some later segment arrived (NewReno)."""
        if self.virtual < len(self.records) - 1:
            self.virtual += 1

    def remove_duplicates(self, acked: int) -> None:
        """``acked`` segments left: those that duplicates had told of are among them."""
        if acked:
            self.virtual = max(0, min(self.virtual - (acked - 1), len(self.records) - 1))
