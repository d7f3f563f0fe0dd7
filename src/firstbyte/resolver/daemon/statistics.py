"""Counters of the daemon, as samples for Prometheus."""

from collections import Counter

from msgspec import Struct, field

from firstbyte.protocols.dns.constants import NOERROR, NXDOMAIN, SERVFAIL, rcode_name
from firstbyte.resolver.daemon.channel import Channel
from firstbyte.resolver.daemon.shared_counts import Samples


class Statistics(Struct):
    """What has happened since the start."""

    questions: Counter[str] = field(default_factory=Counter)
    """By transport."""
    hits: int = 0
    """Answered by the wire cache."""
    answers: Counter[int] = field(default_factory=Counter)
    """By response code; those of the wire cache are not in it."""
    secure: int = 0
    bogus: int = 0
    refused: int = 0
    malformed: int = 0
    limited: int = 0
    asked: int = 0
    """Questions to servers."""

    def samples(self) -> Samples:
        """The counters by name; a rate needs those that are still 0, too."""
        found: Samples = {
            "wire_cache_hits_total": self.hits,
            "secure_answers_total": self.secure,
            "bogus_answers_total": self.bogus,
            "refused_clients_total": self.refused,
            "malformed_questions_total": self.malformed,
            "rate_limited_total": self.limited,
            "upstream_questions_total": self.asked,
        }
        for channel in Channel:
            key = f'questions_total{{transport="{channel.value}"}}'
            found[key] = self.questions[channel.value]
        for rcode in {NOERROR, SERVFAIL, NXDOMAIN, *self.answers}:
            found[f'answers_total{{rcode="{rcode_name(rcode)}"}}'] = self.answers[rcode]
        return found
